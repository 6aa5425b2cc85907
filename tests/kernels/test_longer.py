"""The longer kernels: enclosures, results against the oracle, the proof of exactness, planted defects."""

from __future__ import annotations

import inspect
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from flint import arb, ctx

from stablelce.conformance.hard_cases import HARD_CASES
from stablelce.formats import BINARY16, BINARY32, BINARY64
from stablelce.kernels import longer_limbs, longer_table
from stablelce.kernels.longer import LAST, SIGMOID, SOFTPLUS, longer
from stablelce.kernels.longer_generator import generate, main
from stablelce.kernels.longer_layout import BITS, LIMBS, PATH, ROWS, STEPS, digest
from stablelce.kernels.longer_rounding import rounded
from stablelce.kernels.longer_values import LEAST, TINY_E, exp_minus, sigmoid, softplus, softplus_of_small
from stablelce.kernels.numpy_engine import evaluate
from stablelce.kernels.plain import plain
from stablelce.kernels.proof.enclosure import ProofError
from stablelce.kernels.proof.longer import Bounds, prove
from stablelce.kernels.proof.ranges import exactly, free, split
from stablelce.kernels.rounding import Doubles, Mask
from stablelce.kernels.wide import wide
from stablelce.oracle.batch import expected

PROVED = Bounds(2.0**-146.3, 2.0**-146.2, 2.0**-144.7)
"""The bounds that ``longer_values`` builds on."""

RNG = np.random.default_rng(20)


def logits(low: float, high: float, count: int) -> Doubles:
    """Of either sign, uniform by exponent."""
    sizes: Doubles = low * (high / low) ** RNG.random(count)
    return np.where(RNG.random(count) < 0.5, sizes, -sizes)


def near_optimum(z: Doubles) -> Doubles:
    """Targets at most three floats from sigmoid(z)."""
    t = np.empty_like(z)
    with np.errstate(all="ignore"):
        evaluate({"sigmoid": t}, z)
    return np.clip((t.view(np.int64) + RNG.integers(-3, 4, len(z))).view(np.float64), 0, 1)


def check(quantity: str, z: Doubles, t: Doubles, base: str = "", sign: float = 1.0) -> Mask:
    """Compare what is decided with the oracle; say where that is."""
    targets = t.view(np.uint64) if quantity in ("loss", "gradient") else None
    wanted = expected(quantity, z.view(np.uint64), targets, BINARY64).encodings
    with np.errstate(all="ignore"):
        encodings, decided = longer(base or quantity, sign, z, t, BINARY64)
    wrong = np.flatnonzero(decided & (encodings != wanted))
    assert not wrong.size, [(z[i].hex(), t[i].hex(), hex(encodings[i])) for i in wrong[:3]]
    return decided


# -- enclosures --------------------------------------------------------------------------------


@pytest.fixture
def bits() -> Any:
    before, ctx.prec = ctx.prec, 1700
    yield
    ctx.prec = before


def largest_error(words: tuple[Doubles, ...], truth: list[arb]) -> float:
    """The largest relative error of sums of words."""
    errors = [0.0]
    for row, value in zip(zip(*(word.tolist() for word in words), strict=True), truth, strict=True):
        errors.append(float((sum(map(arb, row), arb(0)) / value - 1).abs_upper()))
    return max(errors)


@pytest.mark.usefixtures("bits")
def test_values_are_within_the_proved_bounds() -> None:
    a = np.concatenate(
        [np.abs(logits(LEAST, LAST, 2000)), RNG.uniform(0, 60, 2000), RNG.uniform(690, 746, 200)]
    )
    k, m = exp_minus(a)
    scale = np.ldexp(1.0, -k.astype(int))
    with np.errstate(all="ignore"):
        *y, g = sigmoid(scale, m)
        *near, h = softplus(scale, m, plain(np.minimum(a, 690))[0])
        small = softplus_of_small(scale, *y)
    exponentials = [(-arb(x)).exp() for x in a.tolist()]
    powers = [arb(2) ** int(x) for x in k.tolist()]
    assert largest_error(m, [e * p for e, p in zip(exponentials, powers, strict=True)]) < 2.0**-145
    sigmoids = [e / (1 + e) * p for e, p in zip(exponentials, powers, strict=True)]
    assert largest_error(tuple(y), sigmoids) < SIGMOID / 2
    softplus_of = [e.log1p() for e in exponentials]
    inside = k < TINY_E
    truth = [x for x, wanted in zip(softplus_of, inside.tolist(), strict=True) if wanted]
    assert largest_error(tuple(word[inside] for word in near), truth) < SOFTPLUS / 2
    truth = [x * p for x, p, near in zip(softplus_of, powers, inside.tolist(), strict=True) if not near]
    assert largest_error(tuple(word[~inside] for word in small), truth) < SOFTPLUS / 2
    assert np.abs(g).max() < 2.0**-48.5
    assert np.abs(h[inside]).max() < 2.0**-48.5


