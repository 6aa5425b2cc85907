"""The promise, measured: results are the correctly rounded ones, bit for bit, by the oracle.

Every logit of the 16-bit formats with 18 targets, 2^18 strided encodings of binary32 for each function and
target, and 10^5 inputs of binary64 over all regions, with every hard case. Formats shorter than binary64 go
through a sieve of binary64 functions first; longer runs, and the 16-bit formats by the oracle alone, are in
the deep tier. The public functions are called, so the engine is the one that a user gets; on the inputs that
a search found next to a midpoint, each engine in turn.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest

import stablelce as lce
from stablelce.conformance import hard_cases
from stablelce.conformance.regions import REGIONS, sample
from stablelce.formats import BFLOAT16, BINARY16, BINARY32, BINARY64, Format, UIntArray
from stablelce.oracle import batch
from tests.binary64_filter import by_binary64

pytestmark = pytest.mark.bulk

OF_Z_ALONE = ("sigmoid", "log_sigmoid", "softplus")
PIECE = 1 << 16

Recorder = Callable[[str, object], None]

ENGINES = ("numpy", *(("numba",) if importlib.util.find_spec("numba") else ()))

SOFT = (1e-6, 1e-3, 0.01, 0.05, 0.1, 0.25, 1 / 3, 0.375, 0.5, 0.625, 0.7, 0.75, 0.9, 0.95, 0.99, 1 - 2.0**-8)


@pytest.fixture(autouse=True)
def untraced() -> Iterator[None]:
    """Results are measured here, not lines, and tracing them for coverage would take most of the time."""
    before = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(before)


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """The oracle keeps what it was asked, which is of no use here and would fill the memory."""
    yield
    batch._cache.clear()


def results_of(quantity: str, z: UIntArray, t: UIntArray, fmt: Format) -> UIntArray:
    function, logits = getattr(lce, quantity), fmt.array(z)
    return fmt.encodings(function(logits) if quantity in OF_Z_ALONE else function(logits, fmt.array(t)))


def assert_right(quantity: str, z: UIntArray, t: UIntArray, fmt: Format) -> int:
    """Compare with the oracle; how many points there were."""
    return assert_same(quantity, results_of(quantity, z, t, fmt), z, t, fmt)


def assert_same(quantity: str, results: UIntArray, z: UIntArray, t: UIntArray, fmt: Format) -> int:
    """Compare with the oracle, a piece at a time; how many points there were."""
    logits, targets = fmt.array(z), fmt.array(t)
    for start in range(0, z.size, PIECE):
        part = slice(start, start + PIECE)
        given = None if quantity in OF_Z_ALONE else t[part]
        wanted = batch.expected(quantity, z[part], given, fmt).encodings
        wrong = np.flatnonzero(results[part] != wanted)
        assert wrong.size == 0, (
            f"{wrong.size} of {wanted.size}, the first: {quantity} of z={logits[part][wrong[0]]!r}, "
            f"t={targets[part][wrong[0]]!r} is {results[part][wrong[0]]:#x}, not {wanted[wrong[0]]:#x}"
        )
        batch._cache.clear()
    return int(z.size)


def all_finite(fmt: Format) -> UIntArray:
    every = np.arange(1 << fmt.width, dtype=fmt.uint)
    finite: UIntArray = every[(every & fmt.uint.type(fmt.sign_bit - 1)) < fmt.infinity]
    return finite


def filled(z: UIntArray, t: float, fmt: Format) -> UIntArray:
    return np.full(z.size, fmt.encodings(np.array([t]).astype(fmt.dtype))[0], dtype=fmt.uint)


def assert_right_by_filter(quantity: str, z: UIntArray, t: float, fmt: Format, sample: int) -> int:
    """By binary64 where that decides, and by the oracle what it leaves open, what differs, and a sample."""
    targets = filled(z, t, fmt)
    results = results_of(quantity, z, targets, fmt)
    known, decided = by_binary64(quantity, fmt.array(z), fmt.array(targets), fmt)
    asked = ~decided | (known != results)
    asked[:: z.size // sample] = True
    assert_same(quantity, results[asked], z[asked], targets[asked], fmt)
    return int(z.size)


@pytest.mark.parametrize("t", [0.0, 1.0, *SOFT])
@pytest.mark.parametrize("quantity", ["loss", "gradient"])
@pytest.mark.parametrize("fmt", [BINARY16, BFLOAT16], ids=lambda fmt: fmt.name)
def test_every_logit_of_a_short_format(fmt: Format, quantity: str, t: float) -> None:
    assert assert_right_by_filter(quantity, all_finite(fmt), t, fmt, sample=2000) in (63488, 65280)


@pytest.mark.deep  # the oracle alone takes minutes for them all
@pytest.mark.parametrize("t", [0.0, 1.0, *SOFT])
@pytest.mark.parametrize("quantity", ["loss", "gradient"])
@pytest.mark.parametrize("fmt", [BINARY16, BFLOAT16], ids=lambda fmt: fmt.name)
def test_every_logit_of_a_short_format_by_the_oracle(
    fmt: Format, quantity: str, t: float, record_property: Recorder
) -> None:
    z = all_finite(fmt)
    count = assert_right(quantity, z, filled(z, t, fmt), fmt)
    assert count in (63488, 65280)
    record_property("inputs", count)


@pytest.mark.parametrize("quantity", ["hessian", *OF_Z_ALONE])
@pytest.mark.parametrize("fmt", [BINARY16, BFLOAT16], ids=lambda fmt: fmt.name)
def test_every_logit_of_a_short_format_alone(fmt: Format, quantity: str) -> None:
    z = all_finite(fmt)
    assert assert_right(quantity, z, filled(z, 0.5, fmt), fmt) in (63488, 65280)


CASES = [
    *((quantity, t) for quantity in ("loss", "gradient") for t in (0.0, 1.0, 0.3)),
    *((quantity, 0.5) for quantity in ("hessian", *OF_Z_ALONE)),
]


def strided(first: int, stride: int) -> UIntArray:
    """Finite binary32 logits: every stride-th encoding."""
    encodings = np.arange(first, 1 << 32, stride, dtype=np.uint64).astype(np.uint32)
    return encodings[(encodings & np.uint32(0x7FFFFFFF)) < BINARY32.infinity]


@pytest.mark.parametrize(("quantity", "t"), CASES)
def test_strided_logits_of_binary32(quantity: str, t: float) -> None:
    z = strided(first=4099, stride=1 << 14)
    assert assert_right_by_filter(quantity, z, t, BINARY32, sample=2000) > 260_000


def of_all_regions(fmt: Format, count: int, seed: int) -> tuple[UIntArray, UIntArray]:
    rng = np.random.default_rng(seed)
    drawn = [sample(region, fmt, count // len(REGIONS) + 1, rng) for region in REGIONS]
    z, t = (np.concatenate(column) for column in zip(*drawn, strict=True))
    return z, t


@pytest.mark.parametrize("quantity", ["loss", "gradient", "hessian", *OF_Z_ALONE])
def test_binary64_over_all_regions(quantity: str) -> None:
    count = 100_000 if quantity in ("loss", "gradient") else 20_000
    z, t = of_all_regions(BINARY64, count, 1)
    assert assert_right(quantity, z, t, BINARY64) >= count


@pytest.mark.parametrize("fmt", [BINARY16, BFLOAT16, BINARY32, BINARY64], ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("quantity", ["loss", "gradient", "hessian", *OF_Z_ALONE])
def test_hard_cases(fmt: Format, quantity: str) -> None:
    z, t, names = hard_cases.points(fmt)
    assert assert_right(quantity, z, t, fmt) == len(names) > 50


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("fmt", [BINARY32, BINARY64], ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("quantity", ["loss", "gradient", "hessian", *OF_Z_ALONE])
def test_inputs_next_to_a_midpoint(fmt: Format, quantity: str, engine: Literal["numpy", "numba"]) -> None:
    z, t, bits = hard_cases.hard_to_round(quantity, fmt)
    with lce.engine(engine):
        assert assert_right(quantity, z, t, fmt) == bits.size > 100


def test_a_wrong_bit_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = lce.loss

    def wrong(z: npt.ArrayLike, t: npt.ArrayLike) -> Any:
        results = right(z, t)
        results.view(np.uint64)[-1] ^= 1
        return results

    monkeypatch.setattr(lce, "loss", wrong)
    z, t = of_all_regions(BINARY64, 100, 2)
    with pytest.raises(AssertionError, match=r"^1 of \d+, the first: loss of z="):
        assert_right("loss", z, t, BINARY64)


def test_a_wrong_bit_of_a_whole_array_is_noticed_by_the_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    right, z = lce.loss, all_finite(BINARY16)

    def wrong(logits: npt.ArrayLike, t: npt.ArrayLike) -> Any:
        results = right(logits, t)
        if results.size == z.size:  # not when a few are computed again
            results.view(np.uint16)[12345] ^= 1  # no element of the sample
        return results

    assert 12345 % (z.size // 2000) != 0
    assert_right_by_filter("loss", z, 0.0, BINARY16, sample=2000)
    monkeypatch.setattr(lce, "loss", wrong)
    with pytest.raises(AssertionError, match=r"^1 of \d+, the first: loss of z="):
        assert_right_by_filter("loss", z, 0.0, BINARY16, sample=2000)


@pytest.mark.deep
@pytest.mark.parametrize("first", range(64))
@pytest.mark.parametrize(("quantity", "t"), CASES)
def test_2_to_the_24_strided_logits_of_binary32(
    quantity: str, t: float, first: int, record_property: Recorder
) -> None:
    logits = strided(first=first * 256 + 7, stride=1 << 14)
    record_property("inputs", assert_right_by_filter(quantity, logits, t, BINARY32, sample=2000))


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize("quantity", ["loss", "gradient"])
def test_ten_million_inputs_of_binary64(quantity: str, seed: int, record_property: Recorder) -> None:
    z, t = of_all_regions(BINARY64, 100_000, 100 + seed)
    record_property("inputs", assert_right(quantity, z, t, BINARY64))
