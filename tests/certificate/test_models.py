"""``certify`` on fitted models: ours by its attributes, scikit-learn's, results like those of statsmodels."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import stablelce as lce
from stablelce.certificate.models import certify
from stablelce.certificate.optimum import exact_optimum
from stablelce.certificate.point import Certificate, certify_point
from stablelce.certificate.weights import effective_weights
from tests.certificate.reference import data

X, T = data(0, 60, 3)
LABELS = np.where(T == 1, "yes", "no")
BEST = exact_optimum(X, T, l2=0.1)


def fitted(**attributes: Any) -> Any:
    """A model as our estimator leaves it."""
    base = {"coef_": BEST.coef[None, :], "intercept_": np.array([BEST.intercept]), "l2": 0.1}
    return SimpleNamespace(**{**base, **attributes})


def assert_close(found: Certificate, bound: float = 1e-15) -> None:
    assert found.certified, found.reason
    assert (found.radius < bound).all()
    assert found.intercept_radius < bound


def test_the_public_name() -> None:
    assert lce.certify is certify


def test_a_model_brings_its_penalty_and_classes() -> None:
    assert_close(certify(fitted(), X, T))
    assert_close(certify(fitted(classes_=np.array(["no", "yes"])), X, LABELS))
    assert_close(certify(fitted(), X, LABELS))  # sorted: no, yes
    opposite = certify(fitted(classes_=np.array(["yes", "no"])), X, LABELS)
    assert (opposite.radius > 1e-3).all()


def test_coefficients_of_one_dimension_and_an_intercept_without_any() -> None:
    assert_close(certify(fitted(coef_=BEST.coef, intercept_=BEST.intercept), X, T))


def test_the_penalty_given_takes_precedence() -> None:
    assert (certify(fitted(), X, T, l2=0.2).radius > 1e-3).all()
    assert_close(certify(fitted(l2=7.0), X, T, l2=Fraction(0.1)))


def test_soft_targets_and_weights() -> None:
    t, s = np.clip(T, 0.125, 0.75), np.linspace(1, 2, 60)
    best = exact_optimum(X, t, s=s, l2=0.1)
    model = fitted(coef_=best.coef, intercept_=best.intercept)
    assert_close(certify(model, X, t, soft=True, sample_weight=s))
    with pytest.raises(ValueError, match="soft targets have no class"):
        certify(fitted(class_weight="balanced"), X, t, soft=True)


@pytest.mark.parametrize("class_weight", ["balanced", {"yes": 3.0}, {"yes": 0.1, "no": 0.7}])
def test_class_weights(class_weight: Any) -> None:
    s = np.linspace(1, 2, 60)
    weights = effective_weights(T, s, class_weight, ("no", "yes"))
    best = exact_optimum(X, T, s=weights, l2=0.1)
    model = fitted(coef_=best.coef, intercept_=best.intercept, class_weight=class_weight)
    assert_close(certify(model, X, LABELS, sample_weight=s))


def test_no_intercept() -> None:
    best = exact_optimum(X, T, l2=0.1, fit_intercept=False)
    assert_close(certify(fitted(coef_=best.coef, intercept_=0.0, fit_intercept=False), X, T))
    bare = SimpleNamespace(coef_=best.coef, l2=0.1)
    assert_close(certify(bare, X, T))
    with pytest.raises(ValueError, match="fit_intercept=False"):
        certify(fitted(fit_intercept=False), X, T)


def test_results_like_those_of_statsmodels() -> None:
    design = np.column_stack([np.ones(60), X])
    best = exact_optimum(X, T)
    results = SimpleNamespace(params=np.array([best.intercept, *best.coef]))
    found = certify(results, design, T, l2=0.0)
    assert_close(found)
    assert found.radius.shape == (4,)
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        certify(results, X, T, l2=0.0)


def test_scikit_learn() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    model = linear_model.LogisticRegression(C=0.5, tol=1e-10, max_iter=10**4).fit(X, LABELS)
    with pytest.raises(TypeError, match=r"l2=1/\(C\*total\)"):
        certify(model, X, LABELS)
    assert_close(certify(model, X, LABELS, l2=Fraction(1, 30)), 1e-4)
    assert (certify(model, X, LABELS, l2=Fraction(1, 60)).radius > 1e-3).all()


def test_scikit_learn_with_balanced_classes() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    s = np.linspace(0.5, 2.0, 60)
    model = linear_model.LogisticRegression(C=2.0, tol=1e-10, max_iter=10**4, class_weight="balanced")
    model.fit(X, LABELS, sample_weight=s)
    weights = effective_weights(T, s, "balanced")
    assert weights is not None
    penalty = 1 / (2 * sum(map(Fraction, weights.tolist())))
    assert_close(certify(model, X, LABELS, sample_weight=s, l2=penalty), 1e-4)


def test_data_frames_and_lists() -> None:
    assert_close(certify(fitted(), X.tolist(), T.astype(int).tolist()))


def test_separable_data_give_the_proof() -> None:
    x, t = data(1, 30, 3, noise=0.0)
    found = certify(fitted(l2=0.0), x, t)
    assert not found.certified
    assert found.separation is not None


def test_one_class_of_two() -> None:
    found = certify(fitted(classes_=np.array([0, 1])), X, np.ones(60))
    assert not found.certified
    assert "both classes are needed" in found.reason


def test_what_is_no_model_of_two_classes() -> None:
    with pytest.raises(TypeError, match="SimpleNamespace has neither"):
        certify(SimpleNamespace(), X, T, l2=0.0)
    with pytest.raises(ValueError, match="only models of two classes"):
        certify(fitted(coef_=np.ones((3, 3))), X, T)
    with pytest.raises(ValueError, match="only models of two classes"):
        certify(SimpleNamespace(params=np.ones((3, 2))), X, T, l2=0.0)
    with pytest.raises(ValueError, match="two classes: got 60"):
        certify(fitted(), X, np.linspace(0, 1, 60))
    with pytest.raises(ValueError, match="y must have shape"):
        certify(fitted(), X, T[:, None])
    with pytest.raises(ValueError, match=r"y\[0\] = 'b' is none of the model's classes \['a', 'yes'\]\."):
        certify(fitted(classes_=np.array(["a", "yes"])), X, np.where(T[0] == T, "b", "yes"))


def test_the_certificate_of_our_exact_optimum_is_that_of_its_point() -> None:
    direct = certify_point(X, T, BEST.coef, BEST.intercept, l2=0.1)
    assert certify(fitted(), X, T).radius.tolist() == direct.radius.tolist()
    assert (direct.radius == BEST.radius).all()


def test_masks_are_not_lost() -> None:
    masked: Any = np.ma.masked_array(T, mask=T == 1)
    with pytest.raises(TypeError, match="y is a masked array, whose mask would be lost"):
        certify(fitted(), X, masked)
    with pytest.raises(TypeError, match="sample_weight is a masked array, whose mask would be lost"):
        certify(fitted(), X, T, sample_weight=masked)


def test_one_weight_for_all_rows_and_blocks() -> None:
    assert_close(certify(fitted(), X, T, sample_weight=0.3))
    for blocks in ([(X, T)], lambda: iter([(X, T)])):
        with pytest.raises(TypeError, match="needs all rows at once: put the blocks into one X and one y"):
            certify(fitted(), blocks, None)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(TypeError, match="l2 must be a number or a Fraction: got 'a'"):
        certify(fitted(), X, T, l2="a")  # type: ignore[arg-type]  # that is the point
