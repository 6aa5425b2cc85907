"""What is found for one problem: the certified optimum or the proof that there is none, and digits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from stablelce.certificate import NoUniqueOptimumError, Optimum, exact_optimum
from tests.certified.digits import correct_digits
from tests.certified.problems import Floats, Problem
from tests.certified.systems import Setting, System, run

__all__ = ["certified", "describe", "fits", "rounded_down"]

Row = dict[str, Any]


def describe(problem: Problem) -> Row:
    """The problem without its data."""
    return {
        "name": problem.name,
        "source": problem.source,
        "rows": problem.x.shape[0],
        "features": list(problem.features),
        "intercept": problem.intercept,
        "weights": problem.s is not None,
        "l2": problem.l2,
        "sha256": problem.sha256(),
    }


def certified(problem: Problem) -> tuple[Row, Floats | None]:
    """The certified part of the record, and the parameters of the optimum, the intercept last."""
    try:
        optimum = exact_optimum(
            problem.x, problem.t, s=problem.s, l2=problem.l2, fit_intercept=problem.intercept
        )
    except NoUniqueOptimumError as error:
        return {
            "optimum": None,
            "absence": {"kind": error.kind, "direction": [str(v) for v in error.direction]},
        }, None
    parameters = _all(problem, optimum.coef, optimum.intercept)
    return {"optimum": _optimum(problem, optimum, parameters), "absence": None}, parameters


def _optimum(problem: Problem, optimum: Optimum, parameters: Floats) -> Row:
    names = [*problem.features, "(intercept)"] if problem.intercept else problem.features
    errors = _all(problem, optimum.standard_errors, optimum.intercept_standard_error)
    radii = _all(problem, optimum.radius, optimum.intercept_radius)
    return {
        "parameters": [
            {"name": name, **_both(value), "radius": radius, "standard_error": _both(error)}
            for name, value, radius, error in zip(
                names, parameters.tolist(), radii.tolist(), errors.tolist(), strict=True
            )
        ],
        "loss": _both(optimum.loss),
        "precision": optimum.precision,
    }


def _all(problem: Problem, coefficients: Floats, intercept: float) -> Floats:
    return np.append(coefficients, intercept) if problem.intercept else coefficients


def _both(value: float) -> Row:
    """A float as its shortest decimal and in hexadecimal, which says which float it is."""
    return {"decimal": repr(value), "hex": value.hex()}


def fits(problem: Problem, exact: Floats | None, systems: Iterable[System]) -> Iterator[Row]:
    """A row for each solver and setting; only the default one where there is nothing to be near to."""
    for system in systems:
        reason = system.unfit(problem)
        if reason:
            yield {"system": system.name, "setting": None, "left_out": reason}
            continue
        settings: tuple[Setting, ...] = ("default",) if exact is None else system.settings
        for setting in settings:
            yield _fit(problem, exact, system, setting)


def _fit(problem: Problem, exact: Floats | None, system: System, setting: Setting) -> Row:
    fit = run(system, problem, setting)
    row: Row = {
        "system": system.name,
        "setting": setting,
        "digits": None,
        "fewest": None,
        "warnings": list(fit.warnings),
        "error": fit.error,
    }
    if fit.parameters is not None and exact is not None:
        digits = [correct_digits(a, b) for a, b in zip(fit.parameters.tolist(), exact.tolist(), strict=True)]
        row |= {"digits": [rounded_down(d) for d in digits], "fewest": rounded_down(min(digits))}
    return row


def rounded_down(digits: float) -> float | str:
    """To hundredths; "exact" where every bit is right."""
    return "exact" if math.isinf(digits) else math.floor(100 * digits) / 100
