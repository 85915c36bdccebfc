"""flask-waapi: a WhatsApp messaging API for any Flask app.

These names are the public API; everything else may change without notice.
"""

from __future__ import annotations

from .access.keys import Credential, IssuedKey, KeyView
from .access.permissions import Permission
from .api.door import current_key, require_key
from .content import (
    Audio,
    Button,
    Content,
    Document,
    Header,
    Image,
    Location,
    Media,
    Sticker,
    Template,
    Text,
    Variable,
    Video,
)
from .dashboard.access import Access, Viewer, flask_login_access
from .errors import ConfigurationError, ValidationFailed, WaApiError
from .extension import SentMessage, WaApi
from .plugins.hookspecs import hookimpl
from .plugins.provider import (
    CallbackRefused,
    CallbackRequest,
    Misconfigured,
    OutboundMessage,
    OutcomeUnknown,
    Provider,
    ProviderContext,
    ProviderError,
    ProviderSettingsError,
    Refusal,
    Rejected,
    Retryable,
    SendResult,
    StatusUpdate,
    TemplateDefinition,
    UnsupportedFeature,
    WindowClosed,
)
from .signals import message_status_changed
from .storage.models import include_name

__all__ = [
    "Access",
    "Audio",
    "Button",
    "CallbackRefused",
    "CallbackRequest",
    "ConfigurationError",
    "Content",
    "Credential",
    "Document",
    "Header",
    "Image",
    "IssuedKey",
    "KeyView",
    "Location",
    "Media",
    "Misconfigured",
    "OutboundMessage",
    "OutcomeUnknown",
    "Permission",
    "Provider",
    "ProviderContext",
    "ProviderError",
    "ProviderSettingsError",
    "Refusal",
    "Rejected",
    "Retryable",
    "SendResult",
    "SentMessage",
    "StatusUpdate",
    "Sticker",
    "Template",
    "TemplateDefinition",
    "Text",
    "UnsupportedFeature",
    "ValidationFailed",
    "Variable",
    "Video",
    "Viewer",
    "WaApi",
    "WaApiError",
    "WindowClosed",
    "current_key",
    "flask_login_access",
    "hookimpl",
    "include_name",
    "message_status_changed",
    "require_key",
]
