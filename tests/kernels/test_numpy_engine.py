"""The NumPy engine against the oracle, bit for bit, and the way of elements through its stages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from stablelce import oracle
from stablelce.conformance import hard_cases
from stablelce.conformance.regions import REGIONS, Region, sample
from stablelce.formats import BINARY64, FORMATS, Format, UIntArray
from stablelce.kernels import numpy_engine
from stablelce.kernels.exact import exact_block
from stablelce.kernels.numpy_engine import QUANTITIES, evaluate
from stablelce.kernels.pairs import pairs
from stablelce.kernels.table_layout import LIMIT
from stablelce.oracle.batch import expected

each_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
each_region = pytest.mark.parametrize("region", REGIONS, ids=lambda region: region.name.replace(" ", "-"))

WITH_TARGET = ("loss", "gradient", "hessian")


@pytest.fixture(autouse=True)
def _without_warnings() -> Iterator[None]:
    """As the functions call it."""
    with np.errstate(all="ignore"):
        yield


def compute(quantity: str, fmt: Format, z: UIntArray, *others: UIntArray | None) -> UIntArray:
    """From encodings to encodings; ``others`` are t, weight and pos_weight."""
    out = np.empty(z.shape, fmt.dtype)
    evaluate({quantity: out}, fmt.array(z), *(None if x is None else fmt.array(x) for x in others))
    return fmt.encodings(out)


def check(fmt: Format, z: UIntArray, t: UIntArray) -> None:
    """Every quantity at every point."""
    for quantity in QUANTITIES:
        targets = t if quantity in ("loss", "gradient") else None
        wanted = expected(quantity, z, targets, fmt).encodings
        got = compute(quantity, fmt, z, targets)
        wrong = np.flatnonzero(got != wanted)
        assert not wrong.size, [
            (quantity, hex(z[i]), hex(t[i]), "got", hex(got[i]), "want", hex(wanted[i])) for i in wrong[:3]
        ]


def encoded(values: np.ndarray, fmt: Format) -> UIntArray:
    return fmt.encodings(values.astype(fmt.dtype))


# -- against the oracle --------------------------------------------------------------------------


@each_format
def test_every_hard_case(fmt: Format) -> None:
    z, t, _ = hard_cases.points(fmt)
    check(fmt, z, t)


@each_format
@each_region
def test_points_of_every_region(fmt: Format, region: Region) -> None:
    check(fmt, *sample(region, fmt, 150, np.random.default_rng(7)))


@each_format
def test_next_to_the_optimum(fmt: Format) -> None:
    rng = np.random.default_rng(11)
    z = encoded(np.concatenate([rng.normal(0, 3, 40), 2.0 ** -rng.uniform(0, 60, 20)]), fmt)
    optimum = expected("sigmoid", z, None, fmt).encodings
    one = encoded(np.ones(1), fmt)[0]
    for step in range(-2, 3):
        t = np.minimum(fmt.ordinals(optimum) + step, int(one)).astype(fmt.uint)
        wanted = expected("gradient", z, t, fmt).encodings
        assert compute("gradient", fmt, z, t).tolist() == wanted.tolist()


def test_a_wrong_bit_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def disturbed(a: Any) -> tuple[Any, ...]:
        d, d_low, y, y_low = pairs(a)
        return d, d_low + d * 2.0**-54, y, y_low

    monkeypatch.setattr(numpy_engine, "pairs", disturbed)
    z, t, _ = hard_cases.points(BINARY64)
    with pytest.raises(AssertionError):
        check(BINARY64, z, t)


# -- blocks --------------------------------------------------------------------------------------


def mixed(fmt: Format, count: int, seed: int) -> tuple[UIntArray, UIntArray]:
    """Ordinary points, far ones, undecided ones and such that are not finite, in random order."""
    rng = np.random.default_rng(seed)
    kinds = [sample(REGIONS[i % len(REGIONS)], fmt, 4, rng) for i in range(count)]
    z, t = (np.concatenate(column) for column in zip(*kinds, strict=True))
    infinite = np.array([fmt.infinity, fmt.infinity | fmt.sign_bit, fmt.nan], dtype=fmt.uint)
    special = rng.random(z.size) < 0.2
    z[special] = rng.choice(infinite, special.sum())
    t[rng.random(z.size) < 0.05] = fmt.nan
    midpoint = rng.random(z.size) < 0.2
    z[midpoint], t[midpoint] = encoded(np.array([0.0, 0.5]), fmt)  # log 2, and an exact zero
    order = rng.permutation(z.size)
    return z[order], t[order]


@each_format
@pytest.mark.parametrize("weighted", [False, True])
def test_an_element_does_not_depend_on_its_neighbours(fmt: Format, weighted: bool) -> None:
    z, t = mixed(fmt, 22, 3)
    columns = [z, t]
    if weighted:
        rng = np.random.default_rng(4)
        columns += [rng.integers(0, fmt.max_finite, z.size).astype(fmt.uint) for _ in range(2)]
        for column in columns[2:]:
            column[::3] = encoded(np.array([2.5]), fmt)
            column[::7] = 0
    for quantity in WITH_TARGET if weighted else QUANTITIES:
        chosen = columns if quantity in WITH_TARGET else columns[:1]
        whole = compute(quantity, fmt, *chosen)
        for i in range(z.size):
            single = compute(quantity, fmt, *(x[i : i + 1] for x in chosen))
            assert single[0] == whole[i], (quantity, i, hex(z[i]), hex(t[i]))


@pytest.mark.parametrize("fmt", [FORMATS[0], BINARY64], ids=lambda fmt: fmt.name)
def test_results_of_later_stages_land_at_their_elements(fmt: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    # Each stage answers with the element's own logit, as far as it gets to see it.
    def shown(_quantity: str, _fmt: Format, z: UIntArray, *_rest: Any) -> UIntArray:
        return z

    def half(_base: str, _sign: float, z: np.ndarray, _t: np.ndarray, _fmt: Format) -> tuple[Any, Any]:
        return encoded(z, fmt), np.arange(z.size) % 2 == 0

    def special(_quantity: str, z: np.ndarray, *_rest: Any) -> UIntArray:
        return encoded(np.where(np.isnan(z), np.nan, z), fmt)

    def nothing(high: np.ndarray, *_rest: Any) -> tuple[Any, Any]:
        return np.zeros(high.shape, fmt.uint), np.zeros(high.shape, bool)

    monkeypatch.setattr(numpy_engine, "exact_block", shown)
    for name, stage in (("wide", half), ("longer", half), ("special", special), ("agree", nothing)):
        monkeypatch.setattr(numpy_engine, name, stage)
    z, _ = mixed(fmt, 22, 5)
    z[z == fmt.sign_bit] = 0
    assert compute("loss", fmt, z, encoded(np.full(z.size, 0.5), fmt)).tolist() == z.tolist()


@each_format
def test_outputs_may_be_the_inputs(fmt: Format) -> None:
    z, t = mixed(fmt, 11, 6)
    wanted = {name: compute(name, fmt, z, t) for name in WITH_TARGET}
    for first, second in (("loss", "gradient"), ("gradient", "loss"), ("hessian", "loss")):
        logits, targets = fmt.array(z.copy()), fmt.array(t.copy())
        evaluate({first: logits, second: targets}, logits, targets)
        assert fmt.encodings(logits).tolist() == wanted[first].tolist()
        assert fmt.encodings(targets).tolist() == wanted[second].tolist()


@each_format
def test_inputs_are_left_alone_and_may_be_strided(fmt: Format) -> None:
    z, t = mixed(fmt, 11, 8)
    wanted = compute("gradient", fmt, z, t)
    blocks = [fmt.array(np.repeat(column, 3))[::3] for column in (z, t)]
    for block in blocks:
        block.flags.writeable = False
    out = np.empty(2 * z.size, fmt.dtype)[::2]
    evaluate({"gradient": out}, *blocks)
    assert fmt.encodings(out).tolist() == wanted.tolist()
    assert fmt.encodings(blocks[0]).tolist() == z.tolist()


@each_format
def test_empty_blocks(fmt: Format) -> None:
    empty = np.empty(0, fmt.uint)
    for quantity in QUANTITIES:
        assert compute(quantity, fmt, empty, empty).size == 0


@each_format
def test_quantities_of_one_call_do_not_disturb_each_other(fmt: Format) -> None:
    z, t = mixed(fmt, 11, 9)
    outs = {name: np.empty(z.size, fmt.dtype) for name in QUANTITIES}
    evaluate(outs, fmt.array(z), fmt.array(t))
    for name, out in outs.items():
        targets = t if name in WITH_TARGET else None
        assert fmt.encodings(out).tolist() == compute(name, fmt, z, targets).tolist(), name


@each_format
def test_a_target_that_is_nan_makes_the_hessian_nan_and_leaves_a_sigmoid_alone(fmt: Format) -> None:
    z = encoded(np.array([0.0, 1.5, -300.0, 800.0]), fmt)
    t = np.full(z.size, fmt.nan, fmt.uint)
    assert compute("hessian", fmt, z, t).tolist() == [fmt.nan] * 4
    for quantity in ("sigmoid", "softplus", "log_sigmoid"):
        assert compute(quantity, fmt, z, t).tolist() == compute(quantity, fmt, z).tolist()


# -- the environment -----------------------------------------------------------------------------


@each_format
def test_no_warning_escapes_the_functions(fmt: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    import stablelce as lce

    # By this engine, whatever others are installed.
    monkeypatch.setattr("stablelce._evaluation.evaluate", evaluate)
    z, t = (fmt.array(column) for column in mixed(fmt, 22, 10))
    weight = fmt.array(np.random.default_rng(2).integers(0, fmt.max_finite, z.size).astype(fmt.uint))
    calls: list[Callable[[], Any]] = [
        lambda: lce.loss(z, t),
        lambda: lce.gradient(z, t),
        lambda: lce.hessian(z, t),
        lambda: lce.loss(z, t, weight=weight, pos_weight=weight),
        lambda: lce.gradient(z, t, weight=weight, pos_weight=weight),
        lambda: lce.hessian(z, t, weight=weight, pos_weight=weight),
        lambda: [function(z) for function in (lce.sigmoid, lce.softplus, lce.log_sigmoid)],
    ]
    for call in calls:
        with np.errstate(all="raise"):
            call()


# -- how far an element goes ---------------------------------------------------------------------


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of elements that come to the last stage from here on, and none because they are few."""
    numbers: list[int] = []

    def counted(quantity: str, fmt: Format, z: UIntArray, *rest: Any) -> UIntArray:
        numbers.append(z.size)
        return exact_block(quantity, fmt, z, *rest)

    monkeypatch.setattr(numpy_engine, "exact_block", counted)
    monkeypatch.setattr(numpy_engine, "FEW", 0)
    return numbers


