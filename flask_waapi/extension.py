"""The composition root: builds the parts of an app and joins them to it."""

from __future__ import annotations

import atexit
import logging
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Blueprint, Flask
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from . import settings as settings_module
from .access.gate import Gate
from .access.key_fields import KeyFields
from .access.keys import IssuedKey, Keys
from .access.limits import MinuteLimits
from .access.usage import RequestLog
from .api import requests as requests_module
from .api.blueprint import create_blueprint as create_api_blueprint
from .api.body import check
from .api.messages import failure_error
from .cli import group
from .dashboard.access import Access
from .dashboard.blueprint import create_blueprint as create_dashboard_blueprint
from .discretion import log_failure
from .errors import ConfigurationError
from .messaging import history
from .messaging.delivery import Delivery
from .messaging.events import StatusChange
from .messaging.inbound import Inbound
from .messaging.pipeline import Pipeline, Sender, SendRequest
from .messaging.status import FAILED
from .messaging.templates import Catalogue
from .plugins.registry import Providers, find_provider_types
from .services import EXTENSION, Services, current_services
from .settings import Settings
from .signals import message_status_changed
from .storage import migrate
from .storage.models import Message, include_name
from .storage.session import Store
from .work.jobs import create_loop

if TYPE_CHECKING:
    from flask_sqlalchemy import SQLAlchemy

logger = logging.getLogger(__name__)

DEFAULT_ACCOUNT = "default"
"""The account of a host that has only one."""


@dataclass(frozen=True)
class SentMessage:
    """A message that has been taken in, as it stands.

    :param status: ``sent`` when a provider has accepted it, ``queued`` while it waits, ``unconfirmed`` when
        the provider's answer was lost; later ``delivered``, ``read``, ``played`` or ``failed``.
    """

    message_uuid: UUID
    status: str
    to: str
    simulated: bool


def utc_now() -> datetime:
    """The time, aware UTC."""
    return datetime.now(UTC)


class WaApi:
    """The extension. One object serves any number of apps; state lives on the app.

    :param app: an app to initialise at once.
    :param db: the host's Flask-SQLAlchemy object; found on the app when not given.
    :param engine: an engine to use instead of the host's.
    :param dashboard_access: says who may see the dashboard; without it there is none.
    :param plugins: provider plugins that are not installed, by name.
    :param clock: tells the time, aware UTC.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        db: SQLAlchemy | None = None,
        engine: Engine | None = None,
        dashboard_access: Access | None = None,
        plugins: Mapping[str, object] | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._db = db
        self._engine = engine
        self._dashboard_access = dashboard_access
        self._plugins = plugins
        self._clock = clock
        self.api_blueprint = create_api_blueprint()
        """The API's blueprint, for ``csrf.exempt(waapi.api_blueprint)`` and ``limiter.exempt``."""
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Join the API to an app.

        :raises ConfigurationError: settings are unusable; the message names them all.
        """
        dashboard = self._dashboard_access and create_dashboard_blueprint(self._dashboard_access)
        _refuse_taken_names(app, self.api_blueprint, dashboard)
        settings, problems = settings_module.read(app.config)
        services = self._build(app, settings, problems)
        app.extensions[EXTENSION] = services
        app.register_blueprint(self.api_blueprint, url_prefix=settings.url_prefix)
        if "csrf" in app.extensions:
            app.extensions["csrf"].exempt(self.api_blueprint)
        if dashboard is not None:
            app.register_blueprint(dashboard, url_prefix=settings.dashboard_url_prefix)
        _hide_tables_from_migrations(app)
        app.cli.add_command(group)
        atexit.register(_close, weakref.ref(services))

    def _build(self, app: Flask, settings: Settings, problems: list[str]) -> Services:
        clock = self._clock
        types = find_provider_types(settings.plugins_disabled, self._plugins)
        database = self._db or app.extensions.get("sqlalchemy")
        with _collecting(problems):
            providers = Providers(types, settings, clock)
        with _collecting(problems):
            limits = MinuteLimits(settings)
        with _collecting(problems):
            store = Store(app, settings, db=database, engine=self._engine)
        if problems:
            raise ConfigurationError(problems)
        keys = Keys(store, settings, clock)
        tell = _teller(app)
        delivery = Delivery(store, providers, settings, clock, tell)
        inbound = Inbound(store, clock, tell)
        catalogue = Catalogue(store, providers, settings, clock)
        request_log = RequestLog(store, clock)
        loop = create_loop(delivery, inbound, request_log, store, settings, clock)
        return Services(
            settings=settings,
            clock=clock,
            store=store,
            keys=keys,
            gate=Gate(keys, limits, store, clock),
            request_log=request_log,
            providers=providers,
            catalogue=catalogue,
            pipeline=Pipeline(store, keys, catalogue, providers, delivery, settings, clock, loop.wake),
            inbound=inbound,
            loop=loop,
        )

    @property
    def services(self) -> Services:
        """The parts of the current app."""
        return current_services()

    def create_all(self) -> None:
        """Create the tables without migrations, for the host's unit tests."""
        current_services().store.create_all()

    def upgrade_tables(self) -> None:
        """Bring the tables up to date, as ``flask waapi db upgrade`` does."""
        migrate.upgrade(current_services().store.engine)

    def get_message(self, message_uuid: UUID, *, account: str = DEFAULT_ACCOUNT) -> SentMessage:
        """A message as it stands now.

        :raises NotFound: the account has no such message.
        """
        return _view(history.get(current_services().store, account, message_uuid))

    def create_key(self, name: str, *, account: str = DEFAULT_ACCOUNT, **fields: Any) -> IssuedKey:
        """Make an API key.

        :param fields: the members of :class:`KeyFields` but the name.
        :returns: the key, and the only copy of its secret there will ever be.
        :raises ValidationFailed: fields are wrong or the name is taken.
        """
        return current_services().keys.issue(KeyFields(name, **fields), account=account, actor="python")

    def send_template(
        self,
        to: str,
        template_name: str,
        language: str,
        variables: Mapping[str, str] | Sequence[str] = (),
        *,
        header: Mapping[str, Any] | None = None,
        buttons: Sequence[Mapping[str, Any]] = (),
        reference: str | None = None,
        simulate: bool = False,
        account: str = DEFAULT_ACCOUNT,
    ) -> SentMessage:
        """Send a template message through the same gates as the API, keys and limits aside.

        The arguments are those of ``POST messages/template/send``.

        :raises WaApiError: what the API would answer with.
        """
        body = {
            "to": to,
            "template_name": template_name,
            "language": language,
            "variables": dict(variables) if isinstance(variables, Mapping) else list(variables),
            "header": header,
            "buttons": list(buttons) or None,
            "reference": reference,
            "simulate": simulate,
        }
        return _send(requests_module.template_request, body, account)

    def send_text(
        self,
        to: str,
        text: str,
        *,
        preview_url: bool = False,
        reference: str | None = None,
        simulate: bool = False,
        account: str = DEFAULT_ACCOUNT,
    ) -> SentMessage:
        """Send a text, as ``POST messages/text/send`` does.

        :raises WaApiError: what the API would answer with.
        """
        body = {
            "to": to,
            "text": text,
            "preview_url": preview_url,
            "reference": reference,
            "simulate": simulate,
        }
        return _send(requests_module.text_request, body, account)

    def send_media(
        self,
        to: str,
        type: str,  # noqa: A002 - the name of the API's member
        *,
        link: str | None = None,
        media_id: str | None = None,
        caption: str | None = None,
        filename: str | None = None,
        reference: str | None = None,
        simulate: bool = False,
        account: str = DEFAULT_ACCOUNT,
    ) -> SentMessage:
        """Send a medium, as ``POST messages/media/send`` does.

        :raises WaApiError: what the API would answer with.
        """
        body = {
            "to": to,
            "type": type,
            "link": link,
            "media_id": media_id,
            "caption": caption,
            "filename": filename,
            "reference": reference,
            "simulate": simulate,
        }
        return _send(requests_module.media_request, body, account)


