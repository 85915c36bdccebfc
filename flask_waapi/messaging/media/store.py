"""The media that provider instances keep for the accounts: uploaded by them, or part of what came in."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import BinaryIO

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ...errors import Fault, NotFound, PayloadTooLarge, ValidationFailed, WaApiError
from ...identifiers import uuid7
from ...plugins.media import MediaDownload, MediaFacts, MediaUpload
from ...plugins.provider import Provider
from ...plugins.provider_errors import Rejected
from ...plugins.registry import Providers
from ...storage.json_values import clean
from ...storage.media_models import StoredMedium
from ...storage.session import Store
from ..asking import Result, ask, facts_of
from .ids import LONGEST_ID
from .kinds import KINDS, MediaKind, kind_of, mime_type_as, recognise

UPLOADED_KEPT = timedelta(days=30)
"""How long what an account has uploaded can be sent; Cloud API, media."""

BATCH = 500
"""Rows that are forgotten in one transaction."""

_PIECE = 64 * 1024

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MediaFile:
    """A file to be uploaded, on disk or in memory.

    :param size: bytes. :param sha256: of its content, lower-case hex.
    """

    content: BinaryIO
    filename: str
    size: int
    sha256: str

    @classmethod
    def of(cls, content: BinaryIO, filename: str) -> MediaFile:
        """A file, measured.

        :param content: can be read again from its beginning.
        """
        digest, size = hashlib.sha256(), 0
        content.seek(0)
        while piece := content.read(_PIECE):
            digest.update(piece)
            size += len(piece)
        return cls(content, filename, size, digest.hexdigest())


@dataclass(frozen=True)
class MediumView:
    """A medium of an account.

    :param provider: the instance that keeps it.
    :param size: bytes; ``None`` where the provider has not told.
    :param sha256: of its content, lower-case hex; ``None`` likewise.
    :param expires_at: when the provider forgets it.
    """

    media_id: str
    provider: str
    mime_type: str | None
    size: int | None
    sha256: str | None
    filename: str | None
    expires_at: datetime | None


class MediaStore:
    """The media of one app's accounts."""

    def __init__(self, store: Store, providers: Providers, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._providers = providers
        self._clock = clock

    def upload(self, file: MediaFile, *, account: str, provider: str, kind: str | None = None) -> MediumView:
        """Check a file by its content and hand it to an instance.

        :param kind: ``image``, ``video``, ``audio``, ``document`` or ``sticker``; without it the file says.
        :raises ValidationFailed: it is empty, of no type that WhatsApp takes, or not of this kind.
        :raises PayloadTooLarge: it is larger than its kind may be.
        :raises FeatureUnsupported: the instance keeps no media.
        :raises MessageRejected: the provider refused it.
        :raises ProviderFailed: the provider refused us.
        :raises ProviderUnavailable: the provider cannot be reached; nothing was uploaded.
        """
        mime_type = check_file(file, kind)
        file.content.seek(0)
        upload = MediaUpload(file.content, file.size, mime_type, file.filename)
        media_id = self._ask(provider, lambda instance: instance.upload_media(upload))
        view = MediumView(
            media_id=media_id,
            provider=provider,
            mime_type=mime_type,
            size=file.size,
            sha256=file.sha256,
            filename=file.filename,
            expires_at=self._clock() + UPLOADED_KEPT,
        )
        try:
            self._store.write(lambda session: self._remember(session, account, view))
        except IntegrityError:
            # The same upload a moment ago, at an instance whose ids follow from the content.
            self._store.write(lambda session: self._remember(session, account, view))
        return view

    def get(self, account: str, media_id: str, *, simulated: bool = False) -> MediumView:
        """A medium of the account; what is not known of it yet is asked for.

        :param simulated: whether only media at simulated instances may be seen.
        :raises NotFound: the account has no such medium, or the provider has forgotten it.
        :raises ProviderFailed: the provider refused us.
        :raises ProviderUnavailable: the provider cannot be reached.
        """
        view = self._find(account, media_id, simulated)
        if view.size is not None and view.sha256 is not None:
            return view
        facts = self._ask(view.provider, lambda instance: instance.describe_media(media_id), _gone(media_id))
        return _completed(view, facts)

    def download(
        self, account: str, media_id: str, *, simulated: bool = False
    ) -> tuple[MediumView, MediaDownload]:
        """A medium of the account and its content, which is checked against its checksum as it comes.

        :raises WaApiError: as :meth:`get`.
        :raises FeatureUnsupported: the instance keeps no content.
        """
        view = self._find(account, media_id, simulated)
        found = self._ask(view.provider, lambda instance: instance.download_media(media_id), _gone(media_id))
        return _completed(view, found.facts), found

    def delete(self, account: str, media_id: str, *, simulated: bool = False) -> None:
        """Let the provider forget a medium of the account.

        :raises WaApiError: as :meth:`get`.
        """
        view = self._find(account, media_id, simulated)
        try:
            self._ask(view.provider, lambda instance: instance.delete_media(media_id), _gone(media_id))
        except NotFound:
            self._store.write(lambda session: _forget_one(session, account, view))
            raise
        self._store.write(lambda session: _forget_one(session, account, view))

    def forget(self) -> int:
        """Delete rows of media that their providers have forgotten by now, a bounded number; how many."""
        now = self._clock()
        return self._store.write(lambda session: _forget_some(session, now))

    def _find(self, account: str, media_id: str, simulated: bool) -> MediumView:
        instances = [
            name for name in self._providers.names() if self._providers[name].simulated or not simulated
        ]
        # With the instances, since the index is by them before the id: an account may have millions.
        query = (
            select(StoredMedium)
            .where(
                StoredMedium.account == account,
                StoredMedium.provider.in_(instances),
                StoredMedium.media_id == media_id,
            )
            .order_by(StoredMedium.created_at.desc())
        )
        now, found = self._clock(), []
        # No database could hold any other.
        if len(media_id) <= LONGEST_ID and clean(media_id) == media_id:
            with self._store.read() as session:
                found = [_view(row) for row in session.scalars(query) if not _is_over(row, now)]
        if found:
            return found[0]
        raise NotFound(f"There is no medium {media_id!r} in this account.")

    def _ask(
        self,
        provider: str,
        question: Callable[[Provider], Result],
        refused: Callable[[str, Rejected], WaApiError] | None = None,
    ) -> Result:
        return ask(self._providers, provider, question, "The medium could not be handed on", refused=refused)

    def _remember(self, session: Session, account: str, view: MediumView) -> None:
        _forget_one(session, account, view)
        now = self._clock()
        session.add(
            StoredMedium(
                id=uuid7(now),
                account=account,
                provider=view.provider,
                media_id=view.media_id,
                mime_type=view.mime_type,
                size=view.size,
                sha256=view.sha256,
                filename=view.filename,
                created_at=now,
                expires_at=view.expires_at,
            )
        )


def check_file(file: MediaFile, kind: str | None = None) -> str:
    """The MIME type of a file that WhatsApp takes.

    :param kind: as which it is to be sent; without it the file says.
    :raises ValidationFailed: it is empty, of no type that WhatsApp takes, or not of this kind.
    :raises PayloadTooLarge: it is larger than its kind may be.
    """
    if kind is not None and kind not in KINDS:
        expected = f"one of {', '.join(KINDS)}"
        raise ValidationFailed([Fault("/type", f"There is no kind of media {kind[:64]!r}.", expected)])
    if not file.size:
        raise ValidationFailed([Fault("/file", "The file is empty.", "a file with content")])
    found = recognise(file.content)
    wanted = KINDS[kind] if kind else (kind_of(found) if found else None)
    mime_type = mime_type_as(wanted, found) if found and wanted else None
    if found is None or wanted is None or mime_type is None:
        raise ValidationFailed([_type_fault(found.mime_types[0] if found else None, kind)])
    _check_size(file.size, wanted, mime_type, is_animated=found.is_animated)
    return mime_type


def _type_fault(mime_type: str | None, kind: str | None) -> Fault:
    what = f"{mime_type} by its content" if mime_type else "of no type that is known"
    kinds = [KINDS[kind]] if kind else KINDS.values()
    allowed = ", ".join(mime_type for one in kinds for mime_type in one.mime_types)
    purpose = f"cannot be sent as {kind}" if kind else "cannot be sent"
    return Fault("/file", f"The file is {what}, which {purpose}.", f"one of {allowed}")


def _check_size(size: int, kind: MediaKind, mime_type: str, *, is_animated: bool) -> None:
    largest = kind.largest
    if is_animated and kind.largest_animated is not None:
        largest = kind.largest_animated
    if size > largest:
        raise PayloadTooLarge(
            f"The file is {mime_type} of {size:,} bytes; as {kind.name} it may have up to {largest:,}.",
            details={"kind": kind.name, "mime_type": mime_type, "size": size, "largest": largest},
        )


def _gone(media_id: str) -> Callable[[str, Rejected], WaApiError]:
    def not_found(provider: str, error: Rejected) -> WaApiError:
        return NotFound(
            f"The provider no longer has the medium {media_id!r}: {error.message}",
            details=facts_of(provider, error),
        )

    return not_found


def _completed(view: MediumView, facts: MediaFacts) -> MediumView:
    return replace(
        view,
        mime_type=view.mime_type or facts.mime_type,
        size=facts.size if view.size is None else view.size,
        sha256=view.sha256 or facts.sha256,
    )


def _view(row: StoredMedium) -> MediumView:
    return MediumView(
        media_id=row.media_id,
        provider=row.provider,
        mime_type=row.mime_type,
        size=row.size,
        sha256=row.sha256,
        filename=row.filename,
        expires_at=row.expires_at,
    )


def _is_over(row: StoredMedium, now: datetime) -> bool:
    return row.expires_at is not None and row.expires_at <= now


def _forget_one(session: Session, account: str, view: MediumView) -> None:
    session.execute(
        delete(StoredMedium).where(
            StoredMedium.account == account,
            StoredMedium.provider == view.provider,
            StoredMedium.media_id == view.media_id,
        )
    )


def _forget_some(session: Session, now: datetime) -> int:
    over = session.scalars(
        select(StoredMedium.id)
        .where(StoredMedium.expires_at <= now)
        .order_by(StoredMedium.expires_at)
        .limit(BATCH)
    ).all()
    if over:
        session.execute(delete(StoredMedium).where(StoredMedium.id.in_(over)))
    return len(over)
