"""WhatsApp Cloud API: sends through Meta's Graph API and reads its webhooks.

One instance is one phone number::

    WAAPI_PROVIDERS = {
        "main": {
            "type": "cloud",
            "phone_number_id": "106540352242922",
            "access_token": os.environ["WHATSAPP_ACCESS_TOKEN"],
            "business_account_id": "102290129340398",  # for templates
            "app_secret": os.environ["WHATSAPP_APP_SECRET"],  # for callbacks
            "verify_token": os.environ["WHATSAPP_VERIFY_TOKEN"],  # for callbacks
        }
    }

Every setting is a field of :class:`waapi_cloud.settings.CloudSettings`.
"""

from __future__ import annotations

from collections.abc import Callable

from flask_waapi import Provider, ProviderContext, hookimpl

from .provider import CloudProvider

__all__ = ["CloudProvider", "waapi_register_providers"]


@hookimpl
def waapi_register_providers(
    register: Callable[[str, Callable[[ProviderContext], Provider]], None],
) -> None:
    """Bring the provider type ``cloud``."""
    register("cloud", CloudProvider)
