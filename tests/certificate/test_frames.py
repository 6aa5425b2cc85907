"""Frames of pandas and polars."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import stablelce as lce
from stablelce.certificate.frames import column_names, frame_to_array, is_frame
from tests.training.data import noisy

COLUMNS: dict[str, Any] = {"a": [0.5, 1.5], "b": [1, 2], "c": [True, False]}
NUMBERS = [[0.5, 1.0, 1.0], [1.5, 2.0, 0.0]]


@pytest.mark.parametrize("library", [pd, pl])
def test_columns_of_several_kinds_become_numbers(library: Any) -> None:
    frame = library.DataFrame(COLUMNS)
    assert is_frame(frame)
    names = column_names(frame)
    assert names is not None
    assert names.tolist() == ["a", "b", "c"]
    assert frame_to_array(frame).astype(float).tolist() == NUMBERS


def test_an_array_is_no_frame() -> None:
    assert not is_frame(np.zeros((2, 2)))


@pytest.mark.parametrize("library", [pd, pl])
def test_a_column_of_text_is_named(library: Any) -> None:
    frame = library.DataFrame({**COLUMNS, "town": ["Bonn", "Jena"]})
    with pytest.raises(TypeError, match=r"column 'town' of X holds .*, not numbers: encode it"):
        frame_to_array(frame)


def test_a_gap_in_a_nullable_column_is_refused_by_name() -> None:
    frame = pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [0.5, 1.0]})
    with pytest.raises(
        (TypeError, ValueError), match=r"column 'a' of X|Input X contains NaN, at row 1, column 0"
    ):
        lce.LogisticRegression().fit(frame, [0, 1])


def test_names_that_repeat_are_told_apart_by_position() -> None:
    frame = pd.concat([pd.DataFrame({"a": [0.5, 1.5]}), pd.DataFrame({"a": [True, False]})], axis=1)
    assert frame_to_array(frame).astype(float).tolist() == [[0.5, 1.0], [1.5, 0.0]]


def test_names_that_are_numbers_are_none_and_mixed_ones_are_refused() -> None:
    assert column_names(pd.DataFrame(np.zeros((1, 2)))) is None
    with pytest.raises(TypeError, match="columns named by int and str: rename them"):
        column_names(pd.DataFrame(np.zeros((1, 2)), columns=["a", 1]))


@pytest.mark.parametrize("library", [pd, pl])
def test_a_model_fitted_on_a_frame_knows_its_columns(library: Any) -> None:
    X, y = noisy()
    frame = library.DataFrame({name: X[:, j] for j, name in enumerate(["u", "v", "w"])})
    weights = np.linspace(1, 2, len(y))
    model = lce.LogisticRegression().fit(
        frame, library.Series("y", y) if library is pl else pd.Series(y), weights
    )
    plain = lce.LogisticRegression().fit(X, y, weights)
    assert model.coef_.tobytes() == plain.coef_.tobytes()
    assert model.feature_names_in_.tolist() == ["u", "v", "w"]
    assert (model.predict(frame) == plain.predict(X)).all()
    assert not hasattr(plain, "feature_names_in_")
    with pytest.raises(ValueError, match="must be in the same order as they were in fit"):
        model.predict(frame[["v", "u", "w"]])
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(X)
