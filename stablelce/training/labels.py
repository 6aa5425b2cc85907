"""What the estimator takes for labels and targets: two classes as targets 0 and 1, or targets in [0, 1]."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.training._sklearn import DataConversionWarning

__all__ = ["class_targets", "distinct", "soft_targets", "two_classes", "vector"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


def vector(value: Any, name: str, length: int) -> Array:
    """One value per sample, as a one-dimensional array; a column is taken with a warning.

    Raises
    ------
    TypeError
        It is a masked array, whose mask would be lost.
    ValueError
        There is none, it has another shape, or another number of samples.
    """
    if value is None:
        raise ValueError(
            f"LogisticRegression requires {name} to be passed, but the target {name} is None: "
            "pass one value per sample."
        )
    if hasattr(value, "tocsr"):
        raise ValueError(f"{name} is a sparse matrix: pass a dense array, one value per sample.")
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(
            f"{name} is a masked array: pass its data, without the rows that hold masked elements."
        )
    array = np.asarray(value)
    if array.ndim == 2 and array.shape[1] == 1:
        warnings.warn(
            f"A column-vector {name} was passed when a 1d array was expected: pass {name}.ravel().",
            DataConversionWarning,
            stacklevel=4,
        )
        array = array.ravel()
    if array.ndim != 1:
        raise ValueError(f"{name} should be a 1d array, got an array of shape {array.shape} instead.")
    if len(array) != length:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: X has {length} rows, "
            f"{name} has {len(array)} elements."
        )
    return array


def distinct(labels: Array, name: str) -> Array:
    """The labels that occur, sorted; two at most.

    Raises
    ------
    ValueError
        The labels are numbers that name no classes, or there are more than two of them.
    """
    _check_labels(labels, name)
    try:
        classes = np.unique(labels)
    except TypeError:
        kinds = sorted({type(label).__name__ for label in labels})
        raise ValueError(
            f"Unknown label type: {name} mixes {' and '.join(kinds)}. Pass labels of one kind."
        ) from None
    if len(classes) > 2:
        raise ValueError(
            "Only binary classification is supported. The type of the target is multiclass: "
            f"{name} holds {len(classes)} classes. Fit one model per class, as in "
            "sklearn.multiclass.OneVsRestClassifier."
        )
    return classes


def two_classes(labels: Array, name: str = "y") -> Array:
    """The two labels that occur, sorted.

    Raises
    ------
    ValueError
        As in :func:`distinct`; or only one label occurs.
    """
    classes = distinct(labels, name)
    if len(classes) < 2:
        raise ValueError(
            f"{name} holds 1 class only ({classes.tolist()[0]!r}), and two classes are needed: "
            "with one, the loss has no minimum."
        )
    return classes


def class_targets(labels: Array, classes: Array) -> Floats:
    """Targets: 0 for the first class, 1 for the second.

    Raises
    ------
    ValueError
        A label is neither.
    """
    second = np.asarray(labels == classes[1])
    unknown = ~(second | (labels == classes[0]))
    if unknown.any():
        row = int(unknown.argmax())
        raise ValueError(
            f"y holds the label {labels.tolist()[row]!r} at row {row}, which is not among the classes "
            f"{classes.tolist()}."
        )
    return second.astype(np.float64)


def soft_targets(value: Any, length: int) -> Floats:
    """Targets in [0, 1] as float64.

    Raises
    ------
    TypeError
        They are no real numbers.
    ValueError
        One is NaN or outside, with its row; or as in :func:`vector`.
    """
    array = vector(value, "t", length)
    if array.dtype.kind not in "biuf" or array.dtype.char == "g":
        raise TypeError(
            f"t has dtype {array.dtype}: pass numbers in [0, 1] as float64, float32, integer or bool."
        )
    targets = array.astype(np.float64)
    outside = ~((targets >= 0) & (targets <= 1))
    if outside.any():
        row = int(outside.argmax())
        raise ValueError(
            f"t must lie in [0, 1]: {np.count_nonzero(outside)} of {length} elements do not, the first is "
            f"{targets[row]} at row {row}."
        )
    return targets


def _check_labels(labels: Array, name: str) -> None:
    kind = labels.dtype.kind
    if kind == "c":
        raise ValueError(f"Unknown label type: {name} is complex. Pass two labels.")
    if kind == "O":
        absent = next((row for row, label in enumerate(labels) if _is_missing(label)), None)
        if absent is not None:
            raise ValueError(
                f"Input {name} contains {labels[absent]!r}, at row {absent}, which is no label: drop the row."
            )
    if kind in "mM" and np.isnat(labels).any():
        row = int(np.isnat(labels).argmax())
        raise ValueError(f"Input {name} contains NaT, at row {row}, which is no label: drop the row.")
    if kind != "f":
        return
    finite = np.isfinite(labels)
    if not finite.all():
        row = int(finite.argmin())
        what = "NaN" if np.isnan(labels[row]) else "infinity"
        raise ValueError(f"Input {name} contains {what}, at row {row}: drop the row.")
    if (labels != np.floor(labels)).any():
        row = int((labels != np.floor(labels)).argmax())
        raise ValueError(
            f"Unknown label type: continuous, as {labels[row]} at row {row} of {name}. Pass two labels to "
            "fit, or targets in [0, 1] to fit_soft."
        )


def _is_missing(label: object) -> bool:
    """Whether it stands for no value: None, NaN, or one of pandas' marks, which is not imported."""
    if isinstance(label, float):
        return label != label  # noqa: PLR0124  # NaN alone differs from itself
    return label is None or type(label).__name__ in ("NAType", "NaTType")
