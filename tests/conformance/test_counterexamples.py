from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from stablelce.conformance.counterexamples import counterexample, paste_ready
from stablelce.conformance.evaluation import Run
from stablelce.conformance.subjects import resolve
from stablelce.formats import BFLOAT16, BINARY32, BINARY64, FORMATS, Format
from tests.conformance.correct import fault, function, offering, scaled, subject

ONE = {fmt: fmt.round(Fraction(1)) for fmt in FORMATS}


def test_a_counterexample_shows_what_came_and_what_should_have_come() -> None:
    fmt = BINARY64
    run = Run(fault("loss", scaled(2.0)), fmt, "accurate")
    example = counterexample(run, "loss", 0, ONE[fmt])
    assert example.got is not None
    assert example.want is not None
    assert example.want.hex == float(function("loss")(np.zeros(1), np.ones(1))[0]).hex()
    assert float.fromhex(example.got.hex) == 2 * float.fromhex(example.want.hex)
    assert example.error is not None
    assert example.error > 2.0**52
    assert example.note.startswith("exact value 6.931471805599453094")


def test_given_encodings_are_shown_as_given() -> None:
    fmt = BINARY32
    run = Run(subject(), fmt, "accurate")
    example = counterexample(run, "loss", fmt.nan, ONE[fmt], got=1, want=fmt.nan)
    assert example.got is not None
    assert example.want is not None
    assert (int(example.got.bits, 16), int(example.want.bits, 16)) == (1, fmt.nan)
    assert example.error is None


def test_a_result_that_cannot_be_had_is_left_out() -> None:
    run = Run(offering({"loss": lambda _z, _t: None}), BINARY64, "accurate")
    example = counterexample(run, "loss", 0, 0)
    assert example.got is None
    assert example.error is None
    assert example.want is not None


def test_the_other_results_of_a_relation_are_named() -> None:
    run = Run(subject(), BINARY32, "accurate")
    related = [("loss", ONE[BINARY32], 0, ONE[BINARY32]), ("sigmoid", 0, 0, ONE[BINARY32])]
    example = counterexample(run, "loss", 0, 0, related=related)
    assert example.note.endswith(
        "; compared with loss(z=1.0, t=0.0) = 1.0; compared with sigmoid(z=0.0) = 1.0"
    )


@pytest.mark.parametrize("quantity", ["loss", "sigmoid"])
def test_the_target_is_shown_where_there_is_one(quantity: str) -> None:
    example = counterexample(Run(subject(), BINARY32, "accurate"), quantity, 0, 0)
    assert (example.t is None) == (quantity == "sigmoid")


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("special", ["finite", "infinity", "nan"])
def test_the_call_runs_and_prints_the_result(
    fmt: Format, special: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(resolve("numpy:fused"), fmt, "accurate")
    z = {"finite": ONE[fmt] + 1, "infinity": fmt.infinity | fmt.sign_bit, "nan": fmt.nan}[special]
    t = ONE[fmt]
    with np.errstate(all="ignore"):  # comparing a NaN of bfloat16 warns
        exec(paste_ready(run, "loss", z, t), {})
    encodings = (np.array([code], dtype=fmt.uint) for code in (z, t))
    want = fmt.array(run.evaluate("loss", *encodings))
    assert capsys.readouterr().out == f"{want}\n"


def test_the_call_takes_its_part_of_a_pair() -> None:
    judged = offering(
        {"loss_and_gradient": function("loss_and_gradient")}, expressions={"loss_and_gradient": "both(z, t)"}
    )
    run = Run(judged, BFLOAT16, "accurate")
    assert paste_ready(run, "loss", 0, 0).endswith("print(both(z, t)[0])")
    assert paste_ready(run, "gradient", 0, 0).endswith("print(both(z, t)[1])")
    assert "import ml_dtypes" in paste_ready(run, "gradient", 0, 0)
