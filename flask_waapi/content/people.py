"""Contact cards; the members are those of the Cloud API's ``contacts`` object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .model import Content


@dataclass(frozen=True)
class Name:
    """A person's name; beside ``formatted_name`` at least one part of it is set."""

    formatted_name: str
    first_name: str | None = None
    last_name: str | None = None
    middle_name: str | None = None
    prefix: str | None = None
    suffix: str | None = None


@dataclass(frozen=True)
class Phone:
    """A phone number. :param wa_id: the number's WhatsApp id, by which it can be written to."""

    phone: str | None = None
    type: str | None = None
    wa_id: str | None = None


@dataclass(frozen=True)
class Email:
    """An e-mail address."""

    email: str | None = None
    type: str | None = None


@dataclass(frozen=True)
class Website:
    """A web address."""

    url: str | None = None
    type: str | None = None


@dataclass(frozen=True)
class Address:
    """A postal address. :param country_code: two letters, ISO 3166-1."""

    street: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None
    country_code: str | None = None
    type: str | None = None


@dataclass(frozen=True)
class Organization:
    """Where a person works."""

    company: str | None = None
    department: str | None = None
    title: str | None = None


@dataclass(frozen=True)
class Contact:
    """One contact card. :param birthday: ``YYYY-MM-DD``."""

    name: Name
    phones: tuple[Phone, ...] = ()
    emails: tuple[Email, ...] = ()
    urls: tuple[Website, ...] = ()
    addresses: tuple[Address, ...] = ()
    org: Organization | None = None
    birthday: str | None = None


@dataclass(frozen=True)
class Contacts(Content):
    """One to five contact cards."""

    type: ClassVar[str] = "contacts"

    contacts: tuple[Contact, ...]
