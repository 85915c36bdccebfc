"""Webhooks from Python: ``waapi.webhooks``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from .call_options import ACTOR, DEFAULT_ACCOUNT
from .outgoing.endpoints import EndpointView, IssuedEndpoint
from .outgoing.log import STANDARD_PAGE, AttemptView, DeliveryPage, DeliveryView
from .outgoing.replay import Replayed
from .outgoing.sample_events import TEST
from .outgoing.secrets import STANDARD_OVERLAP
from .outgoing.webhooks import Webhooks
from .services import current_services


class WebhookCalls:
    """An account's endpoints and what was delivered to them; needs an app context."""

    def create(
        self,
        url: str,
        events: Sequence[str] = ("*",),
        *,
        description: str = "",
        account: str = DEFAULT_ACCOUNT,
    ) -> IssuedEndpoint:
        """Make an endpoint.

        :param events: types of events, or ``*`` for all there are and will be.
        :returns: the endpoint, and the only copy of its signing secret there will ever be.
        :raises ValidationFailed: fields are wrong, or the account has enough endpoints.
        """
        endpoints = _webhooks().endpoints
        return endpoints.create(url, events, description=description, account=account, actor=ACTOR)

    def list(self, *, account: str = DEFAULT_ACCOUNT) -> Sequence[EndpointView]:
        """The account's endpoints, newest first."""
        return _webhooks().endpoints.list(account)

    def get(self, endpoint_id: UUID | str, *, account: str = DEFAULT_ACCOUNT) -> EndpointView:
        """One endpoint.

        :raises NotFound: the account has no such endpoint.
        """
        return _webhooks().endpoints.get(account, endpoint_id)

    def update(
        self,
        endpoint_id: UUID | str,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        description: str | None = None,
        account: str = DEFAULT_ACCOUNT,
    ) -> EndpointView:
        """Change what is given.

        :raises NotFound: the account has no such endpoint.
        :raises ValidationFailed: fields are wrong.
        """
        return _webhooks().endpoints.update(
            account, endpoint_id, url=url, events=events, description=description, actor=ACTOR
        )

    def pause(self, endpoint_id: UUID | str, *, account: str = DEFAULT_ACCOUNT) -> EndpointView:
        """Let its deliveries wait.

        :raises NotFound: the account has no such endpoint.
        """
        return _webhooks().endpoints.pause(account, endpoint_id, actor=ACTOR)

    def resume(self, endpoint_id: UUID | str, *, account: str = DEFAULT_ACCOUNT) -> EndpointView:
        """Deliver again after a pause, what has waited too.

        :raises NotFound: the account has no such endpoint.
        """
        return _webhooks().endpoints.resume(account, endpoint_id, actor=ACTOR)

    def enable(self, endpoint_id: UUID | str, *, account: str = DEFAULT_ACCOUNT) -> EndpointView:
        """Switch on again what was disabled because it kept failing.

        :raises NotFound: the account has no such endpoint.
        """
        return _webhooks().endpoints.enable(account, endpoint_id, actor=ACTOR)

    def delete(self, endpoint_id: UUID | str, *, account: str = DEFAULT_ACCOUNT) -> None:
        """Delete an endpoint for good, with the log of its deliveries.

        :raises NotFound: the account has no such endpoint.
        """
        _webhooks().endpoints.delete(account, endpoint_id, actor=ACTOR)

    def rotate(
        self,
        endpoint_id: UUID | str,
        *,
        overlap: timedelta = STANDARD_OVERLAP,
        account: str = DEFAULT_ACCOUNT,
    ) -> IssuedEndpoint:
        """Give an endpoint a new secret.

        :param overlap: how long what is sent is signed with the former secrets too; up to seven days.
        :returns: the endpoint, and the only copy of the new secret there will ever be.
        :raises NotFound: the account has no such endpoint.
        :raises ValidationFailed: the overlap is out of bounds, or ten secrets would sign still.
        """
        return _webhooks().endpoints.rotate(account, endpoint_id, overlap=overlap, actor=ACTOR)

    def deliveries(
        self,
        endpoint_id: UUID | str,
        *,
        state: str | None = None,
        limit: int = STANDARD_PAGE,
        cursor: str | None = None,
        account: str = DEFAULT_ACCOUNT,
    ) -> DeliveryPage:
        """One page of an endpoint's deliveries, newest first.

        :param state: ``pending``, ``succeeded``, ``failed`` or ``rehearsed`` alone.
        :param limit: up to 100. :param cursor: ``next_cursor`` of the page before.
        :raises NotFound: the account has no such endpoint.
        :raises ValidationFailed: the state, the limit or the cursor is not usable.
        """
        return _webhooks().log.page(account, endpoint_id, state=state, limit=limit, cursor=cursor)

    def attempts(self, delivery_id: UUID | str, *, account: str = DEFAULT_ACCOUNT) -> Sequence[AttemptView]:
        """The tries at a delivery, in their order.

        :raises NotFound: the account has no such delivery.
        """
        return _webhooks().log.attempts(account, delivery_id)

    def replay(self, delivery_id: UUID | str, *, account: str = DEFAULT_ACCOUNT) -> DeliveryView:
        """Make a delivery again now, with the same ``webhook-id``.

        :raises NotFound: the account has no such delivery.
        :raises ValidationFailed: its endpoint is disabled, or it is a rehearsal.
        """
        return _webhooks().replays.replay(account, delivery_id)

    def replay_since(
        self, endpoint_id: UUID | str, since: datetime, *, account: str = DEFAULT_ACCOUNT
    ) -> Replayed:
        """Make all deliveries since a moment again, up to 10,000.

        :param since: aware.
        :raises NotFound: the account has no such endpoint.
        :raises ValidationFailed: the endpoint is disabled, or the moment has no time zone.
        """
        return _webhooks().replays.replay_since(account, endpoint_id, since)

    def send_test(
        self, endpoint_id: UUID | str, event_type: str = TEST, *, account: str = DEFAULT_ACCOUNT
    ) -> DeliveryView:
        """Send an event to one endpoint alone, whatever it listens to.

        :param event_type: of another type than ``test`` it carries sample data, marked as such.
        :raises NotFound: the account has no such endpoint.
        :raises ValidationFailed: the endpoint is disabled, or there is no such type.
        """
        return _webhooks().replays.send_test(account, endpoint_id, event_type)


def _webhooks() -> Webhooks:
    return current_services().webhooks
