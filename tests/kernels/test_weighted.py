"""Weighted quantities against the oracle's, bit for bit, for weights of any size."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from stablelce import oracle
from stablelce.conformance.strategies import pairs as points
from stablelce.formats import BINARY64, FORMATS, Format
from stablelce.kernels import evaluate, numpy_engine
from stablelce.kernels.pairs import pairs
from stablelce.kernels.weighted import weighted

QUANTITIES = ("loss", "gradient", "hessian")

each_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
each_quantity = pytest.mark.parametrize("quantity", QUANTITIES)

Row = tuple[int, int, int, int]
"""Encodings of z, t, weight and positive weight."""


def encode(fmt: Format, value: float) -> int:
    """Rounded, but never to infinity."""
    sign = fmt.sign_bit if math.copysign(1, value) < 0 else 0
    return min(fmt.round(abs(Fraction(value))), fmt.max_finite) | sign


def encoded_row(fmt: Format, z: float, t: float, w: float, p: float) -> Row:
    return encode(fmt, z), encode(fmt, t), encode(fmt, w), encode(fmt, p)


def blocks(fmt: Format, rows: list[Row]) -> list[np.ndarray]:
    return [fmt.array(list(column)) for column in zip(*rows, strict=True)]


def compute(quantity: str, fmt: Format, rows: list[Row]) -> list[int]:
    out = np.empty(len(rows), fmt.dtype)
    with np.errstate(all="ignore"):  # the kernels run so
        evaluate({quantity: out}, *blocks(fmt, rows))
    return [int(encoding) for encoding in fmt.encodings(out)]


def wanted(quantity: str, fmt: Format, row: Row) -> int:
    z, t, w, p = map(fmt.to_fraction, row)
    return oracle.exact(quantity, z, t, fmt, weight=w, pos_weight=p).encoding


def rows_of(fmt: Format) -> st.SearchStrategy[Row]:
    """Points of all regions and everyday ones; weights of all sizes and everyday ones."""
    everyday = st.tuples(st.floats(-50, 50), st.floats(0, 1)).map(
        lambda x: (encode(fmt, x[0]), encode(fmt, x[1]))
    )
    special = points(fmt).map(lambda x: (encode(fmt, float(x[0])), encode(fmt, float(x[1]))))
    sizes = st.integers(0, fmt.max_finite) | st.sampled_from((0, 1, 2, fmt.min_normal, fmt.max_finite))
    weights = sizes | st.floats(0.01, 100).map(lambda x: encode(fmt, x)) | st.just(encode(fmt, 1.0))
    return st.tuples(everyday | special, weights, weights).map(lambda x: (*x[0], *x[1:]))


@pytest.mark.deep  # the grid of weights runs always
@each_format
@each_quantity
@given(data=st.data())
def test_any_points_and_weights(fmt: Format, quantity: str, data: st.DataObject) -> None:
    rows = data.draw(st.lists(rows_of(fmt), min_size=1, max_size=10))
    assert compute(quantity, fmt, rows) == [wanted(quantity, fmt, row) for row in rows]


SIZES = (0.0, 5e-324, 1e-310, 1e-200, 2.0**-290, 0.5, 1.0, 3.0, 2.0**290, 1e200, 1e308)


@each_format
@each_quantity
def test_a_grid_of_weights_of_any_size(fmt: Format, quantity: str) -> None:
    logits, targets = (0.0, 1e-5, 0.75, -2.5, 30.0, -540.0, 540.0, 700.0, -1e5), (0.0, 1e-20, 0.375, 1.0)
    grid = [(z, t, w, p) for z in logits for t in targets for w in SIZES for p in SIZES]
    rows = sorted({encoded_row(fmt, *row) for row in grid[::5]})
    got = compute(quantity, fmt, rows)
    for row, result in zip(rows, got, strict=True):
        assert result == wanted(quantity, fmt, row), row


@each_quantity
@pytest.mark.parametrize("z", [530.0, 540.0, -540.0, 600.0])
@pytest.mark.parametrize(
    ("weight", "pos_weight"), [(2.0**300, 2.0**-290), (2.0**290, 2.0**-300), (1e90, 1e-75)]
)
def test_a_product_that_underflows_before_a_large_weight_restores_it(
    quantity: str, z: float, weight: float, pos_weight: float
) -> None:
    # c*softplus(-a) is subnormal, and weight times that is not.
    row = encoded_row(BINARY64, z, 1.0, weight, pos_weight)
    assert compute(quantity, BINARY64, [row]) == [wanted(quantity, BINARY64, row)]


@given(st.floats(-6, 6), st.floats(0.01, 100), st.floats(0.01, 100), st.integers(-2, 2))
@example(0.0, 1.0, 3.0, 0)
def test_next_to_the_optimum_the_gradient_cancels(z: float, w: float, p: float, step: int) -> None:
    # The weighted gradient vanishes at t = q/(p + q), q = exp(z).
    q = math.exp(z)
    t = encode(BINARY64, q / (p + q)) + step
    row = (encode(BINARY64, z), t, encode(BINARY64, w), encode(BINARY64, p))
    assert compute("gradient", BINARY64, [row]) == [wanted("gradient", BINARY64, row)]


@pytest.mark.deep  # the grid of weights runs always
@each_format
@given(data=st.data())
def test_identity_weights_give_the_plain_bits(fmt: Format, data: st.DataObject) -> None:
    one = encode(fmt, 1.0)
    rows = [(row[0], row[1], one, one) for row in data.draw(st.lists(rows_of(fmt), min_size=1, max_size=10))]
    plain = {quantity: np.empty(len(rows), fmt.dtype) for quantity in QUANTITIES}
    with np.errstate(all="ignore"):
        evaluate(plain, *blocks(fmt, rows)[:2])
    for quantity, out in plain.items():
        assert compute(quantity, fmt, rows) == fmt.encodings(out).tolist()


@each_quantity
@given(
    z=st.floats(-690, 690) | st.floats(-2, 2),
    t=st.floats(0, 1) | st.sampled_from((0.0, 0.5, 1.0)),
    v=st.floats(0.01, 100) | st.floats(-300, 300).map(lambda x: 2.0**x),
    p=st.floats(0.01, 100) | st.floats(-300, 300).map(lambda x: 2.0**x) | st.just(0.0),
)
@example(z=540.0, t=1.0, v=2.0**300, p=2.0**-290)
@example(z=-1.0, t=1.0, v=2.0**-300, p=2.0**300)
def test_a_valid_value_is_within_its_bound(quantity: str, z: float, t: float, v: float, p: float) -> None:
    logit, target, weight, pos_weight = (np.array([x]) for x in (z, t, v, p))
    with np.errstate(all="ignore"):
        high, low, bound, valid = weighted(quantity, logit, target, weight, pos_weight, pairs(np.abs(logit)))
    assume(valid[0])
    exact = oracle.exact(quantity, z, t, BINARY64, weight=v, pos_weight=p)
    allowed = Fraction(float(bound[0]))
    assert allowed > 0
    width = allowed / 2**20
    distance = abs(Fraction(float(high[0])) + Fraction(float(low[0])) - exact.value(width))
    assert distance <= allowed + width


def test_everyday_values_are_valid_and_others_are_not() -> None:
    rows = [
        (1.5, 0.25, 3.0, 2.0),
        (1.5, 1e-100, 3.0, 2.0),
        (1.5, 0.25, 2.0**301, 2.0),
        (691.0, 0.25, 1.0, 2.0),
    ]
    z, t, v, p = (np.array(column) for column in zip(*rows, strict=True))
    for quantity in QUANTITIES:
        valid = weighted(quantity, z, t, v, p, pairs(np.minimum(z, 690)))[3]
        assert valid.tolist() == [True, False, False, False]


@each_quantity
@pytest.mark.parametrize("t", [0.0, 0.25, 1.0, math.nan])
@pytest.mark.parametrize("weight", [0.0, -0.0])
def test_weight_zero_gives_positive_zero_whatever_the_element(quantity: str, t: float, weight: float) -> None:
    z = np.array([0.0, 3.0, -700.0, math.inf, -math.inf, math.nan])
    out = np.empty_like(z)
    with np.errstate(all="ignore"):
        evaluate({quantity: out}, z, *(np.full_like(z, x) for x in (t, weight, 3.0)))
    assert BINARY64.encodings(out).tolist() == [0] * 6


@pytest.mark.parametrize("p", [0.0, -0.0])
def test_an_element_without_any_term_is_exactly_zero(p: float) -> None:
    z = np.array([0.0, 5.0, -5.0, 800.0, -800.0])
    for quantity in QUANTITIES:
        out = np.empty_like(z)
        with np.errstate(all="ignore"):
            evaluate({quantity: out}, z, *(np.full_like(z, x) for x in (1.0, 2.0, p)))
        assert BINARY64.encodings(out).tolist() == [0] * 5


@each_format
def test_masked_elements_reach_no_integers(fmt: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights of 0 mask elements, as the documentation advises, so they must not be slow."""

    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(numpy_engine, "exact_block", refuse)
    z = np.array([0.0, 2.0, -2.0, 800.0, -800.0, math.inf, -math.inf]).astype(fmt.dtype)
    for t, w, p in ((0.3, 0.0, 2.0), (1.0, 2.0, 0.0)):
        for quantity in QUANTITIES:
            out = np.empty_like(z)
            with np.errstate(all="ignore"):
                evaluate({quantity: out}, z, *(np.full(z.shape, x).astype(fmt.dtype) for x in (t, w, p)))
            assert fmt.encodings(out).tolist() == [0] * len(z)


