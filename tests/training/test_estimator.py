"""The estimator: attributes, warnings, partial fits; without any package but NumPy."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import pytest

import stablelce as lce
from tests.training.data import noisy, separable, soft

X, Y = noisy()
NAMES = np.array(["no", "yes"])[Y]


def quiet(model: lce.LogisticRegression, *arguments: Any) -> lce.LogisticRegression:
    """Fit without the warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lce.ConvergenceWarning)
        return model.fit(*arguments)


# -- attributes --------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["newton", "gd", "sgd"])
def test_what_a_fit_leaves(solver: Any) -> None:
    model = lce.LogisticRegression(solver=solver, l2=0.1, tol=0.02, batch_size=10, random_state=0)
    assert model.fit(X, NAMES) is model
    assert model.coef_.shape == (1, 3)
    assert model.intercept_.shape == (1,)
    assert model.coef_.dtype == model.intercept_.dtype == np.float64
    assert model.classes_.tolist() == ["no", "yes"]
    assert model.n_features_in_ == 3
    assert model.n_iter_ >= 1
    assert len(model.loss_curve_) == model.n_iter_ + 1
    assert model.loss_curve_[0] == np.log(2.0)  # at 0 every row has the loss log(2), and so has their mean
    assert model.loss_curve_[-1] < model.loss_curve_[0]


def test_float32_features_give_float64_coefficients() -> None:
    small = X.astype(np.float32)
    model, wide = lce.LogisticRegression().fit(small, Y), lce.LogisticRegression().fit(small.astype(float), Y)
    assert model.coef_.dtype == np.float64
    assert model.coef_.tobytes() == wide.coef_.tobytes()


def test_without_an_intercept_it_is_zero() -> None:
    model = lce.LogisticRegression(fit_intercept=False).fit(X, Y)
    assert model.intercept_.tolist() == [0.0]
    assert model.decision_function(np.zeros((1, 3))).tolist() == [0.0]


def test_hard_targets_are_labels() -> None:
    hard = lce.LogisticRegression().fit(X, Y)
    as_soft = lce.LogisticRegression().fit_soft(X, Y)
    assert hard.coef_.tobytes() == as_soft.coef_.tobytes()
    assert as_soft.classes_.tolist() == [0, 1]


def test_soft_targets_are_rows_of_both_classes() -> None:
    """A target of 1/4 is a row of class 1 with the weight 1/4 and one of class 0 with 3/4."""
    rows, t, _ = soft()
    t = np.rint(4 * t) / 4
    soft_model = lce.LogisticRegression().fit_soft(rows, t)
    both = lce.LogisticRegression().fit(
        np.vstack([rows, rows]), np.repeat([1, 0], 60), np.concatenate([t, 1.0 - t])
    )
    # The objectives are the same; the residuals are rounded differently.
    assert np.abs(soft_model.coef_ - both.coef_).max() <= 8 * np.spacing(np.abs(both.coef_).max())


def test_class_weights_are_sample_weights() -> None:
    by_class = lce.LogisticRegression(class_weight={"yes": 3.0}).fit(X, NAMES)
    by_row = lce.LogisticRegression().fit(X, NAMES, np.where(Y == 1, 3.0, 1.0))
    assert by_class.coef_.tobytes() == by_row.coef_.tobytes()
    with pytest.raises(ValueError, match="class_weight needs class labels"):
        lce.LogisticRegression(class_weight={1: 2.0}).fit_soft(X, Y)


# -- starting and stopping ---------------------------------------------------------------------


def test_a_warm_start_goes_on_where_the_last_fit_ended() -> None:
    whole = quiet(lce.LogisticRegression(solver="gd", max_iter=30, tol=0.0), X, Y)
    parts = quiet(lce.LogisticRegression(solver="gd", max_iter=10, tol=0.0, warm_start=True), X, Y)
    parts = quiet(parts.set_params(max_iter=20), X, Y)
    assert parts.coef_.tobytes() == whole.coef_.tobytes()
    cold = quiet(parts.set_params(warm_start=False), X, Y)
    assert cold.coef_.tobytes() != whole.coef_.tobytes()


def test_a_warm_start_with_other_features_starts_from_zero() -> None:
    model = lce.LogisticRegression(warm_start=True).fit(X, Y)
    two = model.fit(X[:, :2], Y).coef_.tobytes()
    assert two == lce.LogisticRegression().fit(X[:, :2], Y).coef_.tobytes()


def test_a_callback_stops_a_fit_without_a_warning() -> None:
    model = lce.LogisticRegression(solver="gd", callbacks=[lambda told: told.iteration == 3]).fit(X, Y)
    assert model.n_iter_ == 3


def test_without_randomness_a_seed_is_not_looked_at() -> None:
    rng = np.random.default_rng(0)
    lce.LogisticRegression(random_state=rng).fit(X, Y)
    assert rng.integers(1000) == np.random.default_rng(0).integers(1000)


