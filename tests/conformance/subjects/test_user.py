from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stablelce
from stablelce import textbook
from stablelce.conformance.subjects.base import ONE_ARGUMENT, QUANTITIES, Subject, SubjectError
from stablelce.conformance.subjects.user import from_object, load

OFFERS = (*QUANTITIES, "loss_and_gradient")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> str:
        Path("mine.py").write_text(text, encoding="utf-8")
        return "./mine.py"

    return write


def pasted(subject: Subject, quantity: str, **values: Any) -> Any:
    exec(subject.imports, values)
    return eval(subject.expressions[quantity], values)


# -- what an object may be ---------------------------------------------------------------------


def test_a_callable_computes_the_quantity_asked_for() -> None:
    for quantity in QUANTITIES:
        subject = from_object(textbook.fused_loss, quantity)
        assert dict(subject.functions) == {quantity: textbook.fused_loss}
        assert subject.expressions[quantity] == (
            "fused_loss(z)" if quantity in ONE_ARGUMENT else "fused_loss(z, t)"
        )


@given(st.sets(st.sampled_from(OFFERS), min_size=1), st.sampled_from(["mapping", "object"]))
def test_exactly_the_named_functions_are_offered(names: set[str], kind: str) -> None:
    functions = {name: (lambda *_: None) for name in names}
    subject = from_object(functions if kind == "mapping" else SimpleNamespace(**functions))
    assert dict(subject.functions) == functions
    assert set(subject.expressions) == names
    assert subject.formats is None
    assert subject.keywords == frozenset()


def test_a_module_is_its_functions() -> None:
    subject = from_object(stablelce)
    assert subject.functions["loss"] is stablelce.loss
    assert subject.imports == "import stablelce"
    assert subject.expressions["loss"] == "stablelce.loss(z, t)"
    assert subject.version == stablelce.__version__


def test_a_submodule_is_no_offer_of_its_package() -> None:
    import stablelce.formats

    assert from_object(stablelce).formats is None
    assert stablelce.formats.__name__ == "stablelce.formats"


def test_a_callable_that_names_functions_is_taken_by_its_names() -> None:
    class Loss:
        def __call__(self, _z: Any, _t: Any) -> Any:
            raise AssertionError

        def gradient(self, z: Any, t: Any) -> Any:
            return z - t

    assert set(from_object(Loss()).functions) == {"gradient"}


def test_a_subject_is_itself() -> None:
    subject = from_object(textbook.fused_loss)
    assert from_object(subject) is subject


def test_a_name_that_is_none_is_not_offered() -> None:
    assert set(from_object({"loss": abs, "gradient": None}).functions) == {"loss"}


@pytest.mark.parametrize(
    ("formats", "kept"),
    [
        (("float32", "float64"), ("float32", "float64")),
        (["binary32", "float32"], ("float32",)),
        ({"bfloat16"}, ("bfloat16",)),
    ],
)
def test_formats_are_kept_by_the_names_of_their_dtypes(formats: Any, kept: tuple[str, ...]) -> None:
    assert from_object({"loss": abs, "formats": formats}).formats == kept


def test_keywords_are_kept() -> None:
    assert from_object({"loss": abs, "keywords": ["weight"]}).keywords == {"weight"}


@pytest.mark.parametrize(
    ("obj", "said"),
    [
        (3, "is of type int, not callable, and offers nothing to judge"),
        ({}, "is of type dict and offers nothing to judge"),
        ({"losss": abs}, "offers nothing to judge"),
        ({"loss": 3}, "its 'loss' is of type int; give a callable there"),
        ({"loss": abs, "formats": "float32"}, "its 'formats' is 'float32'; give a tuple of strings"),
        ({"loss": abs, "formats": (np.float32,)}, "its 'formats' is (<class"),
        ({"loss": abs, "formats": ()}, "its 'formats' is empty"),
        ({"loss": abs, "formats": ("float8",)}, "its 'formats' holds an unknown format 'float8'"),
        ({"loss": abs, "keywords": 5}, "its 'keywords' is 5; give a tuple of strings"),
        ({"loss": abs, "keywords": ("mask",)}, "its 'keywords' holds 'mask'; only weight and pos_weight"),
        (textbook, "is a module and offers nothing to judge"),
    ],
)
def test_what_cannot_be_judged_is_said_in_one_sentence(obj: object, said: str) -> None:
    with pytest.raises(SubjectError) as caught:
        from_object(obj)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_quantity_is_refused() -> None:
    with pytest.raises(SubjectError, match="unknown quantity 'cost'"):
        from_object(abs, "cost")


# -- reproducers -------------------------------------------------------------------------------


def test_the_reproducer_of_an_importable_function_imports_it() -> None:
    subject = from_object(textbook.fused_loss)
    assert subject.name == "stablelce.textbook:fused_loss"
    z, t = np.array([2.0]), np.array([0.25])
    assert np.array_equal(pasted(subject, "loss", z=z, t=t), textbook.fused_loss(z, t))


@pytest.mark.parametrize("obj", [lambda z, _t: z, {"loss": abs}, SimpleNamespace(loss=abs)])
def test_the_reproducer_of_what_has_no_name_says_so(obj: object) -> None:
    subject = from_object(obj)
    assert subject.imports.startswith("subject = ...  #")
    assert subject.expressions["loss"].startswith("subject")


@pytest.mark.parametrize(
    ("text", "attribute"),
    [
        ("def f(z, t): return z - 2 * t", "f"),
        ("m = {'loss': lambda z, t: z - 2 * t}", "m"),
        ("class C:\n    @staticmethod\n    def loss(z, t): return z - 2 * t", "C"),
        ("class C:\n    @staticmethod\n    def f(z, t): return z - 2 * t", "C.f"),
    ],
)
def test_the_reproducer_of_a_file_runs_it(file: Callable[[str], str], text: str, attribute: str) -> None:
    subject = load(f"{file(text)}:{attribute}", "loss")
    assert subject.name == f"./mine.py:{attribute}"
    assert subject.functions["loss"](5, 1) == 3
    assert pasted(subject, "loss", z=5, t=1) == 3
    assert subject.version.startswith("sha256 ")


def test_a_module_attribute_is_imported_by_name() -> None:
    subject = load("stablelce.textbook:fused_gradient", "gradient")
    assert dict(subject.functions) == {"gradient": textbook.fused_gradient}
    assert subject.imports.endswith("from stablelce.textbook import fused_gradient")
    assert subject.expressions == {"gradient": "fused_gradient(z, t)"}


def test_arrays_are_handed_over_as_they_are(file: Callable[[str], str]) -> None:
    z, t = np.array([1.0]), np.array([0.0])
    subject = load(f"{file('def f(z, t): return z, t')}:f", "loss")
    got_z, got_t = subject.functions["loss"](z, t)
    assert got_z is z
    assert got_t is t


def test_a_file_that_changes_the_folder_can_still_be_loaded(file: Callable[[str], str]) -> None:
    path = file("import os\nos.chdir('/')\ndef f(z, t): return z")
    assert load(f"{path}:f", "loss").functions["loss"](1, 2) == 1
