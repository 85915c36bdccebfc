"""Who may see the dashboard: the host decides, by a callable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask.typing import ResponseReturnValue


@dataclass(frozen=True)
class Viewer:
    """A person whom the host lets into the dashboard.

    :param account: whose keys and messages they see; decided by the host, never by the request.
    :param name: who they are, for the audit trail.
    :param may_manage: whether they may change keys and send from the playground, or only look.
    """

    account: str
    name: str
    may_manage: bool = True


Access = Callable[[], Viewer | ResponseReturnValue | None]
"""Called at every request of the dashboard: a viewer, or the answer to give instead, or ``None`` for 404."""


def flask_login_access(account: str = "default") -> Access:
    """Access for every user of a host with Flask-Login; others are sent to its login page.

    :param account: the account all of them work in.
    """

    def access() -> Viewer | ResponseReturnValue:
        from flask import current_app
        from flask_login import current_user  # type: ignore[import-untyped]

        if not current_user.is_authenticated:
            answer: ResponseReturnValue = current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
            return answer
        return Viewer(account=account, name=str(current_user.get_id()))

    return access
