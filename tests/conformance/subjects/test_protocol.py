from __future__ import annotations

import math
import re
import time
from types import ModuleType

import numpy as np
import pytest

from stablelce.conformance.subjects import cmd, protocol, vectors
from stablelce.conformance.subjects.base import SubjectFault
from stablelce.conformance.subjects.notation import ProtocolError, read_number, write_number
from stablelce.conformance.subjects.process import Limits
from stablelce.conformance.subjects.protocol import GREETING, Request, read_offer
from stablelce.formats import BINARY32, BINARY64, Format
from stablelce.oracle import exact
from tests.conformance.subjects.foreign import planted_program

# -- offers ------------------------------------------------------------------------------------

OFFER = (
    b"stablelce 1\nversion mylib 2.3\noffer loss float64 binary32\noffer sigmoid float16\n"
    b"encodings hex bits\nready\n"
)


def test_an_offer_is_read_once_it_is_whole() -> None:
    for length in range(len(OFFER)):
        assert read_offer(OFFER[:length]) is None
    found = read_offer(OFFER + b"later")
    assert found is not None
    offer, length = found
    assert length == len(OFFER)
    assert offer.formats == {"loss": ("float64", "float32"), "sigmoid": ("float16",)}
    assert offer.version == "mylib 2.3"
    assert offer.encoding == "bits"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello\n", "its first line is 'hello', not 'stablelce 1'"),
        ("stablelce 2\n", "its first line is 'stablelce 2'"),
        ("stablelce 1\nready\n", "offers no quantity"),
        ("stablelce 1\noffer loss float64\nready\n", "none of the encodings binary, bits, hex"),
        ("stablelce 1\noffer cost float64\n", "'cost', which is no quantity"),
        ("stablelce 1\noffer loss float80\n", "the formats are float16, bfloat16, float32, float64"),
        ("stablelce 1\noffer loss float64\noffer loss float32\n", "it offers loss twice"),
        ("stablelce 1\nhello\n", "it wrote 'hello' where"),
        ("stablelce 1\n\n", "it wrote '' where"),
        ("stablelce 1\noffer\n", "it wrote 'offer' where"),
        ("stablelce 1\nerror no licence\n", "it says no licence"),
        ("x" * 5000, "a line of more than 4096 bytes"),
    ],
)
def test_each_wrong_offer_has_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ProtocolError, match=said):
        read_offer(text.encode())


def test_the_greeting_is_the_first_line_of_an_offer() -> None:
    assert OFFER.startswith(GREETING)


# -- requests and answers ----------------------------------------------------------------------


def request(encoding: str, quantity: str = "loss", fmt: Format = BINARY64, points: int = 2) -> Request:
    z = fmt.encodings(np.array([40.0, 0.0, -1.5][:points]).astype(fmt.dtype))
    t = fmt.encodings(np.array([1.0, 0.0, 0.5][:points]).astype(fmt.dtype))
    return Request(quantity, fmt, (z,) if quantity == "sigmoid" else (z, t), encoding)


def test_requests_are_written_as_documented() -> None:
    assert request("hex").to_bytes() == (
        b"loss float64 2 hex\n0x1.4000000000000p+5 0x1.0000000000000p+0\n0x0.0p+0 0x0.0p+0\n"
    )
    assert (
        request("bits", "sigmoid", BINARY32).to_bytes() == b"sigmoid float32 2 bits\n0x42200000\n0x00000000\n"
    )
    columns = np.array([40.0, 0.0, 1.0, 0.0]).tobytes()
    assert request("binary").to_bytes() == b"loss float64 2 binary\n" + columns


@pytest.mark.parametrize("encoding", ["hex", "bits", "binary"])
@pytest.mark.parametrize("quantity", ["loss", "loss_and_gradient"])
@pytest.mark.parametrize("points", [0, 1, 3])
def test_an_answer_is_read_once_it_is_whole(encoding: str, quantity: str, points: int) -> None:
    asked = request(encoding, quantity, points=points)
    outputs = [np.array([0.5, -0.0, math.inf][:points]), np.array([1.0, 2.0, 3.0][:points])][: asked.outputs]
    columns = [BINARY64.encodings(output) for output in outputs]
    if encoding == "binary":
        body = b"".join(output.tobytes() for output in outputs)
    else:
        rows = zip(*(column.tolist() for column in columns), strict=True)
        body = "".join(
            " ".join(write_number(n, BINARY64, encoding) for n in row) + "\n" for row in rows
        ).encode()
    data = f"note a\nresults {points}\n".encode() + body + b"end\n"
    for length in range(len(data)):
        assert asked.read(data[:length]) is None
    found = asked.read(data + b"later")
    assert found is not None
    answer, length = found
    assert length == len(data)
    assert len(data) <= asked.longest
    assert answer.notes == ("a",)
    assert answer.error is None
    assert [result.tolist() for result in answer.results] == [column.tolist() for column in columns]


