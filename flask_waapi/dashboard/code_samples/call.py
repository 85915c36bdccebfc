"""What a sample has to do: one request, with its key in the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

KEY_VARIABLE = "WAAPI_KEY"
"""The environment variable that holds the key's secret."""


@dataclass(frozen=True)
class Call:
    """One request of the API.

    :param url: whole, with its query; ASCII, since what is not is escaped in it.
    :param body: JSON values; ``None`` for a request without a body.
    :param idempotency_key: for a shell, which has nothing of its own to make one with; ``None`` where the
        endpoint takes none.
    """

    method: str
    url: str
    body: Any = None
    idempotency_key: str | None = None

    @property
    def has_body(self) -> bool:
        """Whether it sends JSON."""
        return self.body is not None
