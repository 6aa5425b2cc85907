"""Files of results: what is read, and one sentence with a line number for each way to get it wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stablelce.conformance.subjects import resolve
from stablelce.conformance.subjects.base import SubjectError
from stablelce.conformance.subjects.vectors import from_file
from stablelce.formats import BINARY32, BINARY64, find_format

TITLE = "# stablelce-vectors-v1 quantity=gradient dtype=float32\n"


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "results.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_results_are_found_at_their_points_and_nowhere_else(tmp_path: Path, line_end: str, mark: str) -> None:
    lines = [
        TITLE.strip(),
        "# a comment, with a comma",
        "id, Z,t,expected,result",
        "1,0x40000000,0x3e800000,?,0x1.8p-1",
        "",
        "x,-inf,0x0p+0,?,-nan",
        "3,-0x1p+1,-0x0p+0,?,0x3f000000",
        "3,-0x1p+1,0x0p+0,?,0x3f000000",
    ]
    path = written(tmp_path, mark + line_end.join(lines))
    subject = from_file(path, "them", None, None)
    assert (subject.name, subject.formats, set(subject.functions)) == ("them", ("float32",), {"gradient"})
    assert subject.version.startswith("sha256 ")
    assert subject.points is not None
    z, t = subject.points["gradient"]
    assert BINARY32.array(z).tolist() == [2.0, -np.inf, -2.0]
    assert BINARY32.array(t).tolist() == [0.25, 0.0, 0.0]
    got = subject.functions["gradient"](BINARY32.array(z).reshape(3, 1), BINARY32.array(t).reshape(3, 1))
    assert (got.dtype, got.shape) == (np.float32, (3, 1))
    assert np.array_equal(got.ravel(), np.array([0.75, np.nan, 0.5], np.float32), equal_nan=True)
    with pytest.raises(KeyError):
        subject.functions["gradient"](np.float32(1.0), np.float32(0.5))


def test_without_a_title_what_is_asked_for_applies(tmp_path: Path) -> None:
    path = written(tmp_path, "z,result\n0x0p+0,0x1p-1\n")
    subject = from_file(path, "x", "sigmoid", BINARY64)
    assert (subject.formats, set(subject.functions)) == (("float64",), {"sigmoid"})
    assert subject.functions["sigmoid"](np.zeros(1)).tolist() == [0.5]
    with pytest.raises(SubjectError, match="no column 't'; for loss name z, t, result"):
        from_file(path, "x", None, None)


def test_the_reproducer_reads_the_file_again(tmp_path: Path) -> None:
    path = written(tmp_path, "z,t,result\n0x1p+0,0x0p+0,0x1p-1\n")
    subject = resolve(f"vectors:{path}")
    names: dict[str, Any] = {"z": np.array([1.0]), "t": np.array([0.0])}
    exec(subject.imports, names)
    assert eval(subject.expressions["loss"], names).tolist() == [0.5]


GOOD = "id,z,t,result\n1,0x0p+0,0x0p+0,0x1p-1\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no line of names; start with id,z,t,result"),
        ("# only a comment\n", "holds no line of names"),
        ("id,z,t,result\n", "holds no results; write one line for each"),
        ("id,z,t\n1,0x0p+0,0x0p+0\n", "line 1: no column 'result'"),
        ("z,z,t,result\n", "line 1: several columns 'z'"),
        (GOOD + "2,0x1p+0,0x0p+0\n", "line 3: 3 fields, but 4 names"),
        (GOOD + "2,0x1p+0,0x0p+0,0.5\n", "line 3: result '0.5' is neither a hexadecimal float"),
        (GOOD + "2,one,0x0p+0,0x1p+0\n", "line 3: z 'one' is neither"),
        (GOOD + "2,0x1p+0,,0x1p+0\n", "line 3: t is empty"),
        (
            GOOD + "2,0x1p+0,0x0p+0,\n",
            "line 3: result is empty; give a number, or nan for a result that never came",
        ),
        (
            GOOD + "2,0x3f800000,0x0p+0,0x1p+0\n",
            "line 3: z .*; float64 is assumed, since line 1 names no dtype: name",
        ),
        (
            TITLE.replace("v1", "v2") + GOOD,
            "line 1: it is not '# stablelce-vectors-v1 quantity=... dtype=...'",
        ),
        ("# mine\n" + TITLE + GOOD, "line 1: it is not '# stablelce-vectors-v1 quantity"),
        (f'"{TITLE.strip()}",,,\n' + GOOD, "line 1: it is not '# stablelce-vectors-v1 quantity"),
        (GOOD + "2,0x1p+0,0x1.8p+0,0x1p+0\n", r"line 3: the target t lies outside \[0, 1\]"),
        (GOOD + "2,0x1p+0,-0x1p-3,0x1p+0\n", r"line 3: the target t lies outside \[0, 1\]"),
        (GOOD + "2,0x1p+0,-inf,0x1p+0\n", r"line 3: the target t lies outside \[0, 1\]"),
        (GOOD + "2,0x0p+0,0x0p+0,0x1p+0\n", "line 3: another result than in line 2 for the same input"),
        (GOOD + '2,"0x0p+0,0x0p+0,0x1p+0\n', "line 3: 2 fields, but 4 names"),
        (TITLE.replace("gradient", "cost") + GOOD, "line 1: 'cost' is no quantity"),
        (TITLE.replace("float32", "float80") + GOOD, "line 1: unknown format 'float80'"),
        (
            TITLE + GOOD + "2,0x1.000001p+0,0x0p+0,0x1p+0\n",
            "line 4: z '0x1.000001p\\+0' is no float32 number.$",
        ),
        (b"\xff\xfe\n", "it is not UTF-8"),
    ],
)
def test_each_error_has_a_sentence_with_its_line(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(SubjectError, match=said) as caught:
        from_file(written(tmp_path, text), "x", None, None)
    assert "\n" not in str(caught.value)
    assert "results.csv" in str(caught.value)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(SubjectError, match=r"cannot read 'none\.csv': No such file"):
        resolve("vectors:none.csv")
    with pytest.raises(SubjectError, match=r"names no file: write vectors:results\.csv"):
        resolve("vectors:")
    assert find_format("float32") is BINARY32


def test_a_format_that_was_asked_for_is_not_assumed(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD + "2,0x1.000001p+0,0x0p+0,0x1p+0\n")
    with pytest.raises(SubjectError, match=r"is no float32 number\.$"):
        from_file(path, "x", None, BINARY32)


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n"])
def test_a_title_is_known_by_any_end_of_line(tmp_path: Path, line_end: str) -> None:
    path = written(tmp_path, (TITLE + GOOD).replace("\n", line_end))
    subject = from_file(path, "x", None, None)
    assert (subject.titled, subject.formats) == (True, ("float32",))
    assert not from_file(written(tmp_path, GOOD), "x", None, None).titled
