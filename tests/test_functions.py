"""The public functions: results against the oracle, special values, environment. No extra needed."""

from __future__ import annotations

import importlib.util
import math
import platform
import subprocess
import sys
import textwrap
import warnings
from typing import Any

import numpy as np
import pytest

import stablelce as lce
from stablelce import _arguments
from stablelce.formats import BFLOAT16, BINARY64, FORMATS, Format
from stablelce.oracle import exact

# bfloat16 arrays need ml_dtypes, which the minimal environment lacks.
PRESENT = [fmt for fmt in FORMATS if fmt != BFLOAT16 or importlib.util.find_spec("ml_dtypes")]
each_format = pytest.mark.parametrize("fmt", PRESENT, ids=lambda fmt: fmt.name)

INF, NAN = math.inf, math.nan
OF_Z_ALONE = ("sigmoid", "log_sigmoid", "softplus")


def bits(values: Any, fmt: Format) -> list[int]:
    return [int(one) for one in fmt.encodings(np.atleast_1d(values))]


def array(values: list[float], fmt: Format) -> np.ndarray:
    return np.array(values).astype(fmt.dtype)


def spread(fmt: Format, count: int) -> np.ndarray:
    """Finite values of both signs, equally spaced by encoding."""
    step = fmt.max_finite // count
    magnitudes = fmt.array(np.arange(0, fmt.max_finite, step).astype(fmt.uint))
    return np.concatenate([magnitudes, -magnitudes])


@each_format
@pytest.mark.parametrize("quantity", [*OF_Z_ALONE, "hessian"])
def test_functions_of_the_logit_are_accurate(fmt: Format, quantity: str) -> None:
    z = spread(fmt, 60)
    results = bits(getattr(lce, quantity)(z), fmt)
    # 4 ulp: the contract's profile "accurate". Below binary64 the nearest float is reached at these points.
    limit = 4 if fmt == BINARY64 else 0.5
    errors = [exact(quantity, float(x), None, fmt).error(got) for x, got in zip(z, results, strict=True)]
    assert max(errors) <= limit


@each_format
@pytest.mark.parametrize("quantity", ["loss", "gradient"])
@pytest.mark.parametrize("target", [0.0, 1.0])
def test_loss_and_gradient_of_hard_targets_are_accurate(fmt: Format, quantity: str, target: float) -> None:
    z = spread(fmt, 60)
    results = bits(getattr(lce, quantity)(z, target), fmt)
    limit = 4 if fmt == BINARY64 else 0.5  # as above
    errors = [exact(quantity, float(x), target, fmt).error(got) for x, got in zip(z, results, strict=True)]
    assert max(errors) <= limit


@each_format
def test_one_pass_gives_the_bits_of_two(fmt: Format) -> None:
    z = spread(fmt, 50)
    t = array([0.0, 0.25, 1.0, 0.75], fmt)[np.arange(z.size) % 4]
    both = lce.loss_and_gradient(z, t)
    assert bits(both[0], fmt) == bits(lce.loss(z, t), fmt)
    assert bits(both[1], fmt) == bits(lce.gradient(z, t), fmt)


@each_format
def test_the_table_of_special_values(fmt: Format) -> None:
    z = array([INF, -INF, 0.0, -0.0, NAN], fmt)
    log2 = exact("softplus", 0.0, None, fmt).encoding
    minus_log2 = exact("log_sigmoid", 0.0, None, fmt).encoding
    half, quarter, one = bits(array([0.5, 0.25, 1.0], fmt), fmt)
    negative = fmt.sign_bit
    inf, nan = fmt.infinity, fmt.nan
    expected = {
        ("loss", 1.0): [0, inf, log2, log2, nan],
        ("loss", 0.25): [inf, inf, log2, log2, nan],
        ("loss", 0.0): [inf, 0, log2, log2, nan],
        ("loss", NAN): [nan] * 5,
        ("gradient", 1.0): [negative, one | negative, half | negative, half | negative, nan],
        ("gradient", 0.5): [half, half | negative, 0, 0, nan],
        ("gradient", 0.0): [one, 0, half, half, nan],
        ("gradient", NAN): [nan] * 5,
        ("hessian", 0.5): [0, 0, quarter, quarter, nan],
        ("hessian", NAN): [nan] * 5,
    }
    for (quantity, t), wanted in expected.items():
        got = getattr(lce, quantity)(z, np.full(5, t).astype(fmt.dtype))
        assert bits(got, fmt) == wanted, (quantity, t)
    negative_zero = fmt.array([fmt.sign_bit])
    assert bits(lce.gradient(z, negative_zero), fmt) == expected["gradient", 0.0]
    assert bits(lce.sigmoid(z), fmt) == [one, 0, half, half, nan]
    assert bits(lce.softplus(z), fmt) == [inf, 0, log2, log2, nan]
    assert bits(lce.log_sigmoid(z), fmt) == [negative, inf | negative, minus_log2, minus_log2, nan]
    assert bits(lce.hessian(z), fmt) == [0, 0, quarter, quarter, nan]


