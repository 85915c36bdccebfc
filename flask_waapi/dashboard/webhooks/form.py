"""The form of a webhook endpoint: what was typed, with every fault at its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from werkzeug.datastructures import MultiDict

from ...errors import Fault, ValidationFailed
from ...outgoing.endpoints import EndpointView
from ...outgoing.outbox import ALL_EVENTS
from ...outgoing.sample_events import TEST
from ...plugins.events import EVENT_TYPES
from ..faults import by_field

ALL = "all"
SOME = "some"


@dataclass(frozen=True)
class EndpointForm:
    """The form as it is shown: what was typed, and what is wrong with it.

    :param scope: ``all`` events, or ``some`` of them: then ``types`` says which.
    :param faults: by the name of the field.
    """

    url: str = ""
    description: str = ""
    scope: str = ALL
    types: Sequence[str] = ()
    faults: Mapping[str, Sequence[Fault]] = field(default_factory=dict)

    @property
    def events(self) -> list[str]:
        """The events as an endpoint has them."""
        return [ALL_EVENTS] if self.scope == ALL else list(self.types)

    @property
    def choices(self) -> Mapping[str, str]:
        """The types to choose from and their meanings.

        Tests come to every endpoint, so their type is no choice; an endpoint that names it keeps it.
        """
        return {name: told for name, told in EVENT_TYPES.items() if name != TEST or name in self.types}


def typed(form: MultiDict[str, str]) -> EndpointForm:
    """What was typed."""
    return EndpointForm(
        url=form.get("url", "").strip(),
        # A browser sends line ends as CR LF, which count as two characters.
        description=form.get("description", "").replace("\r\n", "\n").strip(),
        scope=ALL if form.get("scope") == ALL else SOME,
        types=form.getlist("events"),
    )


def form_of(endpoint: EndpointView) -> EndpointForm:
    """The form filled with what an endpoint has."""
    if ALL_EVENTS in endpoint.events:
        return EndpointForm(endpoint.url, endpoint.description)
    return EndpointForm(endpoint.url, endpoint.description, SOME, endpoint.events)


def with_faults(form: EndpointForm, error: ValidationFailed) -> EndpointForm:
    """The form with what is wrong with it."""
    faults = by_field(error.faults)
    if not form.events:
        # The choices stand above the fault, so their names are not repeated in it.
        faults["events"] = [Fault("/events", "None is chosen.", "one or more of these, or all events")]
    return replace(form, faults=faults)


def refuse_repetition(form: EndpointForm, endpoints: Sequence[EndpointView]) -> None:
    """Refuse a new endpoint whose events come to its URL already, as when a page is loaded again.

    :param endpoints: those of the account.
    :raises ValidationFailed: there is such an endpoint.
    """
    wanted = set(form.events)
    for endpoint in endpoints:
        both = wanted.union(endpoint.events)
        if endpoint.url == form.url and (ALL_EVENTS in both or wanted.intersection(endpoint.events)):
            expected = "another URL, other events, or a change of that endpoint"
            raise ValidationFailed([Fault("/url", "Another endpoint sends these events there.", expected)])
