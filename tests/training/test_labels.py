"""Labels of two classes and targets in [0, 1], and what is said about others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stablelce.training._sklearn import DataConversionWarning
from stablelce.training.labels import class_targets, soft_targets, two_classes, vector


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([3, 1, 3], [1, 3]),
        (["no", "yes", "no"], ["no", "yes"]),
        ([True, False], [False, True]),
        ([2.0, -1.0], [-1.0, 2.0]),
        (np.array(["b", "a"], dtype=object), ["a", "b"]),
    ],
)
def test_two_labels_of_any_kind_are_classes(labels: Any, classes: list[Any]) -> None:
    array = vector(labels, "y", len(labels))
    found = two_classes(array)
    assert found.tolist() == classes
    assert class_targets(array, found).tolist() == [float(label == classes[1]) for label in array.tolist()]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1, 2, 3], "Only binary classification is supported. The type of the target is multiclass"),
        ([1, 1], "holds 1 class only"),
        ([0.5, 1.0], "Unknown label type: continuous, as 0.5 at row 0 .*fit_soft"),
        ([0.0, np.nan], "Input y contains NaN, at row 1"),
        ([0.0, -np.inf], "Input y contains infinity, at row 1"),
        ([0j, 1j], "Unknown label type: y is complex"),
        (np.array(["a", 1], dtype=object), "Unknown label type: y mixes int and str"),
        (np.array(["a", None], dtype=object), "Input y contains None, at row 1, which is no label"),
        (np.array([1, np.nan, 0], dtype=object), "Input y contains nan, at row 1, which is no label"),
        (np.array(["2020-01-01", "NaT"], dtype="M8[D]"), "Input y contains NaT, at row 1"),
    ],
)
def test_other_labels_are_refused(labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        two_classes(np.asarray(labels))


def test_a_label_that_is_no_class_is_named() -> None:
    with pytest.raises(ValueError, match=r"label 7 at row 1, which is not among the classes \["):
        class_targets(np.array([1, 7, 2]), np.array([1, 2]))


def test_a_column_is_taken_with_a_warning() -> None:
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        assert vector([[1], [2]], "y", 2).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "requires y to be passed, but the target y is None"),
        ([[1, 2], [3, 4]], r"y should be a 1d array, got an array of shape \(2, 2\)"),
        ([1, 2, 3], "X has 2 rows, y has 3 elements"),
    ],
)
def test_another_shape_is_refused(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        vector(value, "y", 2)


def test_a_mask_is_not_lost() -> None:
    masked: Any = np.ma.masked_array([0, 1], mask=[True, False])
    with pytest.raises(TypeError, match="y is a masked array: pass its data, without the rows"):
        vector(masked, "y", 2)
    with pytest.raises(TypeError, match="t is a masked array"):
        soft_targets(masked, 2)


def test_soft_targets_are_float64() -> None:
    found = soft_targets(np.array([0.25, 1.0], np.float32), 2)
    assert found.dtype == np.float64
    assert found.tolist() == [0.25, 1.0]


@pytest.mark.parametrize("bad", [-1e-300, 1.0000000000000002, np.nan, np.inf])
def test_targets_outside_are_refused_with_their_row(bad: float) -> None:
    with pytest.raises(
        ValueError, match=r"t must lie in \[0, 1\]: 1 of 2 elements do not, the first is .* at row 1"
    ):
        soft_targets([0.5, bad], 2)


def test_targets_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(TypeError, match="t has dtype <U1: pass numbers"):
        soft_targets(["a", "b"], 2)
