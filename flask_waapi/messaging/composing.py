"""From a request to send to the message that will be stored: recipient, template, provider, time.

Every fault is found in one pass; a request without one is then held against what is known of its recipient. A
simulated message passes the same gates and differs in one thing: the provider at the end.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from .. import content as contents
from ..content import GROUP, Content, MessageOptions, Native, Template
from ..errors import Fault, FeatureUnsupported, TemplateNotFound, ValidationFailed, WaApiError
from ..gates import GateName, Trace
from ..identifiers import uuid7
from ..plugins.provider import TemplateDefinition
from ..plugins.registry import Providers
from ..settings import Settings
from ..storage.models import Message
from ..storage.session import Store
from . import quoting, window
from .account_events import OUTBOUND
from .decisions import Decision, Finder, Wording
from .delivery.queue import PRIORITIES, Priority, enqueue
from .media.ids import foreign_media
from .recipients import is_person, is_user_id
from .routing import ProviderQuery, Route, Routing
from .send_requests import Sender, SendRequest, recipient_faults_of, schedule_faults_of
from .status import QUEUED
from .templates.catalogue import APPROVED, Catalogue
from .templates.rendering import Filled, TemplateDraft, fill, fill_unchecked, placed
from .window import Known
from .wording import words_of

MARKETING = "MARKETING"
"""The category of templates that a recipient can refuse."""

AUTHENTICATION = "AUTHENTICATION"
"""The category of templates that go to phone numbers only."""

logger = logging.getLogger(__name__)


class Composer:
    """Checks requests to send and makes messages of them."""

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        providers: Providers,
        routing: Routing,
        settings: Settings,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._providers = providers
        self._routing = routing
        self._settings = settings
        self._clock = clock

    def finder(self, requests: Sequence[SendRequest | WaApiError], *, asks: bool = True) -> Finder:
        """What the messages of one batch are checked against.

        :param requests: the batch; what is to be known of its recipients is read together.
        :param asks: whether a real provider may be asked for a template that is not known here.
        """
        providers = set(self._providers.names())
        numbers = {request.to for request in requests if isinstance(request, SendRequest)}
        sound = {number for number in numbers if is_person(number)}
        return Finder(self._catalogue, Known(self._store, providers, sound), asks=asks)

    def compose(self, request: SendRequest, sender: Sender, finder: Finder) -> Message:
        """A message that waits to be sent, not stored yet.

        :param finder: of the batch it belongs to.
        :raises WaApiError: as :meth:`decide`.
        """
        decision = self.decide(request, sender, finder, Trace())
        now, begin, wording = decision.now, decision.begin, decision.wording
        content = wording.content
        message = Message(
            id=uuid7(now),
            account=sender.account,
            direction=OUTBOUND,
            is_echo=False,
            key_id=sender.key_id,
            recipient=request.to,
            type=content.message_type,
            options=contents.options_to_json(decision.options),
            content=contents.to_json(content),
            template_name=wording.draft.name if wording.draft else None,
            template_language=wording.draft.language if wording.draft else None,
            rendered=wording.text,
            reference=request.reference,
            simulated=decision.simulated,
            provider=decision.route.used,
            status=QUEUED,
            priority=wording.priority,
            round=1,
            attempts=0,
            send_at=begin if request.send_at else None,
            expires_at=begin + request.expires_in if request.expires_in else None,
            request_id=sender.request_id,
            created_at=now,
            updated_at=now,
        )
        if decision.is_outside_window:
            logger.warning(
                "Message %s is free-form, and its recipient has not written within 24 hours", message.id
            )
        enqueue(message, begin)
        return message

    def decide(self, request: SendRequest, sender: Sender, finder: Finder, trace: Trace) -> Decision:
        """Whether a message may be sent, what it will say and from where. Nothing is stored.

        :param finder: of the batch it belongs to.
        :param trace: is told what the message meets at each gate.
        :raises ValidationFailed: something is wrong with the request; everything at once.
        :raises TemplateNotFound: there is no such template in that language.
        :raises AccountRestricted: the account may not send it at the moment.
        :raises RecipientOptedOut: it is marketing, and the recipient wants none.
        :raises ServiceWindowClosed: it is free-form without a fallback, and the recipient has not written.
        :raises FeatureUnsupported: the provider cannot carry this.
        """
        now = self._clock()
        begin = max(now, request.send_at or now)
        trace.at(GateName.ABILITY)
        route = self._route(request, sender)
        wording, options = self._read(request, sender, route, finder, now, trace)
        wording, is_outside_window = self._within_window(
            request, sender, wording, route, finder, begin, trace
        )
        self._refuse_unwanted(request, wording, route, finder, begin, trace)
        trace.at(GateName.ABILITY)
        content, provider = wording.content, self._providers[route.used]
        if type(content) not in provider.content_types:
            raise FeatureUnsupported(
                f"The provider {route.used!r} cannot send messages of type {content.message_type}.",
                details={"provider": route.used, "type": content.message_type},
            )
        if foreign := foreign_media(self._store, sender.account, route.used, content):
            raise ValidationFailed(foreign).below(request.content_pointer)
        trace.passed(GateName.ABILITY, f"{route.used!r} can send messages of type {content.message_type}.")
        return Decision(now, begin, route, provider.simulated, wording, options, is_outside_window)

    def _read(
        self,
        request: SendRequest,
        sender: Sender,
        route: Route,
        finder: Finder,
        now: datetime,
        trace: Trace,
    ) -> tuple[Wording, MessageOptions]:
        """What the message will say, and with which options.

        :raises ValidationFailed: something is wrong with the request.
        """
        trace.at(GateName.BODY)
        for fault in request.faults:
            trace.found(GateName.RECIPIENT if fault.pointer == "/to" else GateName.BODY, [fault])
        trace.found(GateName.BODY, self._provider_faults(request))
        trace.found(GateName.RECIPIENT, recipient_faults_of(request))
        trace.found(GateName.BODY, schedule_faults_of(request, now))
        wording, options = self._wording(request.content, route, finder, trace), request.options
        if wording is not None:
            faults: list[Fault] = []
            content, options = quoting.resolve(self._store, sender.account, wording.content, options, faults)
            wording = replace(wording, content=content)
            trace.found(GateName.BODY, faults)
            _find_option_faults(request, wording, trace)
        trace.passed(GateName.BODY, "Every member of the body is as its schema wants it.")
        trace.passed(GateName.RECIPIENT, "The recipient can be written to.")
        if trace.faults or wording is None:
            raise ValidationFailed(trace.faults)
        return wording, options

    def _route(self, request: SendRequest, sender: Sender) -> Route:
        named = sender.provider
        if request.provider in self._providers.names():
            named = request.provider
        message_type = None if request.content is None else _type_of(request.content)
        query = ProviderQuery(sender.account, sender.key_id, request.to, message_type)
        return self._routing.route(query, named, simulated=request.simulate or sender.simulated)

    def _provider_faults(self, request: SendRequest) -> list[Fault]:
        names = self._providers.names()
        if request.provider is None or request.provider in names:
            return []
        return [Fault("/provider", f"{request.provider!r} is no provider.", f"one of {', '.join(names)}")]

    def _within_window(
        self,
        request: SendRequest,
        sender: Sender,
        wording: Wording,
        route: Route,
        finder: Finder,
        begin: datetime,
        trace: Trace,
    ) -> tuple[Wording, bool]:
        """What is sent: the message, or its fallback; and whether it goes outside the service window."""
        trace.at(GateName.WINDOW)
        if reason := self._needs_no_window(request, wording, route):
            trace.not_needed(GateName.WINDOW, reason)
            return wording, False
        last = window.last_received(finder.known.contacts(request.to, route.instances))
        if window.is_open(last, begin):
            trace.passed(GateName.WINDOW, "The recipient has written within the 24 hours before.")
            return wording, False
        if request.fallback is not None:
            trace.passed(GateName.WINDOW, "The window is closed, so fallback_template is sent instead.")
            return self._fallback(request, request.fallback, route, finder, trace), False
        if self._settings.service_window == "enforce":
            told = finder.known.told_to(sender.account, request.to, route.instances)
            raise window.closed(told, request.to, simulated=self._providers[route.used].simulated)
        trace.passed(GateName.WINDOW, "The window is closed; by WAAPI_SERVICE_WINDOW the provider decides.")
        return wording, True

    def _needs_no_window(self, request: SendRequest, wording: Wording, route: Route) -> str | None:
        if wording.draft is not None:
            return "A template may be sent at any time."
        if self._settings.service_window == "off":
            return "WAAPI_SERVICE_WINDOW is off, so nobody looks."
        if not self._providers[route.asked].service_window:
            return f"What {route.asked!r} sends may reach its recipient at any time."
        if request.options.recipient_type == GROUP:
            return "Whether any member of a group has written lately is for the provider to say."
        return None

    def _fallback(
        self, request: SendRequest, draft: TemplateDraft, route: Route, finder: Finder, trace: Trace
    ) -> Wording:
        trace.at(GateName.TEMPLATE)
        inner = Trace()
        wording = self._wording(draft, route, finder, inner)
        if inner.faults or wording is None:
            raise ValidationFailed(inner.faults).below("/fallback_template")
        _find_option_faults(request, wording, trace)
        if trace.faults:
            raise ValidationFailed(trace.faults)
        return wording

    def _refuse_unwanted(
        self,
        request: SendRequest,
        wording: Wording,
        route: Route,
        finder: Finder,
        begin: datetime,
        trace: Trace,
    ) -> None:
        trace.at(GateName.RESTRICTION)
        if route.simulated:
            trace.not_needed(GateName.RESTRICTION, "A simulated message is stopped by no restriction.")
        else:
            kind = window.FREE_FORM if wording.draft is None else window.TEMPLATE
            window.refuse_restricted(finder.known.states(route.asked), kind, begin)
            trace.passed(GateName.RESTRICTION, "The provider has told of no restriction of the account.")
        trace.at(GateName.OPT_OUT)
        if wording.category == MARKETING:
            window.refuse_opted_out(finder.known.contacts(request.to, route.instances))
            trace.passed(GateName.OPT_OUT, "The recipient has not stopped marketing messages.")
        else:
            trace.not_needed(GateName.OPT_OUT, "Only marketing can be stopped by its recipient.")

    def _wording(
        self, asked: Content | TemplateDraft | None, route: Route, finder: Finder, trace: Trace
    ) -> Wording | None:
        if not isinstance(asked, TemplateDraft):
            if asked is None:
                return None
            trace.not_needed(GateName.TEMPLATE, "Free-form: there is no template.")
            trace.not_needed(GateName.VARIABLES, "Free-form: there is no template to fill.")
            return Wording(asked, words_of(asked))
        trace.at(GateName.TEMPLATE)
        definition = self._definition(asked, route, finder, trace)
        if definition is None:
            trace.unknown(GateName.TEMPLATE, "Only the provider knows its templates; a send will tell.")
            trace.unknown(GateName.VARIABLES, "Only the provider knows which variables the template has.")
            filled = fill_unchecked(asked)
            return Wording(_template_content(asked, filled), filled.text, draft=asked)
        filled = _fill(definition, asked, trace)
        category = definition.category.upper()
        priority = PRIORITIES.get(category, Priority.NORMAL)
        return Wording(_template_content(asked, filled), filled.text, priority, category, asked, definition)

    def _definition(
        self, draft: TemplateDraft, route: Route, finder: Finder, trace: Trace
    ) -> TemplateDefinition | None:
        if self._settings.template_check == "off" or not self._catalogue.keeps_templates(route.asked):
            return None
        try:
            # A simulated request must not reach a real provider, not even to ask for its templates.
            refresh = self._providers[route.asked].simulated or (finder.asks and not route.simulated)
            return finder.template(route.asked, draft.name, draft.language, refresh=refresh)
        except FeatureUnsupported:
            return None
        except TemplateNotFound:
            if trace.faults:
                raise ValidationFailed(trace.faults) from None
            raise


def _fill(definition: TemplateDefinition, draft: TemplateDraft, trace: Trace) -> Filled:
    if definition.status != APPROVED:
        reason = f" ({definition.reason})" if definition.reason else ""
        message = f"The template {draft.name!r} is {definition.status}{reason}, so it cannot be sent."
        trace.found(
            GateName.TEMPLATE,
            placed([Fault("/template_name", message, "an approved template")], draft.places),
        )
    trace.passed(GateName.TEMPLATE, "The template is approved.")
    filled = fill(definition, draft)
    trace.found(GateName.VARIABLES, placed(filled.faults, draft.places))
    trace.passed(GateName.VARIABLES, "Every placeholder has its value.")
    return filled


def _template_content(draft: TemplateDraft, filled: Filled) -> Content:
    if draft.native is None:
        return filled.content
    return Native(Template.type, {Template.type: draft.native})


def _type_of(content: Content | TemplateDraft) -> str:
    return Template.type if isinstance(content, TemplateDraft) else content.message_type


def _find_option_faults(request: SendRequest, wording: Wording, trace: Trace) -> None:
    if request.options.marketing is not None and wording.category not in {None, MARKETING}:
        message = f"The template is of the category {wording.category}, which that endpoint does not take."
        fault = Fault("/marketing", message, "a template of the category MARKETING")
        trace.found(GateName.BODY, [fault])
    elif wording.category == AUTHENTICATION and is_user_id(request.to):
        message = "A template of the category AUTHENTICATION cannot go to a user id."
        trace.found(GateName.RECIPIENT, [Fault("/to", message, "a phone number, E.164")])