def test_few_elements_go_to_the_last_stage_at_once(taken: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    z = np.linspace(-5, 5, 2 * numpy_engine.FEW + 40)
    t = 1 / (1 + np.exp(-z))  # next to the optimum, where the first stage decides little
    arguments = (encoded(z, BINARY64), encoded(t, BINARY64))
    by_arrays = compute("gradient", BINARY64, *arguments)
    assert sum(taken) < 5
    monkeypatch.setattr(numpy_engine, "FEW", z.size)
    taken.clear()
    assert (compute("gradient", BINARY64, *arguments) == by_arrays).all()
    assert sum(taken) > z.size // 2


@each_format
def test_ordinary_points_are_decided_by_arrays(fmt: Format, taken: list[int]) -> None:
    rng = np.random.default_rng(12)
    count = 100_000
    z = encoded(rng.normal(0, 4, count), fmt)
    t = encoded(rng.integers(0, 2, count).astype(np.float64), fmt)
    for quantity in QUANTITIES:
        taken.clear()
        compute(quantity, fmt, z, t)
        assert sum(taken) <= (5 if fmt == BINARY64 else 0), quantity


def test_the_last_stage_is_within_reach(taken: list[int]) -> None:
    # 1/2 - t is halfway between two floats at z = 0: no interval is narrow enough.
    compute("gradient", BINARY64, *(encoded(np.array([x]), BINARY64) for x in (0.0, 2.0**-55)))
    assert taken == [1]


@each_format
@pytest.mark.parametrize("t", [0.25, 0.75])
def test_exact_parts_that_are_midpoints_are_decided_by_arrays(
    fmt: Format, t: float, taken: list[int]
) -> None:
    rng = np.random.default_rng(13)
    largest = float(fmt.to_fraction(fmt.max_finite))
    z = np.concatenate([rng.uniform(-LIMIT, LIMIT, 20_000), rng.uniform(LIMIT, min(1e6, largest), 20_000)])
    compute("loss", fmt, encoded(z, fmt), encoded(np.full(z.size, t), fmt))
    assert sum(taken) <= 2


@each_format
def test_logits_beyond_the_table_are_decided_by_arrays(fmt: Format, taken: list[int]) -> None:
    # Next to a = 690, exp(-a) of binary64 is above its smallest subnormal; from 746 on it is not.
    z = encoded(np.concatenate([np.linspace(747, 60000, 500), -np.linspace(747, 60000, 500)]), fmt)
    for t in (0.0, 1.0, 0.5, 0.1):
        for quantity in QUANTITIES:
            compute(quantity, fmt, z, encoded(np.full(z.size, t), fmt))
    assert sum(taken) == 0


@each_format
@pytest.mark.parametrize("quantity", WITH_TARGET)
def test_weights_of_any_size_and_infinite_logits_in_one_block(fmt: Format, quantity: str) -> None:
    rng = np.random.default_rng(14)
    z, t = sample(REGIONS[0], fmt, 150, rng)
    w, p = (rng.integers(0, fmt.max_finite, z.size).astype(fmt.uint) for _ in range(2))
    w[::5], p[::4] = encoded(np.array([0.0, 3.0]), fmt)
    got = compute(quantity, fmt, z, t, w, p)
    for i in range(z.size):
        logit, target, weight, pos_weight = (fmt.to_fraction(int(column[i])) for column in (z, t, w, p))
        exact = oracle.exact(quantity, logit, target, fmt, weight=weight, pos_weight=pos_weight)
        assert got[i] == exact.encoding, i
