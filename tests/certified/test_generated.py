"""The generators give the data of the record, and the data are as hard as they say."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stablelce.certificate.optimum import exact_optimum
from tests.certified.generated import generated, splitmix64
from tests.certified.problems import Problem

COMMITTED = Path(__file__).parents[2] / "reports" / "certified" / "certified.json"

PROBLEMS = {problem.name: problem for problem in generated()}


@pytest.fixture(scope="module")
def hashes() -> dict[str, Any]:
    record = json.loads(COMMITTED.read_text(encoding="utf-8"))
    return {one["name"]: one["sha256"] for one in record["problems"]}


def test_the_generator_is_splitmix64() -> None:
    # In a second form: the increments of its state are multiples of the odd constant.
    first = list(islice(splitmix64(7), 5))
    later = list(islice(splitmix64(7 + 2 * 0x9E3779B97F4A7C15), 3))
    assert first[2:] == later
    assert len(set(first)) == 5
    assert all(0 <= value < 1 << 64 for value in first)


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_data_are_those_of_the_record(name: str, hashes: dict[str, str]) -> None:
    assert PROBLEMS[name].sha256() == hashes[name]


@pytest.mark.parametrize(("k", "least", "most"), [(13, 1e4, 1e5), (27, 1e8, 1e9), (40, 1e12, 1e13)])
def test_collinear_columns_have_about_the_condition_they_say(k: int, least: float, most: float) -> None:
    x = PROBLEMS[f"collinear, 2^-{k}"].x
    # The singular values of (x1 + x2, x2 - x1), whose columns are nearly orthogonal; exact differences.
    difference = np.array([float(Fraction(b) - Fraction(a)) for a, b in x[:, :2].tolist()])
    condition = np.linalg.norm(x[:, 0] + x[:, 1]) / np.linalg.norm(difference)
    assert least < condition < most


def test_columns_reach_from_1e_minus_140_to_1e140() -> None:
    largest = np.abs(PROBLEMS["scales 1e-140 to 1e140"].x).max(axis=0)
    assert largest[0] < 1.1e-140
    assert 9e139 < largest[-1] < 1e150  # beyond 1e150 the estimator refuses


def test_weights_are_in_the_ratio_one_to_a_million() -> None:
    problem = PROBLEMS["imbalance 1:10^6"]
    assert problem.s is not None
    assert problem.s[problem.t == 0].sum() == 10**6 * problem.s[problem.t == 1].sum()


def test_rows_repeated_have_the_same_optimum_as_rows_with_weights_to_the_bit() -> None:
    def solve(problem: Problem) -> Any:
        return exact_optimum(problem.x, problem.t, s=problem.s)

    repeated, weighted = solve(PROBLEMS["duplicate rows"]), solve(PROBLEMS["rows with weights"])
    assert repeated.coef.tobytes() == weighted.coef.tobytes()
    assert repeated.intercept == weighted.intercept
    assert repeated.loss == weighted.loss
    assert repeated.standard_errors.tobytes() == weighted.standard_errors.tobytes()
