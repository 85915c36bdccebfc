"""The message templates of this desk: a file in the instance folder, so that they can be made and changed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flask import Flask

from flask_waapi import TemplateDefinition

from .extensions import waapi
from .instance import write_once

SIMULATION = "simulation"
"""The provider instance that is there without configuration."""


def use(app: Flask) -> None:
    """Let the simulation take its templates from the file, if it was kept and no provider is configured."""
    path = _path(app)
    if _is_simulated(app) and path.is_file():
        app.config["WAAPI_PROVIDERS"] = {SIMULATION: {"templates": str(path)}}


def keep(app: Flask) -> None:
    """Write the file if there is none, with the samples of the simulation; it serves from the next app on."""

    def samples() -> str:
        with app.app_context():
            listed = waapi.services.providers[SIMULATION].list_templates()
        return json.dumps(_as_listed(listed), indent=2, ensure_ascii=False) + "\n"

    if _is_simulated(app):
        write_once(_path(app), samples)


def _is_simulated(app: Flask) -> bool:
    """Whether nobody has configured a provider, so that there is the simulation, under its usual name."""
    return not (app.config.get("WAAPI_PROVIDERS") or app.config.get("WAAPI_SIMULATION_PROVIDER"))


def _path(app: Flask) -> Path:
    return Path(app.instance_path) / "templates.json"


def _as_listed(templates: Iterable[TemplateDefinition]) -> list[dict[str, Any]]:
    """Templates in the shape in which Meta lists them."""
    return [
        {
            "id": template.provider_template_id,
            "name": template.name,
            "language": template.language,
            "status": template.status,
            "category": template.category,
            "parameter_format": template.parameter_format,
            "components": list(template.components),
        }
        for template in templates
    ]
