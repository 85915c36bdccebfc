"""Names of files: what a provider or a recipient may be shown of one that a stranger has chosen."""

from __future__ import annotations

LONGEST_FILENAME = 240
"""Characters; Cloud API, document object."""


def bare_name(path: str) -> str:
    """The last part of a path, also of one from Windows, without what cannot be shown; perhaps empty."""
    name = path.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in name if character.isprintable())
