"""Public data are read from their packages, have the record's hash, and absent packages are noted."""

from __future__ import annotations

import importlib.util
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.certified import public
from tests.certified.public import SHIPPED, standardised

COMMITTED = Path(__file__).parents[2] / "reports" / "certified" / "certified.json"

PRESENT = [
    name
    for name, module in {"scikit-learn": "sklearn", "statsmodels": "statsmodels"}.items()
    if importlib.util.find_spec(module) is not None
]


@pytest.mark.parametrize("package", PRESENT)
def test_the_data_are_those_of_the_record(package: str) -> None:
    record = json.loads(COMMITTED.read_text(encoding="utf-8"))
    hashes = {one["name"]: one["sha256"] for one in record["problems"]}
    problems = SHIPPED[package]()
    assert problems
    for problem in problems:
        assert problem.sha256() == hashes[problem.name], problem.name


def test_an_absent_package_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> Any:
        raise ModuleNotFoundError("No module named 'absent'", name="absent")

    monkeypatch.setattr(public, "SHIPPED", {"some package": read})
    assert public.public() == (
        [],
        ["The data sets of some package were left out: absent is not installed."],
    )


def test_standardised_columns_are_the_nearest_floats_but_for_documented_roundings() -> None:
    x = np.array([[1.0, 1e8], [2.0, 1e8 + 1], [4.0, 1e8 + 5]])
    out = standardised(x)
    for column, scaled in zip(x.T, out.T, strict=True):
        exact = [Fraction(v) for v in column.tolist()]
        mean = sum(exact, Fraction(0)) / 3
        variance = sum(((v - mean) ** 2 for v in exact), Fraction(0)) / 3
        # Three roundings in the denominator and the quotient, and one of the mean, relative to it.
        spread = float(variance) ** 0.5
        for value, result in zip(exact, scaled.tolist(), strict=True):
            bound = 2.0**-51 * abs(float(value - mean)) / spread + 2.0**-52 * float(abs(mean)) / spread
            assert abs(result - float(value - mean) / spread) <= bound
