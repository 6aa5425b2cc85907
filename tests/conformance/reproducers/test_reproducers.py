"""Each kind of failure has a script, and the script fails where the check does."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from stablelce.conformance import audit
from stablelce.conformance.checks import ARRAY_CHECKS, POINT_CHECKS
from stablelce.conformance.results import CheckResult
from tests.conformance.reproducers.faulty import SOURCE
from tests.conformance.reproducers.running import run_scripts


class Fault(NamedTuple):
    """A subject of the file, the check that it fails, and what its script prints."""

    name: str
    check: str
    printed: str


FAULTS = (
    Fault("naive", "tails", "got 0.0, want 8.53"),
    Fault("raises", "accuracy", "ZeroDivisionError"),
    Fault("raises_at_infinity", "infinite logits, hard targets", "ZeroDivisionError"),
    Fault("lists", "dtype", "object has no attribute"),
    Fault("widens", "dtype", "got ('float64', (1,)), want ('float32', (1,))"),
    Fault("flattens", "shapes", "got ('float64', (1,)), want ('float64', ())"),
    Fault("swaps_shape", "shapes", "ulp"),
    Fault("swallows_nan", "NaN", "got 1.0, want nan, error inf ulp"),
    Fault("spreads_nan", "NaN", "got nan, want 0.12"),
    Fault("wrong_limit", "infinite logits, hard targets", "got 1e+308, want inf, error inf ulp"),
    Fault("negative_zero", "signs of zeros at infinity", "got -0.0, want 0.0"),
    Fault("by_length", "lanes", "as alone"),
    Fault("by_neighbour", "lanes", "as alone"),
    Fault("by_stride", "layouts", "ulp"),
    Fault("by_chance", "lanes", "ulp"),
    Fault("writes", "inputs unchanged", "as before"),
    Fault("seeds", "environment", "random generators"),
    Fault("error_state", "environment", "NumPy's error state"),
    Fault("warns", "warnings and output", "be careful"),
    Fault("prints", "warnings and output", "hello"),
    Fault("disagrees", "pair", "got "),
    Fault("only_both", "accuracy", "got "),
    Fault("weighs_wrong", "weights", "got "),
    Fault("masks_nothing", "weights", "got nan, want 0.0"),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mine.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def failed(name: str) -> list[CheckResult]:
    result = audit(f"./mine.py:{name}", tier="smoke")
    return [check for check in result.checks if check.status == "failed"]


@pytest.mark.bulk
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_script_of_each_failure_fails_as_told(fault: Fault, folder: Path) -> None:
    checks = failed(fault.name)
    assert fault.check in [check.check for check in checks]
    if fault.name == "by_chance":  # scripts of its other failures fail as often as the subject does
        checks = [check for check in checks if check.check == fault.check]
    endings = run_scripts([check.reproducer for check in checks], folder)
    for check, ended in zip(checks, endings, strict=True):
        assert check.reproducer, (check.check, check.mode, check.message)
        assert ended.status == 1, (check.check, ended, check.reproducer)
        assert ended.printed.startswith("got ")
        assert " want " in ended.printed
        if check.check == fault.check:
            assert fault.printed in ended.printed


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("spec", ["./below/mine.py:naive", "pack.inner:naive"])
def test_a_script_runs_in_any_folder(spec: str, tmp_path: Path, folder: Path) -> None:
    for path in ("below/mine.py", "pack/__init__.py", "pack/inner.py", "below/sibling.py"):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(f"import sys\n{SOURCE}", encoding="utf-8")
    text = (folder / "below/mine.py").read_text(encoding="utf-8")
    (folder / "below/mine.py").write_text(f"import sibling\n{text}", encoding="utf-8")
    result = audit(spec, tier="smoke", formats=("float64",))
    scripts = [check.reproducer for check in result.failed]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    endings = run_scripts(scripts, elsewhere)
    assert len(endings) > 2
    assert {ended.status for ended in endings} == {1}
    assert all(ended.printed.startswith("got ") for ended in endings)


def test_every_check_has_a_kind_of_script() -> None:
    from stablelce.conformance import reproducers

    # A wrong dtype is no array to print, and a leak one call does not show.
    of_calls = {check.name for check in ARRAY_CHECKS} - {"dtype", "memory"}
    assert set(reproducers._SCRIPTS) == of_calls
    assert not set(reproducers._SCRIPTS) & {check.name for check in POINT_CHECKS}


def test_a_script_ends_with_0_once_the_failure_is_mended(folder: Path) -> None:
    checks = failed("naive")
    mended = SOURCE.replace("np.log(1 + np.exp(z)))", "good(z))")
    (folder / "mine.py").write_text(mended, encoding="utf-8")
    endings = run_scripts([check.reproducer for check in checks], folder)
    required = [ended for check, ended in zip(checks, endings, strict=True) if check.required]
    assert [ended.status for ended in required] == [0] * len(required)
    assert len(required) > 3


def test_profiles_decide_what_a_script_lets_pass(folder: Path) -> None:
    (folder / "mine.py").write_text(SOURCE, encoding="utf-8")
    result = audit("./mine.py:naive", tier="smoke", profile="correctly-rounded")
    scripts = {c.check: c.reproducer for c in result.checks if c.status == "failed" and c.required}
    assert "sys.exit(1 if repr(got) != repr(want) else 0)" in scripts["accuracy"]
    for ended in run_scripts(list(scripts.values()), folder):
        assert ended.status == 1, ended


def test_a_subject_without_expressions_has_no_script() -> None:
    import numpy as np

    from stablelce.conformance.subjects.base import Subject

    subject = Subject("nameless", {"softplus": lambda z: np.log(1 + np.exp(z))}, formats=("float64",))
    with np.errstate(all="ignore"):
        result = audit(subject, tier="smoke")
    assert result.failed
    assert {check.reproducer for check in result.failed} == {""}