def _send(read_request: Callable[[Any], SendRequest], body: Mapping[str, Any], account: str) -> SentMessage:
    services = current_services()
    if services.settings.background_thread:
        services.loop.start()
    given = {name: value for name, value in body.items() if value is not None}
    check(given)
    message = services.pipeline.submit(read_request(given), Sender(account)).message
    if message.status == FAILED:
        raise failure_error(message)
    return _view(message)


def _view(message: Message) -> SentMessage:
    return SentMessage(message.id, message.status, message.recipient, message.simulated)


def _teller(app: Flask) -> Callable[[StatusChange], None]:
    def tell(change: StatusChange) -> None:
        # The background thread has no context, and a receiver of the host's expects one. What a receiver
        # raises must not undo what has been committed, nor make a sent message look like a failure.
        with app.app_context(), _logged("A receiver of message_status_changed failed"):
            message_status_changed.send(
                app,
                _async_wrapper=app.ensure_sync,
                message_uuid=change.message_uuid,
                status=change.status,
                previous=change.previous,
            )

    return tell


@contextmanager
def _collecting(problems: list[str]) -> Iterator[None]:
    try:
        yield
    except ConfigurationError as error:
        problems += error.problems


@contextmanager
def _logged(message: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        log_failure(logger, error, message)


def _refuse_taken_names(app: Flask, *blueprints: Blueprint | None) -> None:
    if EXTENSION in app.extensions:
        raise ConfigurationError(["flask-waapi is initialised on this app already: do it once."])
    taken = [ours.name for ours in blueprints if ours is not None and ours.name in app.blueprints]
    if taken:
        raise ConfigurationError(
            [f"The app has a blueprint named {name!r}, as ours is: give it another name." for name in taken]
        )


def _hide_tables_from_migrations(app: Flask) -> None:
    migrate = app.extensions.get("migrate")
    if migrate is None:
        return
    given = migrate.configure_args.get("include_name")

    def both(name: str | None, type_: str, parent_names: Any) -> bool:
        ours = include_name(name, type_, parent_names)
        return ours and (given is None or bool(given(name, type_, parent_names)))

    migrate.configure_args["include_name"] = both


def _close(reference: weakref.ref[Services]) -> None:
    services = reference()
    if services is None:
        return
    services.loop.stop()
    services.providers.close()
    # The database may be gone by now, and the log is not worth a traceback at the end.
    with suppress(SQLAlchemyError):
        services.request_log.flush()
