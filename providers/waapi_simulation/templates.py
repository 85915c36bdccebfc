"""Templates in Meta's JSON shape, as a setting or a file has them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask_waapi import ProviderSettingsError, TemplateDefinition

_REQUIRED: dict[str, type] = {"name": str, "language": str, "components": list}
_WORDS: dict[type, str] = {str: "string", list: "list"}
_DEFAULTS = {"status": "APPROVED", "category": "UTILITY", "parameter_format": "POSITIONAL"}


def read_templates(value: Any) -> tuple[TemplateDefinition, ...]:
    """The templates in a list, or in Meta's answer that holds one (``{"data": []}``).

    :param value: templates as Meta's ``GET /<waba id>/message_templates`` gives them.
    :raises ProviderSettingsError: names each fault by its place in the list.
    """
    value = value.get("data") if isinstance(value, dict) else value
    if not isinstance(value, list | tuple):
        raise ProviderSettingsError(["templates must be a list of templates or the path of a JSON file."])
    problems = [problem for index, item in enumerate(value) for problem in _faults(index, item)]
    if problems:
        raise ProviderSettingsError(problems)
    definitions = tuple(_definition(item) for item in value)
    _check_unique(definitions)
    return definitions


def read_file(path: Path) -> Any:
    """What a JSON file holds.

    :raises ProviderSettingsError: it cannot be read, or is not JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise ProviderSettingsError(
            [f"templates names the file {path}, which cannot be read: {error.strerror}."]
        ) from error
    except (ValueError, RecursionError) as error:
        raise ProviderSettingsError(
            [f"templates names the file {path}, which is not JSON: {error}."]
        ) from error


def _faults(index: int, item: Any) -> list[str]:
    place = f"templates[{index}]"
    if not isinstance(item, Mapping):
        return [f"{place} must be an object."]
    problems = [
        f"{place}.{member} must be a non-empty {_WORDS[expected]}."
        for member, expected in _REQUIRED.items()
        if not isinstance(item.get(member), expected) or not item[member]
    ]
    problems += [
        f"{place}.{member} must be a non-empty string."
        for member in _DEFAULTS
        if member in item and not (isinstance(item[member], str) and item[member])
    ]
    if not problems and not all(isinstance(part, Mapping) for part in item["components"]):
        problems.append(f"{place}.components must hold objects.")
    return problems


def _definition(item: Mapping[str, Any]) -> TemplateDefinition:
    template_id = item.get("id")
    return TemplateDefinition(
        name=item["name"],
        language=item["language"],
        components=tuple(item["components"]),
        provider_template_id=None if template_id is None else str(template_id),
        **{member: item.get(member, default) for member, default in _DEFAULTS.items()},
    )


def _check_unique(definitions: Sequence[TemplateDefinition]) -> None:
    seen: set[tuple[str, str]] = set()
    for definition in definitions:
        identity = (definition.name, definition.language)
        if identity in seen:
            raise ProviderSettingsError(
                [f"templates holds {definition.name} in {definition.language} twice."]
            )
        seen.add(identity)
