"""``certify``: the certificate of a fitted model, ours or another's."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.certificate.columns import numbers_per_row, rows_of_numbers
from stablelce.certificate.point import Certificate, certify_point
from stablelce.certificate.problem import Floats
from stablelce.certificate.weights import effective_weights

__all__ = ["certify"]


def certify(
    model: Any,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    soft: bool = False,
    sample_weight: npt.ArrayLike | None = None,
    l2: float | Fraction | None = None,
) -> Certificate:
    """Prove how far the coefficients of a fitted model are from the exact optimum of its data.

    ::

        F(w, b) = sum_i s_i L(x_i.w + b, t_i) / sum_i s_i + (l2/2) |w|^2

    Parameters
    ----------
    model : object
        Either has ``coef_`` of shape (d,) or (1, d) and ``intercept_``, as our estimator and those of
        scikit-learn do; its ``classes_``, ``class_weight``, ``fit_intercept`` and ``l2`` count if they are
        there. Or has ``params`` of shape (d,), as the results of statsmodels do: X is then the whole design
        matrix, a column of ones included if the model has one, no intercept is added, and ``l2`` counts for
        every column.
    X : array_like, data frame or sparse matrix, shape (n, d)
        The features that the model was fitted to; a sparse matrix is made dense.
    y : array_like, shape (n,)
        Labels of two classes, the second of ``classes_`` (or in sorted order) being the positive one; with
        ``soft`` targets in [0, 1].
    soft : bool
        Whether ``y`` holds targets instead of labels.
    sample_weight : array_like, shape (n,), or float, optional
        Weights of the rows, or one for all; they are multiplied by the model's ``class_weight``, see
        :func:`~stablelce.certificate.effective_weights`.
    l2 : float or Fraction, optional
        The penalty; that of the model unless given. scikit-learn's ``C`` is the penalty 1/(C * sum_i s_i);
        as a Fraction it is exact.

    Returns
    -------
    Certificate
        The radius around the model's coefficients in which the optimum is proved to lie.

    Raises
    ------
    TypeError
        The model has neither ``coef_`` nor ``params``, or no ``l2`` and none was given; or the data are in
        blocks, masked, or no numbers.
    ValueError
        The model has other than two classes, a label is none of them, or the data are not as described.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1]
    >>> model = LogisticRegression(C=1.0).fit(X, y)
    >>> certificate = certify(model, X, y, l2=1 / (1.0 * len(y)))
    >>> certificate.certified, bool(certificate.radius[0] < 1e-4)
    (True, True)
    """
    parameters = _parameters(model)
    penalty = _penalty(model, l2)
    class_weight = getattr(model, "class_weight", None)
    rows, given = rows_of_numbers(X, y), numbers_per_row(y, "y")
    sample_weight = numbers_per_row(sample_weight, "sample_weight", len(given))
    if soft:
        if class_weight is not None:
            raise ValueError("soft targets have no class: pass the weights of the rows as sample_weight.")
        targets, weights = given, sample_weight
    else:
        targets, classes = _targets(given, getattr(model, "classes_", None))
        weights = effective_weights(targets, sample_weight, class_weight, classes)
    return certify_point(
        rows,
        targets,
        parameters.coef,
        parameters.intercept,
        s=weights,
        l2=penalty,
        fit_intercept=parameters.fit_intercept,
    )


@dataclass(frozen=True)
class _Parameters:
    coef: Floats
    intercept: float
    fit_intercept: bool


def _parameters(model: Any) -> _Parameters:
    if hasattr(model, "coef_"):
        coef = np.asarray(model.coef_, dtype=np.float64)
        intercept = np.asarray(getattr(model, "intercept_", 0.0), dtype=np.float64)
        if coef.ndim == 2 and len(coef) == 1:
            coef = coef[0]
        if coef.ndim != 1 or intercept.size != 1:
            raise ValueError(
                f"only models of two classes can be certified: coef_ has shape {coef.shape}, intercept_ "
                f"{intercept.shape}."
            )
        value = float(intercept.reshape(-1)[0])
        # An estimator that fits none has none, or a zero.
        fitted = bool(getattr(model, "fit_intercept", hasattr(model, "intercept_")))
        if not fitted and value != 0:
            raise ValueError(f"the model says fit_intercept=False, but its intercept_ is {value!r}.")
        return _Parameters(coef, value, fitted)
    if hasattr(model, "params"):
        params = np.asarray(model.params, dtype=np.float64)
        if params.ndim != 1:
            raise ValueError(f"only models of two classes can be certified: params has shape {params.shape}.")
        return _Parameters(params, 0.0, fit_intercept=False)
    raise TypeError(
        f"a fitted model has coef_ and intercept_, or params: {type(model).__name__} has neither; fit it "
        "first, or pass coefficients to stablelce.certificate.certify_point."
    )


def _penalty(model: Any, l2: float | Fraction | None) -> float | Fraction:
    if l2 is not None:
        return l2
    own: float | Fraction | None = getattr(model, "l2", None)
    if own is None:
        raise TypeError(
            f"{type(model).__name__} has no attribute l2: pass l2=0.0 for a fit without penalty, or for "
            "scikit-learn's C l2=1/(C*total), with total the sum of the weights of the rows (their number "
            "without weights)."
        )
    return own


def _targets(y: npt.NDArray[Any], classes: Any) -> tuple[Floats, tuple[Any, Any]]:
    """Targets 0 and 1, and the two labels they stand for."""
    if y.ndim != 1:
        raise ValueError(f"y must have shape (n,): got {y.shape}.")
    found = np.unique(y) if classes is None else np.asarray(classes)
    if len(found) != 2:
        raise ValueError(
            f"labels must be of two classes: got {len(found)}; pass soft=True if y holds targets in [0, 1]."
        )
    positive = y == found[1]
    strange = ~(positive | (y == found[0]))
    if strange.any():
        i = int(np.flatnonzero(strange)[0])
        raise ValueError(f"y[{i}] = {y.tolist()[i]!r} is none of the model's classes {found.tolist()}.")
    first, second = found.tolist()
    return positive.astype(np.float64), (first, second)
