from __future__ import annotations

import importlib
import sys

import pytest

from stablelce.conformance.subjects import resolve as resolve_function
from stablelce.conformance.subjects.base import AbsentSubjectError, SubjectError
from stablelce.conformance.subjects.resolve import ADAPTERS, KNOWN, resolve

# The package exports the function under the name of its module.
MODULE = sys.modules["stablelce.conformance.subjects.resolve"]


def message(spec: str) -> str:
    with pytest.raises(SubjectError) as caught:
        resolve(spec)
    return str(caught.value)


def test_the_package_exports_it() -> None:
    assert resolve_function is resolve


@pytest.mark.parametrize("name", ["stablelce", "numpy:naive", "numpy:logaddexp", "numpy:fused"])
def test_what_needs_no_framework_resolves_under_its_own_name(name: str) -> None:
    subject = resolve(name)
    assert subject.name == name
    assert subject.offers("loss")
    assert subject.offers("gradient")
    assert subject.version != "unknown"


def test_every_adapter_module_exists() -> None:
    folder = importlib.resources.files("stablelce.conformance.subjects")
    assert all(folder.joinpath(f"{adapter.module}.py").is_file() for adapter in ADAPTERS.values())
    assert tuple(ADAPTERS) == KNOWN


@pytest.mark.parametrize("name", [name for name in KNOWN if ":" not in name and name != "stablelce"])
def test_an_absent_framework_is_named_with_its_install_line(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = ADAPTERS[name]
    monkeypatch.setitem(sys.modules, adapter.package, None)  # importing it raises ModuleNotFoundError
    monkeypatch.delitem(sys.modules, f"stablelce.conformance.subjects.{adapter.module}", raising=False)
    with pytest.raises(AbsentSubjectError) as caught:
        resolve(name)
    assert str(caught.value).endswith(f"install it with: {adapter.install}")
    assert "\n" not in str(caught.value)


def test_a_broken_framework_is_not_called_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_name: str) -> None:
        raise OSError("libtorch_cpu.so: cannot open shared object file")

    monkeypatch.setattr(MODULE, "import_module", fail)
    with pytest.raises(SubjectError, match=r"cannot be used \(OSError: libtorch_cpu.so") as caught:
        resolve("torch")
    assert not isinstance(caught.value, AbsentSubjectError)


def test_a_framework_that_lacks_one_of_its_own_needs_is_not_called_absent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_name: str) -> None:
        raise ModuleNotFoundError("No module named 'joblib'", name="joblib")

    monkeypatch.setattr(MODULE, "import_module", fail)
    with pytest.raises(SubjectError, match="joblib") as caught:
        resolve("sklearn")
    assert not isinstance(caught.value, AbsentSubjectError)


def test_asking_for_one_framework_imports_no_other() -> None:
    before = set(sys.modules)
    resolve("numpy:fused")
    assert not {"torch", "sklearn", "scipy"} & (set(sys.modules) - before)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("lightgbm", "no documented call returns the gradient"),
        ("keras", "name that too, as keras:tensorflow"),
        ("scpiy", "did you mean 'scipy'"),
        ("qqq", "unknown subject 'qqq'"),
        ("", "a subject is empty"),
        ("package.module", "names no attribute: write package.module:attr"),
        ("./mine.py", "names no attribute: write ./mine.py:attr"),
        ("numpy:nave", "did you mean 'naive'"),
        ("lib:./libfoo.so:symbol", "there is no file './libfoo.so'"),
        ("vectors:results.csv", "cannot read 'results.csv': No such file or directory"),
        ("cmd:./program --flag", "'./program' is not there; check the path"),
        (":attr", "lacks a module or file before the colon"),
        ("module:", "lacks an attribute after the colon"),
        ("no.such:thing", "there is no module 'no'"),
        ("not a module:thing", "is not a module name"),
        ("./no_such_file.py:f", "there is no file 'no_such_file.py'"),
        (f"./{'a' * 5000}.py:f", "there is no file"),
        ("cmd:./bad\udcff.py", "'cmd:./bad\\udcff.py': its name has a character that cannot be printed"),
        ("./a\x1b[31m.py:f", "'./a\\x1b[31m.py:f': its name has a character that cannot be printed"),
        ("math:sinn", "has no attribute 'sinn', did you mean 'sin'"),
        ("math:pi", "is of type float, not callable, and offers nothing to judge"),
        ("json.no_such:f", "there is no module 'json.no_such'"),
    ],
)
def test_each_error_of_a_spec_has_a_sentence_of_its_own(spec: str, said: str) -> None:
    text = message(spec)
    assert said in text
    assert "\n" not in text


def test_an_unknown_quantity_is_refused() -> None:
    with pytest.raises(SubjectError, match="unknown quantity 'cost': use one of loss, gradient"):
        resolve("numpy:fused", "cost")
