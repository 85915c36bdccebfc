"""The composition root: builds the parts of an app and joins them to it."""

from __future__ import annotations

import atexit
import logging
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from . import settings as settings_module
from .access.gate import Gate
from .access.key_fields import KeyFields
from .access.key_views import IssuedKey, KeyView
from .access.keys import STANDARD_OVERLAP, Keys
from .access.limits import MinuteLimits
from .access.usage import RequestLog
from .api.blueprint import create_blueprint as create_api_blueprint
from .call_options import ACTOR, DEFAULT_ACCOUNT
from .calls import MessageCalls
from .cli import group
from .dashboard.access import Access
from .dashboard.blueprint import create_blueprint as create_dashboard_blueprint
from .discretion import log_failure
from .errors import ConfigurationError, WaApiError
from .media_calls import MediaCalls
from .messaging.composing import Composer
from .messaging.delivery.handover import Delivery
from .messaging.delivery.interventions import Interventions
from .messaging.delivery.overdue import Overdue
from .messaging.delivery.pace import Pace
from .messaging.delivery.pace_stores import create_buckets
from .messaging.delivery.queue import Queue
from .messaging.delivery.receipts import ReadReceipts
from .messaging.incoming.callbacks import Callbacks
from .messaging.incoming.receiving import Receiving
from .messaging.incoming.reports import Announced
from .messaging.media.store import MediaStore
from .messaging.message_hours import MessageHours
from .messaging.pipeline import Pipeline
from .messaging.routing import ChooseProvider, Routing
from .messaging.templates.catalogue import Catalogue
from .messaging.templates.changes import TemplateChanges
from .outgoing.deliver import Deliverer
from .outgoing.deliveries import Deliveries
from .outgoing.webhooks import create_webhooks
from .plugins.events import AccountEvent
from .plugins.registry import Providers, find_provider_types
from .services import EXTENSION, Services, current_services
from .settings import Settings
from .signals import account_event, message_status_changed
from .storage import migrate
from .storage.models import include_name
from .storage.owed import Owed
from .storage.session import Store
from .template_calls import TemplateCalls
from .webhook_calls import WebhookCalls
from .work.celery import CeleryWorkers
from .work.engines import ENGINES
from .work.jobs import Parts, create_loops
from .work.loop import Loop

if TYPE_CHECKING:
    from celery import Celery
    from flask_sqlalchemy import SQLAlchemy

