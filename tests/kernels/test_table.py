"""Every entry of the table derived again, with another library; a damaged table is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from flint import arb, ctx

from stablelce.formats import BINARY64
from stablelce.kernels import table
from stablelce.kernels.table_layout import ENTRIES, LIMIT, PATH, STEPS, digest

COLUMNS = (table.SOFTPLUS_HIGH, table.SOFTPLUS_LOW, table.SIGMOID_HIGH, table.SIGMOID_LOW)

PRECISION = 240
"""Bits: twice those of a pair, and some, so that both ends of an enclosure round to one pair."""


def ends(ball: arb) -> tuple[int, int, int]:
    """Integers with low * 2**e <= value <= high * 2**e."""
    (m, e), (radius, radius_e) = ball.mid().man_exp(), ball.rad().man_exp()
    middle, error, exponent, error_exponent = int(m), int(radius), int(e), int(radius_e)
    if error == 0:
        return middle, middle, exponent
    common = min(exponent, error_exponent)
    middle, error = middle << (exponent - common), error << (error_exponent - common)
    return middle - error, middle + error, common


def rounded_pair(m: int, e: int) -> tuple[int, int]:
    """Encodings of RN(m * 2**e) and of RN(the rest)."""
    high = BINARY64.round_dyadic(m, e)
    significand, exponent = BINARY64.decode(high)
    common = min(e, exponent)
    return high, BINARY64.round_dyadic((m << (e - common)) - (significand << (exponent - common)), common)


def derived(ball: arb) -> tuple[int, int]:
    low, high, e = ends(ball)
    pair = rounded_pair(low, e)
    assert pair == rounded_pair(high, e), "the enclosure is too wide to tell"
    return pair


def differing(rows: dict[int, tuple[int, ...]]) -> list[int]:
    """The rows that are not the rounded values."""
    previous = ctx.prec
    ctx.prec = PRECISION
    try:
        found = []
        for j, row in rows.items():
            a = arb(j) / STEPS
            softplus, sigmoid = (-a).exp().log1p(), 1 / (1 + a.exp())
            if row != (*derived(softplus), *derived(sigmoid)):
                found.append(j)
        return found
    finally:
        ctx.prec = previous


def shipped() -> dict[int, tuple[int, ...]]:
    return {j: tuple(row) for j, row in enumerate(np.stack(COLUMNS, axis=1).view(np.uint64).tolist())}


def test_every_entry_is_derived_again() -> None:
    assert len(shipped()) == ENTRIES
    assert differing(shipped()) == []


def test_a_wrong_last_bit_is_seen_in_every_column() -> None:
    rows = {j: row for j, row in shipped().items() if j % 2000 < 4}
    wrong = {j: (*row[: j % 4], row[j % 4] ^ 1, *row[j % 4 + 1 :]) for j, row in rows.items()}
    assert differing(wrong) == list(rows)


def test_the_columns_are_contiguous_pairs_over_the_whole_range() -> None:
    assert ENTRIES == LIMIT * STEPS + 1
    for high, low in (COLUMNS[:2], COLUMNS[2:]):
        assert high.flags.c_contiguous
        assert low.flags.c_contiguous
        assert (high + low == high).all()
        assert (np.diff(high) < 0).all()


def test_the_file_is_the_one_that_the_hash_names() -> None:
    entries = np.load(PATH)
    assert entries.dtype == np.float64
    assert digest(entries) == table.SHA256
    assert digest(entries[:, ::-1][:, ::-1]) == table.SHA256  # whatever the strides
    assert digest(entries.astype(">f8")) == table.SHA256  # and the byte order


@pytest.mark.parametrize("row", [0, 1, ENTRIES // 2, ENTRIES - 1])
@pytest.mark.parametrize("bit", [0, 51, 63])
def test_a_flipped_bit_is_refused(
    row: int, bit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = np.load(PATH)
    entries.view(np.uint64)[row, row % 4] ^= np.uint64(1 << bit)
    refused(entries, tmp_path, monkeypatch)


@pytest.mark.parametrize("shape", [(ENTRIES - 1, 4), (ENTRIES, 3), (4, ENTRIES), (ENTRIES * 4,)])
def test_another_shape_is_refused(
    shape: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(np.resize(np.load(PATH), shape), tmp_path, monkeypatch)


def refused(entries: npt.NDArray[np.float64], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "table.npy"
    np.save(path, entries)
    monkeypatch.setattr(table, "PATH", path)
    with pytest.raises(ImportError, match="is damaged: reinstall") as caught:
        table._load()
    assert str(path) in str(caught.value)


def test_a_whole_copy_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "table.npy"
    path.write_bytes(PATH.read_bytes())
    monkeypatch.setattr(table, "PATH", path)
    assert digest(table._load()) == table.SHA256
