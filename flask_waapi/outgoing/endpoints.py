"""The life of an endpoint: made, changed, paused, switched on again, given a new secret, deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from ..access.audit import Change, record
from ..access.key_fields import account_faults
from ..errors import Fault, NotFound, ValidationFailed
from ..identifiers import ordered_id
from ..settings import Settings
from ..storage.session import Store
from ..storage.webhook_models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookSecret
from . import secrets, signing
from .endpoint_fields import check_fields, normalised
from .outbox import ACTIVE, DISABLED, PAUSED

MOST_ENDPOINTS = 50
"""Of one account: each event is stored and sent once for every endpoint."""

DELETE_BATCH = 1_000
"""Deliveries that are deleted in one transaction."""


@dataclass(frozen=True)
class EndpointView:
    """An endpoint as its owner sees it; its secrets are not in it.

    :param state: ``active``, ``paused`` or ``disabled``. :param state_reason: why it is disabled.
    :param failures: how many attempts in a row have failed. :param failing_since: when the first of them was.
    """

    id: UUID
    account: str
    url: str
    description: str
    events: tuple[str, ...]
    state: str
    state_reason: str | None
    failures: int
    failing_since: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class IssuedEndpoint:
    """An endpoint with a secret that has just been made.

    :param secret: ``whsec_...``, the only copy there will ever be.
    """

    endpoint: EndpointView
    secret: str = field(repr=False)


class Endpoints:
    """The endpoints of all accounts of one app."""

    def __init__(self, store: Store, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock

    def create(
        self, url: str, events: Sequence[str], *, account: str, actor: str, description: str = ""
    ) -> IssuedEndpoint:
        """Make an endpoint, which hears of what happens from now on.

        :param events: names of :data:`EVENT_TYPES`, or ``*`` for all there are and will be.
        :param actor: who asked for it, for the audit trail.
        :raises ValidationFailed: one or more fields are wrong, or the account has enough endpoints.
        """
        self._check(url, events, description, account_faults(account))

        def make(session: Session) -> tuple[WebhookEndpoint, bytes]:
            _refuse_too_many(session, account)
            now = self._clock()
            endpoint = WebhookEndpoint(
                id=ordered_id(now),
                account=account,
                url=url,
                description=description,
                events=normalised(events),
                state=ACTIVE,
                failures=0,
                created_at=now,
                updated_at=now,
            )
            session.add(endpoint)
            session.flush()
            secret = secrets.issue(session, endpoint.id, self._settings.peppers[0], now)
            record(session, _change(endpoint, "create"), actor=actor, now=now)
            return endpoint, secret

        endpoint, secret = self._store.write(make)
        return IssuedEndpoint(_view(endpoint), signing.to_text(secret))

    def list(self, account: str) -> Sequence[EndpointView]:
        """The account's endpoints, newest first."""
        query = select(WebhookEndpoint).where(WebhookEndpoint.account == account)
        with self._store.read() as session:
            return [_view(row) for row in session.scalars(query.order_by(WebhookEndpoint.id.desc()))]

    def get(self, account: str, endpoint_id: UUID | str) -> EndpointView:
        """One endpoint of the account.

        :raises NotFound: the account has no such endpoint.
        """
        with self._store.read() as session:
            return _view(find(session, account, endpoint_id))

    def update(
        self,
        account: str,
        endpoint_id: UUID | str,
        *,
        actor: str,
        url: str | None = None,
        events: Sequence[str] | None = None,
        description: str | None = None,
    ) -> EndpointView:
        """Change what is given. What waits already goes to a new URL too.

        :raises NotFound: the account has no such endpoint.
        :raises ValidationFailed: one or more fields are wrong.
        """

        def change(session: Session, endpoint: WebhookEndpoint, now: datetime) -> str | None:
            wanted = (
                endpoint.url if url is None else url,
                endpoint.events if events is None else events,
                endpoint.description if description is None else description,
            )
            self._check(*wanted)
            before = (endpoint.url, endpoint.events, endpoint.description)
            if endpoint.url != wanted[0]:
                # What failed was another place.
                endpoint.failures, endpoint.failing_since = 0, None
            endpoint.url, endpoint.events, endpoint.description = wanted[0], normalised(wanted[1]), wanted[2]
            return "update" if before != (endpoint.url, endpoint.events, endpoint.description) else None

        return self._change(account, endpoint_id, actor, change)

    def pause(self, account: str, endpoint_id: UUID | str, *, actor: str) -> EndpointView:
        """Let an active endpoint's deliveries wait; of one that is not active, nothing changes.

        :raises NotFound: the account has no such endpoint.
        """
        return self._switch(account, endpoint_id, actor, "pause", ACTIVE, PAUSED)

    def resume(self, account: str, endpoint_id: UUID | str, *, actor: str) -> EndpointView:
        """Deliver to a paused endpoint again, what has waited too; of another, nothing changes.

        :raises NotFound: the account has no such endpoint.
        """
        return self._switch(account, endpoint_id, actor, "resume", PAUSED, ACTIVE)

    def enable(self, account: str, endpoint_id: UUID | str, *, actor: str) -> EndpointView:
        """Switch a disabled endpoint on again, its failures forgotten; of another, nothing changes.

        :raises NotFound: the account has no such endpoint.
        """
        return self._switch(account, endpoint_id, actor, "enable", DISABLED, ACTIVE)

    def rotate(
        self,
        account: str,
        endpoint_id: UUID | str,
        *,
        actor: str,
        overlap: timedelta = secrets.STANDARD_OVERLAP,
    ) -> IssuedEndpoint:
        """Give an endpoint a new secret.

        :param overlap: how long what is sent is signed with the former secrets too; up to seven days.
        :raises NotFound: the account has no such endpoint.
        :raises ValidationFailed: the overlap is out of bounds, or ten secrets would sign still.
        """
        if not timedelta(0) <= overlap <= secrets.LONGEST_OVERLAP:
            fault = Fault("/overlap", f"{overlap} is not an overlap.", "none to 7 days")
            raise ValidationFailed([fault])
        made: list[bytes] = []

        def change(session: Session, endpoint: WebhookEndpoint, now: datetime) -> str:
            secrets.retire(session, endpoint.id, overlap, now)
            signing_still = secrets.count(session, endpoint.id, now)
            if signing_still >= secrets.MOST_SIGNING:
                told = f"{signing_still} secrets of this endpoint sign still."
                raise ValidationFailed([Fault("/overlap", told, "no overlap, or waiting until some end")])
            made.append(secrets.issue(session, endpoint.id, self._settings.peppers[0], now))
            return "rotate"

        view = self._change(account, endpoint_id, actor, change)
        return IssuedEndpoint(view, signing.to_text(made[-1]))

    def delete(self, account: str, endpoint_id: UUID | str, *, actor: str) -> None:
        """Delete an endpoint for good, with the log of its deliveries.

        :raises NotFound: the account has no such endpoint.
        """

        def close(session: Session) -> UUID:
            # Nothing more is published to it while its deliveries are deleted.
            endpoint = find(session, account, endpoint_id, lock=True)
            endpoint.state, endpoint.state_reason = DISABLED, "It is being deleted."
            return endpoint.id

        closed = self._store.write(close)
        while self._store.write(lambda session: _delete_some_deliveries(session, closed)):
            pass

        def erase(session: Session) -> None:
            endpoint = find(session, account, endpoint_id, lock=True, for_deletion=True)
            while _delete_some_deliveries(session, endpoint.id):
                pass
            session.execute(delete(WebhookSecret).where(WebhookSecret.endpoint_id == endpoint.id))
            record(session, _change(endpoint, "delete"), actor=actor, now=self._clock())
            session.delete(endpoint)

        self._store.write(erase)

    def _check(self, url: str, events: Sequence[str], description: str, found: Sequence[Fault] = ()) -> None:
        faults = [*found, *check_fields(self._settings, url=url, events=events, description=description)]
        if faults:
            raise ValidationFailed(faults)

    def _switch(
        self, account: str, endpoint_id: UUID | str, actor: str, action: str, current: str, wanted: str
    ) -> EndpointView:
        def switch(session: Session, endpoint: WebhookEndpoint, now: datetime) -> str | None:
            if endpoint.state != current:
                return None
            endpoint.state, endpoint.state_reason = wanted, None
            if action == "enable":
                endpoint.failures, endpoint.failing_since = 0, None
            return action

        return self._change(account, endpoint_id, actor, switch)

    def _change(
        self,
        account: str,
        endpoint_id: UUID | str,
        actor: str,
        change: Callable[[Session, WebhookEndpoint, datetime], str | None],
    ) -> EndpointView:
        def work(session: Session) -> WebhookEndpoint:
            now = self._clock()
            endpoint = find(session, account, endpoint_id, lock=True)
            action = change(session, endpoint, now)
            if action is not None:
                endpoint.updated_at = now
                record(session, _change(endpoint, action), actor=actor, now=now)
            return endpoint

        return _view(self._store.write(work))


