"""Which provider instance a request means where it sends nothing."""

from __future__ import annotations

from ..messaging.routing import ProviderQuery
from .operation import Call


def instance_of(call: Call, message_type: str | None = None, to: str | None = None) -> str:
    """The name of the instance that the key would send from.

    :raises WaApiError: as :meth:`Routing.instance_for`.
    """
    credential = call.credential
    query = ProviderQuery(credential.account, credential.key_id, to, message_type)
    return call.services.routing.instance_for(query, credential.provider)
