"""Named inputs on which implementations have failed, or on which rounding is hard; a source for each.

An input is given as a decimal or as an exact expression and rounded once to the format: only inputs stand
here, expected values always come from the oracle.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from stablelce.formats import Format, UIntArray

__all__ = ["HARD_CASES", "HardCase", "points"]


@dataclass(frozen=True)
class HardCase:
    """One logit with the targets that make it hard."""

    name: str
    z: float
    targets: tuple[float, ...]
    source: str


_HARD = (0.0, 1.0)
_PYTORCH, _TENSORFLOW, _JAX = (
    "https://github.com/pytorch/pytorch",
    "https://github.com/tensorflow/tensorflow",
    ("https://github.com/jax-ml/jax"),
)

HARD_CASES: tuple[HardCase, ...] = (
    # Zero and its neighbours.
    HardCase("zero", 0.0, (0.0, 0.5, 1.0), f"{_PYTORCH}/issues/2298: the derivative where branches meet"),
    HardCase("negative zero", -0.0, (0.0, 0.5, 1.0), "a sign of zero must not choose another branch's value"),
    HardCase(
        "smallest subnormal", 2.0**-1074, (0.0, 0.5, 1.0), "gradient z/4 at t = 1/2 rounds to 0, not before"
    ),
    HardCase("three quanta", -3 * 2.0**-1074, (0.5,), "z/4 lies between two subnormals"),
    HardCase("tiny", 1e-300, (0.0, 0.5, 1.0), "sigmoid(z) - 1/2 = z/4 is lost where sigmoid rounds to 1/2"),
    HardCase("tiny, binary32", 1e-30, (0.5,), "the same in a shorter format"),
    HardCase("near a midpoint of sigmoid", 3 * 2.0**-23, (0.0, 0.5), "1/2 + z/4 is a midpoint of binary32"),
    # The tails: cancellation against 1, absorption, saturation.
    HardCase("easy tail", 40.0, _HARD, f"{_PYTORCH}/issues/195529: gradient 0 at t = 1"),
    HardCase("easy tail, mirrored", -40.0, _HARD, f"{_PYTORCH}/issues/195529: loss 0 at t = 0"),
    HardCase("everyday logit", -8.0, _HARD, f"{_PYTORCH}/issues/195529: three digits lost in binary32"),
    HardCase("everyday logit, mirrored", 8.0, _HARD, "the mirror image must fare alike"),
    HardCase("binary32 saturates", -18.0, _HARD, f"{_PYTORCH}/issues/195529: loss 0 in binary32"),
    HardCase("binary32 saturates, mirrored", 18.0, _HARD, "https://github.com/tinygrad/tinygrad/pull/10958"),
    HardCase(
        "binary64 saturates", 37.42994775023705, _HARD, f"{_PYTORCH}/issues/195677, {_JAX}/issues/40385"
    ),
    HardCase("binary64 saturates, mirrored", -37.42994775023705, _HARD, f"{_JAX}/issues/40383"),
    HardCase("sigmoid near 1, binary32", 17.0, _HARD, f"{_TENSORFLOW}/issues/126060"),
    HardCase("sigmoid near 1, binary64", 37.0, _HARD, f"{_TENSORFLOW}/issues/126060"),
    HardCase("clipped probability", 20.0, _HARD, "https://github.com/dmlc/xgboost/issues/6731"),
    HardCase(
        "clipped gradient", -50.0, _HARD, f"{_PYTORCH}/issues/103316: gradient of a clipped probability"
    ),
    HardCase("clipped at -100", -100.0, _HARD, f"{_PYTORCH}/issues/2866: log clamped at -100"),
    HardCase("softplus(-75)", -75.0, _HARD, "https://github.com/openvinotoolkit/openvino/issues/35931"),
    HardCase("approximate sigmoid", -16.740633, _HARD, "https://github.com/pytorch/xla/pull/4311"),
    HardCase("approximate logistic", -17.0502529144, _HARD, "https://github.com/clab/dynet/issues/1090"),
    HardCase("bfloat16 sigmoid", 5.75, _HARD, f"{_TENSORFLOW}/issues/123104"),
    HardCase("bfloat16 tail", 6.25, _HARD, "https://github.com/tenstorrent/tt-metal/issues/55724"),
    HardCase("bfloat16 deep tail", -11.125, _HARD, "https://github.com/tenstorrent/tt-metal/issues/26211"),
    HardCase("binary16 loss", -7.8477, _HARD, "https://github.com/microsoft/onnxruntime/pull/9670"),
    HardCase("binary16 everyday", 9.3906, _HARD, "https://github.com/open-mmlab/mmcv/issues/1488"),
    # Branch points of published code.
    HardCase("threshold 20 of softplus", 20.1, _HARD, "https://github.com/apache/tvm/issues/20184"),
    HardCase("threshold 25", 25.0, _HARD, "https://github.com/tenstorrent/tt-metal/issues/55457"),
    HardCase("threshold 35", 35.0, _HARD, "https://github.com/JuliaStats/LogExpFunctions.jl/pull/37"),
    HardCase("middle of the range", -4.0, _HARD, "https://github.com/tenstorrent/tt-metal/issues/53787"),
    # Overflow of an exponential.
    HardCase("exp overflows, binary16", 11.0, _HARD, "https://github.com/sbryngelson/ANEForge/issues/113"),
    HardCase("exp overflows, binary32", 88.72284, _HARD, "https://github.com/root-project/root/issues/21071"),
    HardCase("exp overflows, just", 90.5229, _HARD, f"{_PYTORCH}/issues/17843"),
    HardCase("exp overflows, binary64", 709.79, _HARD, "https://github.com/cvxpy/cvxpy/pull/1359"),
    HardCase(
        "overflow of a naive sigmoid",
        -1000.0,
        _HARD,
        "https://github.com/scikit-learn/scikit-learn/issues/28046",
    ),
    HardCase("linear predictor 800", 800.0, _HARD, "https://github.com/statsmodels/statsmodels/issues/3923"),
    HardCase("large logit", 2e6, _HARD, "https://github.com/cvxpy/cvxpy/pull/229"),
    HardCase("largest binary16", 65504.0, (0.0, 0.25, 1.0), "the largest finite value of the format"),
    HardCase(
        "largest binary32",
        -3.4028234663852886e38,
        (0.0, 0.25, 1.0),
        "https://github.com/mindspore-ai/mindspore/issues/390",
    ),
    HardCase("largest binary64", 1.7976931348623157e308, (0.0, 0.25, 1.0), "z*(1-t) must not overflow"),
    # Subnormal results and the end of the range.
    HardCase("subnormal, binary32", -88.5, _HARD, "exp(z) is subnormal in binary32"),
    HardCase(
        "half the smallest, binary32", -103.97208, _HARD, "exp(z) is half the smallest subnormal of binary32"
    ),
    HardCase("half the smallest, mirrored", 103.97208, _HARD, "the same on the other side"),
    HardCase("subnormal, binary64", -740.0, _HARD, "https://github.com/stan-dev/math/pull/889"),
    HardCase(
        "half the smallest, binary64", -745.1332191019412, _HARD, "exp(z) is half the smallest subnormal"
    ),
    HardCase("subnormal, binary16", -10.0, _HARD, "exp(z) is subnormal in binary16"),
    HardCase(
        "half the smallest, binary16", -17.33, _HARD, "exp(z) is half the smallest subnormal of binary16"
    ),
    # The exact part is a midpoint; the remainder decides from far below.
    HardCase(
        "midpoint, integer", 2.0**50 + 0.25, (0.25, 0.375), "z*(1-t) is a midpoint, exp(-z) is 2^-(10^15)"
    ),
    HardCase("midpoint, huge", 1e300, (0.25, 2.0**-54), "the remainder has an exponent of 300 digits"),
    HardCase("midpoint, binary32", 1024.0007, (0.25,), "exp(-z) underflows even in binary64, yet it decides"),
    HardCase("1-t is a midpoint", 60.0, (2.0**-54, 2.0**-25, 2.0**-12, 2.0**-9), "t = half an ulp below 1"),
    HardCase("1-t is a midpoint, mirrored", -60.0, (2.0**-54, 2.0**-25, 2.0**-12), "there -t is exact"),
    # Soft targets.
    HardCase(
        "accepted by an unsound rounding test",
        -34.804373770959074,
        (0.03906250000000001,),
        "gradient near -t",
    ),
    HardCase("tiny target, growing branch", -1e30, (1e-20,), "t*|z| = 1e10 beside a loss that saturates"),
    HardCase("tiny target, growing branch, small", -60.0, (1e-20, 1e-300), "t*|z| beside exp(-60)"),
    HardCase("target beside 1", 30.0, (1 - 2.0**-53, 1 - 2.0**-24), "(1-t)*z beside exp(-z)"),
    HardCase(
        "optimum at 2", 2.0, (0.8807970779778823, 0.8807970779778824), "t = sigmoid(2) to the last place"
    ),
    HardCase("optimum at -5", -5.0, (0.006692850924284856,), "t = sigmoid(-5) to the last place"),
    HardCase("optimum in the tail", -36.0, (2.3195228302435696e-16,), "t = sigmoid(-36) to the last place"),
    HardCase("target 0.9", 2.1972245773362196, (0.9, 0.1), "log(9): the usual smoothed labels"),
)
"""All hard cases, in the order of the groups above."""


def points(fmt: Format) -> tuple[UIntArray, UIntArray, tuple[str, ...]]:
    """Encodings of all hard cases in a format, with their names.

    Logits that round to infinity are left out, targets are rounded (and stay in [0, 1]); points that
    coincide after rounding are kept once.
    """
    seen: dict[tuple[int, int], str] = {}
    for case in HARD_CASES:
        z = fmt.sign_bit if str(case.z) == "-0.0" else fmt.round(Fraction(case.z))
        if fmt.is_finite(z):
            for t in case.targets:
                seen.setdefault((z, fmt.round(Fraction(t))), case.name)
    z_column, t_column = zip(*seen, strict=True)
    return np.array(z_column, dtype=fmt.uint), np.array(t_column, dtype=fmt.uint), tuple(seen.values())