@each_format
def test_underflown_results_keep_the_sign_of_the_exact_value(fmt: Format) -> None:
    far = array([float(fmt.to_fraction(fmt.max_finite))], fmt)
    assert bits(lce.gradient(far, 1), fmt) == [fmt.sign_bit]
    assert bits(lce.gradient(-far, 0), fmt) == [0]
    assert bits(lce.log_sigmoid(far), fmt) == [fmt.sign_bit]
    assert bits(lce.loss(far, 1), fmt) == bits(lce.loss(-far, 0), fmt) == [0]
    tiny = fmt.array([1])
    assert bits(lce.gradient(tiny, 0.5), fmt) == [0]
    assert bits(lce.gradient(-tiny, 0.5), fmt) == [fmt.sign_bit]


@each_format
def test_every_nan_is_the_positive_quiet_one_without_payload(fmt: Format) -> None:
    signalling = fmt.infinity + 1
    z = fmt.array(np.array([signalling, fmt.nan | fmt.sign_bit, fmt.nan + 1], dtype=fmt.uint))
    for quantity in ("loss", "gradient", "hessian"):
        assert bits(getattr(lce, quantity)(z, 1), fmt) == [fmt.nan] * 3
        assert bits(getattr(lce, quantity)(0.0, z), fmt) == [fmt.nan] * 3
    for quantity in OF_Z_ALONE:
        assert bits(getattr(lce, quantity)(z), fmt) == [fmt.nan] * 3


@each_format
def test_weights_zero_to_infinity_at_the_ends(fmt: Format) -> None:
    z = array([INF, -INF, NAN, 3.0], fmt)
    assert bits(lce.loss(z, 0.5, weight=0), fmt) == [0] * 4
    assert bits(lce.gradient(z, 0.5, weight=0.0), fmt) == [0] * 4
    assert bits(lce.hessian(z, weight=False), fmt) == [0] * 4
    inf, (one,) = fmt.infinity, bits(array([1.0], fmt), fmt)
    assert bits(lce.loss(z[:2], 1, pos_weight=0), fmt) == [0, 0]
    assert bits(lce.loss(z[:2], 0.5, pos_weight=2), fmt) == [inf, inf]
    assert bits(lce.gradient(z[:2], 1, pos_weight=2), fmt) == [fmt.sign_bit, *bits(array([-2.0], fmt), fmt)]
    assert bits(lce.gradient(z[:2], 0, pos_weight=2), fmt) == [one, 0]


def test_identity_keywords_change_no_bit() -> None:
    z = spread(BINARY64, 300)
    t = np.linspace(0, 1, z.size)
    for quantity in ("loss", "gradient", "hessian"):
        function = getattr(lce, quantity)
        plain = bits(function(z, t), BINARY64)
        identity = function(z, t, weight=np.ones(z.size), pos_weight=1, label_smoothing=0)
        assert bits(identity, BINARY64) == plain


def test_smoothing_replaces_the_target() -> None:
    z = np.linspace(-5, 5, 11)
    # 1/4, exactly: 0*(1 - 1/2) + 1/4.
    assert lce.loss(z, 0, label_smoothing=0.5).tolist() == lce.loss(z, 0.25).tolist()
    assert lce.gradient(z, 1, label_smoothing=1).tolist() == lce.gradient(z, 0.5).tolist()
    assert lce.hessian(z, 1, label_smoothing=0.5, pos_weight=2).tolist() == (
        lce.hessian(z, 0.75, pos_weight=2).tolist()
    )


