"""What a program may do to its process, seen from outside: each end has a name, and nothing is left."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stablelce.conformance.subjects.base import FATAL, SubjectFault
from stablelce.conformance.subjects.notation import ProtocolError
from stablelce.conformance.subjects.process import Child, Limits


def line(data: bytes) -> tuple[bytes, int] | None:
    """One line, for an answer."""
    end = data.find(b"\n")
    if data.startswith(b"wrong"):
        raise ProtocolError("it is wrong")
    return None if end < 0 else (data[:end], end + 1)


@contextmanager
def running(code: str, seconds: float = 20.0, memory: int = 400) -> Iterator[Child]:
    prelude = "import sys, os, time\nask = sys.stdin.readline\n"
    child = Child([sys.executable, "-I", "-S", "-c", prelude + code], Limits(seconds, memory))
    try:
        yield child
    finally:
        child.close()


def ended(pid: int) -> bool:
    """Whether the process ends soon; one that waits to be asked for its status has ended."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def fault(code: str, *, seconds: float = 20.0, memory: int = 400, longest: int = 1 << 20) -> SubjectFault:
    with running(code, seconds, memory) as child:
        with pytest.raises(SubjectFault) as caught:
            child.ask(b"go\n", line, longest)
        assert not child.alive
        return caught.value


def test_questions_are_answered_in_turn() -> None:
    with running("for x in sys.stdin: print(x.upper(), end='', flush=True)") as child:
        assert child.ask(b"one\n", line, 100) == b"ONE"
        assert child.ask(b"two\n", line, 100) == b"TWO"
        assert child.alive


def test_a_question_and_an_answer_larger_than_every_pipe_do_not_block_each_other() -> None:
    code = "while True:\n data = os.read(0, 1 << 16)\n os.write(1, data)"
    with running(code) as child:
        long = b"x" * (1 << 21)
        assert child.ask(long + b"\n", line, 1 << 22) == long


@pytest.mark.parametrize(
    ("code", "mode", "said"),
    [
        ("ask(); sys.exit(3)", "process died", "its process exited with status 3"),
        ("ask(); os.kill(os.getpid(), 11)", "process died", "its process was ended by SIGSEGV"),
        ("ask(); os.kill(os.getpid(), 40)", "process died", "its process was ended by 40"),
        ("ask(); os.close(1); time.sleep(60)", "process died", "it closed its output"),
        ("ask(); os.close(0); os.close(1)", "process died", "its process"),
        ("ask(); print('wrong', flush=True); time.sleep(60)", "wrote no answer", "it is wrong"),
        ("ask(); print('a\\nb', flush=True); time.sleep(60)", "wrote no answer", r"it wrote b'b\\n' after"),
        ("ask()\nwhile True: os.write(1, b'x' * 1000)", "flooded its output", "to standard output"),
        ("ask()\nwhile True: os.write(2, b'x' * 1000)", "flooded its output", "to standard error"),
        ("ask(); x = b'x' * (1 << 29); time.sleep(60)", "too much memory", r"more than 400 MiB \(--memory\)"),
    ],
)
def test_each_end_has_a_name(code: str, mode: str, said: str) -> None:
    found = fault(code)
    assert found.mode == mode
    assert found.point is None
    with pytest.raises(SubjectFault, match=said):
        raise found


def test_one_that_hangs_is_ended_after_its_time() -> None:
    started = time.monotonic()
    found = fault("ask(); os.write(1, b'abc'); time.sleep(60)", seconds=0.5)
    assert found.mode == "hung"
    assert "within 0.5 s (--timeout) but 3 bytes" in str(found)
    assert 0.5 <= time.monotonic() - started < 10


def test_an_answer_that_ends_too_early_is_no_hang() -> None:
    def never(_data: bytes) -> None:
        return None

    with running("ask(); os.write(1, b'results 2\\nend\\n'); time.sleep(60)", seconds=0.5) as child:
        with pytest.raises(
            SubjectFault, match="it ended its answer after 14 bytes, which are too few"
        ) as caught:
            child.ask(b"go\n", never, 100)
        assert caught.value.mode == "wrote no answer"


def test_memory_that_is_taken_at_once_is_refused_by_the_system() -> None:
    code = "ask()\ntry:\n x = bytearray(1 << 40)\nexcept MemoryError:\n print('refused', flush=True)"
    with running(code) as child:
        assert child.ask(b"go\n", line, 100) == b"refused"


@pytest.mark.parametrize("ending", ["os.kill(os.getpid(), 11)", "sys.exit(127)"])
def test_one_that_may_have_had_no_memory_is_said_to_have_had_a_limit(ending: str) -> None:
    assert str(fault(f"ask(); {ending}")).endswith(" (its memory was limited to 400 MiB by --memory)")
    assert "--memory" not in str(fault("ask(); sys.exit(1)"))


def test_a_limit_beyond_what_the_system_can_set_is_no_limit() -> None:
    with running("print(ask().strip(), flush=True)", memory=10**17) as child:
        assert child.ask(b"go\n", line, 100) == b"go"


def test_what_goes_to_standard_error_is_kept() -> None:
    with running(
        "ask(); sys.stderr.write('a complaint'); sys.stderr.flush(); print('ok', flush=True)"
    ) as child:
        child.ask(b"go\n", line, 100)
        assert child.noise == b"a complaint"


def test_resident_memory_is_told() -> None:
    with running(
        "ask(); x = b'x' * 50_000_000; print('ok', flush=True); ask(); print(len(x), flush=True)"
    ) as child:
        before = child.resident()
        if before is None:
            pytest.skip("this system does not tell how much memory a process uses")
        child.ask(b"go\n", line, 100)
        after = child.resident()
        assert after is not None
        assert after - before > 40_000_000


def test_closing_ends_what_the_program_started_too() -> None:
    code = "import subprocess\np = subprocess.Popen(['sleep', '600'])\nask(); print(p.pid, flush=True); ask()"
    with running(code) as child:
        pid = int(child.ask(b"go\n", line, 100))
        os.kill(pid, 0)
    assert ended(pid)


def test_the_modes_that_cost_the_process_are_those_of_the_contract() -> None:
    assert {"process died", "hung", "flooded its output", "too much memory"} == FATAL


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with the one that started it")
def test_a_program_does_not_outlive_the_suite() -> None:
    code = (
        "import sys, time\n"
        "from stablelce.conformance.subjects.process import Child, Limits\n"
        "child = Child(['sleep', '600'], Limits())\n"
        "print(child._process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    suite = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert suite.stdout is not None
    pid = int(suite.stdout.readline())
    suite.kill()
    suite.communicate()
    assert ended(pid)
