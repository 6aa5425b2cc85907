"""The C examples, built as their comments say, get the verdict that their names promise."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from stablelce.conformance.runner import audit
from tests.examples.text import audit_with_less_text

HERE = Path(__file__).parent / "c"
COMPILER = shutil.which("cc") or shutil.which("gcc")

pytestmark = [
    pytest.mark.bulk,
    pytest.mark.skipif(COMPILER is None, reason="there is no C compiler (cc or gcc)"),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("c")
    for name in ("stable", "naive"):
        flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
        output = ["-o", str(folder / f"lib{name}.so")]
        subprocess.run([str(COMPILER), *flags, *output, str(HERE / f"{name}.c"), "-lm"], check=True)
    output = ["-o", str(folder / "program")]
    subprocess.run(
        [str(COMPILER), "-O2", "-Wall", "-Wextra", "-Werror", *output, str(HERE / "program.c"), "-lm"],
        check=True,
    )
    return folder


def test_the_stable_form_is_certified_as_accurate(built: Path) -> None:
    result = audit(f"lib:{built}/libstable.so:stable_*", tier="smoke")
    assert result.failed == ()
    assert result.isolated
    assert result.version.startswith("sha256 ")
    assert result.offered == {"float32": ("loss", "gradient"), "float64": ("loss", "gradient")}
    assert result.profiles == {"float32": "accurate", "float64": "accurate"}


def test_the_naive_form_is_not_certified_and_its_reproducer_reproduces(built: Path) -> None:
    result = audit(f"lib:{built}/libnaive.so:naive_loss", tier="smoke")
    assert result.offered == {"float64": ("loss",)}
    found = {check.check: check for check in result.failed}
    assert {"accuracy", "hard cases", "tails", "difference"} <= set(found)
    example = found["accuracy"].counterexample
    assert example is not None
    assert example.got is not None
    names: dict[str, object] = {}
    lines = example.call.splitlines()
    exec("\n".join([*lines[:-1], lines[-1].replace("print", "pasted = ", 1)]), names)
    assert repr(names["pasted"]) == f"array([{example.got.decimal}])"


def test_the_program_is_certified_by_hexadecimal_floats(built: Path) -> None:
    result = audit_with_less_text(f"cmd:{built}/program", formats=["float64"])
    assert result.failed == ()
    assert result.profiles == {"float64": "accurate"}


@pytest.mark.deep  # every encoding as text, there and back, takes a minute
def test_the_program_is_certified_by_hexadecimal_floats_of_sixteen_bits(built: Path) -> None:
    result = audit(f"cmd:{built}/program", tier="smoke", formats=["float16"])
    assert result.failed == ()
    # What double loses beside a midpoint of binary16 is the wrong side of a tie: faithful, with soft targets.
    assert result.profiles == {"float16": "faithful"}
    half = {row.targets: row for row in result.accuracy}
    assert half["hard"].coverage == "exhaustive"
    assert half["hard"].correctly_rounded == half["hard"].points