@each_format
def test_no_warning_whatever_the_input_and_the_settings(fmt: Format) -> None:
    z = np.concatenate([spread(fmt, 20), array([INF, -INF, NAN], fmt)])
    huge = fmt.array([fmt.max_finite])
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        for t in (0, 1, 0.3, NAN):
            lce.loss_and_gradient(z, t, weight=huge, pos_weight=huge, reduction="weighted_mean")
            lce.loss_and_gradient(z, t, weight=fmt.array([1]), label_smoothing=1e-3)
            lce.hessian(z, t, pos_weight=huge)
        for quantity in OF_Z_ALONE:
            getattr(lce, quantity)(z)


def test_the_callers_floating_point_settings_stay() -> None:
    with np.errstate(over="raise", under="warn", invalid="ignore", divide="call"):
        before = np.geterr()
        lce.loss_and_gradient([1e300, -1e300], [1, 0])
        with pytest.raises(ValueError, match="lie in"):
            lce.loss(0.0, 2.0)
        assert np.geterr() == before


def test_unchecked_targets_extend_the_formulas() -> None:
    # Affine in t: L(0, t) = log 2 and dL/dz(0, t) = 1/2 - t for every t.
    assert lce.loss(0.0, 2.0, validate=False) == lce.loss(0.0, 1.0)
    assert lce.gradient(0.0, -3.0, validate=False) == 3.5
    assert lce.gradient(np.zeros(1, np.float16), np.array([300]), validate=False) == [-299.5]


def test_functions_without_dimensions_give_numpy_scalars() -> None:
    for result in (lce.loss(1.0, 1), lce.loss(np.ones(3), 1, reduction="mean"), lce.sigmoid(2)):
        assert type(result) is np.float64
    assert type(lce.softplus(np.array(1.0, dtype=np.float32))) is np.float32
    assert all(type(result) is np.float64 for result in lce.loss_and_gradient(0, 1))


def test_the_hessian_refuses_what_acts_on_an_absent_target() -> None:
    with pytest.raises(TypeError, match="pass t too"):
        lce.hessian(1.0, pos_weight=2.0)
    with pytest.raises(TypeError, match="pass t too"):
        lce.hessian(1.0, label_smoothing=0.1)
    weighted = bits(lce.hessian(1.0, weight=3.0), BINARY64)
    assert exact("hessian", 1.0, 0.0, BINARY64, weight=3.0).error(weighted[0]) <= 4  # "accurate"


def test_a_process_that_flushes_to_zero_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Flushing:
        class float_info:  # noqa: N801  # the name in sys
            min = 0.0

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lce.sigmoid(0.0)
    monkeypatch.setattr(_arguments, "sys", Flushing)
    with pytest.warns(lce.FlushToZeroWarning, match="flushes subnormal numbers") as caught:
        lce.sigmoid(0.0)
    assert caught[0].filename == __file__


@pytest.mark.skipif(
    platform.machine() != "x86_64" or sys.platform == "win32",
    reason="the program below is x86-64 machine code with the calling convention of Unix",
)
def test_flush_to_zero_is_detected_in_the_processor() -> None:
    program = """
        import ctypes, mmap, warnings
        import stablelce
        # ldmxcsr [rdi]; ret
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        page.write(bytes([0x0F, 0xAE, 0x17, 0xC3]))
        address = ctypes.addressof(ctypes.c_char.from_buffer(page))
        set_control = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)
        default = ctypes.c_uint32(0x1F80)
        for bits in (0x8000, 0x0040):  # flush to zero; denormals are zero
            set_control(ctypes.byref(ctypes.c_uint32(0x1F80 | bits)))
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                stablelce.sigmoid(0.0)
            set_control(ctypes.byref(default))
            assert [w.category for w in caught] == [stablelce.FlushToZeroWarning], bits
        print("told")
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False
    )
    assert run.stdout == "told\n", run.stderr
