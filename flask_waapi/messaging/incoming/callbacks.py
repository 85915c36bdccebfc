"""Callbacks of the providers: stored and answered at once, applied afterwards, as often as it takes.

What was stored can be applied again at any time, after a bug was mended too: whatever a callback reports
is applied once. An item that cannot be applied is parked and loses no other.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from ...discretion import log_failure
from ...errors import StorageBusy, StorageUnavailable
from ...identifiers import uuid7
from ...outgoing import outbox
from ...plugins.callbacks import (
    AccountUpdate,
    CallbackItem,
    InboundMessage,
    PreferenceUpdate,
    StatusUpdate,
    TemplateUpdate,
)
from ...plugins.events import AccountEvent
from ...plugins.registry import Providers
from ...settings import Settings
from ...storage.inbound_models import ParkedItem, StoredCallback
from ...storage.session import Store
from . import parking
from .inbound import apply
from .parking import BROKEN, UNKNOWN, UNMATCHED, Parked
from .reports import Unmatched
from .source import Source

BATCH = 20
"""How many callbacks are found at a look."""

LEASE = timedelta(seconds=60)
"""How long a callback belongs to the process that applies it."""

MOST_ATTEMPTS = 5
"""How often a callback is begun whose process ended over it."""

CHUNK = 100
"""How many items are applied in one transaction."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DueCallbacks:
    """Callbacks of one provider instance that wait to be applied, the oldest first.

    :param rows: the id of each, and since when it is due.
    """

    provider: str
    rows: tuple[tuple[UUID, datetime | None], ...]


@dataclass
class Tally:
    """What came of items: how many were applied, what is to be parked, what they changed."""

    applied: int = 0
    parked: list[Parked] = field(default_factory=list)
    events: list[AccountEvent] = field(default_factory=list)

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.applied + other.applied, self.parked + other.parked, self.events + other.events)


