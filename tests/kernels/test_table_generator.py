"""The generator makes the shipped rows, and writes the file whose hash it prints."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import numpy.typing as npt
import pytest

from stablelce.formats import BINARY64
from stablelce.kernels import table_generator
from stablelce.kernels.table_generator import generate, main
from stablelce.kernels.table_layout import ENTRIES, PATH, digest


@pytest.fixture(scope="module")
def shipped() -> npt.NDArray[np.float64]:
    entries: npt.NDArray[np.float64] = np.load(PATH)
    return entries


@pytest.mark.parametrize(("first", "last"), [(0, 40), (1170, 1190), (11000, 11020), (ENTRIES - 40, ENTRIES)])
def test_slices_are_the_shipped_rows(first: int, last: int, shipped: npt.NDArray[np.float64]) -> None:
    made = generate(first, last)
    assert made.shape == (last - first, 4)
    assert BINARY64.encodings(made).tolist() == BINARY64.encodings(shipped[first:last]).tolist()


def test_a_wrong_row_is_seen(shipped: npt.NDArray[np.float64]) -> None:
    assert BINARY64.encodings(generate(5, 6)).tolist() != BINARY64.encodings(shipped[6:7]).tolist()


def test_low_words_are_rounded_once_where_they_are_subnormal(shipped: npt.NDArray[np.float64]) -> None:
    # The rows below are where the low word has less than 53 bits: a > 672.
    low = shipped[21_600:, 1]
    assert (np.abs(low) < 2.0**-1022).any()
    # 2^-1022 + 2^-1075 + 2^-1130: by way of 53 bits a tie that goes to even, in truth above it.
    value = mpmath.mpf(1)
    with mpmath.workprec(1400):
        value = mpmath.ldexp(1, -1000) + mpmath.ldexp(1, -1075) + mpmath.ldexp(1, -1130)
        high, rest = table_generator._pair(value)
    assert high == BINARY64.round(Fraction(1, 2**1000))
    assert rest == 1


def test_the_file_is_written_and_its_hash_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = generate(0, 3)
    path = tmp_path / "table.npy"
    monkeypatch.setattr(table_generator, "PATH", path)
    monkeypatch.setattr(table_generator, "generate", lambda: rows)
    assert main() == 0
    assert digest(np.load(path)) == digest(rows)
    printed = capsys.readouterr().out
    assert printed == f"table.npy: 3 rows, {rows.nbytes} bytes, SHA-256 {digest(rows)}\n"
    assert PATH.stat().st_size > rows.nbytes  # the shipped file is still there
