"""Who may see the dashboard: the host decides, by a callable."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from flask import abort, current_app, g
from flask.typing import ResponseReturnValue

from ..errors import ConfigurationError, WaApiError

VIEWER = "_waapi_viewer"
"""Our one name on ``flask.g``."""


@dataclass(frozen=True)
class Viewer:
    """A person whom the host lets into the dashboard.

    :param account: whose keys and messages they see; decided by the host, never by the request.
    :param name: who they are, for the audit trail.
    :param may_manage: whether they may change keys, retry and cancel messages and send from the
        playground, or only look.
    :param providers: the configured provider instances, and so the numbers, that they may see and choose;
        ``None`` for all. Accounts share the instances, so name a tenant's own here.
    :raises TypeError: ``providers`` is one name in place of a collection of names.
    """

    account: str
    name: str
    may_manage: bool = True
    providers: Collection[str] | None = None

    def __post_init__(self) -> None:
        # Every part of a word is "in" it: a tenant "shop-1" would be let at the number of "shop".
        if isinstance(self.providers, str):
            raise TypeError(f"Viewer takes a collection of names as providers, not one: [{self.providers!r}]")

    def may_see(self, provider: str) -> bool:
        """Whether the host lets them see and choose the provider instance of that name."""
        return self.providers is None or provider in self.providers

    @property
    def actor(self) -> str:
        """The name as the audit trail holds it."""
        return self.name[:255]


Access = Callable[[], Viewer | ResponseReturnValue | None]
"""Called at every request of the dashboard: a viewer, or the answer to give instead, or ``None`` for 404."""


class MayOnlyLook(WaApiError):
    """The viewer may see the dashboard and not change anything."""

    status, code = 403, "MAY_ONLY_LOOK"


def flask_login_access(account: str = "default") -> Access:
    """Access for every user of a host with Flask-Login; others are sent to its login page.

    :param account: the account all of them work in.
    :raises ImportError: Flask-Login is not installed.

    The access that it returns raises a :class:`ConfigurationError` while the app has no ``LoginManager``.
    """
    from flask_login import current_user  # type: ignore[import-untyped]

    def access() -> Viewer | ResponseReturnValue:
        # Asked at a request: a host may set up Flask-Login after us.
        if not hasattr(current_app, "login_manager"):
            raise ConfigurationError(
                ["flask_login_access() needs Flask-Login set up on the app: LoginManager(app), user_loader."]
            )
        if not current_user.is_authenticated:
            answer: ResponseReturnValue = current_app.login_manager.unauthorized()
            return answer
        return Viewer(account=account, name=str(current_user.get_id()))

    return access


def admit(access: Access) -> ResponseReturnValue | None:
    """Ask the host who is there and remember it for this request.

    :returns: the answer to give instead of the page; ``None`` for a viewer.
    """
    answer = current_app.ensure_sync(access)()
    if answer is None:
        abort(404)
    if isinstance(answer, Viewer):
        setattr(g, VIEWER, answer)
        return None
    # Made here, so that an answer that is falsy does not let the request pass.
    return current_app.make_response(answer)


def current_viewer() -> Viewer:
    """Who looks at the page of this request; :func:`admit` has let them in."""
    viewer: Viewer = g.get(VIEWER)
    return viewer


def is_admitted() -> bool:
    """Whether the host has let this request in."""
    return VIEWER in g


def check_may_manage(viewer: Viewer) -> None:
    """Let only those pass who may change something.

    :raises MayOnlyLook: the viewer may not.
    """
    if not viewer.may_manage:
        raise MayOnlyLook("You may look at this account, and not change it. Ask whoever manages it.")
