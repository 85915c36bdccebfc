"""``flask waapi ...``."""

from __future__ import annotations

from flask.cli import AppGroup

from .callbacks import callbacks
from .database import database
from .documents import message_types, openapi, settings
from .keys import keys
from .media import media
from .messages import messages
from .providers import graph_double, providers
from .recipes import recipes
from .templates import templates
from .webhooks import webhooks
from .worker import worker

group = AppGroup("waapi", help="WhatsApp messaging: keys, messages, templates, providers.")
for command in (
    database,
    keys,
    messages,
    media,
    templates,
    callbacks,
    webhooks,
    providers,
    recipes,
    worker,
    settings,
    message_types,
    openapi,
    graph_double,
):
    group.add_command(command)

__all__ = ["group"]
