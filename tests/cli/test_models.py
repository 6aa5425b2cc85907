"""The file of a model: every bit comes back, and what is no such file is refused in one sentence."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import stablelce as lce
from stablelce.cli.models import KIND, VERSION, Model, number
from stablelce.cli.options import InputError

MODEL = Model(
    target="läuft",
    weight=None,
    soft=False,
    classes=["no", "yes"],
    coef={"age": 0.1, "dose": -5e-324, "odds": 1.7976931348623157e308},
    intercept=-1.0 / 3.0,
    l2=0.1,
    fit_intercept=True,
    fit={"solver": "newton", "tol": number(1e-8), "iterations": 7, "warning": None},
)


@pytest.mark.parametrize(
    "model",
    [
        MODEL,
        replace(MODEL, weight="w", soft=True, classes=[0, 1]),
        replace(MODEL, classes=[False, True], intercept=0.0, fit_intercept=False),
    ],
)
def test_what_was_written_is_read_to_the_bit(tmp_path: Path, model: Model) -> None:
    path = tmp_path / "m.json"
    path.write_text(model.to_json(), encoding="utf-8")
    found = Model.read(path)
    assert found == model
    assert found.coef_.tobytes() == np.array(list(model.coef.values())).tobytes()
    assert found.intercept_.tobytes() == np.array([model.intercept]).tobytes()
    assert found.classes_.tolist() == model.classes


def test_the_text_names_kind_versions_and_both_forms_of_a_number() -> None:
    content = json.loads(MODEL.to_json())
    assert (content["kind"], content["version"]) == (KIND, VERSION)
    assert content["versions"]["numpy"] == np.__version__
    assert content["versions"]["stablelce"] == lce.__version__
    assert content["coef"]["age"] == {"hex": (0.1).hex(), "decimal": "0.1"}
    assert "läuft" in MODEL.to_json()  # readable, not escaped


@pytest.mark.parametrize("value", [0.1, -0.0, 5e-324, math.inf, np.float64(1.0) / 3.0])
def test_both_forms_of_a_number_give_it_back(value: float) -> None:
    found = number(value)
    assert set(found) == {"hex", "decimal"}
    assert float.fromhex(found["hex"]).hex() == float(found["decimal"]).hex() == float(value).hex()


def _without(name: str) -> str:
    content = json.loads(MODEL.to_json())
    del content[name]
    return json.dumps(content)


def _with(**changed: Any) -> str:
    return json.dumps({**json.loads(MODEL.to_json()), **changed})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "3",
        MODEL.to_json()[:-40],
        _without("coef"),
        _without("kind"),
        _without("fit"),
        _with(version=VERSION + 1),
        _with(kind="another"),
        _with(coef={"age": 0.1}),
        _with(coef={"age": {"hex": "0x", "decimal": "0.1"}}),
        _with(l2=None),
    ],
)
def test_what_is_no_model_is_refused_with_the_way_to_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"is no model of this version: write one by 'stablelce train"):
        Model.read(path)


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*absent\.json': No such file"):
        Model.read(tmp_path / "absent.json")
