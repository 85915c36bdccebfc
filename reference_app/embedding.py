"""What it takes to embed flask-waapi, read from this app's own source, so that the page cannot go stale."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from . import extensions, hooks, orders

PACKAGE = Path(__file__).parent

blueprint = Blueprint("embedding", __name__)


@dataclass(frozen=True)
class Excerpt:
    """A piece of this app's source. :param file: its name in the repository."""

    title: str
    text: str
    file: str
    code: str

    @property
    def lines(self) -> int:
        """How many lines of code it has; blank ones and docstrings are none."""
        tree = ast.parse(self.code)
        told = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ]
        skipped = {line for node in told for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
        numbered = enumerate(self.code.splitlines(), 1)
        return sum(bool(line.strip()) and number not in skipped for number, line in numbered)


@blueprint.get("/embedding")
def show() -> ResponseReturnValue:
    """The lines, one step after the other."""
    excerpts = all_excerpts()
    return render_template(
        "embedding.html", excerpts=excerpts, lines=sum(excerpt.lines for excerpt in excerpts)
    )


def all_excerpts() -> list[Excerpt]:
    """The pieces in the order in which somebody would write them."""
    factory = PACKAGE / "__init__.py"
    return [
        Excerpt(
            "Make it",
            "One object, beside the app's other extensions. Whoever has logged in may see the dashboard.",
            "reference_app/extensions.py",
            _statements(_path(extensions), "flask_waapi", "WaApi"),
        ),
        Excerpt(
            "Join it to the app",
            "In the factory. The filter keeps Flask-Migrate away from tables that are not the app's.",
            "reference_app/__init__.py",
            _statements(factory, "flask_waapi", "include_name", "waapi"),
        ),
        Excerpt(
            "Send in the app's own transaction",
            "Roll the order back, and its message never existed.",
            "reference_app/orders.py",
            _source(orders.confirm),
        ),
        Excerpt(
            "Hear what became of it",
            "A signed webhook, checked and kept once.",
            "reference_app/hooks.py",
            _source(hooks.receive),
        ),
    ]


def _path(module: ModuleType) -> Path:
    return Path(inspect.getfile(module))


def _source(function: Callable[..., object]) -> str:
    return inspect.getsource(function).rstrip()


def _statements(path: Path, *names: str) -> str:
    """The simple statements of a file that mention one of these names, from wherever they stand."""
    source = path.read_text(encoding="utf-8")
    found = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign | ast.Expr | ast.ImportFrom) and _mentions(node, names)
    ]
    ordered = sorted(found, key=lambda node: node.lineno)
    return "\n".join(ast.get_source_segment(source, node) or "" for node in ordered)


def _mentions(node: ast.stmt, names: tuple[str, ...]) -> bool:
    mentioned = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    if isinstance(node, ast.ImportFrom):
        mentioned = {node.module or ""}
    return not mentioned.isdisjoint(names)
