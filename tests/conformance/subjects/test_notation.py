from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.conformance.subjects.notation import ProtocolError, printable, read_number, write_number
from stablelce.formats import BINARY16, BINARY32, BINARY64, FORMATS, Format


@given(st.sampled_from(FORMATS), st.integers(0, 2**64 - 1), st.sampled_from(["hex", "bits"]))
def test_every_encoding_is_read_as_it_was_written(fmt: Format, number: int, how: str) -> None:
    encoding = number % (1 << fmt.width)
    back = read_number(write_number(encoding, fmt, how), fmt)
    assert back == (fmt.nan if how == "hex" and fmt.is_nan(encoding) else encoding)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0x1.8p+3", 12.0),
        ("-0X1.8P3", -12.0),
        ("0x0p+0", 0.0),
        ("-0x0.0p+0", -0.0),
        ("0x.8p1", 1.0),
        ("0x0.0000000000001p-1022", 5e-324),
        ("inf", math.inf),
        ("-Infinity", -math.inf),
        ("  0x1p-1\r", 0.5),
    ],
)
def test_what_languages_print_is_understood(text: str, value: float) -> None:
    assert read_number(text, BINARY64) == int(BINARY64.encodings(np.array([value]))[0])


@pytest.mark.parametrize("text", ["nan", "-nan", "NaN", "nan(0x8000000000000)", "-nan(ind)"])
def test_every_nan_is_the_one_nan(text: str) -> None:
    assert read_number(text, BINARY32) == BINARY32.nan


@pytest.mark.parametrize("text", ["0.5", "1e-3", "", "0x", "0xp3", "0x1.8", "one", "0x3ff", "0x1p", "1p3"])
def test_what_is_no_exact_notation_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError, match="neither a hexadecimal float"):
        read_number(text, BINARY64)


@pytest.mark.parametrize(
    ("text", "fmt"),
    [
        ("0x1.0000001p+0", BINARY32),  # 25 bits
        ("0x1p+128", BINARY32),
        ("0x1p-150", BINARY32),
        ("0x1p+16", BINARY16),
        ("0x1.00000000000001p+0", BINARY64),
        ("0x1p+99999", BINARY64),
    ],
)
def test_a_number_of_another_format_is_refused(text: str, fmt: Format) -> None:
    with pytest.raises(ProtocolError, match=f"is no {fmt.dtype_name} number"):
        read_number(text, fmt)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[/foo] 0x1p+3\tü", "[/foo] 0x1p+3\tü"),
        ("\x1b[31mred\x1b[0m\x07\r", "\\x1b[31mred\\x1b[0m\\x07\\r"),
        ("two\nlines\u202e", "two\nlines\\u202e"),
    ],
)
def test_a_text_cannot_move_or_colour_a_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown
