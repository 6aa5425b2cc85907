"""What a fitted model says of rows: logits, classes and probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.functions import log_sigmoid, sigmoid
from stablelce.training._sklearn import Base, NotFittedError
from stablelce.training.inputs import Features, check_same, features
from stablelce.training.logits import logits

__all__ = ["Predictor"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


class Predictor(Base):  # type: ignore[misc]  # scikit-learn's base, or the stand-in
    """The predictions of an estimator, from the attributes that its fit sets."""

    coef_: Floats
    intercept_: Floats
    classes_: Array
    n_features_in_: int

    def decision_function(self, X: Any) -> Floats:
        """The logits x.w + b.

        Parameters
        ----------
        X : array_like, data frame or sparse matrix, shape (n, n_features)
            Features.

        Returns
        -------
        ndarray of float64, shape (n,)
            The logits.

        Raises
        ------
        NotFittedError
            The estimator is not fitted.
        TypeError, ValueError
            The features are not taken, or are others than those fitted.
        """
        self._check_fitted()
        return logits(self._features(X, first=False).rows, self._coefficients())

    def predict(self, X: Any) -> Array:
        """The likelier class of each row: the second where its logit is positive.

        Parameters, returns and errors are those of :meth:`decision_function`, with labels for logits.
        """
        second = self.decision_function(X) > 0
        labels: Array = self.classes_[second.astype(np.intp)]
        return labels

    def predict_proba(self, X: Any) -> Floats:
        """Probabilities of both classes: sigmoid(-z) and sigmoid(z), each correctly rounded from the logit.

        Parameters and errors are those of :meth:`decision_function`.

        Returns
        -------
        ndarray of float64, shape (n, 2)
            A column per class. Neither is made by subtraction, so small ones keep all their digits.
        """
        z = self.decision_function(X)
        return np.column_stack([sigmoid(-z), sigmoid(z)])

    def predict_log_proba(self, X: Any) -> Floats:
        """Logarithms of the probabilities: log_sigmoid(-z) and log_sigmoid(z), each correctly rounded.

        Parameters, returns and errors are those of :meth:`predict_proba`.
        """
        z = self.decision_function(X)
        return np.column_stack([log_sigmoid(-z), log_sigmoid(z)])

    # -- inside --------------------------------------------------------------------------------

    def _coefficients(self) -> Floats:
        return np.append(self.coef_[0], self.intercept_)

    def _features(self, X: Any, *, first: bool) -> Features:
        """Checked features; but in a first fit they must be those that were fitted."""
        taken = features(X)
        if not first:
            check_same(
                taken, self.n_features_in_, getattr(self, "feature_names_in_", None), type(self).__name__
            )
        return taken

    def _check_fitted(self) -> None:
        if not hasattr(self, "coef_"):
            raise NotFittedError(
                f"This {type(self).__name__} instance is not fitted yet: call fit with training data first."
            )
