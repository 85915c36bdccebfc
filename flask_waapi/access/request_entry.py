"""One entry of the log of API requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class RequestEntry:
    """One call of the API by a known key.

    :param endpoint: the path's pattern, ``/api/v1/external/messages/<uuid>``.
    :param duration_ms: milliseconds from its arrival to its answer.
    :param message_id: the message that came of it or that it was about, where that was one.
    """

    account: str
    key_id: UUID
    occurred_at: datetime
    method: str
    endpoint: str
    status: int
    error_code: str | None
    duration_ms: float
    request_id: str
    message_id: UUID | None = None
