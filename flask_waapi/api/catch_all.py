"""A rule for whatever no other rule takes below a path.

Flask's own rules take the methods that they list, and no rest that begins with a slash: what is left would be
answered by the host, in its own form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from werkzeug.routing import BaseConverter, Rule


class _EveryMethod(set[str]):
    """Has every method, and lists the usual ones: extensions of hosts go through the methods of all rules."""

    def __contains__(self, method: object) -> bool:
        return True


class _Rest(BaseConverter):
    # Not werkzeug's "path", which does not begin with a slash.
    regex = "(?s:.*)"
    weight = 300
    part_isolating = False


class CatchAllRule(Rule):
    """Takes every method, and any text for its variables.

    :param path: ends where the slash may be missing, or in a variable.
    :param listed: the methods that it shows.
    """

    def __init__(self, path: str, listed: Iterable[str], **options: Any) -> None:
        super().__init__(path, methods=listed, strict_slashes=False, merge_slashes=False, **options)
        self.methods = _EveryMethod(self.methods or ())

    def get_converter(
        self, variable_name: str, converter_name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> BaseConverter:
        """Ours, which the host's map of rules does not know."""
        return _Rest(self.map)
