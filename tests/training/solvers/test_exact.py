"""The exact solver: correctly rounded coefficients, or the reason why there are none."""

from __future__ import annotations

from fractions import Fraction

import flint  # noqa: F401  # the certificate needs it, so this file is left out where it is absent
import numpy as np
import pytest

import stablelce as lce
from tests.training.data import noisy, separable, soft
from tests.training.reference import Reference


@pytest.mark.parametrize("l2", [0.0, 0.125])
def test_every_coefficient_is_the_nearest_float(l2: float) -> None:
    X, t, s = soft()
    model = lce.LogisticRegression(solver="exact", l2=l2).fit_soft(X, t, sample_weight=s)
    want = Reference(X, t, s, l2=l2).optimum()
    got = [*model.coef_[0].tolist(), *model.intercept_.tolist()]
    assert got == [float(x) for x in want]  # mpmath rounds its 50 digits to the nearest float


def test_without_an_intercept_it_is_zero() -> None:
    X, y = noisy()
    model = lce.LogisticRegression(solver="exact", fit_intercept=False).fit(X, y)
    assert model.intercept_.tolist() == [0.0]
    newton = lce.LogisticRegression(fit_intercept=False).fit(X, y)
    assert np.abs(model.coef_ - newton.coef_).max() <= 8 * np.spacing(np.abs(model.coef_).max())


@pytest.mark.parametrize("scale", [1.0, 1e-100])
def test_separable_data_are_proved_to_be_so(scale: float) -> None:
    X, y = separable()
    # Warnings are errors here: the search for a start must not warn, as the error says it all.
    with pytest.raises(lce.NoUniqueOptimumError) as caught:
        lce.LogisticRegression(solver="exact").fit(X * scale, y)
    assert caught.value.kind == "separable"
    *w, b = caught.value.direction
    for row, label in zip((X * scale).tolist(), y.tolist(), strict=True):
        side = sum((Fraction(x) * v for x, v in zip(row, w, strict=True)), b)
        assert side > 0 if label else side < 0


def test_a_column_given_twice_is_proved_to_leave_a_choice() -> None:
    X, y = noisy()
    with pytest.raises(lce.NoUniqueOptimumError) as caught:
        lce.LogisticRegression(solver="exact").fit(np.column_stack([X, X[:, 1]]), y)
    assert caught.value.kind == "rank-deficient"


def test_newton_comes_within_a_few_ulps() -> None:
    """On breast_cancer, standardised and with a penalty: 30 coefficients and the intercept.

    As in test_newton the errors of the residuals are about u/sqrt(n) of random sign, and the smallest
    eigenvalue of the Hessian is above l2 = 0.1, so that a coefficient errs by about an ulp of the largest.
    """
    datasets = pytest.importorskip("sklearn.datasets")
    X, y = datasets.load_breast_cancer(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    exact = lce.LogisticRegression(solver="exact", l2=0.1).fit(X, y)
    newton = lce.LogisticRegression(l2=0.1).fit(X, y)
    assert np.abs(newton.coef_ - exact.coef_).max() <= 2 * np.spacing(np.abs(exact.coef_).max())
