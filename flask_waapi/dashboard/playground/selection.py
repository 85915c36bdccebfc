"""What can be chosen in the playground, and what has been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from ...access.key_views import KeyView
from ...access.quota import Quota
from ...api.blueprint import HARMLESS
from ...api.operation import Operation
from ...errors import NotFound, WaApiError
from ...plugins.provider import TemplateDefinition
from ...services import Services
from ..access import Viewer
from ..instances import sending

TAKES_TEMPLATE = frozenset({"send_template", "get_template"})


@dataclass(frozen=True)
class Selection:
    """What has been chosen, of what there is.

    :param keys: those of the account, the active ones first; only these can act.
    :param minute: what the chosen key has left of the minute; ``None`` where that is not known.
    :param templates: those that can be sent.
    """

    keys: Sequence[KeyView]
    key: KeyView | None
    minute: Quota | None
    operation: Operation
    templates: Sequence[TemplateDefinition]
    template: TemplateDefinition | None

    @property
    def shape(self) -> str:
        """What the payload is made for; while it stays, the payload stays."""
        template = template_value(self.template) if self.template else ""
        return f"{self.operation.name}:{template}"

    @property
    def sends(self) -> bool:
        """Whether the endpoint sends a message."""
        return self.operation.idempotent

    @property
    def is_locked(self) -> bool:
        """Whether the chosen key lacks every permission that opens the endpoint."""
        return self.key is None or is_locked(self.operation, self.key)


def is_locked(operation: Operation, key: KeyView) -> bool:
    """Whether a key lacks every permission that opens an endpoint."""
    return not set(operation.permissions) & set(key.permissions)


def template_value(template: TemplateDefinition) -> str:
    """A template as the form names it."""
    return f"{template.name}/{template.language}"


def operation_named(name: str) -> Operation | None:
    """What can be tried under that name."""
    return next((operation for operation in HARMLESS if operation.name == name), None)


def key_named(services: Services, viewer: Viewer, given: str) -> KeyView:
    """The key that a form names.

    :raises NotFound: the account has no such key.
    """
    try:
        key_id = UUID(given)
    except ValueError:
        raise NotFound("There is no such key in this account.") from None
    return services.keys.get(viewer.account, str(key_id))


def select(services: Services, viewer: Viewer, given: Mapping[str, str]) -> Selection:
    """What the page shows; where it names nothing that there is, the first that can be used."""
    every = sorted(services.keys.list(viewer.account), key=lambda key: not key.active)
    usable = [key for key in every if key.active]
    key = next((key for key in usable if str(key.id) == given.get("key")), usable[0] if usable else None)
    minute = None if key is None else services.gate.minute_left(key.id, key.rate_limit)
    operation = operation_named(given.get("operation", "")) or _first_allowed(key)
    templates: Sequence[TemplateDefinition] = ()
    template = None
    if operation.name in TAKES_TEMPLATE:
        templates = _templates(services, viewer, key)
        template = next(
            (item for item in templates if template_value(item) == given.get("template")),
            templates[0] if templates else None,
        )
    return Selection(every, key, minute, operation, templates, template)


def _first_allowed(key: KeyView | None) -> Operation:
    allowed = (operation for operation in HARMLESS if key and not is_locked(operation, key))
    return next(allowed, HARMLESS[0])


def _templates(services: Services, viewer: Viewer, key: KeyView | None) -> Sequence[TemplateDefinition]:
    instance = sending(services, viewer, key)
    if instance is None:
        return ()
    try:
        found = services.catalogue.list(instance, only_approved=True)
    except WaApiError:
        return ()
    # What most come for, the order confirmation of every example, stands first.
    return sorted(found, key=lambda item: item.name != "order_confirmation")