def test_errors_and_faults_end_an_answer() -> None:
    found = request("hex").read(b"error z is too large\n")
    assert found is not None
    assert (found[0].error, found[0].fault, found[1]) == ("z is too large", None, 21)
    found = request("hex").read(b"fault result not written\n")
    assert found is not None
    assert (found[0].error, found[0].fault) == (None, "result not written")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"results 3\n", "it wrote 'results 3' where 'results 2' belongs"),
        (b"0x1p+0\n", "it wrote '0x1p\\+0' where 'results 2' belongs"),
        (b"results 2\n0x1p+0\nend\n", "it ended its answer before 2 results"),
        (b"results 2\n0x1p+0\n0x1p+0\n0x1p+0\n", "it wrote '0x1p\\+0' where 'end' belongs, after 2 results"),
        (b"results 2\n0.5\n0x1p+0\n", "result 1 of 2: '0.5' is neither"),
        (b"results 2\n0x1p+0\n0x1p+0 0x1p+0\n", "result 2 of 2 is '0x1p\\+0 0x1p\\+0'"),
        (b"results 2\n0x1p+0\n\n", "result 2 of 2 is ''"),
        (b"results 2\nerror boom\n", "result 1 of 2 is 'error boom'"),
        (b"results 2\nend\n", "it ended its answer before 2 results"),
        (b"results 2\n0.5\n", "result 1 of 2: '0.5' is neither"),
        (b"results 2\n\n", "result 1 of 2 is ''"),
        (b"\xff\xfe\n", "where 'results 2' belongs"),
    ],
)
def test_each_wrong_answer_has_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(ProtocolError, match=said):
        request("hex").read(data)


@pytest.mark.parametrize("after", [0, 1, 5000])
def test_an_answer_that_breaks_off_is_refused_as_it_comes(after: int) -> None:
    asked = Request("sigmoid", BINARY64, (np.zeros(10000, np.uint64),), "hex")
    number = b" -0x1.8000000000000p-1\r\n"
    data = b"results 10000\n" + after * number + b"error boom\nTraceback\n"
    assert asked.read(data[: data.index(b"boom")]) is None
    with pytest.raises(ProtocolError, match=f"result {after + 1} of 10000 is 'error boom'"):
        asked.read(data)


def test_a_program_that_breaks_off_is_not_waited_for() -> None:
    spec = planted_program("breaks off", "--text")
    loss = cmd.subject(spec, "loss", Limits(60.0, 1000)).functions["loss"]
    started = time.monotonic()
    with pytest.raises(SubjectFault) as caught:
        loss(np.full(5, 1000.0), np.zeros(5))
    assert caught.value.mode == "wrote no answer"
    assert time.monotonic() - started < 60


def test_a_part_of_a_request_keeps_its_points() -> None:
    asked = request("hex", points=3)
    part = asked.take(slice(2, None))
    assert part.points == 1
    assert part.point() == (int(asked.columns[0][2]), int(asked.columns[1][2]))
    assert request("hex", "sigmoid").point() == (int(asked.columns[0][0]), 0)


@pytest.mark.parametrize("module", [protocol, vectors])
def test_the_results_in_the_documentation_are_the_right_ones(module: ModuleType) -> None:
    want = write_number(exact("loss", 40.0, 1.0).encoding, BINARY64, "hex")
    assert want in (module.__doc__ or "")
    shown = re.findall(r"0x1\.[0-9a-f]+p-58|0x3c5[0-9a-f]{13}", module.__doc__ or "")
    assert {read_number(text, BINARY64) for text in shown} == {exact("loss", 40.0, 1.0).encoding}
