"""The double for a person: runs until interrupted, and says what to set."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from .double import GraphDouble


def main(
    *,
    port: int,
    access_token: str,
    phone_number_id: str,
    business_account_id: str,
    app_secret: str,
    callback_url: str | None,
    echo: Callable[[str], object] = print,
    until: Event | None = None,
) -> None:
    """Run a double until Ctrl-C.

    :param callback_url: where statuses are posted; ``None`` posts none.
    :param echo: takes each line for the person.
    :param until: ends the run when it is set.
    :raises OSError: the port is taken.
    """
    double = GraphDouble(
        port=port,
        access_token=access_token,
        phone_number_id=phone_number_id,
        business_account_id=business_account_id,
        app_secret=app_secret,
        callback_url=callback_url,
    )
    with double:
        try:
            echo(f"A double of the WhatsApp Cloud API listens on {double.base_url}. Nothing is sent.")
            echo("Set in WAAPI_PROVIDERS:")
            echo('    "double": {')
            echo('        "type": "cloud",')
            for name, value in double.provider_settings.items():
                echo(f'        "{name}": "{value}",')
            echo("    }")
            if callback_url is None:
                echo("It reports no statuses: give it a callback URL to get them.")
            else:
                echo(f"It reports statuses to {callback_url}.")
            echo("Ctrl-C ends it.")
            (until or Event()).wait()
        except KeyboardInterrupt:
            echo("")
