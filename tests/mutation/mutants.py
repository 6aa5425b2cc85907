"""Which mutants there are, by cosmic-ray, and a seeded sample of them.

Left out are changes that no run can notice: of annotations (which are not evaluated) and docstrings, and
decorators that only remember results. Operators that need configuration are left out too, and those that turn
``==`` into ``is``, which Python itself warns of.
"""

from __future__ import annotations

import ast
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["SOURCES", "Mutant", "draw", "same_program"]

SOURCES = (
    "formats.py",
    "ulp.py",
    "functions.py",
    "oracle/decomposition.py",
    "oracle/dyadic.py",
    "oracle/enclosure.py",
    "oracle/exact.py",
    "oracle/batch.py",
    "kernels/rounding.py",
    "conformance/judging.py",
    "conformance/estimates.py",
    "conformance/screening.py",
    "conformance/checks/accuracy.py",
    "conformance/checks/arrays.py",
    "conformance/checks/calls.py",
    "conformance/checks/pair.py",
    "conformance/checks/elements.py",
    "conformance/checks/views.py",
    "conformance/checks/derivatives.py",
    "conformance/checks/environment.py",
    "conformance/checks/relations.py",
    "conformance/checks/special.py",
    "conformance/checks/weights.py",
)
"""Where a mistake would make a wrong verdict or a wrong result."""

_APART = ("VariableReplacer", "VariableInserter", "_Is", "_IsNot")


@dataclass(frozen=True)
class Mutant:
    """One changed source: where, how, and its whole text."""

    source: str
    line: int
    operator: str
    before: str
    after: str
    text: str


def draw(root: Path, count: int, seed: int, sources: Sequence[str] = SOURCES) -> list[Mutant]:
    """``count`` mutants of the sources, drawn without repetition; fewer where there are not as many."""
    from cosmic_ray.commands import init
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names
    from cosmic_ray.work_db import WorkDB, use_db

    names = {name for name in operator_names() if not name.endswith(_APART)}
    paths = [root / "stablelce" / source for source in sources]
    with (
        tempfile.TemporaryDirectory() as folder,
        use_db(str(Path(folder) / "work.sqlite"), WorkDB.Mode.create) as work,
    ):
        init(paths, work, {})
        mutations = [one for item in work.work_items for one in item.mutations]
    found = sorted(
        {
            (str(one.module_path), one.operator_name, one.occurrence)
            for one in mutations
            if one.operator_name in names
        }
    )
    random.Random(seed).shuffle(found)
    drawn: list[Mutant] = []
    for path, operator, occurrence in found:
        if len(drawn) == count:
            break
        code = Path(path).read_text(encoding="utf-8")
        text = mutate_code(code, get_operator(operator)(), occurrence)
        if text is not None and not same_program(code, text):
            drawn.append(_mutant(root, Path(path), operator, code, text))
    return drawn


def _mutant(root: Path, path: Path, operator: str, code: str, text: str) -> Mutant:
    pairs = zip(code.splitlines(), text.splitlines(), strict=False)
    line, before, after = next((i, a, b) for i, (a, b) in enumerate(pairs, 1) if a != b)
    source = path.relative_to(root / "stablelce").as_posix()
    return Mutant(source, line, operator.removeprefix("core/"), before.strip(), after.strip(), text)


def same_program(code: str, text: str) -> bool:
    """Whether two texts do the same but for annotations, docstrings and what is remembered."""
    try:
        return _skeleton(code) == _skeleton(text)
    except SyntaxError:
        return True  # such a mutant would be killed by anything


def _skeleton(code: str) -> str:
    tree = ast.parse(code)
    for node in ast.walk(tree):
        for field in ("annotation", "returns"):
            if hasattr(node, field):
                setattr(node, field, ast.Constant(None))
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = [one for one in node.decorator_list if "cache" not in ast.dump(one)]
        _without_docstring(node)
    return ast.dump(tree)


def _without_docstring(node: Any) -> None:
    body = getattr(node, "body", None)
    if isinstance(body, list):
        node.body = [one for one in body if not _is_text(one)]


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
