"""Claims in transactions of the host's that are still open: who asks for one again must not wait for itself.

A database lets the second of two that make the same claim wait for the end of the first one's transaction.
Where both are of one thread, that end never comes.
"""

from __future__ import annotations

import threading
from functools import partial
from weakref import ReferenceType, ref

from sqlalchemy.orm import Session

from ..errors import StorageBusy
from ..storage.joining import HostSession, call_after, plain
from .idempotency import IdempotencyClaim

_Name = tuple[int, str, str, str]


class OpenClaims:
    """The claims of one app in open transactions, by the thread that has made them."""

    def __init__(self) -> None:
        self._holders: dict[_Name, ReferenceType[Session]] = {}

    def hold(self, claim: IdempotencyClaim, host_session: HostSession) -> None:
        """Remember a claim until the outermost transaction of the session ends."""
        name = _name_of(claim)
        self._holders[name] = ref(plain(host_session))
        call_after(host_session, partial(self._release, name))

    def refuse_to_wait(self, claim: IdempotencyClaim, host_session: HostSession | None = None) -> None:
        """Let pass who would not have to wait for this very thread.

        :param host_session: in whose transaction the claim is to be made, if in any.
        :raises StorageBusy: another open transaction of the thread holds the claim.
        """
        holder = self._holders.get(_name_of(claim))
        session = holder() if holder is not None else None
        if session is None or not session.in_transaction():
            return
        if host_session is None or plain(host_session) is not session:
            raise StorageBusy(
                "This idempotency_key was taken in a transaction of yours that is still open: commit that"
                " first, or give the same session= again."
            )

    def _release(self, name: _Name) -> None:
        self._holders.pop(name, None)


def _name_of(claim: IdempotencyClaim) -> _Name:
    return threading.get_ident(), claim.account, claim.route, claim.key
