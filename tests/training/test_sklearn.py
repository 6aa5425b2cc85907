"""The estimator among scikit-learn's, and without it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

import stablelce as lce
from tests.training.data import noisy

EVERY_SOLVER = {
    "check_dtype_object": "features of dtype object are refused, with the advice to convert them: what they "
    "hold is not known before each element has been looked at, and a float hidden in an integer column is "
    "rather a mistake than a wish",
}
SEPARABLE = (
    "the 15 rows of this check have 10 features and are separable: without a penalty there is no optimum, "
    "and where Newton's method gives up depends on the last bits of its Hessians"
)
ORDER = "a row that is repeated is another step of sgd, and the order of the rows is another"

SUBJECTS: dict[str, tuple[lce.LogisticRegression, dict[str, str]]] = {
    "newton": (
        lce.LogisticRegression(),
        {
            **EVERY_SOLVER,
            "check_sample_weight_equivalence_on_dense_data": SEPARABLE,
            "check_sample_weight_equivalence_on_sparse_data": SEPARABLE,
        },
    ),
    "newton with a penalty": (lce.LogisticRegression(l2=0.01), EVERY_SOLVER),
    "gd": (lce.LogisticRegression(solver="gd", max_iter=50), EVERY_SOLVER),
    "sgd": (
        lce.LogisticRegression(solver="sgd", max_iter=8),
        {
            **EVERY_SOLVER,
            "check_sample_weight_equivalence_on_dense_data": ORDER,
            "check_sample_weight_equivalence_on_sparse_data": ORDER,
        },
    ),
}
if importlib.util.find_spec("flint") is not None:
    SUBJECTS["exact"] = (lce.LogisticRegression(solver="exact", l2=0.01), EVERY_SOLVER)


def checks() -> list[Any]:
    """One parameter per solver and check; those that are expected to fail must fail."""
    found = []
    for name, (estimator, expected) in SUBJECTS.items():
        for subject, check in estimator_checks_generator(estimator):
            title = check.func.__name__
            options = {key: value for key, value in check.keywords.items() if key != "name"}
            reason = expected.get(title)
            marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
            found.append(pytest.param(subject, check, marks=marks, id=f"{name}-{title}-{options or ''}"))
    return found


@pytest.mark.parametrize(("subject", "check"), checks())
def test_scikit_learn_s_checks(subject: Any, check: Any) -> None:
    with warnings.catch_warnings():
        # Their data sets are small and often separable, which the estimator must say and the checks ignore.
        warnings.simplefilter("ignore", ConvergenceWarning)
        check(subject)


def test_every_expected_failure_is_that_of_a_check() -> None:
    for estimator, expected in SUBJECTS.values():
        names = {check.func.__name__ for _, check in estimator_checks_generator(estimator)}
        assert set(expected) <= names


def test_it_works_in_pipelines_searches_and_validation() -> None:
    X, y = noisy(120)
    pipeline = make_pipeline(StandardScaler(), lce.LogisticRegression())
    search = GridSearchCV(pipeline, {"logisticregression__l2": [0.01, 1.0]}, cv=3).fit(X, y)
    assert search.best_params_["logisticregression__l2"] in (0.01, 1.0)
    assert search.best_estimator_[-1].n_features_in_ == 3
    scores = cross_val_score(lce.LogisticRegression(), X, y, cv=4)
    assert (scores > 0.5).all()


def test_a_clone_has_the_parameters_and_nothing_else() -> None:
    X, y = noisy()
    model = lce.LogisticRegression(l2=0.5, class_weight={0: 2.0}).fit(X, y)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "coef_")


def test_its_warning_is_one_of_scikit_learn_s() -> None:
    assert issubclass(lce.ConvergenceWarning, ConvergenceWarning)


WITHOUT = """
import sys
sys.modules["sklearn"] = None
import numpy as np
import stablelce as lce
from stablelce.training._sklearn import NotFittedError

X = np.array([[0.0, 1.0], [1.0, 0.5], [2.0, 0.0], [3.0, 1.0], [1.5, 0.2], [1.0, 1.0]])
y = np.array(["a", "b", "a", "b", "b", "a"])
model = lce.LogisticRegression(l2=0.25)
assert repr(model) == "LogisticRegression(l2=0.25)", repr(model)
assert model.get_params()["solver"] == "newton"
assert model.set_params(tol=1e-3) is model and model.tol == 1e-3
try:
    model.set_params(C=1.0)
except ValueError as error:
    assert "Invalid parameter 'C' for estimator LogisticRegression(" in str(error)
else:
    raise AssertionError("C was taken")
try:
    model.predict(X)
except NotFittedError as error:
    assert isinstance(error, ValueError) and isinstance(error, AttributeError)
model.fit(X, y)
hits = model.predict(X) == y
assert model.score(X, y) == hits.mean()
assert model.score(X, y, sample_weight=[1, 0, 0, 0, 0, 0]) == float(hits[0])
assert issubclass(lce.ConvergenceWarning, UserWarning)
print(model.coef_.tobytes().hex())
"""


def test_without_scikit_learn_the_bits_are_the_same() -> None:
    run = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    X = np.array([[0.0, 1.0], [1.0, 0.5], [2.0, 0.0], [3.0, 1.0], [1.5, 0.2], [1.0, 1.0]])
    y = np.array(["a", "b", "a", "b", "b", "a"])
    model = lce.LogisticRegression(l2=0.25, tol=1e-3).fit(X, y)
    assert run.stdout.strip() == model.coef_.tobytes().hex()