@pytest.mark.parametrize("solver", ["newton", "gd", "sgd"])
def test_separable_classes_are_a_warning_and_finite(solver: Any) -> None:
    rows, y = separable()
    model = lce.LogisticRegression(solver=solver, max_iter=60, batch_size=4, random_state=0)
    with pytest.warns(lce.ConvergenceWarning, match="separate the two classes|the data may be separable"):
        model.fit(rows, y)
    assert np.isfinite(model.coef_).all()
    assert model.score(rows, y) > 0.9
    assert model.loss_curve_[-1] < model.loss_curve_[len(model.loss_curve_) // 2] < model.loss_curve_[0]
    if solver != "sgd":
        assert all(after < before for before, after in itertools.pairwise(model.loss_curve_))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"solver": "gd", "max_iter": 2}, "raise max_iter, take solver='newton'"),
        ({"solver": "gd", "rate": 1e300, "l2": 1.0}, "the rate is too large"),
        ({"solver": "sgd", "rate": 1e300, "l2": 1.0}, "the rate is too large"),
    ],
)
def test_a_solver_that_does_not_get_there_says_what_to_do(options: Any, message: str) -> None:
    with pytest.warns(lce.ConvergenceWarning, match=message):
        model = lce.LogisticRegression(**options).fit(X, Y)
    assert np.isfinite(model.coef_).all()


def test_extreme_scales_of_features_do_not_matter_to_newton() -> None:
    scales = np.array([2.0**-465, 1.0, 2.0**465])  # 1e-140, 1, 1e140
    model, plain = lce.LogisticRegression().fit(X * scales, Y), lce.LogisticRegression().fit(X, Y)
    assert (model.coef_ * scales).tobytes() == plain.coef_.tobytes()
    assert model.intercept_.tobytes() == plain.intercept_.tobytes()


# -- partial fits ------------------------------------------------------------------------------


def test_a_partial_fit_is_one_pass_in_the_order_of_the_rows() -> None:
    one = lce.LogisticRegression(rate=0.1).partial_fit(X, Y, classes=[0, 1])
    parts = lce.LogisticRegression(rate=0.1).partial_fit(X[:25], Y[:25], classes=[0, 1])
    parts.partial_fit(X[25:], Y[25:])
    assert one.coef_.tobytes() == parts.coef_.tobytes()
    assert (one.n_iter_, parts.n_iter_) == (1, 2)
    assert len(parts.loss_curve_) == 2
    backwards = lce.LogisticRegression(rate=0.1).partial_fit(X[::-1], Y[::-1], classes=[0, 1])
    assert backwards.coef_.tobytes() != one.coef_.tobytes()


def test_partial_fits_lower_the_loss_by_their_default_rate() -> None:
    model = lce.LogisticRegression(batch_size=5)
    for _ in range(15):
        model.partial_fit(X, Y, classes=[0, 1])
    assert model.loss_curve_[-1] < model.loss_curve_[0] < np.log(2)


def test_a_batch_may_hold_one_class() -> None:
    model = lce.LogisticRegression().partial_fit(X[Y == 1], NAMES[Y == 1], classes=["no", "yes"])
    assert model.predict(X[Y == 1]).tolist().count("yes") > (Y == 1).sum() / 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"classes": None}, "classes must be passed on the first call"),
        ({"classes": ["no"]}, "classes holds 1 class only"),
        ({"classes": ["a", "b"]}, "holds the label .* which is not among the classes"),
    ],
)
def test_classes_of_a_partial_fit_are_checked(change: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lce.LogisticRegression().partial_fit(X, NAMES, **change)


def test_later_partial_fits_cannot_change_the_data_or_the_classes() -> None:
    model = lce.LogisticRegression().partial_fit(X, NAMES, classes=["no", "yes"])
    with pytest.raises(ValueError, match="and those of the first call"):
        model.partial_fit(X, NAMES, classes=["maybe", "yes"])
    with pytest.raises(ValueError, match="X has 2 features, but LogisticRegression is expecting 3"):
        model.partial_fit(X[:, :2], NAMES)
    with pytest.raises(ValueError, match="class_weight='balanced' needs all rows"):
        model.set_params(class_weight="balanced").partial_fit(X, NAMES)


def test_a_partial_fit_with_a_rate_too_large_keeps_its_coefficients() -> None:
    model = lce.LogisticRegression(rate=0.1, l2=1.0).partial_fit(X, Y, classes=[0, 1])
    before = model.coef_.tobytes()
    with pytest.warns(lce.ConvergenceWarning, match="partial_fit stopped .* the rate is too large"):
        model.set_params(rate=1e300).partial_fit(X, Y)
    assert model.coef_.tobytes() == before


@pytest.mark.parametrize("solver", ["newton", "gd", "sgd", "exact"])
def test_weights_whose_sum_is_no_float_are_refused(solver: Any) -> None:
    X, y = noisy()
    with pytest.raises(ValueError, match="divide all weights by a power of two"):
        lce.LogisticRegression(solver=solver).fit(X, y, np.full(60, 1e308))


def test_weights_too_small_for_single_rows_are_refused() -> None:
    X, y = noisy()
    tiny = np.full(60, 1e-310)
    model = lce.LogisticRegression(solver="sgd", random_state=0)
    with pytest.raises(ValueError, match="multiply all weights by a power of two"):
        model.fit(X, y, tiny)
    with pytest.raises(ValueError, match="multiply all weights by a power of two"):
        model.fit([(X, y, tiny)])
    with pytest.raises(ValueError, match="multiply all weights by a power of two"):
        model.partial_fit(X, y, [0, 1], tiny)


def test_a_column_whose_squares_are_no_floats_is_named() -> None:
    X, y = noisy()
    with pytest.warns(lce.ConvergenceWarning, match="multiply feature 1 by a power of two"):
        lce.LogisticRegression().fit(X * [1.0, 1e-200, 1.0], y)


def test_a_checkpoint_that_is_no_path_is_refused() -> None:
    X, y = noisy()
    with pytest.raises(TypeError, match="checkpoint must be the path of a directory"):
        lce.LogisticRegression(checkpoint=3).fit(X, y)  # type: ignore[arg-type]  # that is the point
