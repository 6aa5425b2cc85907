"""Effective weights: that of the sample times that of its class."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.training.labels import vector

__all__ = ["effective_weights", "sample_weights"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


def sample_weights(value: Any, length: int) -> Floats | None:
    """One weight per sample as float64, or None where all are 1.

    Parameters
    ----------
    value : array_like, float or None
        Weights, finite and not negative; a number stands for one per sample.
    length : int
        Number of samples.

    Raises
    ------
    TypeError
        They are no real numbers.
    ValueError
        One is negative or not finite, all are zero, or there is another number of them.
    """
    if value is None:
        return None
    array = (
        np.full(length, value) if isinstance(value, numbers.Real) else vector(value, "sample_weight", length)
    )
    if array.dtype.kind not in "biuf":
        raise TypeError(f"sample_weight has dtype {array.dtype}: pass numbers.")
    weights = array.astype(np.float64)
    refused = ~((weights >= 0) & np.isfinite(weights))
    if refused.any():
        row = int(refused.argmax())
        raise ValueError(
            f"sample_weight must be finite and not negative: {np.count_nonzero(refused)} of {length} "
            f"elements are not, the first is {weights[row]} at row {row}."
        )
    if not weights.any():
        raise ValueError("Sample weights must contain at least one non-zero number: all are zero.")
    return weights


def effective_weights(
    targets: Floats,
    sample_weight: Floats | None,
    class_weight: Any,
    classes: Array,
    *,
    needs_both: bool = True,
) -> Floats | None:
    """Sample weight times class weight, or None where all are 1.

    Parameters
    ----------
    targets : ndarray
        0 for the first class, 1 for the second.
    sample_weight : ndarray or None
        As :func:`sample_weights` gives them.
    class_weight : mapping, "balanced" or None
        Weights by label; a label that is left out has the weight 1. "balanced" is rows / (2 * rows of the
        class), whatever the sample weights, as in scikit-learn.
    classes : ndarray
        The two labels.
    needs_both : bool
        Whether each class must have a row with a weight that is not 0.

    Raises
    ------
    TypeError
        ``class_weight`` is something else.
    ValueError
        It names a label that does not occur, or a weight that is negative or not finite; or only one class
        has a weight that is not zero.
    """
    factors = _class_factors(targets, class_weight, classes)
    weights = sample_weight
    if factors is not None:
        by_row = np.where(targets == 1.0, factors[1], factors[0])
        weights = by_row if weights is None else weights * by_row
    if weights is not None and needs_both:
        for target, label in zip((0.0, 1.0), classes, strict=True):
            if not weights[targets == target].any():
                raise ValueError(
                    f"All rows of the class {label!r} have the weight 0, so only one class is left, and two "
                    "classes are needed."
                )
    return weights


def _class_factors(targets: Floats, class_weight: Any, classes: Array) -> tuple[float, float] | None:
    if class_weight is None:
        return None
    if isinstance(class_weight, str) and class_weight == "balanced":
        second = np.count_nonzero(targets)
        return len(targets) / (2.0 * (len(targets) - second)), len(targets) / (2.0 * second)
    if not isinstance(class_weight, Mapping):
        raise TypeError(f"class_weight must be a mapping, 'balanced' or None: got {class_weight!r}.")
    known = classes.tolist()
    factors = [1.0, 1.0]
    for label, weight in class_weight.items():
        if label not in known:
            raise ValueError(f"class_weight names the class {label!r}, and the classes are {known}.")
        factors[known.index(label)] = float(weight)
        if not 0.0 <= float(weight) < np.inf:
            raise ValueError(f"class_weight of {label!r} must be finite and not negative: got {weight}.")
    return factors[0], factors[1]
