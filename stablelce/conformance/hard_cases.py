"""Named inputs on which implementations have failed, or on which rounding is hard; a source for each.

An input is a decimal or an exact expression, rounded once to the format. Only inputs stand here: expected
values always come from the oracle. The published cases are in `HARD_CASES`; `edges` derives those that
depend on a format (its smallest and largest values, its midpoints) from the parameters of the format.

`hard_to_round` reads inputs whose exact results lie next to a midpoint: the hardest of some billion, found
and written by ``python -m stablelce.kernels.search``. That uses the library's own kernels, but an input is
only an input, and nothing else is taken from there. How they were found stands beside the data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stablelce.formats import BINARY32, BINARY64, Format, UIntArray

__all__ = ["HARD_CASES", "HardCase", "edges", "hard_to_round", "points"]


@dataclass(frozen=True)
class HardCase:
    """One logit with the targets that make it hard.

    Attributes
    ----------
    name : str
        What is hard about it.
    z : float
        The logit, before it is rounded to a format.
    targets : tuple of float
        The targets, likewise.
    source : str
        The thread where an implementation failed there, or the mathematical reason.
    formats : tuple of str, optional
        Names of the formats in which it is hard; None for every format that can hold the logit.
    """

    name: str
    z: float
    targets: tuple[float, ...]
    source: str
    formats: tuple[str, ...] | None = None


_HARD = (0.0, 1.0)
_B16, _BF16, _B32, _B64 = ("binary16",), ("bfloat16",), ("binary32",), ("binary64",)
_GITHUB = "https://github.com"
_PYTORCH, _TENSORFLOW = f"{_GITHUB}/pytorch/pytorch/issues", f"{_GITHUB}/tensorflow/tensorflow/issues"
_JAX, _TT = f"{_GITHUB}/jax-ml/jax/issues", f"{_GITHUB}/tenstorrent/tt-metal/issues"

HARD_CASES: tuple[HardCase, ...] = (
    # Zero, where the branches of max and abs meet, and everyday logits with the formula wrong.
    HardCase("zero", 0.0, (0.0, 0.5, 1.0), f"{_PYTORCH}/2298: gradient 0 at t = 0"),
    HardCase(
        "negative zero", -0.0, (0.0, 0.5, 1.0), f"{_JAX}/2107: derivative at the kink, from the other side"
    ),
    HardCase("logarithm of a logarithm", 1.0, _HARD, f"{_GITHUB}/poets-ai/elegy/pull/51"),
    HardCase("sign of softplus", 2.0, _HARD, f"{_TENSORFLOW}/3719"),
    HardCase(
        "labels 0 and 1 in a formula for -1 and 1",
        3.0,
        _HARD,
        f"{_GITHUB}/scikit-learn/scikit-learn/issues/1625",
    ),
    # The tail of the right answer: cancellation against 1 and absorption by 1.
    HardCase("right answer, t = 1", 40.0, _HARD, f"{_PYTORCH}/195529: gradient 0 at t = 1"),
    HardCase("right answer, t = 0", -40.0, _HARD, f"{_PYTORCH}/195529: loss 0 at t = 0"),
    HardCase("everyday logit", -8.0, _HARD, f"{_PYTORCH}/195529: three digits of the loss lost in binary32"),
    HardCase(
        "everyday logit, mirrored", 8.0, _HARD, f"{_GITHUB}/ml-explore/mlx/issues/2593: mirror image of -8"
    ),
    HardCase("tail in binary32", -18.0, _HARD, f"{_PYTORCH}/195529: loss 0 in binary32"),
    HardCase("tail in binary32, mirrored", 18.0, _HARD, f"{_GITHUB}/tinygrad/tinygrad/pull/10958: loss 0"),
    HardCase("half an ulp of 1", 37.42994775023705, _HARD, f"{_PYTORCH}/195677: gradient 0 at t = 1"),
    HardCase("half an ulp of 1, mirrored", -37.42994775023705, _HARD, f"{_JAX}/40383: second derivative 0"),
    HardCase(
        "logloss metric", 17.0, _HARD, f"{_GITHUB}/dmlc/xgboost/issues/6731: 36.84 for a clipped probability"
    ),
    HardCase("sigmoid beside 1", 37.0, _HARD, f"{_TENSORFLOW}/126060: derivative of the sigmoid 0"),
    HardCase("softplus beside 0", -17.0, _HARD, f"{_GITHUB}/sonots/cumo/pull/481"),
    HardCase("softplus beside 0 in binary64", -37.0, _HARD, f"{_GITHUB}/sonots/cumo/pull/481"),
    HardCase("softplus deep in the tail", -75.0, _HARD, f"{_GITHUB}/openvinotoolkit/openvino/issues/35931"),
    HardCase("softplus far in the tail", -500.0, _HARD, f"{_GITHUB}/cvxpy/cvxpy/pull/229"),
    # Approximate kernels, negative probabilities, clipped ones.
    HardCase("sigmoid by tanh", -16.740633, _HARD, f"{_GITHUB}/pytorch/xla/pull/4311: sigmoid below 0"),
    HardCase("logistic by tanh", -17.0502529144, _HARD, f"{_GITHUB}/clab/dynet/issues/1090: sigmoid below 0"),
    HardCase(
        "clipped probability",
        20.0,
        _HARD,
        f"{_GITHUB}/keras-team/keras-core/issues/196: loss capped at 15.94",
    ),
    HardCase("clipped gradient", -50.0, _HARD, f"{_PYTORCH}/103316: gradient of a clipped probability"),
    HardCase("clipped logarithm", -100.0, _HARD, f"{_PYTORCH}/2866: negative loss from an epsilon"),
    HardCase("odds by subtraction", 12.0, _HARD, f"{_GITHUB}/hpcaitech/ColossalAI/pull/6407"),
    HardCase("sigmoid not monotone", 5.75, _HARD, f"{_TENSORFLOW}/123104"),
    HardCase("sigmoid times complement", 6.25, _HARD, f"{_TT}/55724: derivative 0 in bfloat16"),
    HardCase("sigmoid flushed", -11.125, _HARD, f"{_TT}/26211: 0 in bfloat16"),
    HardCase("softplus flushed", -5.03125, _HARD, f"{_TT}/51866: 0 in bfloat16"),
    HardCase("softplus at the end of bfloat16", -87.0, _HARD, f"{_TT}/51866: 0 in bfloat16"),
    HardCase(
        "logarithm of a sigmoid",
        -7.8477,
        _HARD,
        f"{_GITHUB}/microsoft/onnxruntime/pull/9670: NaN in binary16",
    ),
    HardCase(
        "logarithm of a complement", 9.3906, _HARD, f"{_GITHUB}/open-mmlab/mmcv/issues/1488: NaN in binary16"
    ),
    # Branch points of published code.
    HardCase("cut-off of a polynomial", -4.0, _HARD, f"{_TT}/53787"),
    HardCase("past the cut-off of a polynomial", 4.1, _HARD, f"{_TT}/53787"),
    HardCase("past the cut-off 20", 20.1, _HARD, f"{_GITHUB}/apache/tvm/issues/20184: the remainder dropped"),
    HardCase("cut-off at 20", 25.0, _HARD, f"{_TT}/55457: 0 from 20 on"),
    HardCase("lane of a vector", 34.0, _HARD, f"{_TENSORFLOW}/35309: another value in an array of four"),
    HardCase("past the cut-off 33.3", 35.0, _HARD, f"{_GITHUB}/JuliaStats/LogExpFunctions.jl/pull/37"),
    # Overflow of an exponential, an intermediate product, or a range reduction.
    HardCase("exp overflows in binary16", 12.0, _HARD, f"{_GITHUB}/sbryngelson/ANEForge/issues/113", _B16),
    HardCase("exp overflows in binary32", 90.5229, _HARD, f"{_PYTORCH}/17843: log probability -inf"),
    HardCase("exp overflows in binary32, round logit", 100.0, _HARD, f"{_GITHUB}/tracel-ai/burn/issues/5373"),
    HardCase("weighted path", -120.0, _HARD, f"{_PYTORCH}/13773: NaN where a weight of 1 is passed"),
    HardCase("gradient by a power", -200.0, _HARD, f"{_JAX}/777: 0 times infinity"),
    HardCase("log_sigmoid overflows", -300.0, _HARD, f"{_GITHUB}/pytorch/pytorch/pull/2211"),
    HardCase("linear predictor", 800.0, _HARD, f"{_GITHUB}/statsmodels/statsmodels/issues/3923"),
    HardCase(
        "gradient NaN", -1000.0, _HARD, f"{_GITHUB}/scikit-learn/scikit-learn/issues/28046: NaN at t = 1"
    ),
    HardCase("exp of a large logit", 2e6, _HARD, f"{_GITHUB}/cvxpy/cvxpy/pull/229: inf"),
    HardCase("range reduction overflows", -1e7, _HARD, f"{_TT}/55798: softplus infinite"),
    HardCase("huge logit", 5e29, _HARD, f"{_TENSORFLOW}/118391: NaN"),
    HardCase("huge logit, mirrored", -5e29, _HARD, f"{_TENSORFLOW}/118391: NaN"),
    HardCase("near the end of binary32", -1e38, _HARD, f"{_GITHUB}/mindspore-ai/mindspore/issues/390: -inf"),
    # Subnormal results.
    HardCase("subnormal sigmoid", -740.0, _HARD, f"{_GITHUB}/stan-dev/math/pull/889: 0", _B64),
    HardCase("subnormal sigmoid, less far", -720.0, _HARD, f"{_GITHUB}/stan-dev/math/pull/889: 0", _B64),
    # Roundings that a fixed precision, or an unsound test, gets wrong.
    HardCase(
        "midpoint, integer logit", 2.0**50, (2.0**-54,), "z*(1-t) is a midpoint, exp(-z) = 2^-(1.6e15)", _B64
    ),
    HardCase("midpoint beside an integer", 2.0**50 + 0.25, (0.25,), "z*(1-t) is a midpoint", _B64),
    HardCase("midpoint in binary32", 1024.0006, (0.25,), "z*(1-t) is a midpoint, exp(-z) < 2^-1477", _B32),
    HardCase(
        "exponent of 300 digits", 1e300, (0.25, 2.0**-54), "exp(-z) is beyond every exponent range", _B64
    ),
    HardCase(
        "representable exact part",
        1024.0007,
        (0.25,),
        "z*(1-t) is representable, exp(-z) must not move it",
        _B32,
    ),
    HardCase(
        "midpoint of the sigmoid", 3 * 2.0**-23, (0.0,), "1/2 + z/4 is a midpoint, -z^3/48 decides", _B32
    ),
    HardCase(
        "unsound rounding test",
        -34.804373770959074,
        (0.03906250000000001,),
        "a bound relative to the result accepts a wrong gradient",
        _B64,
    ),
    # Soft targets.
    HardCase("tiny target, huge logit", -1e30, (1e-20,), "-z*t = 1e10 though 1-t rounds to 1"),
    HardCase("tiny targets, growing branch", -60.0, (1e-20, 1e-300), "-z*t beside exp(z)"),
    HardCase("targets beside 1", 30.0, (1 - 2.0**-53, 1 - 2.0**-24, 1 - 2.0**-11), "z*(1-t) beside exp(-z)"),
    HardCase("smoothed labels", math.log(9.0), (0.9, 0.1), "t = sigmoid(z) up to rounding, in every format"),
)
"""The published cases, in the order of the groups above."""


def edges(fmt: Format) -> tuple[HardCase, ...]:
    """The cases that follow from the parameters of a format, each on both sides of zero.

    With p bits, smallest value 2^quantum, smallest normal value 2^emin and largest value below 2^(emax+1).
    """
    p, log2 = fmt.precision, math.log(2.0)
    largest = float(fmt.to_fraction(fmt.max_finite))
    soft = (0.0, 0.5, 1.0)
    rows: tuple[tuple[str, float, tuple[float, ...], str], ...] = (
        ("smallest subnormal", 2.0**fmt.quantum, soft, "z/4, the gradient at t = 1/2, rounds to 0"),
        ("three quanta", 3 * 2.0**fmt.quantum, (0.5,), "z/4 lies between 0 and the smallest value"),
        ("six quanta", 6 * 2.0**fmt.quantum, (0.5,), "z/4 is a midpoint of subnormals, -z^3/48 decides"),
        ("smallest normal", 2.0**fmt.emin, soft, "z/4 is subnormal"),
        ("largest", largest, (0.0, 0.25, 1.0), "z*(1-t) must not overflow, nor z*z"),
        ("half an ulp of 1", p * log2, _HARD, "1 + exp(-z) is a midpoint next to 1"),
        ("last normal exponential", -fmt.emin * log2, _HARD, "exp(-z) enters the subnormals"),
        ("smallest exponential", -fmt.quantum * log2, _HARD, "exp(-z) is the smallest subnormal"),
        ("last exponential", (1 - fmt.quantum) * log2, _HARD, "exp(-z) is half the smallest subnormal"),
        ("first infinite exponential", (fmt.emax + 1) * log2, _HARD, "exp(z) overflows"),
        ("midpoint", 64.0 + 2.0 ** (7 - p), (0.25, 0.75), "3z/4, an exact part of the loss, is a midpoint"),
        ("midpoint of three eighths", 64.0 + 2.0 ** (7 - p), (0.375, 0.625), "z*3/8 is a midpoint"),
        ("midpoint of five eighths", 64.0 + 2.0 ** (8 - p), (0.375, 0.625), "z*5/8 is a midpoint"),
        ("complement a midpoint", 60.0, (2.0 ** (-p - 1),), "1-t is a midpoint, exp(-60) decides"),
        ("optimum", 2.0, (_sigmoid(2.0), _sigmoid(-2.0)), "t = sigmoid(z) up to rounding"),
        ("optimum in the tail", 7.0, (_sigmoid(7.0), _sigmoid(-7.0)), "t = sigmoid(z) up to rounding"),
    )
    both = ((name, sign * z, targets, source) for name, z, targets, source in rows for sign in (1, -1))
    return tuple(
        HardCase(f"{name} of {fmt.name}{', negative' if z < 0 else ''}", z, targets, source, (fmt.name,))
        for name, z, targets, source in both
    )


def points(fmt: Format) -> tuple[UIntArray, UIntArray, tuple[str, ...]]:
    """Encodings of all hard cases of a format, with their names.

    Logits that round to infinity are left out; of points that coincide after rounding the first is kept.
    """
    seen: dict[tuple[int, int], str] = {}
    for case in (*HARD_CASES, *edges(fmt)):
        z = fmt.round(Fraction(case.z)) | (fmt.sign_bit if math.copysign(1.0, case.z) < 0 else 0)
        if fmt.is_finite(z) and (case.formats is None or fmt.name in case.formats):
            for t in case.targets:
                seen.setdefault((z, fmt.round(Fraction(t))), case.name)
    z_column, t_column = zip(*seen, strict=True)
    return np.array(z_column, dtype=fmt.uint), np.array(t_column, dtype=fmt.uint), tuple(seen.values())


def hard_to_round(quantity: str, fmt: Format) -> tuple[UIntArray, UIntArray, npt.NDArray[np.int8]]:
    """Inputs at which the exact value of a quantity lies next to a midpoint, the hardest first.

    Parameters
    ----------
    quantity : {"loss", "gradient", "hessian", "sigmoid", "log_sigmoid", "softplus"}
        What is hard to round there.
    fmt : Format
        None are kept for the 16-bit formats, of which every logit can be judged.

    Returns
    -------
    z, t : ndarray of unsigned integers
        Encodings of logits and targets; t is 0 where it plays no part.
    bits : ndarray of int8
        The distance from the midpoint is below 2^-bits ulps.

    Raises
    ------
    ValueError
        No quantity goes by that name.
    """
    if quantity not in _KEPT_AS:
        raise ValueError(f"unknown quantity {quantity!r}: use one of {', '.join(_KEPT_AS)}.")
    if fmt not in (BINARY32, BINARY64):
        return np.empty(0, fmt.uint), np.empty(0, fmt.uint), np.empty(0, np.int8)
    kept, signs = _KEPT_AS[quantity]
    rows = _rows(fmt)
    (z, t), bits = rows[kept], rows[f"{kept}_bits"]
    soft = t != 0
    if quantity not in ("loss", "gradient"):
        z, t, bits = z[~soft], t[~soft], bits[~soft]
        return z ^ fmt.uint.type(fmt.sign_bit) if signs < 0 else z, t, bits
    # loss(-z,1) = loss(z,0) and gradient(-z,1) = -gradient(z,0)
    mirrored = z[~soft] ^ fmt.uint.type(fmt.sign_bit)
    one = np.full(mirrored.shape, fmt.round(Fraction(1)), fmt.uint)
    z, t, bits = np.append(z, mirrored), np.append(t, one), np.append(bits, bits[~soft])
    order = np.argsort(-bits.astype(np.int64), kind="stable")
    return z[order], t[order], bits[order]


_KEPT_AS = {
    "loss": ("loss", 1),
    "gradient": ("gradient", 1),
    "hessian": ("hessian", 1),
    "sigmoid": ("gradient", 1),
    "log_sigmoid": ("loss", -1),
    "softplus": ("loss", 1),
}
"""The quantity at t = 0 that a quantity equals, up to its sign, and the sign of the logit there."""


@cache
def _rows(fmt: Format) -> dict[str, npt.NDArray[Any]]:
    with np.load(Path(__file__).with_name("data") / f"hard_{fmt.name}.npz") as data:
        rows = {name: data[name] for name in data.files}
    for column in rows.values():
        column.flags.writeable = False  # they are kept, and shared by all who ask
    return rows


def _sigmoid(z: float) -> float:
    return 1.0 / (1.0 + math.exp(-z))
