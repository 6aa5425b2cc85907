"""Exact sums against ``fractions`` and ``math.fsum``: any order, chunks, parts, and every special value."""

from __future__ import annotations

import math
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stablelce.formats import BINARY16, BINARY32, BINARY64, FORMATS, Format
from stablelce.sums import ExactSum, exact

each_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)


def encodings(fmt: Format) -> st.SearchStrategy[int]:
    """Finite encodings, many of them at the ends of the range."""
    ends = [0, 1, fmt.min_normal - 1, fmt.min_normal, fmt.max_finite]
    magnitude = st.integers(0, fmt.max_finite) | st.sampled_from(ends)
    return st.builds(int.__or__, magnitude, st.sampled_from([0, fmt.sign_bit]))


def columns(count: int) -> st.SearchStrategy[tuple[Format, list[list[int]]]]:
    """A format, and ``count`` lists of finite encodings of one length."""
    return st.sampled_from(FORMATS).flatmap(
        lambda fmt: st.tuples(
            st.just(fmt),
            st.lists(st.lists(encodings(fmt), min_size=count, max_size=count), max_size=40).map(
                lambda rows: [[row[k] for row in rows] for k in range(count)]
            ),
        )
    )


def total(fmt: Format, bits: list[int]) -> Fraction:
    return sum((fmt.to_fraction(one) for one in bits), Fraction(0))


def dot(fmt: Format, a: list[int], b: list[int]) -> Fraction:
    pairs = zip(a, b, strict=True)
    return sum((fmt.to_fraction(x) * fmt.to_fraction(y) for x, y in pairs), Fraction(0))


@given(columns(1))
def test_a_sum_is_the_sum_of_the_fractions(case: tuple[Format, list[list[int]]]) -> None:
    fmt, (bits,) = case
    accumulator = ExactSum(fmt)
    accumulator.add(fmt.array(np.array(bits, dtype=fmt.uint)))
    assert accumulator.value() == total(fmt, bits)
    assert accumulator.encoding() == fmt.round(total(fmt, bits))


@given(columns(2))
def test_a_sum_of_products_is_the_sum_of_the_products_of_the_fractions(
    case: tuple[Format, list[list[int]]],
) -> None:
    fmt, (a, b) = case
    x, y = (fmt.array(np.array(bits, dtype=fmt.uint)) for bits in (a, b))
    accumulator = ExactSum(fmt, products=True)
    accumulator.add_products(x, y)
    assert accumulator.value() == dot(fmt, a, b)
    accumulator.add(x)
    assert accumulator.value() == dot(fmt, a, b) + total(fmt, a)


@given(columns(1), st.integers(1, 7), st.data())
def test_order_chunks_and_merging_do_not_show(
    case: tuple[Format, list[list[int]]], parts: int, data: st.DataObject
) -> None:
    fmt, (bits,) = case
    shuffled = data.draw(st.permutations(bits))
    merged = ExactSum(fmt)
    for k in range(parts):
        part = ExactSum(fmt)
        part.add(fmt.array(np.array(shuffled[k::parts], dtype=fmt.uint)))
        merged.merge(part)
    assert merged.value() == total(fmt, bits)


@given(columns(2), st.integers(1, 5), st.data())
def test_many_sums_at_once_are_the_sums_one_by_one(
    case: tuple[Format, list[list[int]]], count: int, data: st.DataObject
) -> None:
    fmt, (a, b) = case
    where = data.draw(st.lists(st.integers(0, count - 1), min_size=len(a), max_size=len(a)))
    index = np.array(where, dtype=np.int64)
    x, y = (fmt.array(np.array(bits, dtype=fmt.uint)) for bits in (a, b))
    accumulator = ExactSum(fmt, count, products=True)
    accumulator.add(x, index)
    accumulator.add_products(x, y, index)
    assert len(accumulator) == count
    for k in range(count):
        mine = [i for i, sum_of_i in enumerate(where) if sum_of_i == k]
        a_k, b_k = [a[i] for i in mine], [b[i] for i in mine]
        assert accumulator.value(k) == total(fmt, a_k) + dot(fmt, a_k, b_k)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)))
def test_the_rounded_sum_is_fsum(values: list[float]) -> None:
    accumulator = ExactSum(BINARY64)
    accumulator.add(np.array(values, dtype=np.float64))
    got = BINARY64.array([accumulator.encoding()])[0]
    assert got == math.fsum(values)


@given(columns(1), st.fractions(min_value=Fraction(1, 10**9)), st.sampled_from(FORMATS))
def test_division_and_rounding_are_one_rounding(
    case: tuple[Format, list[list[int]]], divisor: Fraction, into: Format
) -> None:
    fmt, (bits,) = case
    accumulator = ExactSum(fmt)
    accumulator.add(fmt.array(np.array(bits, dtype=fmt.uint)))
    assert accumulator.encoding(divisor=divisor, fmt=into) == into.round(total(fmt, bits) / divisor)


@each_format
def test_no_intermediate_sum_overflows(fmt: Format) -> None:
    largest = fmt.array([fmt.max_finite] * 3000)
    accumulator = ExactSum(fmt)
    accumulator.add(largest)
    assert accumulator.encoding() == fmt.infinity
    assert accumulator.encoding(divisor=3000) == fmt.max_finite
    accumulator.add(-largest)
    accumulator.add(fmt.array([1]))
    assert accumulator.encoding() == 1


