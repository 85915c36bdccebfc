"""The Graph API's nodes and edges: which request means what."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import GraphError, unknown_node
from .journal import RecordedRequest
from .media import MediaShelf
from .messages import MessageRules, check_read_receipt
from .recipients import Recipient
from .templates import TemplateShelf
from .uploads import SESSION, ExampleShelf

_VERSIONED = re.compile(r"/v[0-9]{1,3}\.[0-9]/(?P<node>[^/]+)(?:/(?P<edge>[^/]+))?/?")
_CONTENT = re.compile(r"/media-content/(?P<media_id>[^/]+)")


@dataclass(frozen=True)
class Account:
    """Who the double plays: one number of one business account, a Meta app, and the token that opens all."""

    phone_number_id: str
    business_account_id: str
    app_id: str
    display_phone_number: str
    access_token: str

    @property
    def sender(self) -> str:
        """The sending number, digits only."""
        return re.sub(r"\D", "", self.display_phone_number)


@dataclass(frozen=True)
class Found:
    """What a request asks for: JSON to answer with, or the raw content of a medium."""

    value: Any = None
    content: bytes | None = None
    content_type: str = "application/json"


@dataclass(frozen=True)
class Send:
    """A send without fault, not taken yet."""

    body: dict[str, Any]
    recipient: Recipient


class Routes:
    """Finds what a request asks for in an account's templates, their examples and media."""

    def __init__(
        self, account: Account, templates: TemplateShelf, media: MediaShelf, examples: ExampleShelf
    ) -> None:
        self._account = account
        self._templates = templates
        self._media = media
        self._examples = examples
        self._rules = MessageRules(account.sender, templates, media)

    def find(self, request: RecordedRequest, base_url: str) -> Found | Send:
        """What the request asks for, done unless it is a send.

        :param base_url: of the double, for links.
        :raises GraphError: Meta would refuse the request.
        """
        self._check_token(request)
        content = _CONTENT.fullmatch(request.path)
        if content is not None:
            medium = self._media.get(content["media_id"])
            return Found(content=medium.content, content_type=medium.mime_type)
        match = _VERSIONED.fullmatch(request.path)
        if match is None:
            raise GraphError(2500, "An address is /v<version>/<node> or /v<version>/<node>/<edge>.")
        handler = self._handlers().get((request.method, match["edge"]))
        if handler is None:
            raise GraphError(100, f"{request.method} is not supported at {request.path}.")
        found = handler(request, match["node"], base_url)
        return found if isinstance(found, Send) else Found(found)

    def _handlers(self) -> dict[tuple[str, str | None], Callable[..., Any]]:
        return {
            ("GET", None): self._node,
            ("DELETE", None): self._delete_medium,
            ("POST", None): self._change_node,
            ("POST", "messages"): self._send,
            ("POST", "marketing_messages"): self._send_marketing,
            ("POST", "media"): self._upload,
            ("POST", "uploads"): self._open_upload,
            ("GET", "message_templates"): self._list_templates,
            ("POST", "message_templates"): self._create_template,
            ("DELETE", "message_templates"): self._delete_template,
        }

    def _check_token(self, request: RecordedRequest) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        # Meta documents the other word for uploads alone, and takes both everywhere.
        if scheme not in {"Bearer", "OAuth"} or not token:
            raise GraphError(104)
        if not hmac.compare_digest(token.encode(), self._account.access_token.encode()):
            raise GraphError(190)

    def _node(self, request: RecordedRequest, node: str, base_url: str) -> dict[str, Any]:
        template = self._templates.describe(node, request.query)
        if template is not None:
            return template
        if node != self._account.phone_number_id:
            return self._media.describe(node, f"{base_url}/media-content/{node}")
        known = {
            "verified_name": "Graph Double",
            "display_phone_number": self._account.display_phone_number,
            "quality_rating": "GREEN",
            "code_verification_status": "VERIFIED",
            "platform_type": "CLOUD_API",
            "id": node,
        }
        fields = request.query.get("fields")
        chosen = {*fields.split(","), "id"} if fields else known.keys()
        return {name: value for name, value in known.items() if name in chosen}

    def _delete_medium(self, _request: RecordedRequest, node: str, _base_url: str) -> Any:
        return self._media.delete(node)

    def _send(self, request: RecordedRequest, node: str, _base_url: str) -> Send | dict[str, Any]:
        body = self._body_of_send(request, node)
        if body.get("status") == "read":
            check_read_receipt(body)
            return {"success": True}
        return Send(body, self._rules.recipient(body))

    def _send_marketing(self, request: RecordedRequest, node: str, _base_url: str) -> Send:
        body = self._body_of_send(request, node)
        return Send(body, self._rules.marketing_recipient(body))

    def _body_of_send(self, request: RecordedRequest, node: str) -> dict[str, Any]:
        self._check_node(node, self._account.phone_number_id)
        if not isinstance(request.json, dict):
            raise GraphError(100, "The body must be a JSON object.")
        return request.json

    def _upload(self, request: RecordedRequest, node: str, _base_url: str) -> dict[str, Any]:
        self._check_node(node, self._account.phone_number_id)
        return self._media.upload(request.headers.get("content-type", ""), request.file or request.body)

    def _open_upload(self, request: RecordedRequest, node: str, _base_url: str) -> dict[str, Any]:
        self._check_node(node, self._account.app_id)
        return self._examples.open(request.query)

    def _list_templates(self, request: RecordedRequest, node: str, base_url: str) -> dict[str, Any]:
        self._check_node(node, self._account.business_account_id)
        return self._templates.page(request.query, base_url + request.path)

    def _create_template(self, request: RecordedRequest, node: str, _base_url: str) -> Any:
        self._check_node(node, self._account.business_account_id)
        return self._templates.create(request.json)

    def _change_node(self, request: RecordedRequest, node: str, _base_url: str) -> Any:
        if node.startswith(SESSION):
            return self._examples.take(node, request)
        return self._templates.edit(node, request.json)

    def _delete_template(self, request: RecordedRequest, node: str, _base_url: str) -> Any:
        self._check_node(node, self._account.business_account_id)
        return self._templates.delete(request.query)

    def _check_node(self, node: str, expected: str) -> None:
        if node != expected:
            raise unknown_node(node)