class Callbacks:
    """The callbacks of one app.

    :param tell: called with each event after its commit.
    :param wake: called when something new is due.
    """

    def __init__(
        self,
        store: Store,
        providers: Providers,
        settings: Settings,
        clock: Callable[[], datetime],
        tell: Callable[[AccountEvent], None],
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._providers = providers
        self._settings = settings
        self._clock = clock
        self._tell = tell
        self._wake = wake

    def keep(self, provider: str, body: bytes) -> UUID:
        """Store a callback; it is applied in the background.

        :param provider: the instance's name.
        :param body: the raw bytes, their signature checked.
        """
        now = self._clock()
        callback_id = uuid7(now)
        values = {
            "id": callback_id,
            "provider": provider,
            "received_at": now,
            "body": body.decode("utf-8", "backslashreplace").replace("\0", "\\x00"),
            "due_at": now,
            "attempts": 0,
            "applied": 0,
            "unmatched": 0,
            "parked": 0,
        }
        self._store.write(lambda session: session.execute(insert(StoredCallback), values))
        self._wake()
        return callback_id

    def apply_due(self) -> int:
        """Apply callbacks that are due.

        :returns: how many were taken up.
        """
        return sum(self.take_up(due) for due in self.due())

    def due(self, in_hand: Collection[str] = ()) -> Sequence[DueCallbacks]:
        """Callbacks that wait to be applied, some of each provider instance.

        :param in_hand: the instances whose callbacks this process is applying already.
        """
        query = select(StoredCallback.provider, StoredCallback.id, StoredCallback.due_at).where(
            StoredCallback.due_at <= self._clock(), StoredCallback.provider.not_in(in_hand)
        )
        rows: dict[str, list[tuple[UUID, datetime | None]]] = defaultdict(list)
        with self._store.read() as session:
            for row in session.execute(query.order_by(StoredCallback.due_at, StoredCallback.id).limit(BATCH)):
                rows[row.provider].append((row.id, row.due_at))
        return [DueCallbacks(provider, tuple(found)) for provider, found in rows.items()]

    def take_up(self, due: DueCallbacks) -> int:
        """Apply these callbacks, but for those that another process is faster with.

        :returns: how many that were.
        """
        return sum([self._take_up(callback_id, due_at) for callback_id, due_at in due.rows])

    def replay(self, ids: Iterable[UUID]) -> int:
        """Let callbacks be applied again in the background.

        :returns: how many of them there are.
        """
        count = self._store.write(lambda session: _set_due(session, list(ids), self._clock()))
        self._wake()
        return count

    def recognise(self, provider: str, provider_message_id: str) -> None:
        """A message has got its id: apply what was reported of it before, if anything was."""
        early = select(ParkedItem.callback_id).where(
            ParkedItem.provider == provider,
            ParkedItem.provider_message_id == provider_message_id,
            ParkedItem.state == UNMATCHED,
        )
        with self._store.read() as session:
            found = session.scalars(early).all()
        if found:
            self.replay(found)

    def recognise_all(self, within: timedelta = parking.EARLY) -> int:
        """Look for parked reports whose message there is by now: a process may have died before it could.

        :param within: how long ago they were parked at most.
        :returns: how many callbacks are applied again.
        """
        with self._store.read() as session:
            found = session.scalars(parking.recognisable(self._clock() - within)).all()
        return self.replay(set(found)) if found else 0

    def forget(self) -> int:
        """Delete callbacks whose time is over, a bounded number of them.

        :returns: how many.
        """
        before = self._clock() - self._settings.log_lifetime
        return self._store.write(lambda session: parking.forget(session, before))

    def _take_up(self, callback_id: UUID, due_at: datetime | None) -> bool:
        callback = self._store.write(lambda session: self._claim(session, callback_id, due_at))
        if callback is None:
            return False
        items, unreadable = self._read(callback)
        tally = Tally(parked=unreadable)
        for chunk in _chunks(items):
            tally += self._apply_chunk(callback.provider, chunk)
            self._store.write(lambda session: self._renew(session, callback.id))
        self._store.write(lambda session: self._finish(session, callback, tally))
        if any(item.state == UNMATCHED for item in tally.parked):
            # Its message may have got its id since it was looked for.
            with self._store.read() as session:
                is_recognisable = parking.is_recognisable(session, callback.id)
            if is_recognisable:
                self.replay([callback.id])
        return True

    def _claim(self, session: Session, callback_id: UUID, due_at: datetime | None) -> StoredCallback | None:
        ours = (StoredCallback.id == callback_id) & (StoredCallback.due_at == due_at)
        claimed = session.execute(
            update(StoredCallback)
            .where(ours)
            .values(due_at=self._clock() + LEASE, attempts=StoredCallback.attempts + 1),
            execution_options={"synchronize_session": False},
        )
        return session.get(StoredCallback, callback_id) if claimed.rowcount else None  # type: ignore[attr-defined]

    def apply(self, provider: str, items: Sequence[CallbackItem]) -> Tally:
        """Apply what a provider instance reports.

        :raises StorageBusy: the database cannot take it now; what was applied is.
        :raises StorageUnavailable: likewise.
        """
        return sum((self._apply_chunk(provider, chunk) for chunk in _chunks(items)), Tally())

    def _renew(self, session: Session, callback_id: UUID) -> None:
        # Another process may have taken it up or finished it meanwhile: it comes to the same.
        session.execute(
            update(StoredCallback)
            .where(StoredCallback.id == callback_id, StoredCallback.due_at.is_not(None))
            .values(due_at=self._clock() + LEASE),
            execution_options={"synchronize_session": False},
        )

    def _read(self, callback: StoredCallback) -> tuple[Sequence[CallbackItem], list[Parked]]:
        problem = None
        if callback.attempts > MOST_ATTEMPTS:
            problem = f"It was begun {callback.attempts - 1} times, and each time its process ended."
        elif callback.provider not in self._providers:
            problem = f"The provider {callback.provider!r} is not configured any more."
        if problem is None:
            try:
                provider = self._providers[callback.provider]
                return list(provider.parse_callback(callback.body.encode())), []
            except Exception as error:
                log_failure(logger, error, "Callback %s cannot be read", callback.id)
                problem = f"The provider broke while reading it: {type(error).__name__}."
        return [], [Parked("", BROKEN, problem, None)]

    def _apply_chunk(self, provider: str, items: Sequence[CallbackItem]) -> Tally:
        try:
            tally = self._store.write(lambda session: self._apply_all(session, provider, items))
        except (StorageBusy, StorageUnavailable):
            # Not a word about the items: all of them are due again when the lease ends.
            raise
        except Exception as error:
            if len(items) > 1:
                # One of them is at fault; each on its own, the others are not.
                return sum((self._apply_chunk(provider, [item]) for item in items), Tally())
            (item,) = items
            log_failure(logger, error, "Provider %s: the item %s was parked", provider, item.position)
            reason = f"It could not be applied: {type(error).__name__}."
            return Tally(parked=[Parked(item.position, BROKEN, reason, item.raw)])
        for event in tally.events:
            self._tell(event)
        return tally

    def _apply_all(self, session: Session, provider: str, items: Sequence[CallbackItem]) -> Tally:
        source = Source(provider, self._providers[provider].simulated, self._settings.inbound_account)
        result = Tally()
        with outbox.gathered(session):
            for item in items:
                self._apply_item(session, source, item, result)
        return result

    def _apply_item(self, session: Session, source: Source, item: CallbackItem, result: Tally) -> None:
        if item.problem is not None:
            result.parked.append(Parked(item.position, BROKEN, item.problem, item.raw))
            return
        if not item.events:
            reason = "The provider does not know this kind of report."
            result.parked.append(Parked(item.position, UNKNOWN, reason, item.raw))
            return
        unmatched: Parked | None = None
        for event in item.events:
            try:
                result.events += apply(session, source, event, self._clock())
            except Unmatched as error:
                message_id = event.provider_message_id if isinstance(event, StatusUpdate) else None
                unmatched = Parked(item.position, UNMATCHED, str(error), item.raw, message_id)
        if unmatched is not None:
            result.parked.append(unmatched)
        else:
            result.applied += 1

    def _finish(self, session: Session, callback: StoredCallback, tally: Tally) -> None:
        # If another process has taken it up meanwhile, it comes to the same.
        session.execute(delete(ParkedItem).where(ParkedItem.callback_id == callback.id))
        parking.park(session, callback, tally.parked, self._clock())
        unmatched = sum(item.state == UNMATCHED for item in tally.parked)
        session.execute(
            update(StoredCallback)
            .where(StoredCallback.id == callback.id)
            .values(
                due_at=None,
                attempts=0,
                applied=tally.applied,
                unmatched=unmatched,
                parked=len(tally.parked) - unmatched,
            ),
            execution_options={"synchronize_session": False},
        )


def _chunks(items: Sequence[CallbackItem]) -> Iterator[list[CallbackItem]]:
    for begin in range(0, len(items), CHUNK):
        yield sorted(items[begin : begin + CHUNK], key=_lock_order)


def _set_due(session: Session, ids: list[UUID], now: datetime) -> int:
    result = session.execute(
        update(StoredCallback).where(StoredCallback.id.in_(ids)).values(due_at=now, attempts=0),
        execution_options={"synchronize_session": False},
    )
    return result.rowcount  # type: ignore[attr-defined, no-any-return]


def _lock_order(item: CallbackItem) -> tuple[str, str]:
    # Transactions that lock the same rows in the same order do not wait for each other in a circle. What
    # is about one message or person keeps its order.
    match item.events[0] if item.events else None:
        case InboundMessage() as message:
            return "person", message.recipient if message.is_echo else message.sender
        case PreferenceUpdate() as preference:
            return "person", preference.recipient
        case StatusUpdate() as status:
            return "message", status.provider_message_id
        case TemplateUpdate() as template:
            return "template", template.name
        case AccountUpdate() as account:
            return "account", account.subject
        case _:
            return "", ""
