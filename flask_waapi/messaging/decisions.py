"""What is decided of a message, and what that is decided by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..content import Content, MessageOptions
from ..errors import WaApiError
from ..plugins.provider import TemplateDefinition
from .delivery.queue import Priority
from .routing import Route
from .templates.catalogue import Catalogue
from .templates.rendering import TemplateDraft
from .window import Known


@dataclass(frozen=True)
class Wording:
    """What a message will say, and how it came to that.

    :param draft: of a template. :param definition: the template itself, where it is known.
    """

    content: Content
    text: str | None
    priority: Priority = Priority.NORMAL
    category: str | None = None
    draft: TemplateDraft | None = None
    definition: TemplateDefinition | None = None


@dataclass(frozen=True)
class Decision:
    """A message that may be sent.

    :param begin: when it is sent at the earliest.
    :param simulated: whether it ends in a simulation.
    :param is_outside_window: whether it is free-form, and its recipient has not written.
    """

    now: datetime
    begin: datetime
    route: Route
    simulated: bool
    wording: Wording
    options: MessageOptions
    is_outside_window: bool


class Finder:
    """What the messages of one batch are checked against; each thing is looked up once.

    :param known: what is known of their recipients.
    :param asks: whether a real provider may be asked for a template that is not known here.
    """

    def __init__(self, catalogue: Catalogue, known: Known, *, asks: bool = True) -> None:
        self.known = known
        self.asks = asks
        self._catalogue = catalogue
        self._templates: dict[tuple[str, str, str, bool], TemplateDefinition | WaApiError] = {}

    def template(self, provider: str, name: str, language: str, *, refresh: bool) -> TemplateDefinition:
        """As :meth:`Catalogue.find`."""
        key = (provider, name, language, refresh)
        if key not in self._templates:
            try:
                self._templates[key] = self._catalogue.find(provider, name, language, refresh=refresh)
            except WaApiError as error:
                self._templates[key] = error
        found = self._templates[key]
        if isinstance(found, WaApiError):
            # Raised a thousand times over, it would collect a thousand tracebacks.
            raise found.with_traceback(None)
        return found