def test_one_weight_alone_is_the_same_as_with_the_other_at_one() -> None:
    z, t, w = np.array([1.5, -700.0, 0.0]), np.array([0.25, 1.0, 0.5]), np.array([3.0, 1e-300, 7.0])
    for quantity in QUANTITIES:
        outs = [np.empty(3) for _ in range(4)]
        with np.errstate(all="ignore"):
            evaluate({quantity: outs[0]}, z, t, w)
            evaluate({quantity: outs[1]}, z, t, w, np.ones(3))
            evaluate({quantity: outs[2]}, z, t, None, w)
            evaluate({quantity: outs[3]}, z, t, np.ones(3), w)
        assert outs[0].tobytes() == outs[1].tobytes()
        assert outs[2].tobytes() == outs[3].tobytes()


def test_the_hessian_needs_no_target() -> None:
    outs = np.empty(1), np.empty(1)
    z, weight = np.array([1.5]), np.array([3.0])
    with np.errstate(all="ignore"):
        evaluate({"hessian": outs[0]}, z, weight=weight)
        evaluate({"hessian": outs[1]}, z, np.zeros(1), weight)
    assert outs[0].tobytes() == outs[1].tobytes()
    assert int(outs[0].view(np.uint64)[0]) == oracle.exact("hessian", 1.5, None, BINARY64, weight=3).encoding
