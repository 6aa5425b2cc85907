from __future__ import annotations

from pathlib import Path

import pytest

from stablelce.cli.options import InputError
from stablelce.cli.reproducers import make_folder, write_reproducers
from tests.cli.records import check, result

FOUND = result(
    check(reproducer="print(1)\n"),
    check(check="infinite logits, hard targets", reproducer="print(2)\n"),
    check(check="warnings and output", quantity=None, reproducer="print(3)\n"),
    check(check="lanes"),
    subject="./mine.py:f",
)


def test_each_script_has_a_file_named_by_what_fails(tmp_path: Path) -> None:
    make_folder(tmp_path / "new" / "folder")
    written = write_reproducers(tmp_path / "new" / "folder", [FOUND])
    assert [path.name for path in written] == [
        "mine.py-f--float64--loss--tails.py",
        "mine.py-f--float64--loss--infinite-logits-hard-targets.py",
        "mine.py-f--float64--all--warnings-and-output.py",
    ]
    assert [path.read_text(encoding="utf-8") for path in written] == [
        "print(1)\n",
        "print(2)\n",
        "print(3)\n",
    ]


def test_scripts_of_an_earlier_audit_of_the_subject_are_replaced(tmp_path: Path) -> None:
    write_reproducers(tmp_path, [FOUND, result(check(reproducer="x"), subject="other")])
    write_reproducers(tmp_path, [result(check(check="dtype", reproducer="y"), subject="./mine.py:f")])
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "mine.py-f--float64--loss--dtype.py",
        "other--float64--loss--tails.py",
    ]


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="cannot make the folder"):
        make_folder(tmp_path / "file" / "folder")


def test_an_old_script_that_cannot_be_replaced_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "mine.py-f--x.py").mkdir()
    with pytest.raises(
        InputError, match=r"cannot replace '.*mine\.py-f--x\.py', of an earlier audit: .*; remove"
    ):
        write_reproducers(tmp_path, [FOUND])
