"""Weights of samples and classes: their product, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stablelce.training.weights import row_weights, sample_weights

TARGETS = np.array([0.0, 0.0, 0.0, 1.0])
CLASSES = np.array(["no", "yes"])


def test_no_weights_are_none() -> None:
    assert sample_weights(None, 4) is None
    assert row_weights(TARGETS, None, None, CLASSES) is None


def test_weights_of_samples_and_classes_are_multiplied() -> None:
    weights = sample_weights([1, 2, 3, 4], 4)
    found = row_weights(TARGETS, weights, {"no": 0.5}, CLASSES)
    assert found is not None
    assert found.tolist() == [0.5, 1.0, 1.5, 4.0]


def test_balanced_gives_both_classes_half_of_the_weight() -> None:
    found = row_weights(TARGETS, None, "balanced", CLASSES)
    assert found is not None
    assert found.tolist() == [4 / 6, 4 / 6, 4 / 6, 2.0]
    found = row_weights(TARGETS, np.array([1.0, 0.0, 1.0, 6.0]), "balanced", CLASSES)
    assert found is not None
    assert found.tolist() == [2.0, 0.0, 2.0, 4.0]


def test_one_number_stands_for_all() -> None:
    found = sample_weights(0.5, 3)
    assert found is not None
    assert found.tolist() == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ([1, -1, 1], ValueError, "1 of 3 elements are not, the first is -1.0 at row 1"),
        ([1, np.nan, 1], ValueError, "the first is nan at row 1"),
        ([0, 0, 0], ValueError, "at least one non-zero number"),
        ([1, 1], ValueError, "X has 3 rows, sample_weight has 2 elements"),
        (["a", "b", "c"], TypeError, "pass numbers"),
        (
            np.ma.masked_array([1, 2, 3], mask=[True, False, False]),
            TypeError,
            "sample_weight is a masked array",
        ),
    ],
)
def test_bad_sample_weights_are_refused(weights: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sample_weights(weights, 3)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"maybe": 1.0}, ValueError, r"names 'maybe', which is no class: the classes are \['no', 'yes'\]"),
        ({"no": -1.0}, ValueError, "weight of class 'no' must be finite and not negative"),
        ({"no": np.inf}, ValueError, "weight of class 'no' must be finite and not negative"),
        ({"no": None}, TypeError, "weight of class 'no' must be a number: got None"),
        ({"no": "a"}, TypeError, "weight of class 'no' must be a number: got 'a'"),
        ("even", ValueError, "must be a mapping, 'balanced' or None: got 'even'"),
        ([1.0, 2.0], TypeError, "must be a mapping, 'balanced' or None"),
        ({"no": 0.0}, ValueError, "so only one class is left"),
        ({"no": 0.0, "yes": 0.0}, ValueError, "All rows have the weight 0"),
    ],
)
def test_bad_class_weights_are_refused(given: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        row_weights(TARGETS, None, given, CLASSES)


def test_a_batch_may_be_of_one_class() -> None:
    found = row_weights(np.zeros(2), np.array([1.0, 2.0]), {"no": 2.0}, CLASSES, needs_both=False)
    assert found is not None
    assert found.tolist() == [2.0, 4.0]
