"""The form of a request, as a JSON schema: what the API checks, made narrower by the chosen template."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request

from ...api.envelope import json_response
from ...api.openapi import form_document
from ...api.operation import Operation
from ...messaging.templates.text import TemplateText, read
from ...plugins.provider import TemplateDefinition
from ...services import Services, current_services
from ..access import current_viewer
from .samples import Choice, sample
from .selection import select

Json = dict[str, Any]


def show() -> Response:
    """The schema of the chosen endpoint, for the script that draws it."""
    services, viewer = current_services(), current_viewer()
    selection = select(services, viewer, request.args)
    return json_response(form_of(services, viewer.account, selection.operation, selection.template), 200)


def form_of(
    services: Services, account: str, operation: Operation, template: TemplateDefinition | None
) -> Json:
    """The forms that a request may have, and the schemas that they refer to.

    :param template: that a template send is for; its placeholders, header, buttons and cards become fields,
        each with the approved sample value as its example.
    """
    document = form_document(operation)
    if template is None or operation.request is None:
        return document
    own, *others = document["variants"]
    example = json.loads(sample(operation.name, Choice(services, account, template)))
    fitted = _fit(own, document["components"], example, read(template))
    fixed = {name: {"const": example[name]} for name in ("template_name", "language")}
    # Where the template has none, there is nothing to fill in.
    parts = {"variables", "header", "buttons", "cards", "limited_time_offer"} - example.keys()
    properties = {name: value for name, value in fitted["properties"].items() if name not in parts}
    own = {**fitted, "properties": {**properties, **fixed}}
    return {**document, "variants": [own, *others]}


def _fit(schema: Json, components: Json, example: Mapping[str, Any], text: TemplateText) -> Json:
    """The schema of what fills a template, or a card, with a field for each of its parts."""
    properties = dict(schema["properties"])
    required = list(schema.get("required", ()))
    if "variables" in example:
        properties["variables"] = _variables(example["variables"], text)
    if "header" in example:
        properties["header"] = _header(properties["header"], components, example["header"])
    if "buttons" in example:
        properties["buttons"] = _buttons(properties["buttons"], components, example["buttons"], text)
    if "cards" in example:
        card = _resolved(properties["cards"]["items"], components)
        cards = zip(example["cards"], text.cards, strict=True)
        properties["cards"] = _each([_fit(card, components, given, part) for given, part in cards])
    if "limited_time_offer" in example:
        offer = {**_resolved(properties["limited_time_offer"], components)}
        properties["limited_time_offer"] = {**offer, "examples": [example["limited_time_offer"]]}
    needed = [name for name in _NEEDED if name in example]
    return {**schema, "properties": properties, "required": [*required, *needed]}


_NEEDED = ("variables", "header", "cards", "limited_time_offer")
"""Parts that a template which has them cannot do without."""


def _variables(values: Mapping[str, str] | Sequence[str], text: TemplateText) -> Json:
    if isinstance(values, Mapping):
        properties = {name: _text(f"{{{{{name}}}}}", value) for name, value in values.items()}
        return {"type": "object", "properties": properties, "required": list(values)}
    names = sorted(text.placeholders, key=lambda name: int(name) if name.isdecimal() else 0)
    return _each([_text(f"{{{{{name}}}}}", value) for name, value in zip(names, values, strict=True)])


def _header(declared: Json, components: Json, example: Mapping[str, Any]) -> Json:
    members = _resolved(declared, components)["properties"]
    (name, value), *_ = example.items()
    member = _resolved(members[name], components)
    return {
        "type": "object",
        "properties": {name: {**member, "title": name.capitalize(), "examples": [value]}},
        "required": [name],
    }


def _buttons(
    declared: Json, components: Json, example: Sequence[Mapping[str, Any]], text: TemplateText
) -> Json:
    button = _resolved(declared["items"], components)
    fitted = []
    for given in example:
        words = text.buttons[given["index"]].get("text") or given["type"]
        fixed = {name: {"const": given[name]} for name in ("index", "type")}
        members = {
            name: {**button["properties"][name], "examples": [value]}
            for name, value in given.items()
            if name not in fixed
        }
        fitted.append({"type": "object", "title": words, "properties": fixed | members, "required": [*given]})
    return _each(fitted)


def _each(items: Sequence[Json]) -> Json:
    """A list whose items are each of their own kind."""
    return {"type": "array", "prefixItems": list(items), "minItems": len(items), "maxItems": len(items)}


def _text(title: str, example: str) -> Json:
    return {"type": "string", "title": title, "examples": [example]}


def _resolved(schema: Json, components: Json) -> Json:
    if "$ref" not in schema:
        return schema
    rest = {name: value for name, value in schema.items() if name != "$ref"}
    return {**components[schema["$ref"].rpartition("/")[2]], **rest}
