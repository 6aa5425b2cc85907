"""Which modules a Python file imports, read from its syntax tree: nothing is run."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OWN = ("stablelce", "tests")


@dataclass(frozen=True)
class Import:
    """One imported module.

    Attributes
    ----------
    module : str
        Absolute dotted name. ``from a import b`` gives ``a.b`` where that is a file, else ``a``.
    line : int
        Where it stands.
    certain : bool
        It runs whenever the file is imported: at top level, in no ``try`` and under no ``if``.
    """

    module: str
    line: int
    certain: bool


def imports(path: Path, root: Path) -> Iterator[Import]:
    """All imports of a file below ``root``: top-level, in functions, by ``import_module("name")``."""
    yield from _walk(ast.parse(path.read_text(encoding="utf-8")), path, root, certain=True)


def missing_packages(path: Path, root: Path) -> list[str]:
    """Absent third-party packages that importing the file needs, itself or through our own modules."""
    absent: set[str] = set()
    seen: set[Path] = set()
    todo = [path]
    while todo:
        current = todo.pop()
        if current in seen:
            continue
        seen.add(current)
        for found in imports(current, root):
            if not found.certain:
                continue
            top = package(found.module)
            if top in OWN:
                todo.extend(_files(found.module, root))
            elif importlib.util.find_spec(top) is None:
                absent.add(top)
    return sorted(absent)


def package(module: str) -> str:
    """The package that a dotted name belongs to."""
    return module.partition(".")[0]


def is_third_party(module: str) -> bool:
    """Neither ours nor of the standard library."""
    return package(module) not in OWN and package(module) not in sys.stdlib_module_names


def module_name(path: Path, root: Path) -> str:
    """Dotted name of a file below ``root``."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _walk(node: ast.AST, path: Path, root: Path, *, certain: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        for name in _imported(child, path, root):
            yield Import(name, getattr(child, "lineno", 0), certain)
        conditional = isinstance(
            child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.Try | ast.If
        )
        yield from _walk(child, path, root, certain=certain and not conditional)


def _imported(node: ast.AST, path: Path, root: Path) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parent = path.relative_to(root).parent.parts
            base = ".".join([*parent[: len(parent) - node.level + 1], *filter(None, [base])])
        return sorted({_longest(base, alias.name, root) for alias in node.names})
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = ast.unparse(node.func).rpartition(".")[2]
        name = node.args[0].value
        if called in ("import_module", "__import__") and isinstance(name, str):
            return [name]
    return []


def _longest(base: str, name: str, root: Path) -> str:
    candidate = f"{base}.{name}"
    return candidate if package(base) in OWN and _file(candidate, root) else base


def _file(module: str, root: Path) -> Path | None:
    stem = root.joinpath(*module.split("."))
    return next((p for p in (stem.with_suffix(".py"), stem / "__init__.py") if p.is_file()), None)


def _files(module: str, root: Path) -> list[Path]:
    """The files that importing a module of ours runs: itself and the packages it lies in."""
    parts = module.split(".")
    found = (_file(".".join(parts[:n]), root) for n in range(1, len(parts) + 1))
    return [path for path in found if path]
