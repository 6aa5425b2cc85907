"""Predictions follow from the logits, keep their digits, and need a fit; without any package but NumPy."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import stablelce as lce
from stablelce.training._sklearn import NotFittedError
from tests.training.data import noisy

X, Y = noisy()
NAMES = np.array(["no", "yes"])[Y]


def test_predictions_follow_from_the_logits() -> None:
    model = lce.LogisticRegression().fit(X, NAMES)
    z = model.decision_function(X)
    assert model.predict(X).tolist() == np.where(z > 0, "yes", "no").tolist()
    assert model.predict_proba(X)[:, 1].tobytes() == lce.sigmoid(z).tobytes()
    assert model.predict_proba(X)[:, 0].tobytes() == lce.sigmoid(-z).tobytes()
    assert model.predict_log_proba(X)[:, 1].tobytes() == lce.log_sigmoid(z).tobytes()
    assert model.predict_log_proba(X)[:, 0].tobytes() == lce.log_sigmoid(-z).tobytes()
    assert model.score(X, NAMES) == np.mean(model.predict(X) == NAMES)


def test_small_probabilities_keep_their_digits() -> None:
    model = lce.LogisticRegression().fit(X, Y)
    model.coef_, model.intercept_ = np.array([[1.0, 0.0, 0.0]]), np.zeros(1)
    rows = np.array([[700.0, 0.0, 0.0], [-700.0, 0.0, 0.0], [800.0, 0.0, 0.0]])
    proba, log_proba = model.predict_proba(rows), model.predict_log_proba(rows)
    assert proba[0, 0] == proba[1, 1] == lce.sigmoid(-700.0) > 0
    assert (log_proba[2, 0], proba[2, 0]) == (-800.0, 0.0)  # exp(-800) is below the smallest float


@pytest.mark.parametrize(
    "method", ["predict", "predict_proba", "predict_log_proba", "decision_function", "score"]
)
def test_predictions_need_a_fit(method: str) -> None:
    arguments = (X, Y) if method == "score" else (X,)
    with pytest.raises(NotFittedError, match="LogisticRegression instance is not fitted yet: call fit"):
        getattr(lce.LogisticRegression(), method)(*arguments)


def test_a_pickled_model_predicts_the_same_bits() -> None:
    model = lce.LogisticRegression(l2=0.1).fit(X, NAMES)
    again = pickle.loads(pickle.dumps(model))
    assert again.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()
    assert again.get_params() == model.get_params()
