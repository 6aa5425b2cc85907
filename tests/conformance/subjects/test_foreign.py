"""Functions whose arithmetic happens elsewhere: arrays, faults, and the smallest input that causes them."""

from __future__ import annotations

import shlex
from typing import Any

import numpy as np
import pytest

from stablelce.conformance.subjects.base import REFUSED, SubjectError, SubjectFault
from stablelce.conformance.subjects.foreign import Foreign, RaisedError
from stablelce.conformance.subjects.process import Limits
from tests.conformance.subjects.foreign import planted_program

Z = np.array([-3.0, 0.0, 2.0, 800.0, 1.0, 5.0])
T = np.array([0.0, 1.0, 0.25, 0.5, 0.5, 1.0])


def program(misdeed: str, *flags: str, seconds: float = 20.0) -> Foreign:
    command = shlex.split(planted_program(misdeed, *flags).removeprefix("cmd:"))
    return Foreign("the program", command, Limits(seconds))


def loss_of(foreign: Foreign) -> Any:
    return foreign.subject("1", "", {}).functions["loss"]


def right(z: Any, t: Any) -> Any:
    return np.logaddexp(0, z) - t * z


@pytest.mark.parametrize("flags", [(), ("--text",)])
def test_arrays_of_every_shape_are_broadcast_and_come_back(flags: tuple[str, ...]) -> None:
    loss = loss_of(program("right", *flags))
    for z, t in ((Z, T), (Z[2], T[2]), (Z[:0], T[:0]), (Z.reshape(2, 3)[:, ::-1], T[:3]), (Z[:, None], T)):
        got = loss(z, t)
        assert got.dtype == np.float64
        assert got.shape == np.broadcast_shapes(np.shape(z), np.shape(t))
        # Two stable forms of one function, each with some roundings.
        assert np.allclose(got, right(np.asarray(z), t), rtol=1e-12, atol=1e-12)


def test_what_is_offered_becomes_the_subject() -> None:
    subject = program("right").subject("1.2", "import it", {"loss": "it(z, t)"})
    assert (subject.name, subject.version, subject.formats) == ("the program", "1.2", ("float64",))
    assert subject.isolated
    assert subject.offers("loss")
    assert not subject.offers("gradient")
    assert subject.process is not None
    assert subject.process.resident() is None


@pytest.mark.parametrize("flags", [(), ("--text",)])
@pytest.mark.parametrize(
    ("misdeed", "mode"),
    [
        ("dies", "process died"),
        ("closes its output", "process died"),
        ("wrong number", "wrote no answer"),
        ("one result more", "wrote no answer"),
        ("words", "wrote no answer"),
        ("more after the end", "wrote no answer"),
        ("floods its errors", "flooded its output"),
    ],
)
def test_the_smallest_input_is_found_and_the_next_call_is_answered(
    misdeed: str, mode: str, flags: tuple[str, ...]
) -> None:
    loss = loss_of(program(misdeed, *flags))
    with pytest.raises(SubjectFault) as caught:
        loss(Z, T)
    assert caught.value.mode == mode
    assert caught.value.point == tuple(int(np.array(value).view(np.uint64)) for value in (800.0, 0.5))
    assert loss(Z[:3], T[:3]).shape == (3,)
    with pytest.raises(SubjectFault, match=r"as it does at z = 800\.0, t = 0\.5"):
        loss(Z[2:], T[2:])


def test_decimals_are_no_answer() -> None:
    with pytest.raises(SubjectFault, match=r"'[0-9.e-]+' is neither a hexadecimal float") as caught:
        loss_of(program("decimals", "--text"))(Z, T)
    assert caught.value.point is not None


@pytest.mark.parametrize("misdeed", ["hangs", "one result short"])
def test_one_that_makes_the_suite_wait_is_called_a_limited_number_of_times(misdeed: str) -> None:
    foreign = program(misdeed, seconds=0.1 if misdeed == "hangs" else 0.2)
    loss = loss_of(foreign)
    modes = []
    for k in range(60):
        with pytest.raises(SubjectFault) as caught:
            loss(Z + k, T)
        modes.append(caught.value.mode)
        if modes[-1] == REFUSED:
            break
    assert modes[0] == ("hung" if misdeed == "hangs" else "wrote no answer")
    assert modes[-1] == REFUSED
    assert 5 < len(modes) < 40


def test_a_known_input_is_not_tried_again() -> None:
    foreign = program("dies")
    loss = loss_of(foreign)
    with pytest.raises(SubjectFault):
        loss(Z, T)
    loss(Z[:1], T[:1])
    before = foreign._child
    with pytest.raises(SubjectFault, match="exited with status 3"):
        loss(Z[3], T[3])
    assert foreign._child is before
    assert before.alive


@pytest.mark.parametrize("points", [1, 6])
def test_one_that_dies_of_an_earlier_call_is_blamed_on_no_input(points: int) -> None:
    loss = loss_of(program("dies at the second call"))
    loss(Z[:1], T[:1])
    with pytest.raises(SubjectFault, match="it takes an earlier call, no input does it in a fresh") as caught:
        loss(Z[:points], T[:points])
    assert caught.value.point is None


def test_a_single_input_is_tried_once_more_in_a_fresh_process() -> None:
    loss = loss_of(program("dies"))
    loss(Z[:1], T[:1])
    with pytest.raises(SubjectFault) as caught:
        loss(Z[3], T[3])
    assert caught.value.point is not None


def test_what_is_renewed_answers_from_a_fresh_process() -> None:
    foreign = program("dies at the second call")
    loss = loss_of(foreign)
    for _ in range(3):
        assert loss(Z, T).shape == Z.shape
        foreign.renew()


def test_an_error_is_raised_with_its_text() -> None:
    with pytest.raises(RaisedError, match="z is too large"):
        loss_of(program("error"))(Z, T)


def test_notes_and_complaints_are_printed_here(capfd: pytest.CaptureFixture[str]) -> None:
    loss_of(program("notes"))(Z, T)
    loss_of(program("complains"))(Z, T)
    out, err = capfd.readouterr()
    assert out == "a note\n"
    assert err == "a complaint\n"


@pytest.mark.parametrize(
    ("misdeed", "said"),
    [
        ("another version", "its first line is 'stablelce 2', not 'stablelce 1'"),
        ("offers nothing", "offers no quantity with a format"),
        ("prints first", "its first line is 'hello'"),
        ("chats", "it wrote 'hello' where"),
        ("refuses", "it says no licence"),
        ("one long line", "a line of more than 4096 bytes"),
    ],
)
def test_one_that_does_not_speak_the_protocol_is_refused_in_a_sentence(misdeed: str, said: str) -> None:
    with pytest.raises(SubjectError, match="'the program' does not speak the protocol: ") as caught:
        program(misdeed)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_that_dies_at_once_is_a_fault() -> None:
    with pytest.raises(SubjectFault, match="exited with status 4"):
        program("dies at once")


def test_one_that_never_answers_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stablelce.conformance.subjects.foreign._START_SECONDS", 0.3)
    with pytest.raises(SubjectFault) as caught:
        program("never answers", seconds=0.2)
    assert caught.value.mode == "hung"
    assert "within 0.3 s (for its start, whatever --timeout says)" in str(caught.value)


def test_one_that_cannot_be_started_is_named() -> None:
    with pytest.raises(SubjectError, match="'/no/such/program' cannot be started"):
        Foreign("x", ["/no/such/program"], Limits())
