"""Media from Python: ``waapi.media``."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from .call_options import DEFAULT_ACCOUNT
from .messaging.media.opening import opened
from .messaging.media.store import MediaStore, MediumView
from .messaging.routing import ProviderQuery
from .plugins.media import MediaDownload
from .services import current_services


class MediaCalls:
    """An account's media at the provider; needs an app context."""

    def upload(
        self,
        file: str | Path | BinaryIO,
        *,
        filename: str | None = None,
        type: str | None = None,  # noqa: A002 - the name of the API's part
        simulate: bool = False,
        provider: str | None = None,
        account: str = DEFAULT_ACCOUNT,
    ) -> MediumView:
        """Upload a file, as ``POST media`` does; it is read in pieces.

        :param file: a path, or a file open for reading bytes that can be read again from its beginning.
        :param filename: what the recipient of a document sees; without it the file's own name.
        :param type: ``image``, ``video``, ``audio``, ``document`` or ``sticker``; without it the file says.
        :param simulate: hand it to the simulation.
        :param provider: the name of the instance that is to send it; without it the one that sends for the
            account.
        :returns: the medium, whose ``media_id`` can be sent until ``expires_at``.
        :raises WaApiError: what the API would answer with.
        """
        with opened(file, filename) as measured:
            return _media().upload(
                measured,
                account=account,
                provider=_instance(account, type, provider, simulate=simulate),
                kind=type,
            )

    def get(self, media_id: str, *, account: str = DEFAULT_ACCOUNT) -> MediumView:
        """What is known of a medium.

        :raises NotFound: the account has no such medium, or the provider has forgotten it.
        :raises ProviderUnavailable: the provider had to be asked and cannot be reached.
        """
        return _media().get(account, media_id)

    def download(self, media_id: str, *, account: str = DEFAULT_ACCOUNT) -> MediaDownload:
        """The content of a medium, whose ``chunks`` are to be read once.

        They raise :class:`ProviderError` where the content breaks off or is not what its checksum says.

        :raises NotFound: the account has no such medium, or the provider has forgotten it.
        :raises FeatureUnsupported: the provider keeps no content.
        :raises ProviderUnavailable: the provider cannot be reached.
        """
        return _media().download(account, media_id)[1]

    def delete(self, media_id: str, *, account: str = DEFAULT_ACCOUNT) -> None:
        """Let the provider forget a medium.

        :raises NotFound: the account has no such medium, or the provider has forgotten it.
        :raises ProviderUnavailable: the provider cannot be reached.
        """
        _media().delete(account, media_id)


def _media() -> MediaStore:
    return current_services().media


def _instance(account: str, kind: str | None, provider: str | None, *, simulate: bool) -> str:
    services = current_services()
    query = ProviderQuery(account, None, None, kind)
    asked = services.routing.instance_for(query, provider)
    return services.providers.end_for(asked, simulated=simulate)[0]
