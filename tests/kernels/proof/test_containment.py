"""What a kernel computes on floats lies in the engine's enclosures: results, intermediate values, pairs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest

from stablelce.kernels.pairs import reduced
from stablelce.kernels.proof import floats
from stablelce.kernels.proof.balls import UNIT, Ball, Polynomial, power_of_two, working_precision
from stablelce.kernels.proof.cells import KERNELS
from stablelce.kernels.proof.enclosure import Enclosure
from stablelce.kernels.proof.operations import OPERATIONS, Argument
from stablelce.kernels.rebinding import rebind
from stablelce.kernels.table_layout import ENTRIES, LIMIT
from tests.kernels.proof.running import FUSED, SEPARATE, Operations, trace

CELLS = (0, 1, 2, 3, 32, 1280, 21504, ENTRIES - 2, ENTRIES - 1)
POINTS = 30


def exact(value: Fraction) -> Ball:
    return Ball((value.numerator, 1 - value.denominator.bit_length()))


def ratio(enclosure: Enclosure, value: Ball, rho: Ball) -> float:
    """Distance from the middle over the radius; fails where that is above 1."""
    around = enclosure.total(rho) + UNIT * enclosure.underflow
    assert around.contains(value)
    radius = around.rad()
    return 0.0 if radius == 0 else float(abs(value - around.mid()) / radius)


def arguments(index: int, source: random.Random) -> Iterator[float]:
    """Floats of a cell: at its middle and ends, next to them, and anywhere."""
    middle = index / 32
    offsets = [0.0, 1 / 64, -1 / 64, 2.0**-52, -(2.0**-52), 2.0**-40]
    offsets += [source.uniform(-1, 1) / 64 for _ in range(POINTS // 2)]
    offsets += [source.choice((-1, 1)) * 2.0 ** source.uniform(-50, -6) for _ in range(POINTS // 2)]
    tiny = [5e-324, 2.0**-1022, 2.0**-600, 2.0**-511, 2.0**-485, 1e-100] if index == 0 else []
    for a in [*(middle + offset for offset in offsets), *tiny]:
        if 0 <= a <= LIMIT and abs(a - middle) <= 1 / 64:
            yield a


def compare(values: Any, enclosures: Any, rho: Ball) -> float:
    """The largest ratio of a run; a pair is compared as an exact sum, in which errors cancel."""
    largest = 0.0
    for value, enclosure in zip(values, enclosures, strict=True):
        if isinstance(value, tuple):
            total = enclosure[0] if len(value) == 1 else enclosure[0].plus(enclosure[1])
            largest = max(largest, ratio(total, exact(sum(map(Fraction, value), Fraction())), rho))
        else:
            largest = max(largest, ratio(enclosure, Ball(value), rho))
    return largest


@pytest.mark.parametrize("operations", [SEPARATE, FUSED], ids=["separate", "fused"])
@pytest.mark.parametrize("name", KERNELS)
def test_every_value_of_random_runs_lies_in_its_enclosure(name: str, operations: Operations) -> None:
    source = random.Random(20240607)
    kernel = KERNELS[name]
    runs, largest = 0, 0.0
    for index in (*CELLS, *(source.randrange(ENTRIES) for _ in range(15)), *range(4, 320, 27)):
        with working_precision():
            enclosures = trace(kernel, OPERATIONS, index, Argument(index).rest)
            for a in arguments(index, source):
                r = a - index / 32
                values = trace(kernel, operations, index, r)
                largest = max(largest, compare(values, enclosures, Ball(64 * r)))
                runs += 1
    assert runs > 1000
    # The bounds are met, not merely kept: no error is counted several times over.
    assert largest > 0.9


@pytest.mark.parametrize("name", ["HALF_ULP", "HALF_TINY"])
def test_an_engine_that_books_too_little_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floats, name, getattr(floats, name) / 2)
    source = random.Random(8)
    escaped = 0
    for index in (0, 1, 32, 1280, ENTRIES - 2, ENTRIES - 1):
        with working_precision():
            enclosures = trace(KERNELS["pairs"], OPERATIONS, index, Argument(index).rest)
            for a in arguments(index, source):
                values = trace(KERNELS["pairs"], SEPARATE, index, a - index / 32)
                try:
                    compare(values, enclosures, Ball(64 * (a - index / 32)))
                except AssertionError:
                    escaped += 1
    assert escaped > 0


def test_a_value_outside_is_noticed() -> None:
    with working_precision():
        half = Enclosure(Polynomial([power_of_two(-1)]))
        with pytest.raises(AssertionError):
            ratio(half, exact(Fraction(1, 2) + Fraction(1, 2**200)), Ball(0))


def test_the_reduction_is_what_the_engine_replaces_it_by() -> None:
    source = random.Random(1)
    run = rebind(KERNELS["pairs"].module, {**SEPARATE})["reduced"]
    assert run.__code__ is reduced.__code__
    for _ in range(5000):
        a = source.choice((source.uniform(0, LIMIT), source.uniform(0, 2), 2.0 ** source.uniform(-1070, 9)))
        index, r = run(a)
        assert 0 <= index < ENTRIES
        assert Fraction(r) == Fraction(a) - Fraction(index, 32)
        assert abs(r) <= 1 / 64
    # Between two cells: ties go to the even one.
    assert [run(a) for a in (1 / 64, 3 / 64, LIMIT)] == [(0, 1 / 64), (2, -1 / 64), (ENTRIES - 1, 0.0)]
