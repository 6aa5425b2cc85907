from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stablelce.conformance.subjects.base import AbsentSubjectError, SubjectError
from stablelce.conformance.trainers.adapters.resolve import KNOWN, from_object, resolve
from stablelce.conformance.trainers.problems import problem
from tests.conformance.trainers import faulty

# The package's function of that name hides the module.
MODULE = sys.modules[resolve.__module__]

FILE = """
class Mine:
    def __init__(self, C=1.0): self.C = C
    def fit(self, X, y): return self
def factory(C=2.0): return Mine(C)
ready = Mine(4.0)
number = 3
def broken(): raise OSError("no file")
class Unfit: pass
class Order(Mine): order = "columns"
"""


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "mine.py").write_text(FILE, encoding="utf-8")
    return str(tmp_path / "mine.py")


def test_a_class_a_factory_and_an_estimator_are_trainers(where: str) -> None:
    penalties = {
        name: resolve(f"{where}:{name}").penalty(Fraction(10)) for name in ("Mine", "factory", "ready")
    }
    assert penalties == {"Mine": Fraction(1, 10), "factory": Fraction(1, 20), "ready": Fraction(1, 40)}
    found = resolve(f"{where}:Mine", {"C": 8.0})
    assert found.penalty(Fraction(10)) == Fraction(1, 80)
    assert not found.takes_weights
    assert found.steps is None
    assert found.version.startswith("sha256 ")
    assert resolve(f"{where}:Mine", {"C": float("inf")}).penalty(Fraction(10)) == 0


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("number", {}, "is of type int"),
        ("broken", {}, "raised OSError: no file"),
        ("Unfit", {}, "no method fit"),
        ("Order", {}, "its 'order' is 'columns'"),
        ("ready", {"C": 1.0}, "takes no options"),
        ("Mine", {"D": 1.0}, "options D raised TypeError"),
        ("Mien", {}, "did you mean 'Mine'"),
    ],
)
def test_what_cannot_be_judged_is_one_sentence(where: str, name: str, options: Any, said: str) -> None:
    with pytest.raises(SubjectError, match=said) as caught:
        resolve(f"{where}:{name}", options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "spec", ["", "sklaern:lbfgs2", "sklearn:lbgfs", "statsmodels:probit", "stablelce:", ":x"]
)
def test_an_unknown_name_is_one_sentence(spec: str) -> None:
    with pytest.raises(SubjectError):
        resolve(spec)


def test_a_close_name_is_suggested() -> None:
    with pytest.raises(SubjectError, match="did you mean 'sklearn:lbfgs'"):
        resolve("sklearn:lbgfs")


def test_a_package_that_is_absent_or_broken_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(error: Exception) -> Any:
        def import_module(_name: str) -> Any:
            raise error

        return import_module

    monkeypatch.setattr(MODULE, "import_module", fail(ModuleNotFoundError("x", name="statsmodels.api")))
    with pytest.raises(AbsentSubjectError, match="pip install statsmodels"):
        resolve("statsmodels")
    monkeypatch.setattr(MODULE, "import_module", fail(ModuleNotFoundError("x", name="pandas")))
    with pytest.raises(SubjectError, match="installed but cannot be used"):
        resolve("statsmodels")
    monkeypatch.setattr(MODULE, "import_module", fail(OSError("bad library")))
    with pytest.raises(SubjectError, match="bad library"):
        resolve("statsmodels")


def test_steps_get_the_options_that_they_name() -> None:
    judged = problem("plain")
    steps = from_object(faulty.Newton, {"l2": 0.5, "fit_intercept": True}).steps
    assert steps is not None
    got = np.concatenate(steps(judged.x, judged.labels, 0.25, 3))
    want = np.concatenate(faulty.descend(judged.x, judged.labels, 0.25, 3, l2=0.5))
    assert (got == want).all()


def test_a_trainer_is_itself_and_the_names_are_unique() -> None:
    found = from_object(faulty.Newton)
    assert from_object(found) is found
    assert len(KNOWN) == len(set(KNOWN))
