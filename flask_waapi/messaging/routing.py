"""Which provider instance, and so which number, a message is sent from."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from ..discretion import log_failure
from ..errors import InternalError, ProviderFailed
from ..plugins.registry import Providers

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProviderQuery:
    """What the host is asked for an instance by.

    :param key_id: the API key; ``None`` for the host's own code.
    :param to: the recipient; ``None`` where there is no message yet: whose templates to show, and what the
        dashboard says of an account.
    :param message_type: ``template``, ``text``, ``image`` ...; ``None`` where the request does not say.
    """

    account: str
    key_id: UUID | None
    to: str | None
    message_type: str | None


ChooseProvider = Callable[[ProviderQuery], str | None]
"""The host's choice of an instance by its name; ``None`` for the default one."""


@dataclass(frozen=True)
class Route:
    """Where a message goes. :param asked: the instance it is for. :param used: the one at which it ends."""

    asked: str
    used: str
    simulated: bool

    @property
    def instances(self) -> set[str]:
        """Whose contacts count."""
        return {self.asked, self.used}


class Routing:
    """Chooses the instance: the one that is named, else the host's choice, else the default one."""

    def __init__(self, providers: Providers, choose: ChooseProvider | None = None) -> None:
        self._providers = providers
        self._choose = choose

    def route(self, query: ProviderQuery, named: str | None, *, simulated: bool) -> Route:
        """The way of a message.

        :param named: as :meth:`instance_for`.
        :param simulated: whether it must not leave the machine.
        :raises WaApiError: as :meth:`instance_for`.
        """
        asked = self.instance_for(query, named)
        used, _ = self._providers.end_for(asked, simulated=simulated)
        return Route(asked, used, simulated)

    def instance_for(self, query: ProviderQuery, named: str | None = None) -> str:
        """The name of the instance to send from.

        :param named: what the key or the caller has settled.
        :raises ProviderFailed: the instance named is not configured any more.
        :raises InternalError: the host's callable has failed, or names an instance that does not exist.
        """
        if named is not None:
            if named not in self._providers:
                raise ProviderFailed(
                    f"The provider {named!r} is not configured any more: give the API key another one, or"
                    " add it to WAAPI_PROVIDERS again."
                )
            return named
        return self._chosen(query) or self._providers.default

    def _chosen(self, query: ProviderQuery) -> str | None:
        if self._choose is None:
            return None
        try:
            chosen = self._choose(query)
        except Exception as error:
            log_failure(logger, error, "choose_provider failed")
            raise InternalError("The sending number could not be chosen: see the log.") from error
        if chosen is None or chosen in self._providers.names():
            return chosen
        names = ", ".join(self._providers.names())
        logger.error("choose_provider answered %r, which is no instance; there are %s", chosen, names)
        raise InternalError("The sending number could not be chosen: see the log.")
