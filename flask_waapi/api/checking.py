"""What would become of a request, gate by gate, without counting, storing or sending anything.

The gates are the ones that a send passes; there is no second opinion here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..access.gate import Passage
from ..access.key_views import Credential
from ..errors import WaApiError
from ..gates import GateName, Step, Trace
from ..messaging.decisions import Decision
from ..messaging.send_requests import SendRequest
from ..prices import Price
from ..services import Services
from .families import READERS, read_send, sender_as
from .operation import Operation
from .sending import OPERATIONS

NO_PRICE = "No price is set (WAAPI_PRICES). Providers charge by category and by the recipient's country."

FREE_FORM_CATEGORY = "service"
"""What providers call everything that is no template."""

_FAMILY_OF = {f"{family}/send": family for family in READERS}

SENDS: dict[str, Operation] = {
    operation.path.removeprefix("/messages/"): operation for operation in OPERATIONS
}
"""What can be checked, as the body of a check names it: ``template/send`` ..."""


@dataclass(frozen=True)
class Checked:
    """What would become of a request.

    :param steps: what it meets at each gate, in their order.
    :param error: that would refuse it; ``None`` where it would be taken.
    :param asked: the message that it asks for, as far as it could be read.
    :param decision: what would be sent, where it would.
    :param price: where one is set. :param category: what it would be charged as, where that is known.
    """

    steps: tuple[Step, ...]
    error: WaApiError | None
    asked: SendRequest | None = None
    decision: Decision | None = None
    price: Price | None = None
    category: str | None = None

    @property
    def would_send(self) -> bool:
        """Whether no gate refuses it."""
        return self.error is None


def check_send(
    services: Services,
    endpoint: str,
    read_body: Callable[[], Any],
    identify: Callable[[], Credential],
    address: str,
    *,
    simulate: bool = False,
) -> Checked:
    """Take a send through all its gates but the last, which sends it.

    :param endpoint: one of :data:`SENDS`.
    :param read_body: gives the body's JSON values, or raises what refuses them.
    :param identify: tells whose request it is, or raises what refuses the key.
    :param address: of the client.
    :param simulate: whether it must end in the simulation, whatever the body says.
    """
    trace = Trace()
    asked = decision = None
    try:
        credential = enter_gates(services, trace, SENDS[endpoint], identify, address)
        trace.at(GateName.BODY)
        body = read_body()
        trace.at(GateName.PERMISSION)
        asked = read_send(_FAMILY_OF[endpoint], body, credential)
        asked = replace(asked, simulate=asked.simulate or simulate)
        decision = services.pipeline.decide(asked, sender_as(credential, ""), trace)
    except WaApiError as error:
        trace.failed(error)
        return Checked(trace.steps(), error, asked)
    category = _category_of(decision)
    price = _price(services, asked, decision, category, trace)
    return Checked(trace.steps(), None, asked, decision, price, category)


def enter_gates(
    services: Services,
    trace: Trace,
    operation: Operation,
    identify: Callable[[], Credential],
    address: str,
) -> Credential:
    """The gates that every request passes: key, permission, address and the limits, which count nothing.

    :raises WaApiError: one of them refuses it.
    """
    trace.at(GateName.KEY)
    credential = identify()
    trace.passed(GateName.KEY, f"The key {credential.name!r} is active.")
    passage = Passage(credential)
    services.gate.admit(passage, operation.permissions, address, trace)
    services.gate.peek(passage, credential, trace)
    return credential


def _category_of(decision: Decision) -> str | None:
    if decision.wording.draft is None:
        return FREE_FORM_CATEGORY
    return decision.wording.category and decision.wording.category.lower()


def _price(
    services: Services, asked: SendRequest, decision: Decision, category: str | None, trace: Trace
) -> Price | None:
    if decision.simulated:
        trace.not_needed(GateName.PRICE, "A simulated message costs nothing.")
        return None
    prices = services.settings.prices
    price = prices.of(category, asked.to) if prices is not None and category is not None else None
    if prices is None:
        trace.unknown(GateName.PRICE, NO_PRICE)
    elif price is None:
        trace.unknown(GateName.PRICE, f"WAAPI_PRICES has no price of {category or 'it'} for this recipient.")
    else:
        trace.passed(GateName.PRICE, f"About {price}, as WAAPI_PRICES says of {category}.")
    return price
