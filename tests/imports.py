"""Which modules a Python file imports, read from its syntax tree: nothing is run."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

OWN = ("stablelce", "tests")

CONDITIONAL = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Try, ast.If)
"""What stands in these need not run when the file is imported."""


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
        packages, files = _needed(current, root)
        absent.update(name for name in packages if _is_absent(name))
        todo.extend(files)
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


# Every process of a test run asks for all test files, most of which lead to the same modules of ours: each
# file is read once. Parsed once for each test file that leads to it, the package took 36 s per process.
@cache
def _needed(path: Path, root: Path) -> tuple[frozenset[str], tuple[Path, ...]]:
    """The third-party packages and the files of ours that importing the file imports for certain."""
    packages: set[str] = set()
    files: dict[Path, None] = {}
    for module in dict.fromkeys(_certain(ast.parse(path.read_text(encoding="utf-8")), path, root)):
        if package(module) in OWN:
            files.update(dict.fromkeys(_files(module, root)))
        else:
            packages.add(package(module))
    return frozenset(packages), tuple(files)


def _certain(node: ast.AST, path: Path, root: Path) -> Iterator[str]:
    """As the certain ones of `_walk`, without a look into functions: a tenth of the nodes."""
    for child in ast.iter_child_nodes(node):
        yield from _imported(child, path, root)
        if not isinstance(child, CONDITIONAL):
            yield from _certain(child, path, root)


@cache
def _is_absent(name: str) -> bool:
    return importlib.util.find_spec(name) is None


def _walk(node: ast.AST, path: Path, root: Path, *, certain: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        for name in _imported(child, path, root):
            yield Import(name, getattr(child, "lineno", 0), certain)
        yield from _walk(child, path, root, certain=certain and not isinstance(child, CONDITIONAL))


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
