"""Weights of rows: those of samples, checked, times those of classes."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.certificate import effective_weights
from stablelce.training.labels import vector

__all__ = ["row_weights", "sample_weights"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


def sample_weights(value: Any, length: int, *, needs_some: bool = True) -> Floats | None:
    """One weight per sample as float64, or None where all are 1.

    Parameters
    ----------
    value : array_like, float or None
        Weights, finite and not negative; a number stands for one per sample.
    length : int
        Number of samples.
    needs_some : bool
        Whether one must be positive; in a part of the data all may be zero.

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
    if needs_some and not weights.any():
        raise ValueError("Sample weights must contain at least one non-zero number: all are zero.")
    return weights


def row_weights(
    targets: Floats,
    sample_weight: Floats | None,
    class_weight: Any,
    classes: Array,
    *,
    needs_both: bool = True,
) -> Floats | None:
    """Sample weight times class weight, as the certificate takes them, or None where all are 1.

    Parameters
    ----------
    targets : ndarray
        0 for the first class, 1 for the second.
    sample_weight : ndarray or None
        As :func:`sample_weights` gives them.
    class_weight : mapping, "balanced" or None
        Weights by label; see ``stablelce.certificate.class_weights``.
    classes : ndarray
        The two labels.
    needs_both : bool
        Whether each class must have a row with a weight that is not 0.

    Raises
    ------
    TypeError
        ``class_weight`` is something else.
    ValueError
        It names a label that does not occur, or a weight that is negative or not finite; or no class, or only
        one of both, has a weight that is not zero.
    """
    if not (class_weight is None or isinstance(class_weight, str | Mapping)):
        raise TypeError(f"class_weight must be a mapping, 'balanced' or None: got {class_weight!r}.")
    first, second = classes.tolist()
    weights = effective_weights(targets, sample_weight, class_weight, (first, second))
    if weights is not None:
        left = [bool(weights[targets == target].any()) for target in (0.0, 1.0)]
        if not any(left):
            raise ValueError("All rows have the weight 0: there is nothing to fit.")
        if needs_both and not all(left):
            raise ValueError(
                f"All rows of the class {(first, second)[left.index(False)]!r} have the weight 0, so only "
                "one class is left, and two classes are needed."
            )
    return weights
