"""The gates of a send by name and in their order, and what a request met at each.

A :class:`Trace` is filled by the code that decides, so what it tells is what was decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from .errors import MOST_FAULTS_TOLD, Fault, ValidationFailed, WaApiError


class GateName(StrEnum):
    """A gate. The order is that in which they are told; a refusal at one leaves those after it untried."""

    KEY = "key"
    PERMISSION = "permission"
    ADDRESS = "address"
    MINUTE = "minute_limit"
    DAY = "daily_limit"
    BODY = "body"
    RECIPIENT = "recipient"
    TEMPLATE = "template"
    VARIABLES = "variables"
    WINDOW = "service_window"
    RESTRICTION = "account_restriction"
    OPT_OUT = "opt_out"
    ABILITY = "provider"
    PRICE = "price"


LABELS: dict[GateName, str] = {
    GateName.KEY: "Key",
    GateName.PERMISSION: "Permission",
    GateName.ADDRESS: "Address",
    GateName.MINUTE: "Minute limit",
    GateName.DAY: "Daily limit",
    GateName.BODY: "Body and schema",
    GateName.RECIPIENT: "Recipient",
    GateName.TEMPLATE: "Template status",
    GateName.VARIABLES: "Variables",
    GateName.WINDOW: "Service window",
    GateName.RESTRICTION: "Account restriction",
    GateName.OPT_OUT: "Marketing opt-out",
    GateName.ABILITY: "Provider",
    GateName.PRICE: "Price",
}
"""What people read."""

PASSED = "passed"
FAILED = "failed"
NOT_NEEDED = "not_needed"
NOT_REACHED = "not_reached"
UNKNOWN = "unknown"
"""What a gate can say; only ``failed`` stops a request."""

STATES = (PASSED, FAILED, NOT_NEEDED, NOT_REACHED, UNKNOWN)


@dataclass(frozen=True)
class Step:
    """What a request met at a gate.

    :param reason: why, in plain words.
    :param code: of the error that refuses it. :param faults: where that lists any.
    """

    gate: GateName
    state: str
    reason: str
    code: str | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def label(self) -> str:
        """The gate's name for people."""
        return LABELS[self.gate]


class Trace:
    """What one request has met so far.

    :ivar faults: what gates have found in it, in the order of finding; they are told together.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._at = GateName.KEY
        # Every send has a trace and few are looked at, so nothing is made of them before that.
        self._said: dict[GateName, tuple[str, str]] = {}
        self._found: dict[GateName, list[Fault]] = {}
        self._refusal: tuple[GateName, WaApiError] | None = None

    def at(self, gate: GateName) -> None:
        """The request comes to a gate; an error from here on is its refusal."""
        self._at = gate

    def passed(self, gate: GateName, reason: str) -> None:
        """A gate lets the request through, unless it has found something in it."""
        self._said.setdefault(gate, (PASSED, reason))

    def not_needed(self, gate: GateName, reason: str) -> None:
        """A gate has nothing to say of such a request."""
        self._said.setdefault(gate, (NOT_NEEDED, reason))

    def unknown(self, gate: GateName, reason: str) -> None:
        """A gate would have something to say and cannot."""
        self._said.setdefault(gate, (UNKNOWN, reason))

    def found(self, gate: GateName, faults: Sequence[Fault]) -> None:
        """What a gate has found in the request."""
        if faults:
            self.faults += faults
            self._found.setdefault(gate, []).extend(faults)

    def failed(self, error: WaApiError) -> None:
        """The request ends where it has come to, unless that is for what the gates have found."""
        if not (isinstance(error, ValidationFailed) and set(self.faults).issuperset(error.faults)):
            self._refusal = self._at, error

    def steps(self) -> tuple[Step, ...]:
        """Every gate, in their order."""
        refused = {gate: _refused(gate, ValidationFailed(faults)) for gate, faults in self._found.items()}
        if self._refusal is not None:
            refused[self._refusal[0]] = _refused(*self._refusal)
        return tuple(refused.get(gate) or Step(gate, *self._said.get(gate, _NOT_COME)) for gate in GateName)


_NOT_COME = (NOT_REACHED, "The request does not come as far.")


def _refused(gate: GateName, error: WaApiError) -> Step:
    faults = tuple(error.faults[:MOST_FAULTS_TOLD]) if isinstance(error, ValidationFailed) else ()
    return Step(gate, FAILED, error.message, error.code, faults)
