from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stablelce.conformance.subjects import cmd
from stablelce.conformance.subjects.base import SubjectError
from tests.conformance.correct import small_audit
from tests.conformance.subjects.foreign import planted_program


@pytest.mark.parametrize("flags", [(), ("--text",)])
def test_a_right_program_passes_and_its_reproducer_reproduces(flags: tuple[str, ...]) -> None:
    spec = planted_program("right", *flags)
    result = small_audit(spec)
    assert result.failed == ()
    assert result.subject == spec
    assert result.isolated
    subject = cmd.subject(spec, "loss")
    assert subject.version.startswith("sha256 ")
    names: dict[str, Any] = {"np": np, "z": np.array([2.5]), "t": np.array([0.5])}
    exec(subject.imports, names)
    got = eval(subject.expressions["loss"], names)
    assert got.dtype == np.float64
    assert np.array_equal(got, subject.functions["loss"](names["z"], names["t"]))


@pytest.mark.parametrize("word", ["0x3fb999999999999a", "0x1.999999999999ap-4"])
def test_a_reproducer_reads_both_notations_and_pairs(word: str) -> None:
    answer = f"results 1\n{word} -0x1p+0\nend\n"
    names: dict[str, Any] = {"np": np}
    exec(cmd._imports([sys.executable, "-c", f"print({answer!r}, end='')"], "hex"), names)
    first, second = names["call"]("loss_and_gradient", np.array([1.0]), np.array([0.0]))
    assert (first.item(), second.item()) == (0.1, -1.0)
    exec(cmd._imports([sys.executable, "-c", "print('error no licence')"], "bits"), names)
    with pytest.raises(RuntimeError, match="error no licence"):
        names["call"]("loss", np.array([1.0]), np.array([0.0]))


def test_a_program_is_told_apart_by_what_its_files_hold(tmp_path: Path) -> None:
    text = Path(planted_program("right").split()[1]).read_text(encoding="utf-8")
    versions = set()
    for k in range(2):
        path = tmp_path / "p.py"
        path.write_text(f"{text}\n# {k}\n", encoding="utf-8")
        versions.add(cmd.subject(f"cmd:{sys.executable} {path} right", "loss").version)
    assert len(versions) == 2


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("cmd:", "names no program: write cmd:./program --flag"),
        ("cmd:./none", "'./none' is not there; check the path."),
        ("cmd:no-such-program", "or write ./no-such-program for one in this folder"),
        (f"cmd:{__file__}", "may not be run; make it executable"),
        ("cmd:'./open", "No closing quotation; quote the command as for a shell"),
        (f"cmd:{sys.executable} -c pass", "exited with status 0"),
    ],
)
def test_each_error_has_a_sentence(spec: str, said: str) -> None:
    with pytest.raises(Exception, match=said) as caught:
        cmd.subject(spec, "loss")
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, SubjectError) or "exited" in said