logger = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The time, aware UTC."""
    return datetime.now(UTC)


class WaApi(MessageCalls):
    """The extension. One object serves any number of apps; state lives on the app.

    :param app: an app to initialise at once.
    :param db: the host's Flask-SQLAlchemy object; found on the app when not given.
    :param engine: an engine to use instead of the host's.
    :param dashboard_access: says who may see the dashboard; without it there is none.
    :param plugins: provider plugins that are not installed, by name.
    :param choose_provider: says which provider instance, and so which number, sends a message of a key that
        has none of its own; takes a :class:`ProviderQuery`, returns a name or ``None`` for the default one.
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
        choose_provider: ChooseProvider | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._db = db
        self._engine = engine
        self._dashboard = dashboard_access and create_dashboard_blueprint(dashboard_access)
        self._plugins = plugins
        self._choose_provider = choose_provider
        self._clock = clock
        self._apps: weakref.WeakSet[Flask] = weakref.WeakSet()
        self.api_blueprint = create_api_blueprint()
        """The API's blueprint, for ``csrf.exempt(waapi.api_blueprint)`` and ``limiter.exempt``."""
        self.webhooks = WebhookCalls()
        """The accounts' webhook endpoints."""
        self.media = MediaCalls()
        """The accounts' media."""
        self.templates = TemplateCalls()
        """The templates of the providers."""
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Join the API to an app.

        :raises ConfigurationError: settings are unusable; the message names them all.
        """
        _refuse_taken_names(app, self.api_blueprint, self._dashboard)
        settings, problems = settings_module.read(app.config)
        services = self._build(app, settings, problems)
        app.extensions[EXTENSION] = services
        self._apps.add(app)
        app.register_blueprint(self.api_blueprint, url_prefix=settings.url_prefix)
        if "csrf" in app.extensions:
            app.extensions["csrf"].exempt(self.api_blueprint)
        if self._dashboard is not None:
            app.register_blueprint(self._dashboard, url_prefix=settings.dashboard_url_prefix)
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
        with _collecting(problems):
            buckets = create_buckets(settings)
        if problems:
            raise ConfigurationError(problems)
        owed = Owed()
        pace = Pace(providers, buckets, clock)
        routing = Routing(providers, self._choose_provider)
        keys = Keys(store, settings, clock)
        catalogue = Catalogue(store, providers, settings, clock)
        celery = CeleryWorkers(wanted=settings.dispatch == "celery")
        loops: list[Loop] = []

        def wake() -> None:
            celery.wake()
            for loop in loops:
                loop.wake()

        tell = _teller(app, types.listeners)
        callbacks = Callbacks(store, providers, settings, clock, tell, wake)
        parts = Parts(
            store=store,
            owed=owed,
            settings=settings,
            clock=clock,
            queue=Queue(store, settings, clock, owed),
            delivery=Delivery(store, providers, pace, settings, clock, owed, tell, callbacks.recognise),
            pace=pace,
            overdue=Overdue(store, settings, clock, tell),
            callbacks=callbacks,
            announced=Announced(store, clock, tell),
            catalogue=catalogue,
            media=MediaStore(store, providers, clock),
            webhooks=Deliveries(store, settings, clock),
            deliverer=Deliverer(store, settings, clock, tell),
            request_log=RequestLog(store, clock),
            message_hours=MessageHours(store, clock),
            tell=tell,
            celery=celery,
        )
        loops += create_loops(parts)
        loop, worker = loops

        return Services(
            settings=settings,
            clock=clock,
            store=store,
            owed=owed,
            keys=keys,
            gate=Gate(keys, limits, store, clock),
            request_log=parts.request_log,
            message_hours=parts.message_hours,
            queue=parts.queue,
            providers=providers,
            routing=routing,
            catalogue=catalogue,
            template_changes=TemplateChanges(store, providers, catalogue, clock),
            pipeline=Pipeline(
                store,
                keys,
                Composer(store, catalogue, providers, routing, settings, clock),
                parts.delivery,
                settings,
                clock,
                owed,
                answers_first=ENGINES[settings.dispatch].answers_first,
                wake=wake,
            ),
            interventions=Interventions(store, clock, tell, wake),
            callbacks=callbacks,
            announced=parts.announced,
            receipts=ReadReceipts(store, providers),
            receiving=Receiving(store, providers, settings, clock, tell),
            media=parts.media,
            webhooks=create_webhooks(store, settings, clock, wake),
            loop=loop,
            worker=worker,
            celery=celery,
        )

    @property
    def dashboard_blueprint(self) -> Blueprint:
        """The dashboard's blueprint, for ``limiter.exempt(waapi.dashboard_blueprint)``.

        :raises ConfigurationError: there is no dashboard.
        """
        if self._dashboard is None:
            raise ConfigurationError(["There is no dashboard: give WaApi dashboard_access=."])
        return self._dashboard

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

    def init_celery(self, celery: Celery, app: Flask | None = None) -> None:
        """Let Celery's workers send what waits, for ``WAAPI_DISPATCH = "celery"``.

        Registers the task ``flask_waapi.work`` and its entry in the beat, which sweeps up what a lost
        wake-up has left. To be called where the Celery app is made, in the serving processes, the workers
        and the beat alike; before or after Celery has its configuration. One Celery app may serve several
        apps, if they differ in name.

        :param app: whose messages; needed only where this object was initialised on several apps.
        :raises ConfigurationError: it cannot be told which app is meant.
        """
        joined = app or _meant(self._apps)
        if EXTENSION not in joined.extensions:
            raise ConfigurationError(["init_celery(celery, app=...): call init_app(app) first."])
        services: Services = joined.extensions[EXTENSION]
        services.celery.join(
            celery,
            joined,
            work=services.worker.run_for,
            # The host's engine may have been used before the fork; its connections are the parent's.
            after_fork=lambda: services.store.engine.dispose(close=False),
            sweep_seconds=services.settings.celery_sweep_interval.total_seconds(),
        )

    def create_key(self, name: str, *, account: str = DEFAULT_ACCOUNT, **fields: Any) -> IssuedKey:
        """Make an API key.

        :param fields: the members of :class:`KeyFields` but the name.
        :returns: the key, and the only copy of its secret there will ever be.
        :raises ValidationFailed: fields are wrong or the name is taken.
        """
        return current_services().keys.issue(KeyFields(name, **fields), account=account, actor=ACTOR)

    def update_key(self, name_or_id: str, *, account: str = DEFAULT_ACCOUNT, **changes: Any) -> KeyView:
        """Change what an API key may do.

        :param changes: new values of members of :class:`KeyFields`, but for the name and the mode.
        :raises NotFound: the account has no such key.
        :raises ValidationFailed: a new value is wrong.
        """
        return current_services().keys.update(account, name_or_id, changes, actor=ACTOR)

    def rotate_key(
        self, name_or_id: str, *, overlap: timedelta = STANDARD_OVERLAP, account: str = DEFAULT_ACCOUNT
    ) -> IssuedKey:
        """Give an API key a new secret.

        :param overlap: how long the former ones are accepted too: none to thirty days.
        :returns: the key, and the only copy of its new secret there will ever be.
        :raises NotFound: the account has no such key.
        :raises ValidationFailed: the overlap is out of bounds.
        """
        return current_services().keys.rotate(account, name_or_id, overlap=overlap, actor=ACTOR)


def _meant(apps: Iterable[Flask]) -> Flask:
    found = list(apps)
    if not found:
        raise ConfigurationError(["init_celery(celery): call init_app(app) first."])
    # A factory that is called again has made apps before, each with its Celery.
    without = [app for app in found if not app.extensions[EXTENSION].celery.joined]
    candidates = without or found
    if len(candidates) > 1:
        raise ConfigurationError(["init_celery(celery, app=...) needs the app: there is more than one."])
    return candidates[0]


def _teller(app: Flask, listeners: Mapping[str, Callable[..., object]]) -> Callable[[AccountEvent], None]:
    def tell(event: AccountEvent) -> None:
        # The background thread has no context, and a receiver of the host's expects one. What a receiver
        # raises must not undo what has been committed, nor make a sent message look like a failure.
        with app.app_context():
            with _logged("A receiver of account_event failed"):
                account_event.send(app, _async_wrapper=app.ensure_sync, event=event)
            if "previous_status" in event.data:
                with _logged("A receiver of message_status_changed failed"):
                    message_status_changed.send(
                        app,
                        _async_wrapper=app.ensure_sync,
                        message_uuid=event.message_uuid,
                        status=event.data["status"],
                        previous=event.data["previous_status"],
                    )
            for plugin, listener in listeners.items():
                with _logged(f"The plugin {plugin} failed on an event"):
                    listener(event=event)

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
    services.celery.close()
    # The database may be gone by now, and the log is not worth a traceback at the end.
    with suppress(SQLAlchemyError, WaApiError):
        services.owed.settle()
        services.request_log.flush()
        services.message_hours.count_marked(at_once=True)
    # Last: a plugin may take its time, or hang.
    services.providers.close()