@pytest.mark.usefixtures("bits")
def test_every_entry_is_derived_again() -> None:
    half = arb(2) ** (-BITS * LIMBS - 1)
    for level, columns in enumerate((longer_table.COARSE, longer_table.MEDIUM, longer_table.FINE)):
        for row, limbs in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
            x = arb(ROWS[level] - row) / 2 ** STEPS[level]
            value = x.exp() if level == 0 else x.expm1()
            assert (sum(map(arb, limbs), arb(0)) - value).abs_upper() < half
            assert all(limb == 0 or abs(limb) <= 2.0 ** (-BITS * p - 1) for p, limb in enumerate(limbs) if p)
    assert (sum(map(arb, longer_table.LOG2)) - arb(2).log()).abs_upper() < arb(2) ** (-7 * BITS - 1)
    assert (sum(map(arb, longer_table.SIXTH)) - arb(1) / 6).abs_upper() < arb(2) ** (-3 * BITS - 1)


# -- results -----------------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", ["loss", "gradient", "hessian"])
def test_near_optimum_targets_are_decided_rightly(quantity: str) -> None:
    z = np.concatenate([logits(2.0**-20, 600, 1500), RNG.normal(0, 4, 1500)])
    z = np.where(np.abs(z) < 2.0**-20, 1.0, z)
    t = near_optimum(z)
    decided = check(quantity, z, t)
    if quantity == "loss":  # the exact part may be a midpoint: those are the business of the stage before
        with np.errstate(all="ignore"):
            decided |= wide("loss", 1.0, z, t, BINARY64)[1]
    assert decided.mean() >= 0.999


@pytest.mark.parametrize(("low", "high"), [(LEAST, 2.0**-20), (600, 700)])
def test_near_optimum_targets_elsewhere(low: float, high: float) -> None:
    z = logits(low, high, 400)
    check("gradient", z, near_optimum(z))
    check("gradient", z / 4, near_optimum(z))


@pytest.mark.parametrize(
    ("quantity", "base", "sign", "target"),
    [
        ("loss", "loss", 1.0, None),
        ("gradient", "gradient", 1.0, None),
        ("hessian", "hessian", 1.0, None),
        ("sigmoid", "gradient", 1.0, 0.0),
        ("softplus", "loss", 1.0, 0.0),
        ("log_sigmoid", "loss", -1.0, 1.0),
    ],
)
def test_subnormal_results_are_decided_rightly(
    quantity: str, base: str, sign: float, target: float | None
) -> None:
    edges = [
        690.0,
        708.3964185322641,
        708.3964185322642,
        744.4400719213812,
        745.1332191019411,
        745.1332191019412,
    ]
    a = np.concatenate([RNG.uniform(690, 745.2, 600), edges, [745.2, 746.0]])
    right = {None: (1.0, -1.0), 0.0: (-1.0,), 1.0: (1.0,)}[target]
    for side in right:
        t = np.full_like(a, target if target is not None else float(side > 0))
        assert check(quantity, side * a, t, base, sign).all()


def test_zeros_have_the_sign_of_what_they_stand_for() -> None:
    z, t = np.array([745.9, -745.9]), np.array([1.0, 0.0])
    with np.errstate(all="ignore"):
        assert longer("gradient", 1.0, z, t, BINARY64)[0].tolist() == [1 << 63, 0]
        assert longer("loss", -1.0, z, t, BINARY64)[0].tolist() == [1 << 63, 1 << 63]


def test_hard_cases_and_any_others() -> None:
    named = [(case.z, t) for case in HARD_CASES for t in case.targets if math.isfinite(case.z)]
    some = zip(RNG.normal(0, 20, 600), RNG.random(600), strict=True)
    hard = zip(RNG.uniform(-800, 800, 400), RNG.integers(0, 2, 400), strict=True)
    z, t = (np.array(column, float) for column in zip(*named, *some, *hard, strict=True))
    assert check("loss", z, t)[len(named) : len(named) + 600].all()
    assert check("gradient", z, t)[len(named) : len(named) + 600].all()
    check("hessian", z, t)


def test_what_is_not_served_is_left() -> None:
    z = np.array([0.0, 1e-300, LEAST / 2, 746.1, 1e300, -720.0, 720.0])
    t = np.array([0.5, 0.5, 0.5, 1.0, 0.5, 1.0, 5e-324])
    for base in ("loss", "gradient"):
        with np.errstate(all="ignore"):
            assert not longer(base, 1.0, z, t, BINARY64)[1].any()
    for fmt in (BINARY16, BINARY32):
        encodings, decided = longer("loss", 1.0, z, t, fmt)
        assert encodings.dtype == fmt.uint
        assert not decided.any()


