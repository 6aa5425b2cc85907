"""The solvers that are compared, called as their users would, with default and with tight tolerances.

A solver takes a problem and whether to be tight, and returns the parameters, the intercept last.
"""

from __future__ import annotations

import importlib.util
import math
import os
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

import stablelce as lce
from tests.certified.problems import Floats, Problem

__all__ = ["ITERATIONS", "SYSTEMS", "TOLERANCE", "Fit", "Setting", "System", "absent", "one_thread", "run"]

Setting = Literal["default", "tight"]

TOLERANCE, ITERATIONS = 1e-14, 2000
"""The tight setting. More iterations take minutes and bring the slow solvers no further on raw data."""


SECONDS = 30.0
"""A solver that takes longer, on data of a few thousand rows, is stuck."""


@dataclass(frozen=True)
class System:
    """A solver: its name, its package, how it is called, and why it may not be comparable."""

    name: str
    package: str
    solve: Callable[[Problem, bool], Floats]
    unfit: Callable[[Problem], str]
    settings: tuple[Setting, ...] = ("default", "tight")


@dataclass(frozen=True)
class Fit:
    """What a call gave: parameters unless it raised, and the first line of each warning or of the error."""

    parameters: Floats | None
    warnings: tuple[str, ...]
    error: str


def run(system: System, problem: Problem, setting: Setting) -> Fit:
    """Call a solver; nothing it raises or warns of goes further, and it has a limited time."""
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            with _limit(SECONDS):
                parameters = system.solve(problem, setting == "tight")
        except Exception as error:  # noqa: BLE001  # whatever a foreign solver raises is its result
            return Fit(None, _lines(caught), f"{type(error).__name__}: {_first_line(error)}")
    return Fit(parameters, _lines(caught), "")


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """Raise ``TimeoutError`` in the next line of Python after that time, where there is such a timer."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: object) -> None:
        raise TimeoutError(f"no result after {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for the library and for BLAS, whose bits depend on the number of threads."""
    before = os.environ.get("STABLELCE_NUM_THREADS")
    os.environ["STABLELCE_NUM_THREADS"] = "1"
    try:
        if importlib.util.find_spec("threadpoolctl") is None:  # scikit-learn brings it
            yield
        else:
            from threadpoolctl import threadpool_limits

            with threadpool_limits(1):
                yield
    finally:
        if before is None:
            del os.environ["STABLELCE_NUM_THREADS"]
        else:
            os.environ["STABLELCE_NUM_THREADS"] = before


def absent() -> list[str]:
    """Packages of solvers that are not installed."""
    needed = {"statsmodels": "statsmodels", "scikit-learn": "sklearn"}
    return [name for name, module in needed.items() if importlib.util.find_spec(module) is None]


def _lines(caught: list[warnings.WarningMessage]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{w.category.__name__}: {_first_line(w.message)}" for w in caught))


def _first_line(message: object) -> str:
    return next(iter(str(message).strip().splitlines()), "")


# -- ours ----------------------------------------------------------------------------------------------


def _own(solver: Any) -> Callable[[Problem, bool], Floats]:
    def solve(problem: Problem, tight: bool) -> Floats:
        model = lce.LogisticRegression(solver=solver, l2=problem.l2, fit_intercept=problem.intercept)
        if tight:
            model.set_params(tol=TOLERANCE, max_iter=ITERATIONS)
        model.fit(problem.x, problem.t, problem.s)
        return _parameters(problem, model)

    return solve


def _parameters(problem: Problem, model: Any) -> Floats:
    coef = np.asarray(model.coef_, dtype=np.float64)[0]
    return np.append(coef, np.asarray(model.intercept_)) if problem.intercept else coef


# -- scikit-learn --------------------------------------------------------------------------------------


def _sklearn(solver: str) -> Callable[[Problem, bool], Floats]:
    def solve(problem: Problem, tight: bool) -> Floats:
        from sklearn.linear_model import LogisticRegression

        # C is the nearest float to 1/(l2 * sum_i s_i): rounding moves the optimum by an ulp or so.
        c = float(1 / (problem.l2 * problem.total)) if problem.l2 else math.inf
        limits = {"tol": TOLERANCE, "max_iter": ITERATIONS} if tight else {}
        model = LogisticRegression(
            C=c, solver=solver, fit_intercept=problem.intercept, random_state=0, **limits
        )
        model.fit(problem.x, problem.t, sample_weight=problem.s)
        return _parameters(problem, model)

    return solve


def _liblinear_differs(problem: Problem) -> str:
    if not problem.l2:
        return "liblinear always has a penalty"
    return "liblinear penalises the intercept" if problem.intercept else ""


# -- statsmodels ---------------------------------------------------------------------------------------


def _design(problem: Problem) -> Floats:
    return np.column_stack([problem.x, np.ones(len(problem.t))]) if problem.intercept else problem.x


def _logit(problem: Problem, tight: bool) -> Floats:
    from statsmodels.discrete.discrete_model import Logit

    limits = {"tol": TOLERANCE, "maxiter": ITERATIONS} if tight else {}
    return np.asarray(Logit(problem.t, _design(problem)).fit(disp=0, **limits).params)


def _glm(problem: Problem, tight: bool) -> Floats:
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    limits = {"tol": TOLERANCE, "maxiter": ITERATIONS} if tight else {}
    model = GLM(problem.t, _design(problem), family=Binomial(), freq_weights=problem.s)
    return np.asarray(model.fit(**limits).params)


def _no_penalty(problem: Problem) -> str:
    return "no penalty of this kind" if problem.l2 else ""


def _no_weights(problem: Problem) -> str:
    return _no_penalty(problem) or ("no weights" if problem.s is not None else "")


def _fits(problem: Problem) -> str:  # noqa: ARG001  # all problems
    return ""


SYSTEMS = (
    System("stablelce exact", "stablelce", _own("exact"), _fits, ("default",)),
    System("stablelce newton", "stablelce", _own("newton"), _fits),
    System("stablelce gd", "stablelce", _own("gd"), _fits),
    *(
        System(
            f"sklearn {solver}",
            "scikit-learn",
            _sklearn(solver),
            _liblinear_differs if solver == "liblinear" else _fits,
        )
        for solver in ("lbfgs", "newton-cg", "newton-cholesky", "liblinear", "sag", "saga")
    ),
    System("statsmodels Logit", "statsmodels", _logit, _no_weights),
    System("statsmodels GLM", "statsmodels", _glm, _no_penalty),
)
