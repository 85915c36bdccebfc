"""The templates of an instance: fixed ones, or those of a JSON file that people and changes write to."""

from __future__ import annotations

import json
import os
import stat
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask_waapi import (
    Misconfigured,
    ProviderSettingsError,
    Rejected,
    TemplateChange,
    TemplateDefinition,
    UnsupportedFeature,
)

from .templates import read_file, read_templates

Items = list[dict[str, Any]]

NO_FILE = (
    "The templates of this simulation are fixed: set its setting 'templates' to the path of a JSON file"
    " to make, change and delete them."
)
"""What is said where templates are to be changed that cannot be."""


class Templates:
    """Templates that are what they are."""

    may_change = False

    def __init__(self, definitions: tuple[TemplateDefinition, ...]) -> None:
        self._definitions = definitions

    def read(self) -> tuple[TemplateDefinition, ...]:
        """All of them.

        :raises Misconfigured: they are those of a file that has become unusable.
        """
        return self._definitions

    def add(self, change: TemplateChange) -> TemplateDefinition:
        """Make one.

        :raises ProviderError: it cannot be made.
        """
        raise UnsupportedFeature(NO_FILE)

    def replace(self, change: TemplateChange) -> TemplateDefinition:
        """Change one.

        :raises ProviderError: it cannot be changed.
        """
        raise UnsupportedFeature(NO_FILE)

    def remove(self, name: str, language: str | None) -> None:
        """Delete one, in all its languages without ``language``.

        :raises ProviderError: it cannot be deleted.
        """
        raise UnsupportedFeature(NO_FILE)


class TemplateFile(Templates):
    """The templates of a file, which is read again when it has changed.

    :raises ProviderSettingsError: the file is unusable.
    """

    may_change = True

    def __init__(self, path: Path) -> None:
        # A link stays one when the file that it names is replaced.
        self._path = Path(os.path.realpath(path))
        self._lock = threading.Lock()
        self._seen = _look_of(self._path)
        super().__init__(read_templates(read_file(self._path)))

    def read(self) -> tuple[TemplateDefinition, ...]:
        """The templates of the file as it is now."""
        with self._lock:
            look = _look_of(self._path)
            if look is None or look != self._seen:
                self._definitions = self._checked(self._document())
                self._seen = look
            return self._definitions

    def add(self, change: TemplateChange) -> TemplateDefinition:
        """Write one into the file, approved."""

        def change_items(items: Items) -> Items:
            if _named(items, change.name, change.language):
                raise Rejected(f"There is a template {change.name!r} in {change.language!r} already.")
            new = {"id": str(time.time_ns()), "name": change.name, "language": change.language}
            return [*items, {**new, "status": "APPROVED", **_members(change)}]

        return self._find(self._write(change_items), change.name, change.language)

    def replace(self, change: TemplateChange) -> TemplateDefinition:
        """Change one in the file; it is approved again."""

        def change_items(items: Items) -> Items:
            found = _named(items, change.name, change.language)
            if not found:
                raise Rejected(f"There is no template {change.name!r} in {change.language!r} in the file.")
            changed = {**found[0], **_members(change), "status": "APPROVED"}
            return [changed if item is found[0] else item for item in items]

        return self._find(self._write(change_items), change.name, change.language)

    def remove(self, name: str, language: str | None) -> None:
        """Take one out of the file."""

        def change_items(items: Items) -> Items:
            found = _named(items, name, language)
            if not found:
                raise Rejected(f"There is no such template {name!r} in the file.")
            return [item for item in items if item not in found]

        self._write(change_items)

    def _write(self, change: Callable[[Items], Items]) -> tuple[TemplateDefinition, ...]:
        with self._lock:
            document = self._document()
            self._checked(document)
            items = change(document["data"] if isinstance(document, dict) else document)
            whole = {**document, "data": items} if isinstance(document, dict) else items
            definitions = self._checked(whole)
            try:
                _replace_file(self._path, json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
            except OSError as error:
                problem = f"The file {self._path} cannot be written: {error.strerror}."
                raise Misconfigured(problem) from error
            self._definitions, self._seen = definitions, None
            return definitions

    def _document(self) -> Any:
        try:
            return read_file(self._path)
        except ProviderSettingsError as error:
            raise Misconfigured(" ".join(error.problems)) from error

    def _checked(self, document: Any) -> tuple[TemplateDefinition, ...]:
        try:
            return read_templates(document)
        except ProviderSettingsError as error:
            raise Misconfigured(" ".join(error.problems)) from error

    def _find(
        self, definitions: tuple[TemplateDefinition, ...], name: str, language: str
    ) -> TemplateDefinition:
        return next(item for item in definitions if (item.name, item.language) == (name, language))


def open_templates(value: Any) -> Templates:
    """The templates that the setting ``templates`` means.

    :param value: a list of templates as Meta's ``GET /<waba id>/message_templates`` gives them, or
        the path of a JSON file that holds such a list or such an answer whole (``{"data": []}``).
    :raises ProviderSettingsError: names each fault by its place in the list.
    """
    if isinstance(value, str | os.PathLike):
        return TemplateFile(Path(value))
    if not isinstance(value, list | tuple):
        raise ProviderSettingsError(["templates must be a list of templates or the path of a JSON file."])
    return Templates(read_templates(value))


def _named(items: Items, name: str, language: str | None) -> Items:
    return [item for item in items if item["name"] == name and language in {None, item["language"]}]


def _members(change: TemplateChange) -> dict[str, Any]:
    members: dict[str, Any] = {
        "category": change.category,
        "parameter_format": change.parameter_format,
        "components": None if change.components is None else list(change.components),
        "message_send_ttl_seconds": None if change.ttl is None else int(change.ttl.total_seconds()),
    }
    return {name: value for name, value in members.items() if value is not None}


def _look_of(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _replace_file(path: Path, text: str) -> None:
    # Whoever reads meanwhile has the old file or the new one, never a half.
    mode = stat.S_IMODE(path.stat().st_mode)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
