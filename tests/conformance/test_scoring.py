"""Results computed elsewhere get the verdict that the same function gets when it is called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stablelce.conformance import audit
from stablelce.conformance.contract import PROFILES
from stablelce.conformance.scoring import extent, grades, score
from stablelce.conformance.subjects.base import QUANTITIES, Subject, SubjectError
from stablelce.conformance.subjects.vectors import from_file
from stablelce.conformance.vectors import shipped
from stablelce.formats import BINARY32, BINARY64, FORMATS, Format

Change = Callable[[int, Any], int]


def results(tmp_path: Path, quantity: str, fmt: Format, change: Change = lambda bits, _: bits) -> Subject:
    """The shipped vectors with their expected values as results, changed one by one."""
    digits = fmt.width // 4
    lines = [f"# stablelce-vectors-v1 quantity={quantity} dtype={fmt.dtype_name}", "id,z,t,result"]
    for test in shipped(quantity, fmt).tests:
        got = change(int(test.expected, 16), test)
        lines.append(f"{test.id},{test.z},{test.t or '0x' + '0' * digits},0x{got:0{digits}x}")
    path = tmp_path / "results.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return from_file(path, f"vectors:{path}", None, None)


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_the_expected_values_are_correctly_rounded(tmp_path: Path, quantity: str, fmt: Format) -> None:
    subject = results(tmp_path, quantity, fmt)
    result = score(subject, profile="correctly-rounded")
    assert [check.check for check in result.checks if check.status == "failed"] == []
    assert result.profiles == {fmt.dtype_name: "correctly-rounded"}
    assert result.tier == "given points"
    # A function of z alone has no soft targets, and its infinities are those of the check of hard ones.
    names = {"accuracy", "tails", "subnormals", "sign and range", "infinite logits, hard targets", "NaN"}
    assert names <= {check.check for check in result.checks}
    found = grades(subject)
    assert found.missed == dict.fromkeys(PROFILES, 0)
    assert found.worst == ()
    assert found.points == sum(test.exact is not None for test in shipped(quantity, fmt).tests)


def test_one_float_off_is_faithful_at_best_and_the_grades_say_where(tmp_path: Path) -> None:
    def off(bits: int, test: Any) -> int:
        return bits + 3 if test.exact is not None and test.id == 10 else bits

    subject = results(tmp_path, "loss", BINARY64, off)
    result = score(subject)
    assert result.passed
    assert result.profiles == {"float64": "accurate"}
    found = grades(subject)
    assert found.missed == {"correctly-rounded": 1, "faithful": 1, "accurate": 0, "stable": 0}
    (worst,) = found.worst
    assert worst.z == int(shipped("loss", BINARY64).tests[9].z, 16)
    assert worst.got == worst.want + 3
    assert 2.5 <= worst.error <= 3.5
    assert [check.check for check in score(subject, profile="faithful").failed] == ["accuracy"]


@pytest.mark.parametrize(
    ("flag", "wrong", "check"),
    [
        ("subnormal", 0, "subnormals"),
        ("absorption", 0, "tails"),
        ("overflow", BINARY32.infinity, "accuracy"),
        ("nan", 0, "NaN"),
        ("infinite-logit", BINARY32.nan, "infinite logits, hard targets"),
    ],
)
def test_each_check_fails_on_the_failure_that_a_flag_names(
    tmp_path: Path, flag: str, wrong: int, check: str
) -> None:
    def change(bits: int, test: Any) -> int:
        return wrong if flag in test.flags else bits

    result = score(results(tmp_path, "loss", BINARY32, change))
    found = next(one for one in result.checks if one.check == check)
    assert (found.status, found.required) == ("failed", True)
    assert found.counterexample is not None
    assert found.counterexample.got is not None
    assert found.counterexample.got.bits == f"0x{wrong:08x}"


def test_flushed_subnormals_may_be_allowed(tmp_path: Path) -> None:
    def change(bits: int, test: Any) -> int:
        return 0 if "subnormal" in test.flags else bits

    subject = results(tmp_path, "loss", BINARY32, change)
    assert [check.check for check in score(subject).failed] == ["subnormals"]
    assert score(subject, allow_ftz=True).passed
    assert grades(subject).missed["stable"] > 0
    assert grades(subject, allow_ftz=True).missed["stable"] == 0


def test_zeros_at_infinity_may_have_either_sign_and_nan_any_payload(tmp_path: Path) -> None:
    def change(bits: int, test: Any) -> int:
        if "nan" in test.flags:
            return bits | BINARY32.sign_bit | 5
        return (
            bits ^ BINARY32.sign_bit
            if "infinite-logit" in test.flags and not bits << 1 & 0xFFFFFFFF
            else bits
        )

    assert score(results(tmp_path, "gradient", BINARY32, change)).passed


def test_a_limit_that_is_rounded_is_judged_by_the_profile(tmp_path: Path) -> None:
    def change(bits: int, test: Any) -> int:
        return bits - 1 if "infinite-logit" in test.flags and int(test.expected, 16) == 0x3F800000 else bits

    subject = results(tmp_path, "gradient", BINARY32, change)
    assert score(subject).passed
    names = [check.check for check in score(subject, profile="faithful").failed]
    assert names == ["infinite logits, hard targets"]


def test_an_audit_of_a_file_is_its_score(tmp_path: Path) -> None:
    subject = results(
        tmp_path, "loss", BINARY64, lambda bits, test: 0 if "absorption" in test.flags else bits
    )
    called = audit(subject.name)
    scored = score(subject)
    assert called.model_copy(update={"seconds": 0.0}) == scored.model_copy(update={"seconds": 0.0})
    with pytest.raises(SubjectError, match="holds float64 only"):
        audit(subject.name, formats=["float32"])


def test_a_file_of_special_values_alone_is_judged(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("z,t,result\ninf,0x0p+0,inf\nnan,0x0p+0,nan\n", encoding="utf-8")
    subject = from_file(path, "x", None, None)
    result = score(subject)
    assert result.passed
    assert result.accuracy == ()
    assert [check.check for check in result.checks] == ["infinite logits, hard targets", "NaN"]
    assert grades(subject).points == 0
    assert np.isnan(subject.functions["loss"](np.array([np.nan]), np.array([0.0]))[0])


# -- how much is there -----------------------------------------------------------------------------


def without(path: Path, *lines: int) -> Subject:
    """The file with some of its lines left out, by index."""
    kept = [line for i, line in enumerate(path.read_text(encoding="utf-8").split("\n")) if i not in lines]
    path.write_text("\n".join(kept), encoding="utf-8")
    return from_file(path, f"vectors:{path}", None, None)


def test_a_file_that_leaves_out_what_fails_is_refused(tmp_path: Path) -> None:
    results(tmp_path, "gradient", BINARY32)
    subject = without(tmp_path / "results.csv", 2, 10)
    assert extent(subject) == (765, 767)
    said = "has a result for 765 of 767 vectors: give one for each, or grade what is there by"
    with pytest.raises(SubjectError, match=said):
        score(subject)
    with pytest.raises(SubjectError, match=said):
        audit(subject.name)
    found = score(subject, partial=True)
    assert found.passed
    (missing,) = (check for check in found.checks if check.check == "all vectors")
    assert (missing.status, missing.required, missing.failures) == ("failed", False, 2)


def test_points_of_ones_own_need_not_be_the_vectors(tmp_path: Path) -> None:
    results(tmp_path, "loss", BINARY64)
    subject = without(tmp_path / "results.csv", 0, 5)
    assert extent(subject) is None
    assert score(subject).passed


def test_any_nan_stands_for_the_one_in_the_vectors(tmp_path: Path) -> None:
    subject = results(tmp_path, "loss", BINARY64)
    text = (tmp_path / "results.csv").read_text(encoding="utf-8")
    nan = next(test.z for test in shipped("loss", BINARY64).tests if BINARY64.is_nan(int(test.z, 16)))
    (tmp_path / "results.csv").write_text(text.replace(nan, "-nan(7)"), encoding="utf-8")
    again = without(tmp_path / "results.csv")
    assert extent(again) == extent(subject) == (773, 773)
