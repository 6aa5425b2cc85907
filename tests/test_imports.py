"""The modules of the package import each other only as the table allows.

What the table buys: the oracle shares nothing with what it judges but the formats and the ulp, and the
suite never touches the library's own functions but as a stranger does.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from tests.imports import Import, imports, is_third_party, missing_packages, module_name, package

ROOT = Path(__file__).parent.parent
EVERYTHING = ""

# The public functions are one unit in several modules; none of the parts imports functions.py itself.
FUNCTIONS_PARTS = ("_arguments", "_blocks", "_direct", "_evaluation", "_reductions", "_values")
FUNCTIONS = (*FUNCTIONS_PARTS, "kernels", "formats", "sums")

# For each unit, the units it may import beside itself. A unit is a module or a package with all it holds,
# unless a longer name has a row of its own. What is not drawn is forbidden.
ALLOWED: dict[str, tuple[str, ...]] = {
    "textbook": (),
    "formats": (),
    "ulp": ("formats",),
    "sums": ("formats",),
    "kernels": ("formats", "sums"),
    "functions": FUNCTIONS,
    **dict.fromkeys(FUNCTIONS_PARTS, FUNCTIONS),
    "oracle": ("formats", "ulp"),
    "conformance": ("oracle", "formats", "ulp"),
    "conformance.subjects": ("formats", "textbook"),
    # A part of the suite, which may import the certificate beside what the suite may.
    "conformance.trainers": ("conformance", "oracle", "formats", "ulp", "certificate"),
    # A command, as cli is: what it computes it also shows.
    "conformance.faults.__main__": ("conformance", "report"),
    "sweep": ("oracle", "conformance"),
    "certificate": ("formats",),
    "training": ("functions", "kernels", "sums", "formats", "certificate"),
    # Views of the three records, and nothing else of the suites.
    "report": (
        "conformance.results",
        "conformance.faults.results",
        "conformance.trainers.results",
        "conformance.peers.results",
    ),
    "cli": (EVERYTHING,),
    # Options for pytest, which loads this in every run where the package is installed.
    "pytest_plugin": ("conformance",),
    # `python -m stablelce` is the command line.
    "__main__": ("cli",),
    # The public names are re-exported, lazily.
    "__init__": (EVERYTHING,),
}

# Modules that may import the public package by name, as a stranger would.
STRANGERS = ("conformance.subjects.own", "conformance.trainers.adapters.own")

CORE = ("numpy", "mpmath")

# (folder, package): why several modules of the folder import the package.
SHARED_DEPENDENCIES: dict[tuple[str, str], str] = {
    ("cli", "click"): "one file per command, and each command is declared with click",
}


def within(name: str, unit: str) -> bool:
    return unit in (EVERYTHING, name) or name.startswith(unit + ".")


def unit_of(name: str) -> str | None:
    return max((unit for unit in ALLOWED if within(name, unit)), key=len, default=None)


def modules(root: Path) -> dict[str, list[Import]]:
    """The imports of each module, by its name below the package."""
    found = {}
    for path in sorted((root / "stablelce").rglob("*.py")):
        name = module_name(path, root).removeprefix("stablelce").removeprefix(".") or "__init__"
        found[name] = list(imports(path, root))
    return found


def forbidden_imports(root: Path) -> list[str]:
    """One sentence for each import between our own modules that the table does not draw."""
    problems = []
    for name, found in modules(root).items():
        unit = unit_of(name)
        if unit is None:
            problems.append(f"stablelce.{name} has no row in the table")
            continue
        for one in found:
            if package(one.module) != "stablelce":
                continue
            target = one.module.removeprefix("stablelce").removeprefix(".")
            if target == "":
                allowed = unit == "cli" or name in STRANGERS
            else:
                allowed = any(within(target, other) for other in (unit, *ALLOWED[unit]))
            if not allowed:
                problems.append(f"stablelce.{name} line {one.line} imports {one.module}")
    return problems


def crowded_dependencies(root: Path) -> list[str]:
    """One sentence for each optional dependency that several modules of one folder import."""
    users: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path in sorted((root / "stablelce").rglob("*.py")):
        folder = ".".join(path.parent.relative_to(root / "stablelce").parts)
        for one in imports(path, root):
            if is_third_party(one.module) and package(one.module) not in CORE:
                users[folder, package(one.module)].add(path.name)
    return [
        f"{dependency} is imported by {', '.join(sorted(names))} of stablelce/{folder}"
        for (folder, dependency), names in users.items()
        if len(names) > 1 and (folder, dependency) not in SHARED_DEPENDENCIES
    ]


def plant(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_every_import_between_our_modules_is_drawn_in_the_table() -> None:
    assert forbidden_imports(ROOT) == []


def test_an_optional_dependency_is_imported_in_at_most_one_module_per_folder() -> None:
    assert crowded_dependencies(ROOT) == []


def test_each_shared_dependency_is_still_shared() -> None:
    for folder, dependency in SHARED_DEPENDENCIES:
        users = [
            path
            for path in (ROOT / "stablelce" / folder.replace(".", "/")).glob("*.py")
            if any(package(one.module) == dependency for one in imports(path, ROOT))
        ]
        assert len(users) > 1, f"{dependency} in {folder} needs no exception"


@pytest.mark.parametrize(
    "statement",
    [
        "import stablelce.functions",
        "import stablelce.functions as f",
        "from stablelce.functions import loss",
        "from stablelce import functions",
        "from .. import functions",
        "from ..functions import loss",
        "def f():\n    from stablelce import functions",
        "class C:\n    def f(self):\n        import stablelce.functions",
        "try:\n    import stablelce.functions\nexcept ImportError:\n    pass",
        "import importlib\nimportlib.import_module('stablelce.functions')",
        "__import__('stablelce.functions')",
        "import stablelce",
        "from stablelce import loss",
    ],
)
def test_a_forbidden_import_in_the_oracle_is_reported(tmp_path: Path, statement: str) -> None:
    plant(
        tmp_path,
        {
            "stablelce/__init__.py": "",
            "stablelce/functions.py": "def loss(): ...\n",
            "stablelce/oracle/__init__.py": "",
            "stablelce/oracle/exact.py": f"from stablelce.formats import Format\n{statement}\n",
            "stablelce/formats.py": "class Format: ...\n",
        },
    )
    (problem,) = forbidden_imports(tmp_path)
    assert problem.startswith("stablelce.oracle.exact line ")


def test_an_allowed_import_is_not_reported(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "stablelce/__init__.py": "def __getattr__(name):\n    from stablelce import functions\n",
            "stablelce/functions.py": "from . import kernels\nfrom .formats import Format\n",
            "stablelce/formats.py": "class Format: ...\n",
            "stablelce/kernels/__init__.py": "from stablelce.kernels.fused import evaluate\n",
            "stablelce/kernels/fused.py": "import numpy as np\n",
            "stablelce/conformance/subjects/own.py": "import stablelce\n",
            "stablelce/report/page.py": "from stablelce.conformance.results import Record\n",
            "stablelce/cli/__init__.py": "import stablelce\nfrom stablelce.report import page\n",
        },
    )
    assert forbidden_imports(tmp_path) == []


def test_subjects_do_not_reach_into_the_rest_of_conformance(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "stablelce/conformance/runner.py": "from stablelce.conformance.subjects import resolve\n",
            "stablelce/conformance/subjects/resolve.py": "from stablelce.conformance import runner\n",
        },
    )
    assert forbidden_imports(tmp_path) == [
        "stablelce.conformance.subjects.resolve line 1 imports stablelce.conformance.runner"
    ]


def test_a_module_without_a_row_is_reported(tmp_path: Path) -> None:
    plant(tmp_path, {"stablelce/helpers.py": ""})
    assert forbidden_imports(tmp_path) == ["stablelce.helpers has no row in the table"]


def test_a_second_importer_of_an_optional_dependency_is_reported(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "stablelce/report/plots.py": "import numpy\nfrom matplotlib import pyplot\n",
            "stablelce/report/page.py": "import numpy\n\ndef page():\n    import matplotlib.figure\n",
            "stablelce/conformance/page.py": "import matplotlib\n",
        },
    )
    assert crowded_dependencies(tmp_path) == [
        "matplotlib is imported by page.py, plots.py of stablelce/report"
    ]


def test_missing_packages_are_found_through_our_own_modules(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "stablelce/__init__.py": "",
            "stablelce/oracle/__init__.py": "import no_such_package_a.part\n",
            "stablelce/oracle/exact.py": "from stablelce.oracle import exact\nimport no_such_package_b\n",
            "tests/test_exact.py": "import sys, numpy\nfrom stablelce.oracle.exact import exact\n",
        },
    )
    assert missing_packages(tmp_path / "tests/test_exact.py", tmp_path) == [
        "no_such_package_a",
        "no_such_package_b",
    ]


def test_lazy_and_guarded_imports_need_not_be_present(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "tests/test_it.py": "try:\n    import no_such_a\nexcept ImportError:\n    pass\n"
            "def f():\n    import no_such_b\n"
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import no_such_c\n",
        },
    )
    assert missing_packages(tmp_path / "tests/test_it.py", tmp_path) == []
