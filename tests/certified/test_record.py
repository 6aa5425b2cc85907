"""The committed record is fresh, its views are views of it, and what it certifies is true."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import pytest

from stablelce.conformance.provenance import sources_sha256
from tests.certificate.reference import solve
from tests.certified.generated import generated
from tests.certified.markdown import cell, markdown
from tests.certified.plot import plot
from tests.certified.record import computing, make, recipe, recipe_sha256, write

COMMITTED = Path(__file__).parents[2] / "reports" / "certified"

PROBLEMS = {problem.name: problem for problem in generated()}


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((COMMITTED / "certified.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def rows(record: dict[str, Any]) -> dict[str, Any]:
    return {one["name"]: one for one in record["problems"]}


def test_it_was_made_from_these_sources(record: dict[str, Any]) -> None:
    made = record["provenance"]
    assert tuple(made["sources"]) == computing(), "run `tox -e certified`"
    assert made["sources_sha256"] == sources_sha256(computing()), "run `tox -e certified`"
    assert tuple(made["recipe"]) == recipe(), "run `tox -e certified`"
    assert made["recipe_sha256"] == recipe_sha256(), "run `tox -e certified`"


def test_the_sources_are_those_that_decide_the_figures() -> None:
    assert {"certificate/krawczyk.py", "training/solvers/newton.py", "formats.py"} <= set(computing())
    assert not [name for name in computing() if name.startswith(("oracle/", "report/", "cli/"))]
    assert {"digits.py", "generated.py", "systems.py"} <= set(recipe())
    assert "plot.py" not in recipe()


def test_the_page_is_a_view_of_the_record(record: dict[str, Any]) -> None:
    assert (COMMITTED / "README.md").read_text(encoding="utf-8") == markdown(record)


def test_the_picture_shows_each_problem_that_has_an_optimum(record: dict[str, Any]) -> None:
    # Its bytes depend on the version of matplotlib, so only the words are looked for.
    drawn = (COMMITTED / "digits.svg").read_text(encoding="utf-8")
    for one in record["problems"]:
        assert (f">{one['name']}<" in drawn) == bool(one["optimum"])
        for fit in one["fits"]:
            assert f">{fit['system']}<" in drawn


@pytest.mark.parametrize(
    ("fit", "shown"),
    [
        ({"error": "", "fewest": "exact", "warnings": []}, "exact"),
        ({"error": "", "fewest": 15.99, "warnings": []}, "15.9"),
        ({"error": "", "fewest": 0.0, "warnings": ["slow"]}, "0.0*"),
        ({"error": "ValueError: no", "fewest": None, "warnings": []}, "raised"),
        ({"error": "TimeoutError: no result", "fewest": None, "warnings": []}, "stopped"),
    ],
)
def test_a_fit_in_a_few_characters(fit: dict[str, Any], shown: str) -> None:
    assert cell(fit) == shown


def test_the_record_holds_what_was_asked(record: dict[str, Any]) -> None:
    assert record["notes"] == []  # nothing was absent when it was made
    public = [one for one in record["problems"] if "generated" not in one["source"]]
    assert len({one["source"].split(",")[0].split(":")[0] for one in public}) >= 6
    assert PROBLEMS.keys() <= {one["name"] for one in record["problems"]}


def test_decimal_and_hexadecimal_are_the_same_float(record: dict[str, Any]) -> None:
    for one in record["problems"]:
        for parameter in one["optimum"]["parameters"] if one["optimum"] else []:
            for value in (parameter, parameter["standard_error"]):
                assert float(value["decimal"]).hex() == value["hex"]


def test_the_exact_solver_has_every_bit(record: dict[str, Any]) -> None:
    for one in record["problems"]:
        found = [fit for fit in one["fits"] if fit["system"] == "stablelce exact"]
        assert [fit["fewest"] for fit in found] == (["exact"] if one["optimum"] else [None])


@pytest.mark.parametrize("name", ["rows with weights", "collinear, 2^-40"])
def test_an_independent_newton_of_sixty_digits_rounds_to_the_certified_floats(
    name: str, rows: dict[str, Any]
) -> None:
    problem, optimum = PROBLEMS[name], rows[name]["optimum"]
    reference = solve(problem.x, problem.t, problem.s, problem.l2, fit_intercept=problem.intercept)
    parameters = optimum["parameters"]
    assert len(parameters) == len(reference.parameters)
    for entry, value, error in zip(parameters, reference.parameters, reference.errors, strict=True):
        assert _nearest(value).hex() == entry["hex"]
        assert _nearest(error).hex() == entry["standard_error"]["hex"]
        distance = abs(_exact(value) - Fraction(float.fromhex(entry["hex"])))
        assert distance <= Fraction(entry["radius"]) * (1 + Fraction(1, 10**15))
    assert _nearest(reference.loss).hex() == optimum["loss"]["hex"]


def test_each_recorded_direction_separates_the_generated_data_exactly(rows: dict[str, Any]) -> None:
    separable = [name for name in PROBLEMS if rows[name]["absence"]]
    assert separable == ["separable by 2^-40"]
    for name in separable:
        problem = PROBLEMS[name]
        direction = [Fraction(v) for v in rows[name]["absence"]["direction"]]
        for row, t in zip(problem.x.tolist(), problem.t.tolist(), strict=True):
            z = sum(Fraction(v) * d for v, d in zip([*row, 1.0], direction, strict=True))
            assert z > 0 if t else z < 0


def test_a_record_written_is_the_one_shown(tmp_path: Path, record: dict[str, Any]) -> None:
    few = {**record, **make(record["problems"][:5], ["A note."])}
    write(tmp_path, few)
    assert json.loads((tmp_path / "certified.json").read_text(encoding="utf-8")) == json.loads(
        json.dumps(few)
    )
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "A note." in page
    for one in few["problems"]:
        assert one["sha256"] in page
    assert (tmp_path / "digits.svg").read_text(encoding="utf-8") == plot(few)


def _exact(value: Any) -> Fraction:
    sign, man, exp, _ = value._mpf_
    return Fraction(int(-man if sign else man)) * Fraction(2) ** int(exp)


def _nearest(value: Any) -> float:
    """Python rounds a quotient of integers to the nearest float."""
    exact = _exact(mpmath.mpmathify(value))
    return exact.numerator / exact.denominator
