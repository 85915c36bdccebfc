"""``flask waapi ...``."""

from __future__ import annotations

from flask.cli import AppGroup

from .database import database
from .documents import openapi, settings
from .keys import keys
from .messages import messages
from .providers import graph_double, providers
from .templates import templates
from .worker import worker

group = AppGroup("waapi", help="WhatsApp messaging: keys, messages, templates, providers.")
for command in (
    database,
    keys,
    messages,
    templates,
    providers,
    worker,
    settings,
    openapi,
    graph_double,
):
    group.add_command(command)

__all__ = ["group"]