def test_a_sum_at_a_subnormal_midpoint_follows_its_second_word() -> None:
    s, spacing = np.array([2.5, 2.5, 3.5, 3.5, -2.5, 0.5, 2.5]), 1.0
    x = 2.0**-60 * np.array([1.0, -1.0, 1.0, -1.0, -1.0, 1.0, 0.0])
    values, sure = rounded(s, x, 2.0**-100, spacing)
    assert values.tolist()[:6] == [3, 2, 4, 3, -3, 1]
    assert sure.tolist() == [True] * 6 + [False]
    assert not rounded(s, x, 2.0**-59, spacing)[1].any()


# -- the proof ---------------------------------------------------------------------------------


def planted(*replacements: tuple[str, str]) -> ModuleType:
    """The arithmetic of limbs with a defect in its source."""
    source = inspect.getsource(longer_limbs)
    for text, defect in replacements:
        assert text in source, f"{text!r} is no longer in longer_limbs.py"
        source = source.replace(text, defect)
    module = ModuleType("stablelce.kernels.planted")
    exec(compile(source, "planted.py", "exec"), vars(module))
    return module


def bounds_hold(module: ModuleType, every: int = 1) -> None:
    found = prove(module, every)
    if any(error > bound for error, bound in zip(found, PROVED, strict=True)):
        raise ProofError(f"2^{np.log2(np.array(found, float))}")


def test_every_operation_is_exact_and_the_bounds_hold() -> None:
    bounds_hold(longer_limbs)
    bounds_hold(planted(), every=40)  # as the defects below are run, without one


REFUSED = {
    "the carry of a limb omitted": ("c4 + up5, c5", "c4, c5"),
    "a limb dropped": ("mul_add(t1, x3, ", "mul_add(t1, 0.0, "),
    "a wrong limb": ("mul_add(t2, x1, mul_add(t3, x0, t3))", "mul_add(t2, x2, mul_add(t3, x0, t3))"),
    "a low half dropped": ("split(c2 + e1, TO_50)", "split(c2, TO_50)"),
    "a coarser grid": ("c5, _ = split(c5, TO_150)", "c5, _ = split(c5, TO_125)"),
    "no carrying at all": ("split(c1 + e0, TO_25)", "0.0, c1 + e0"),
    "a limb of log(2) dropped": ("up5 - k * LOG2[4]", "up5"),
    "a carry of the reduction omitted": ("up3 + (a2", "(a2"),
    "a wrong coefficient": ("split(0.5 * r1, TO_50)", "split(0.25 * r1, TO_50)"),
    "a wrong sign": ("mul_add(r1, q1, -r2)", "mul_add(-r1, q1, -r2)"),
    "a limb of 1/6 dropped": ("SIXTH[2] - t2", "0.0 - t2"),
    "the fourth order dropped": ("SIXTH[1] - t1", "SIXTH[1]"),
    "rows of another level": ("row(FINE, to_index(n * 2.0**25", "row(FINE, to_index(j * 2.0**17"),
    "the neighbouring row": ("j * 2.0**17 + 128.0", "j * 2.0**17 + 129.0"),
    "a level left out": ("j, x = split(x, TO_17)", "j, _ = split(x, TO_17)"),
    "a sum of too many bits": ("c0 = mul_add(t0, x0, t0)", "c0 = mul_add(t0, x0, t0) + t5"),
}


@pytest.mark.parametrize("defect", REFUSED)
def test_a_planted_defect_is_rejected(defect: str) -> None:
    with pytest.raises(ProofError):
        bounds_hold(planted(REFUSED[defect]), every=40)


def test_values_of_a_run_lie_in_their_ranges() -> None:
    magic = 1.5 * 2.0**27
    x = free(exactly(-3.0).low, exactly(2.5).high, -50)
    multiple, rest = split(x, magic)
    for value in RNG.uniform(-3, 2.5, 200).tolist():
        rounded_value, left = longer_limbs.split(value, magic)
        assert multiple.low <= rounded_value <= multiple.high
        assert rest.low <= left <= rest.high
    with pytest.raises(ProofError, match="cannot be rounded"):
        split(x * 2.0**27, magic)
    with pytest.raises(ProofError, match="not exact in 53 bits"):
        x * x


# -- the file ----------------------------------------------------------------------------------


def test_the_generator_makes_the_shipped_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("stablelce.kernels.longer_generator.PATH", tmp_path / "longer.npy")
    assert main() == 0
    assert longer_table.SHA256 in capsys.readouterr().out
    assert digest(np.load(tmp_path / "longer.npy")) == digest(np.load(PATH)) == digest(generate())


def test_a_flipped_bit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = np.load(PATH)
    entries.view(np.uint64)[1000] ^= np.uint64(1)
    np.save(tmp_path / "longer.npy", entries)
    monkeypatch.setattr(longer_table, "PATH", tmp_path / "longer.npy")
    with pytest.raises(ImportError, match="is damaged"):
        longer_table._load()