def find(
    session: Session,
    account: str,
    endpoint_id: UUID | str,
    *,
    lock: bool = False,
    for_deletion: bool = False,
) -> WebhookEndpoint:
    """The endpoint of the account.

    :param lock: hold it until the transaction ends, against whoever would change it.
    :param for_deletion: also against whoever publishes to it.
    :raises NotFound: the account has no such endpoint.
    """
    unknown = NotFound(f"There is no webhook endpoint {str(endpoint_id)!r} in this account.")
    try:
        wanted = UUID(str(endpoint_id))
    except ValueError:
        raise unknown from None
    query = select(WebhookEndpoint).where(WebhookEndpoint.account == account, WebhookEndpoint.id == wanted)
    query = query.with_for_update(key_share=not for_deletion) if lock else query
    endpoint = session.scalars(query).one_or_none()
    if endpoint is None:
        raise unknown
    return endpoint


def _refuse_too_many(session: Session, account: str) -> None:
    ours = WebhookEndpoint.account == account
    # Whoever makes another one meanwhile waits here, and counts after us.
    session.execute(select(WebhookEndpoint.id).where(ours).with_for_update(key_share=True)).all()
    count = session.scalar(select(func.count()).select_from(WebhookEndpoint).where(ours)) or 0
    if count >= MOST_ENDPOINTS:
        fault = Fault("/url", f"The account has {count} endpoints.", f"up to {MOST_ENDPOINTS}: delete one")
        raise ValidationFailed([fault])


def _delete_some_deliveries(session: Session, endpoint_id: UUID) -> int:
    query = select(WebhookDelivery.id).where(WebhookDelivery.endpoint_id == endpoint_id).limit(DELETE_BATCH)
    found = session.scalars(query).all()
    if found:
        # A host's SQLite need not follow foreign keys.
        session.execute(delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(found)))
        session.execute(delete(WebhookDelivery).where(WebhookDelivery.id.in_(found)))
    return len(found)


def _change(endpoint: WebhookEndpoint, action: str) -> Change:
    details = {"url": endpoint.url, "events": endpoint.events, "state": endpoint.state}
    return Change(endpoint.account, f"endpoint.{action}", endpoint.id, endpoint.url, details)


def _view(endpoint: WebhookEndpoint) -> EndpointView:
    return EndpointView(
        id=endpoint.id,
        account=endpoint.account,
        url=endpoint.url,
        description=endpoint.description,
        events=tuple(endpoint.events),
        state=endpoint.state,
        state_reason=endpoint.state_reason,
        failures=endpoint.failures,
        failing_since=endpoint.failing_since,
        created_at=endpoint.created_at,
        updated_at=endpoint.updated_at,
    )
