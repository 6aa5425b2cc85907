from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stablelce.conformance.subjects.base import SubjectError
from stablelce.conformance.subjects.importing import (
    MISSING,
    attribute,
    describe,
    get,
    import_file,
    import_module,
    suggestion,
)


@pytest.fixture(autouse=True)
def unchanged_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))


def write(folder: Path, text: str, name: str = "mine.py") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise ValueError('two\\nlines')", "importing it raised ValueError: two lines"),
        ("raise SystemExit(3)", "importing it raised SystemExit: 3"),
        ("import sys; sys.exit()", "importing it raised SystemExit"),
        ("import no_such_package_at_all", "ModuleNotFoundError: No module named 'no_such_package_at_all'"),
        ("def f(:", "SyntaxError"),
        ("class Stop(BaseException): pass\nraise Stop('now')", "importing it raised Stop: now"),
        (f"raise RuntimeError('x' * {10**6})", "xxx..."),
    ],
)
def test_whatever_a_file_raises_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SubjectError) as caught:
        import_file("spec", path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_ctrl_c_during_an_import_is_not_swallowed(tmp_path: Path) -> None:
    path = write(tmp_path, "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        import_file("spec", path)


def test_a_file_does_not_replace_the_module_it_is_called_after(tmp_path: Path) -> None:
    import random

    module = import_file("spec", write(tmp_path, "def f(z, t): ...", "random.py"))
    assert module is not random
    assert sys.modules["random"] is random


def test_a_file_imports_its_neighbours(tmp_path: Path) -> None:
    write(tmp_path, "FIVE = 5", "neighbour_of_mine.py")
    module = import_file("spec", write(tmp_path, "from neighbour_of_mine import FIVE"))
    assert module.FIVE == 5


def test_a_file_is_run_anew_and_its_version_follows_its_content(tmp_path: Path) -> None:
    first = import_file("spec", write(tmp_path, "X = 1"))
    second = import_file("spec", write(tmp_path, "X = 2"))
    assert (first.X, second.X) == (1, 2)
    assert first.__version__.startswith("sha256 ")
    assert first.__version__ != second.__version__


def test_a_version_that_the_file_states_is_kept(tmp_path: Path) -> None:
    assert import_file("spec", write(tmp_path, "__version__ = '7'")).__version__ == "7"


def test_dataclasses_work_in_a_file(tmp_path: Path) -> None:
    # They look their module up in sys.modules.
    text = """
from __future__ import annotations
from dataclasses import dataclass

@dataclass
class A:
    x: int
"""
    assert import_file("spec", write(tmp_path, text)).A(3).x == 3


def test_a_module_of_the_current_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "FOUR = 4", "module_in_this_folder.py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "module_in_this_folder", raising=False)
    assert import_module("spec", "module_in_this_folder").FOUR == 4


def test_a_missing_dependency_is_not_blamed_on_the_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "import no_such_dependency", "module_with_a_need.py")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SubjectError, match=r"importing it raised ModuleNotFoundError.*no_such_dependency"):
        import_module("spec", "module_with_a_need")


def test_a_module_that_exits_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "raise SystemExit('bye')", "module_that_exits.py")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SubjectError, match="importing it raised SystemExit: bye"):
        import_module("spec", "module_that_exits")


def test_an_attribute_that_raises_when_read_is_named() -> None:
    class Owner:
        @property
        def loss(self) -> None:
            raise RuntimeError("not today")

    with pytest.raises(SubjectError, match="reading its 'loss' raised RuntimeError: not today"):
        get("spec", Owner(), "loss")


def test_mappings_are_read_by_key_and_objects_by_attribute() -> None:
    assert get("spec", {"loss": 1}, "loss") == 1
    assert get("spec", {"loss": 1}, "items") is MISSING
    assert get("spec", 1, "real") == 1
    assert get("spec", 1, "loss") is MISSING


def test_a_missing_attribute_of_a_file_is_said_to_be_the_files(tmp_path: Path) -> None:
    module = import_file("spec", write(tmp_path, "def my_loss(z, t): ..."))
    with pytest.raises(SubjectError, match="the file has no attribute 'my_los', did you mean 'my_loss'"):
        attribute("spec", module, "my_los")


def test_a_missing_attribute_of_an_object_names_its_type() -> None:
    with pytest.raises(SubjectError, match="the object of type dict has no attribute 'loss'"):
        attribute("spec", {"loss": 1}, "loss")


def test_an_exception_that_cannot_be_printed_is_named_by_its_type() -> None:
    class UnprintableError(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert describe(UnprintableError()) == "UnprintableError"


def test_suggestions_are_made_for_close_names_only() -> None:
    assert suggestion("scpiy", ["scipy", "torch"]) == ", did you mean 'scipy'"
    assert suggestion("abc", ["scipy", "torch"]) == ""


def test_a_folder_that_ends_in_py_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(SubjectError, match="there is no file"):
        import_file("spec", tmp_path / "folder.py")
