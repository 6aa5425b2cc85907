"""Calling a trainer: what it raises or returns amiss becomes a finding, what it warns of is kept."""

from __future__ import annotations

import inspect
import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from fractions import Fraction
from typing import Any

import numpy as np

from stablelce.conformance.subjects.importing import describe
from stablelce.conformance.trainers.base import Coefficients, Floats, Trainer
from stablelce.conformance.trainers.contract import TrainerProfile, allowed
from stablelce.conformance.trainers.problems import Problem, optimum

__all__ = ["Run", "TrainerProblem", "takes"]


class TrainerProblem(Exception):  # noqa: N818 - not an error of ours: what the trainer did wrong
    """A fit that raised, or left no coefficients of the right shape."""

    def __init__(self, mode: str, message: str) -> None:
        super().__init__(message)
        self.mode = mode


class Run:
    """One trainer being judged.

    Parameters
    ----------
    trainer : Trainer
        What is judged.
    profile : str
        The accuracy required of it.

    Attributes
    ----------
    intercept : bool
        Whether it fits an intercept.
    fits : int
        Fits so far.
    altered : list of str
        What these wrote to of what they were given.
    """

    def __init__(self, trainer: Trainer, profile: TrainerProfile) -> None:
        self.trainer, self.profile = trainer, profile
        self.intercept = trainer.fits_intercept
        self.altered: list[str] = []
        self.fits = 0
        self._fits: dict[str, Coefficients] = {}

    @property
    def soft(self) -> bool:
        """Whether the trainer offers ``fit_soft``."""
        return callable(getattr(self.trainer.make(), "fit_soft", None))

    @property
    def penalised(self) -> bool:
        """Whether its objective has a penalty."""
        return self.trainer.penalty(Fraction(1)) != 0

    def optimum(self, judged: Problem) -> Floats:
        """The correctly rounded optimum of the trainer's objective, proved."""
        return optimum(judged, self.trainer.penalty(judged.total), intercept=self.intercept)

    def errors(self, judged: Problem, values: Floats) -> Floats:
        """|w_j - w*_j| / |w*_j|: correctly rounded, for w* is a float and close ones subtract exactly."""
        exact = self.optimum(judged)
        with np.errstate(all="ignore"):
            size = np.where(exact == 0, 1.0, np.abs(exact))
            relative: Floats = np.abs(values / size - exact / size)
        return np.where(values == exact, 0.0, np.maximum(relative, 2.0**-53))

    @property
    def allowed(self) -> float:
        """The relative error that the profile allows."""
        return allowed(self.profile)

    def fit(self, judged: Problem, *, soft: bool = False) -> Coefficients:
        """Fit a fresh estimator; a problem is fitted once.

        Raises
        ------
        TrainerProblem
            The fit raised, or left no real coefficients of the right shape.
        """
        key = f"{judged.name} {'soft' if soft else 'hard'}"
        if key not in self._fits:
            self._fits[key] = self._fit(judged, soft=soft)
        return self._fits[key]

    def _fit(self, judged: Problem, *, soft: bool) -> Coefficients:
        self.fits += 1
        estimator = self.trainer.make()
        x, target = judged.x.copy(), judged.t.copy() if soft else judged.labels
        arrays = [x, target]
        keywords: dict[str, Any] = {}
        if judged.s is not None:
            keywords["sample_weight"] = judged.s.copy()
            arrays.append(keywords["sample_weight"])
        before = [array.tobytes() for array in arrays]
        call = estimator.fit_soft if soft else estimator.fit
        with listening() as heard:
            guarded(lambda: call(x, target, **keywords), judged.name)
        for name, array, content in zip(("X", "y", "sample_weight"), arrays, before, strict=False):
            if array.tobytes() != content:
                self.altered.append(f"{name} of {judged.name}")
        curve = getattr(estimator, "loss_curve_", ())
        return Coefficients(
            self._values(_fitted(estimator, judged.name), judged),
            tuple(heard),
            tuple(float(loss) for loss in np.ravel(np.asarray(curve, dtype=np.float64))),
        )

    def steps(self, judged: Problem, rate: float, count: int) -> Floats:
        """Coefficients after so many steps of gradient descent from 0; only if the trainer has steps."""
        steps = self.trainer.steps
        assert steps is not None
        with listening():
            made = guarded(
                lambda: steps(judged.x.copy(), judged.labels, rate, count), f"{count} steps on {judged.name}"
            )
        return self._values(made, judged)

    def _values(self, made: tuple[Any, Any], judged: Problem) -> Floats:
        coef, intercept = (np.asarray(part) for part in made)
        features = judged.x.shape[1]
        if coef.dtype.kind != "f" or coef.shape not in {(features,), (1, features)}:
            raise TrainerProblem(
                "wrong shape or dtype",
                f"on {judged.name}, coef_ is {coef.dtype} of shape {coef.shape}; want floats of shape "
                f"(1, {features}) or ({features},)",
            )
        if not self.intercept:
            return coef.reshape(-1).astype(np.float64)
        if intercept.dtype.kind not in "if" or intercept.size != 1:
            raise TrainerProblem(
                "wrong shape or dtype", f"on {judged.name}, intercept_ is no single number: {intercept!r:.80}"
            )
        return np.append(coef.reshape(-1), intercept.reshape(-1)).astype(np.float64)


def _fitted(estimator: Any, name: str) -> tuple[Any, Any]:
    if not hasattr(estimator, "coef_"):
        raise TrainerProblem("no coefficients", f"after the fit of {name} the estimator has no coef_")
    return estimator.coef_, getattr(estimator, "intercept_", 0.0)


@contextmanager
def listening() -> Iterator[list[str]]:
    """Collect what is warned of, and swallow what is printed."""
    heard: list[str] = []
    with warnings.catch_warnings(record=True) as caught, redirect_stdout(io.StringIO()):
        warnings.simplefilter("always")
        yield heard
    heard += dict.fromkeys(f"{one.category.__name__}: {' '.join(str(one.message).split())}" for one in caught)


def guarded(call: Callable[[], Any], where: str) -> Any:
    """The result of a call of the trainer's; what it raises is a :class:`TrainerProblem`."""
    try:
        return call()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise TrainerProblem("raised", f"{where} raised {describe(error)}") from error


def takes(function: Any, name: str) -> bool:
    """Whether a function takes an argument of that name; one that hides its arguments is taken to."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # compiled functions may tell nothing
        return True
    return name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
