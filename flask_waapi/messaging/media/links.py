"""Links of media, fetched by us where the host has turned that on, and handed to the provider as uploads.

This happens right before a message is handed over, so that it is the same for messages from everywhere, and a
link is read when its message is sent. The message that is stored keeps its link.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import BinaryIO, Protocol
from urllib.parse import unquote

from ...content import Document, Media, with_media
from ...discretion import log_failure
from ...errors import PayloadTooLarge, ValidationFailed
from ...outgoing.bounded import Deadline
from ...outgoing.fetching import Fetched, FetchError, LinkUnavailable, fetch
from ...plugins.media import MediaUpload
from ...plugins.provider import OutboundMessage, Provider
from ...plugins.provider_errors import Misconfigured, OutcomeUnknown, ProviderError, Rejected, Retryable
from ...settings import FETCH, Settings
from .kinds import KINDS
from .names import LONGEST_FILENAME, bare_name
from .store import MediaFile, check_file

REMEMBERED_FOR = timedelta(minutes=10)
"""How long what a link gave is sent again without fetching it anew; as the Cloud API does with links."""

MOST_REMEMBERED = 1_000

TURN = timedelta(seconds=0.2)
"""After how long messages look anew for a thread that is at no links, divided by the threads that may be."""

logger = logging.getLogger(__name__)


class Fetch(Protocol):
    """Writes what a link leads to into a file; raises :class:`FetchError`."""

    def __call__(self, link: str, into: BinaryIO, *, largest: int, deadline: Deadline) -> Fetched: ...


def fetch_of(settings: Settings) -> Fetch:
    """What fetches from the addresses that the settings allow."""
    return partial(
        fetch,
        allow_http=settings.media_link_allow_http,
        allow_loopback=settings.media_link_allow_loopback,
    )


class LinksBusy(Exception):
    """As many threads as may be are at their links.

    :param wait: when it is the message's turn to look anew.
    """

    def __init__(self, wait: timedelta) -> None:
        super().__init__("The threads for links are busy.")
        self.wait = wait


@dataclass(frozen=True)
class _Place:
    """Where the content of a link was wanted. :param instance: of a provider."""

    instance: str
    kind: str
    link: str


class LinkedMedia:
    """The media of one app's messages that are given by links.

    :param fetch_link: :func:`fetch_of` the settings, where none is given.
    """

    def __init__(
        self, settings: Settings, clock: Callable[[], datetime], fetch_link: Fetch | None = None
    ) -> None:
        self._fetches = settings.media_links == FETCH
        self._fetch = fetch_link or fetch_of(settings)
        self._uploads = _Uploads(clock)
        # The others are for messages without links, which no stranger's server holds up.
        self._seats = _Seats(max(1, settings.send_threads // 2), clock)

    @contextmanager
    def seat(self, message: OutboundMessage, instance: str, provider: Provider) -> Iterator[None]:
        """Be one of the sending threads that may be at their links, where this message has some to fetch.

        :param instance: the provider's name.
        :raises LinksBusy: there are as many already.
        """
        if not self._is_to_fetch(message, instance, provider):
            yield
            return
        with self._seats.taken(instance):
            yield

    def brought(
        self, message: OutboundMessage, instance: str, provider: Provider, within: timedelta
    ) -> OutboundMessage:
        """The message as its provider is to send it: where links are fetched, with ids in their place.

        One in which nothing is to be changed is the same object.

        Nothing is fetched for a simulation, nor for a provider that keeps no media and needs the link.

        :param instance: the provider's name.
        :param within: how long that may take, but for what the provider itself takes.
        :raises Retryable: a link gave nothing that could be sent, and may later.
        :raises Rejected: a link gives nothing that could be sent.
        :raises ProviderError: the provider did not take what the link gave.
        """
        if not self._fetches_for(provider):
            return message
        deadline = Deadline(within)

        def bring(medium: Media) -> Media:
            if medium.link is None:
                return medium
            place = _Place(instance, medium.type, medium.link)
            media_id = self._uploads.find(place)
            if media_id is None:
                media_id = self._upload(place, provider, message, deadline)
                self._uploads.remember(place, media_id)
            return _by_id(medium, media_id, medium.link)

        content = with_media(message.content, bring)
        return message if content == message.content else replace(message, content=content)

    def _fetches_for(self, provider: Provider) -> bool:
        return self._fetches and not provider.simulated and _keeps_media(provider)

    def _is_to_fetch(self, message: OutboundMessage, instance: str, provider: Provider) -> bool:
        if not self._fetches_for(provider):
            return False
        places: list[_Place] = []

        def look(medium: Media) -> Media:
            if medium.link is not None:
                places.append(_Place(instance, medium.type, medium.link))
            return medium

        with_media(message.content, look)
        return any(self._uploads.find(place) is None for place in places)

    def _upload(self, place: _Place, provider: Provider, message: OutboundMessage, deadline: Deadline) -> str:
        try:
            with tempfile.TemporaryFile() as file:
                fetched = self._fetch(place.link, file, largest=_largest(place.kind), deadline=deadline)
                medium = MediaFile(file, filename_of(place.link), fetched.size, fetched.sha256)
                mime_type = check_file(medium, place.kind)
                file.seek(0)
                upload = MediaUpload(file, medium.size, mime_type, medium.filename)
                return provider.upload_media(upload)
        except FetchError as error:
            logger.info("A link of message %s was not fetched: %s", message.uuid, error.reason)
            told = f"The link could not be fetched. {error.message}"
            if isinstance(error, LinkUnavailable):
                raise Retryable(told, retry_after=error.retry_after) from error
            raise Rejected(told) from error
        except (ValidationFailed, PayloadTooLarge) as error:
            raise Rejected(f"What the link leads to cannot be sent. {_told(error)}") from error
        except OutcomeUnknown as error:
            # Whether the medium was kept does not matter: the message was not handed over yet.
            raise Retryable(error.message, code=error.code) from error
        except ProviderError:
            raise
        except OSError as error:
            log_failure(logger, error, "The medium of message %s could not be kept", message.uuid)
            raise Retryable("What the link leads to could not be kept for a moment.") from error
        except Exception as error:
            # A provider's own bug; whatever it did, the message was not handed over yet.
            log_failure(logger, error, "Provider %s broke over a medium", place.instance)
            raise Misconfigured(f"The provider broke over the medium: {type(error).__name__}.") from error


class _Seats:
    """The sending threads that are at their links, of each provider instance; and in which turn others look.

    :param most: how many there may be at once.
    """

    def __init__(self, most: int, clock: Callable[[], datetime]) -> None:
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: Counter[tuple[int, str]] = Counter()
        self._last_turn: dict[str, datetime] = {}

    @contextmanager
    def taken(self, instance: str) -> Iterator[None]:
        # A process that is forked meanwhile has threads of its own.
        key = (os.getpid(), instance)
        with self._lock:
            if self._taken[key] >= self._most:
                raise LinksBusy(self._next_turn(instance))
            self._taken[key] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[key] -= 1

    def _next_turn(self, instance: str) -> timedelta:
        # One after the other, so that the many of a batch do not all look again and again.
        now = self._clock()
        turn = max(now, self._last_turn.get(instance, now)) + TURN / self._most
        self._last_turn[instance] = turn
        return turn - now


class _Uploads:
    """Which ids what links gave has at the providers; known to one process for a while.

    So that neither the many messages of a batch nor the retries of one ask a stranger's server each time.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[_Place, tuple[str, datetime]] = OrderedDict()

    def find(self, place: _Place) -> str | None:
        with self._lock:
            media_id, until = self._known.get(place, (None, self._clock()))
        return media_id if until > self._clock() else None

    def remember(self, place: _Place, media_id: str) -> None:
        with self._lock:
            self._known.pop(place, None)
            self._known[place] = (media_id, self._clock() + REMEMBERED_FOR)
            if len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)


def filename_of(link: str) -> str:
    """The name of the file that a link seems to lead to; ``file`` where it tells none."""
    path = link.partition("#")[0].partition("?")[0].partition("://")[2].partition("/")[2]
    name = bare_name(unquote(path.rpartition("/")[2]))
    return name[-LONGEST_FILENAME:] if name.strip(". ") else "file"


def _keeps_media(provider: Provider) -> bool:
    return type(provider).upload_media is not Provider.upload_media


def _largest(kind: str) -> int:
    return max(KINDS[kind].largest, KINDS[kind].largest_animated or 0)


def _by_id(medium: Media, media_id: str, link: str) -> Media:
    changed = replace(medium, link=None, media_id=media_id)
    if isinstance(changed, Document) and changed.filename is None:
        # What the recipient sees of a document is its name.
        return replace(changed, filename=filename_of(link))
    return changed


def _told(error: ValidationFailed | PayloadTooLarge) -> str:
    if isinstance(error, PayloadTooLarge):
        return error.message
    return " ".join(f"{fault.message} It must be {fault.expected}." for fault in error.faults)
