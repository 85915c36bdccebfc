"""What people have tried in the playground: kept for each of them, read page by page, forgotten in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from ..errors import Fault, NotFound, ValidationFailed
from ..identifiers import first_id
from ..storage.playground_models import PlaygroundRun
from ..storage.session import Store

PAGE = 25

BATCH = 1_000
"""Runs that are deleted in one transaction."""

LONGEST_PAYLOAD = 100_000
"""Characters of a payload that are kept."""

SUCCEEDED, REFUSED = "succeeded", "refused"
OUTCOMES = (SUCCEEDED, REFUSED)


@dataclass(frozen=True)
class Owner:
    """Whose runs they are: a person, by the name the host gives them, in one account."""

    account: str
    viewer: str


@dataclass(frozen=True)
class RunFilter:
    """Which runs are wanted; members that are ``None`` do not narrow.

    :param outcome: one of :data:`OUTCOMES`. :param status: of the answer.
    """

    operation: str | None = None
    outcome: str | None = None
    status: int | None = None
    error_code: str | None = None
    key_id: UUID | None = None


@dataclass(frozen=True)
class RunPage:
    """Runs, newest first. :param next_cursor: leads to older ones; ``None`` at the end."""

    runs: Sequence[PlaygroundRun]
    next_cursor: str | None


def keep(store: Store, run: PlaygroundRun) -> None:
    """Store a run. What no database could hold of its payload is left out."""
    sound = run.payload.replace("\0", "").encode(errors="replace").decode()
    run.payload = sound[:LONGEST_PAYLOAD]
    with store.begin() as session:
        session.add(run)


def page(store: Store, owner: Owner, wanted: RunFilter, cursor: str | None = None) -> RunPage:
    """One page of somebody's runs.

    :param cursor: ``next_cursor`` of the page before.
    :raises ValidationFailed: the cursor is not one of ours.
    """
    query = _narrow(_of(owner), wanted)
    if cursor is not None:
        query = query.where(PlaygroundRun.id < _read_cursor(cursor))
    with store.read() as session:
        found = session.scalars(query.order_by(PlaygroundRun.id.desc()).limit(PAGE + 1)).all()
    return RunPage(found[:PAGE], str(found[PAGE - 1].id) if len(found) > PAGE else None)


def get(store: Store, owner: Owner, run_id: UUID) -> PlaygroundRun:
    """One run.

    :raises NotFound: it is not one of theirs.
    """
    with store.read() as session:
        run: PlaygroundRun | None = session.scalars(
            _of(owner).where(PlaygroundRun.id == run_id)
        ).one_or_none()
    if run is None:
        raise NotFound("There is no such run of yours.")
    return run


def forget_all(store: Store, owner: Owner) -> int:
    """Delete all runs of somebody, in short transactions; how many that were."""
    theirs = _of(owner).with_only_columns(PlaygroundRun.id)
    deleted = 0
    while count := store.write(lambda session: _forget_some(session, theirs)):
        deleted += count
    return deleted


def forget(session: Session, before: datetime) -> int:
    """Delete runs from before a moment, the oldest first; how many that were, at most :data:`BATCH`."""
    # Ids hold the moment of their making, so that the primary key serves.
    return _forget_some(session, select(PlaygroundRun.id).where(PlaygroundRun.id < first_id(before)))


def _of(owner: Owner) -> Select[Any]:
    return select(PlaygroundRun).where(
        PlaygroundRun.account == owner.account, PlaygroundRun.viewer == owner.viewer
    )


def _narrow(query: Select[Any], wanted: RunFilter) -> Select[Any]:
    equal = {
        PlaygroundRun.operation: wanted.operation,
        PlaygroundRun.status: wanted.status,
        PlaygroundRun.error_code: wanted.error_code,
        PlaygroundRun.key_id: wanted.key_id,
    }
    for column, value in equal.items():
        if value is not None:
            query = query.where(column == value)
    if wanted.outcome == SUCCEEDED:
        query = query.where(PlaygroundRun.status < 300)
    elif wanted.outcome == REFUSED:
        query = query.where(PlaygroundRun.status >= 300)
    return query


def _read_cursor(cursor: str) -> UUID:
    try:
        return UUID(cursor)
    except ValueError:
        fault = Fault("/cursor", "The cursor is not one of ours.", "next_cursor of the page before")
        raise ValidationFailed([fault]) from None


def _forget_some(session: Session, query: Select[Any]) -> int:
    ids = session.scalars(query.order_by(PlaygroundRun.id).limit(BATCH)).all()
    if ids:
        session.execute(delete(PlaygroundRun).where(PlaygroundRun.id.in_(ids)))
    return len(ids)
