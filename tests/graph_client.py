"""A plain HTTP client of the Graph double, and bodies to send with it."""

from __future__ import annotations

from typing import Any

import requests

from flask_waapi.testing.graph_double import GraphDouble

LINK = "https://shop.example/file"


class Client:
    """A plain HTTP client with the double's token."""

    def __init__(self, double: GraphDouble) -> None:
        self.double = double
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {double.account.access_token}"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, f"{self.double.base_url}/{path}", timeout=10, **options)

    def node(self, method: str, edge: str, **options: Any) -> requests.Response:
        return self.call(method, f"v23.0/{self.double.account.phone_number_id}/{edge}", **options)

    def account(self, method: str, edge: str, **options: Any) -> requests.Response:
        return self.call(method, f"v23.0/{self.double.account.business_account_id}/{edge}", **options)

    def send(self, body: Any) -> requests.Response:
        return self.node("POST", "messages", json=body)


def text(to: str = "+1234567890", **members: Any) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": "Hi"}} | members


def template(name: str, language: str, *components: Any) -> dict[str, Any]:
    value: dict[str, Any] = {"name": name, "language": {"code": language}}
    if components:
        value["components"] = list(components)
    return {"messaging_product": "whatsapp", "to": "1234567890", "type": "template", "template": value}


def texts(*values: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": value} for value in values]


def named(**values: str) -> list[dict[str, str]]:
    return [{"type": "text", "parameter_name": name, "text": value} for name, value in values.items()]


def code_of(response: requests.Response) -> int:
    error = response.json()["error"]
    assert error["message"].startswith(f"(#{error['code']}) ")
    assert error["fbtrace_id"]
    return int(error["code"])
