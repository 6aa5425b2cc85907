"""Features of every kind that is taken, and what is said about those that are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stablelce.training.inputs import Features, check_same, features

NUMBERS = np.arange(12.0).reshape(4, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_are_taken_as_they_lie(dtype: type[np.floating[Any]]) -> None:
    array = NUMBERS.astype(dtype)
    assert features(array).rows is array


def test_a_memory_map_is_not_read_into_memory(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", NUMBERS)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    taken = features(mapped)
    assert np.shares_memory(taken.rows, mapped)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (np.int8, np.float64),
        (np.uint64, np.float64),
        (np.bool_, np.float64),
        (np.float16, np.float32),
        (">f8", np.float64),
        (">f4", np.float32),
    ],
)
def test_other_numbers_are_widened(given: Any, taken: type[np.floating[Any]]) -> None:
    array = (NUMBERS > 5).astype(given)
    found = features(array)
    assert found.rows.dtype == taken
    assert found.rows.dtype.isnative
    assert np.array_equal(np.asarray(found.rows[:]), array.astype(taken))


def test_lists_are_taken() -> None:
    assert features([[1, 2], [3, 4]]).rows.dtype == np.float64


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (NUMBERS + 1j, ValueError, r"Complex data not supported: pass the \.real part"),
        (
            NUMBERS.astype(object),
            TypeError,
            r"X has dtype object, not real numbers: convert it with .astype\(",
        ),
        (NUMBERS.astype(str), TypeError, r"X has dtype <U32, not real numbers"),
        (NUMBERS.astype("m8[s]"), TypeError, r"divide it by a unit"),
        (NUMBERS.astype(np.longdouble), TypeError, r"convert it with .astype\(np.float64\)"),
        (np.ma.masked_less(NUMBERS, 1), TypeError, "X is a masked array"),
        (NUMBERS.view("V8"), TypeError, "use float32, float64, an integer or bool"),
        (None, ValueError, "X is None"),
        ([[1.0], [2.0, 3.0]], ValueError, "X is not one array"),
        (NUMBERS[0], ValueError, r"got 1D array of shape \(3,\) instead. Reshape your data"),
        (NUMBERS[np.newaxis], ValueError, "got 3D array"),
        (np.zeros((0, 3)), ValueError, r"0 sample\(s\) \(shape=\(0, 3\)\)"),
        (np.zeros((3, 0)), ValueError, r"0 feature\(s\) \(shape=\(3, 0\)\) while a minimum of 1 is required"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_way_out(
    bad: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        features(bad)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "contains NaN, at row 70001, column 2"),
        (np.inf, "contains infinity, inf at row 70001, column 2"),
        (-np.inf, "contains infinity, -inf at row 70001, column 2"),
    ],
)
def test_an_element_that_is_not_finite_is_found(
    dtype: type[np.floating[Any]], value: float, message: str
) -> None:
    array = np.zeros((70010, 3), dtype=dtype)
    array[70001, 2] = array[70005, 0] = value
    with pytest.raises(ValueError, match=message):
        features(array)


def test_the_largest_magnitude_is_the_one_that_is_said() -> None:
    limit = np.full((2, 2), -1e150)
    assert features(limit).rows is limit
    limit[1, 0] = np.nextafter(1e150, 2e150)
    with pytest.raises(
        ValueError, match=r"at row 1, column 0, and its square does not fit: divide that column"
    ):
        features(limit)


def test_another_number_of_features_is_refused() -> None:
    with pytest.raises(ValueError, match="X has 3 features, but Model is expecting 2 features as input"):
        check_same(features(NUMBERS), 2, None, "Model")


def names(*of: str) -> np.ndarray[Any, Any]:
    return np.array(of, dtype=object)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("b", "a"), "must be in the same order"),
        (("a", "c"), r"unseen at fit time:\n- c\nFeature names seen at fit time, yet now missing:\n- b"),
        (("a",), r"seen at fit time, yet now missing:\n- b"),
    ],
)
def test_other_names_are_refused(given: tuple[str, ...], message: str) -> None:
    rows = np.zeros((1, len(given)))
    with pytest.raises(ValueError, match=message):
        check_same(Features(rows, names(*given)), 2, names("a", "b"), "Model")


def test_names_on_one_side_only_are_a_warning() -> None:
    rows = np.zeros((1, 2))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        check_same(Features(rows, None), 2, names("a", "b"), "Model")
    with pytest.warns(UserWarning, match="X has feature names, but Model was fitted without"):
        check_same(Features(rows, names("a", "b")), 2, None, "Model")
    check_same(Features(rows, names("a", "b")), 2, names("a", "b"), "Model")
