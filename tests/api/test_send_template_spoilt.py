"""Template sends with any of their values in a wrong shape are refused, and break nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from answers import pointers as pointers_of
from batches import faults_of, refusals, send_batch, text_item
from factories import RECIPIENT, TEMPLATE_SEND, World
from flask_waapi import TemplateDefinition, ValidationFailed
from flask_waapi.api.template_requests import template_request
from flask_waapi.messaging.send_requests import SendRequest
from flask_waapi.messaging.templates.rendering import TemplateDraft, fill, placed
from flask_waapi.testing.graph_double.samples import sample_templates
from flask_waapi.testing.samples import spoilt
from template_kinds import KINDS, Kind

SAMPLES = {(sample["name"], sample["language"]): sample for sample in sample_templates()}


def definition_of(kind: Kind) -> TemplateDefinition:
    """The template of a kind."""
    sample = SAMPLES[kind.template, kind.language]
    names = ("name", "language", "status", "category", "parameter_format", "components")
    return TemplateDefinition(**{name: sample[name] for name in names})


def pointers(kind: Kind, request: SendRequest) -> set[str]:
    """Where everything is told that is wrong with a request."""
    found = {fault.pointer for fault in request.faults}
    if isinstance(request.content, TemplateDraft):
        filled = fill(definition_of(kind), request.content)
        found |= {fault.pointer for fault in placed(filled.faults, request.content.places)}
    return found


def exists(pointer: str, value: Any) -> bool:
    """Whether a pointer leads to a value, or to one that its object or list lacks."""
    names = pointer.split("/")[1:]
    for name in names[:-1]:
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict) and name in value:
            value = value[name]
        else:
            return False
    return True


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
@pytest.mark.parametrize("form", ["friendly", "native"])
def test_a_value_of_a_wrong_shape_breaks_nothing(kind: Kind, form: str) -> None:
    for document in spoilt(json.dumps(getattr(kind, form)).encode()):
        body = json.loads(document)
        pointers(kind, template_request(body))


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_faults_of_metas_object_point_into_it(kind: Kind) -> None:
    for document in spoilt(json.dumps(kind.native["template"]).encode()):
        body = {"to": RECIPIENT, "template": json.loads(document)}
        for pointer in pointers(kind, template_request(body)):
            assert pointer.startswith("/template")
            assert exists(pointer, body) or exists(pointer.rpartition("/")[0], body), pointer


WITHIN = "/template/components/0/cards/0/components/0/type"


def nested(cards: Any) -> dict[str, Any]:
    """A template send with a carousel in a card of its carousel."""
    card = {"card_index": 0, "components": [{"type": "carousel", "cards": cards}]}
    components = [{"type": "Carousel", "cards": [card]}]
    return {"to": RECIPIENT, "template": {**KINDS["carousel"].native["template"], "components": components}}


@pytest.mark.parametrize("cards", [[1], None, "x", [[]], {"a": 1}, [{"card_index": 0}], []], ids=repr)
def test_a_carousel_in_a_card_is_refused_where_it_stands(shared_recording: World, cards: Any) -> None:
    body = nested(cards)

    assert WITHIN in pointers_of(shared_recording.post(TEMPLATE_SEND, body))
    batch = send_batch(shared_recording, [body, text_item(simulate=True)])
    assert refusals(batch) == {0: "VALIDATION_ERROR"}
    assert f"/messages/0{WITHIN}" in faults_of(batch, 0)
    with shared_recording.app.app_context(), pytest.raises(ValidationFailed):
        shared_recording.waapi.send_template(RECIPIENT, template=body["template"])
