"""All tables: whoever needs their metadata whole imports it from here."""

from __future__ import annotations

from . import counter_models, inbound_models, media_models, playground_models, webhook_models
from .models import PREFIX, Base

__all__ = [
    "PREFIX",
    "Base",
    "counter_models",
    "inbound_models",
    "media_models",
    "playground_models",
    "webhook_models",
]
