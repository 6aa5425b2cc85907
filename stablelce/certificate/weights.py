"""Effective weights: sample weight times class weight, so that trainer and certificate use the same bits."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.certificate.problem import Floats, exact_sum
from stablelce.formats import BINARY64

__all__ = ["class_weights", "effective_weights"]

ClassWeight = Mapping[Any, float] | str | None


def class_weights(
    totals: tuple[Fraction, Fraction], class_weight: ClassWeight, classes: tuple[Any, Any] = (0, 1)
) -> tuple[float, float]:
    """The weight of each class, as a float64.

    Parameters
    ----------
    totals : tuple of two Fraction
        Exact sums of the sample weights of either class; used for "balanced" only.
    class_weight : mapping, "balanced" or None
        From class to weight, 1 where a class is missing. "balanced" is W / (2 W_c), with W_c the sum of the
        sample weights of class c and W that of both, rounded once: n / (2 n_c) without sample weights, and
        such that a row of weight 2 counts as two rows.
    classes : tuple of two labels
        The keys of ``class_weight`` for targets 0 and 1.

    Raises
    ------
    TypeError
        A weight is no number.
    ValueError
        ``class_weight`` is none of these, names another class, or has a weight that is negative or not
        finite.
    """
    if class_weight is None:
        return 1.0, 1.0
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise ValueError(f"class_weight must be a mapping, 'balanced' or None: got {class_weight!r}.")
        both = totals[0] + totals[1]
        first, second = (1.0 if not total else _to_float(both / (2 * total)) for total in totals)
        return first, second
    unknown = [key for key in class_weight if key not in list(classes)]
    if unknown:
        raise ValueError(
            f"class_weight names {unknown[0]!r}, which is no class: the classes are {list(classes)}."
        )
    first, second = (_number(class_weight.get(label, 1.0), label) for label in classes)
    for label, weight in zip(classes, (first, second), strict=True):
        if not (np.isfinite(weight) and weight >= 0):
            raise ValueError(
                f"the weight of class {label!r} must be finite and not negative: got {weight!r}."
            )
    return first, second


def effective_weights(
    labels01: npt.ArrayLike,
    sample_weight: npt.ArrayLike | None,
    class_weight: ClassWeight,
    classes: tuple[Any, Any] = (0, 1),
) -> Floats | None:
    """Sample weight times class weight, each a float64 and the product rounded once.

    Parameters
    ----------
    labels01 : array_like, shape (n,)
        0 or 1 per row, the index of the row's class.
    sample_weight : array_like, shape (n,), or None
        Weights, finite and not negative; 1 unless given.
    class_weight : mapping, "balanced" or None
        See :func:`class_weights`.
    classes : tuple of two labels
        The keys of ``class_weight`` for targets 0 and 1.

    Returns
    -------
    ndarray of float64, shape (n,), or None
        None if every weight is 1 because none was given.

    Raises
    ------
    TypeError, ValueError
        See :func:`class_weights`; or a sample weight is negative or not finite, or their number is wrong; or
        a product lies outside the range of float64.
    """
    positive = np.asarray(labels01) == 1
    weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    if weights is not None:
        if weights.shape != positive.shape:
            raise ValueError(
                f"sample_weight must have one weight per row: got shape {weights.shape} for {len(positive)} "
                "rows."
            )
        if not (np.isfinite(weights) & (weights >= 0)).all():
            raise ValueError("sample_weight must be finite and not negative.")
    if class_weight is None:
        return weights
    per_class = class_weights(_totals(positive, weights), class_weight, classes)
    by_class = np.where(positive, per_class[1], per_class[0])
    if weights is None:
        return by_class
    with np.errstate(over="ignore", under="ignore"):
        product: Floats = weights * by_class
    if not np.isfinite(product).all():
        raise ValueError("a sample weight times its class weight lies outside the range of float64.")
    return product


def _number(weight: Any, label: Any) -> float:
    try:
        return float(weight)
    except (TypeError, ValueError):
        raise TypeError(f"the weight of class {label!r} must be a number: got {weight!r}.") from None


def _totals(positive: npt.NDArray[np.bool_], weights: Floats | None) -> tuple[Fraction, Fraction]:
    if weights is None:
        ones = int(positive.sum())
        return Fraction(len(positive) - ones), Fraction(ones)
    return exact_sum(weights[~positive].tolist()), exact_sum(weights[positive].tolist())


def _to_float(value: Fraction) -> float:
    return float(BINARY64.array(BINARY64.round(value))[()])