@each_format
def test_the_least_product_survives_the_greatest(fmt: Format) -> None:
    x = fmt.array(np.array([fmt.max_finite, 1, fmt.max_finite | fmt.sign_bit], dtype=fmt.uint))
    y = fmt.array(np.array([fmt.max_finite, 1, fmt.max_finite], dtype=fmt.uint))
    accumulator = ExactSum(fmt, products=True)
    accumulator.add_products(x, y)
    assert accumulator.value() == fmt.to_fraction(1) ** 2


@each_format
@pytest.mark.parametrize("sign", [1, -1])
def test_the_limbs_never_overflow(fmt: Format, sign: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # 2^40 elements cannot be added here, but 50 doublings by merging can.
    monkeypatch.setattr(exact, "CHUNK", 7)
    accumulator = ExactSum(fmt, products=True)
    values = fmt.array([fmt.max_finite] * 20) * fmt.dtype.type(sign)
    accumulator.add_products(values, np.abs(values))
    expected = sign * 20 * fmt.to_fraction(fmt.max_finite) ** 2
    for _ in range(50):
        accumulator.merge(accumulator)
        expected *= 2
    assert accumulator.value() == expected


@each_format
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, math.inf], math.inf),
        ([-math.inf, 1.0], -math.inf),
        ([math.inf, -math.inf], math.nan),
        ([math.nan, 1.0], math.nan),
        ([math.nan, math.inf], math.nan),
    ],
)
def test_infinities_and_nan_are_kept_apart(fmt: Format, values: list[float], expected: float) -> None:
    accumulator = ExactSum(fmt, 2)
    accumulator.add(np.array(values).astype(fmt.dtype), np.array([1, 1]))
    accumulator.add(np.array([1.0, 2.0]).astype(fmt.dtype), np.array([0, 1]))
    wanted = {math.inf: fmt.infinity, -math.inf: fmt.infinity | fmt.sign_bit}.get(expected, fmt.nan)
    assert accumulator.encoding(1) == wanted
    assert accumulator.encoding(1, divisor=3) == wanted
    assert str(accumulator.value(1)) == str(expected)
    assert accumulator.value(0) == 1


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (math.inf, 2.0, BINARY32.infinity),
        (-2.0, math.inf, BINARY32.infinity | BINARY32.sign_bit),
        (-math.inf, -math.inf, BINARY32.infinity),
        (0.0, math.inf, BINARY32.nan),
        (math.nan, 0.0, BINARY32.nan),
        (math.inf, math.nan, BINARY32.nan),
    ],
)
def test_products_with_infinities_and_nan(a: float, b: float, expected: int) -> None:
    accumulator = ExactSum(BINARY32, products=True)
    accumulator.add_products(np.array([a], dtype=np.float32), np.array([b], dtype=np.float32))
    assert accumulator.encoding() == expected


def test_layout_and_byte_order_do_not_show() -> None:
    values = np.arange(24.0).reshape(2, 3, 4) / 7
    exact = sum(map(Fraction, values.ravel().tolist()))
    index = np.arange(24).reshape(2, 3, 4) % 2
    for layout in (values, values[::-1, :, ::-1], np.asfortranarray(values), values.astype(">f8")):
        accumulator = ExactSum(BINARY64)
        accumulator.add(layout)
        assert accumulator.value() == exact
    accumulator = ExactSum(BINARY64, 2)
    accumulator.add(values.transpose(2, 0, 1), index.transpose(2, 0, 1))
    assert accumulator.value(1) == sum(map(Fraction, values[index == 1].tolist()))


def test_an_ill_conditioned_sum_is_exact() -> None:
    rng = np.random.default_rng(1)
    large = rng.normal(size=500) * 2.0 ** rng.integers(-500, 500, 500)
    values = rng.permutation(np.concatenate([large, -large, [2.0**-1074]]))
    accumulator = ExactSum(BINARY64)
    accumulator.add(values)
    assert accumulator.value() == Fraction(1, 2**1074)


def test_an_empty_sum_is_positive_zero() -> None:
    accumulator = ExactSum(BINARY16)
    accumulator.add(np.zeros((0, 3), dtype=np.float16))
    accumulator.add(np.array([-0.0], dtype=np.float16))
    assert accumulator.encoding() == 0


def test_temporaries_do_not_grow_with_the_array() -> None:
    values = np.ones((1000, 1500))[::-1, ::2]
    accumulator = ExactSum(BINARY64, products=True)
    tracemalloc.start()
    accumulator.add_products(values, values)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert accumulator.value() == values.size
    # Some 26 arrays of 8 bytes for each element of a chunk are alive at once; the array is 45 chunks.
    assert peak < 32 * 8 * exact.CHUNK < values.nbytes


def test_misuse_is_refused() -> None:
    ones = np.ones(3)
    with pytest.raises(ValueError, match="products=True"):
        ExactSum(BINARY64).add_products(ones, ones)
    with pytest.raises(ValueError, match="one shape"):
        ExactSum(BINARY64, products=True).add_products(ones, np.ones(4))
    with pytest.raises(ValueError, match="index"):
        ExactSum(BINARY64).add(ones, np.zeros(4, dtype=np.int64))
    with pytest.raises(ValueError, match="merge"):
        ExactSum(BINARY64).merge(ExactSum(BINARY32))
    with pytest.raises(TypeError, match="float64"):
        ExactSum(BINARY64).add(np.ones(3, dtype=np.float32))
