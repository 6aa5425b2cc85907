"""Screening: dense where it says so, no suspect of a right subject, and wrong results among the suspects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stablelce.conformance.contract import Profile
from stablelce.conformance.evaluation import Run, SubjectProblem
from stablelce.conformance.exhaustive16 import table
from stablelce.conformance.faults.planting import planted, right
from stablelce.conformance.points import Budget, budget
from stablelce.conformance.regions import anchors
from stablelce.conformance.screening import MOST, _strided, logits, pairs, suspects
from stablelce.conformance.subjects.base import QUANTITIES, Subject
from stablelce.formats import BINARY16, BINARY32, BINARY64, FORMATS, Format

PLAN = Budget(0, 0, 0, screen=1 << 12)


def run(function: Any, quantity: str, fmt: Format, **options: Any) -> Run:
    return Run(Subject("tried", {quantity: function}), fmt, "accurate", **options)


@pytest.mark.parametrize("fmt", FORMATS[2:], ids=lambda fmt: fmt.name)
def test_no_everyday_logit_is_further_from_one_that_is_looked_at_than_two_cells(fmt: Format) -> None:
    z = np.sort(fmt.array(logits(fmt, budget("smoke").screen, 0)).astype(np.float64))
    everyday = z[np.abs(z) <= 100]
    reach = np.arcsinh((4 - fmt.quantum) * np.log(2.0))
    cell = 2 * reach / (budget("smoke").screen // 2)
    assert np.diff(np.arcsinh(everyday)).max() <= 2 * cell + 1e-9
    assert np.diff(everyday[(everyday > 7) & (everyday < 8)]).max() < 0.015


@pytest.mark.parametrize("fmt", FORMATS[2:], ids=lambda fmt: fmt.name)
def test_both_sides_of_every_anchor_are_looked_at(fmt: Format) -> None:
    found = set(fmt.ordinals(logits(fmt, 64, 0)).tolist())
    for anchor in anchors(fmt):
        place = int(fmt.ordinals(fmt.encodings(np.array([anchor]).astype(fmt.dtype)))[0])
        for sign in (1, -1):
            assert {sign * (place + step) for step in (-4, -2, -1, 0, 1, 2, 4)} <= found


def test_logits_are_finite_distinct_and_the_same_in_every_run() -> None:
    z = logits(BINARY64, 1000, 3)
    assert np.isfinite(BINARY64.array(z)).all()
    assert np.unique(z).size == z.size
    assert (logits(BINARY64, 1000, 3) == z).all()
    assert not np.array_equal(logits(BINARY64, 1000, 4), z)


@pytest.mark.parametrize("fmt", FORMATS[1:], ids=lambda fmt: fmt.name)
def test_the_numbers_that_people_try_are_logits(fmt: Format) -> None:
    found = set(logits(fmt, 64, 0).tolist())
    tried = np.concatenate([np.arange(-200, 201) / 2, [-0.0]]).astype(fmt.dtype)
    assert set(fmt.encodings(tried).tolist()) <= found


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_pairs_reach_every_kind_of_target_with_every_kind_of_logit(fmt: Format) -> None:
    z, t = (fmt.array(part).astype(np.float64) for part in pairs(fmt, 1 << 15, 0))
    assert z.size == t.size == 1 << 15
    assert np.isfinite(z).all()
    assert ((t >= 0) & (t <= 1)).all()
    least, eps = float(fmt.to_fraction(fmt.min_normal)), 2.0 ** (1 - fmt.precision)
    everyday = (np.arange(1, 20) / 20).astype(fmt.dtype).astype(np.float64)
    kinds = [(t > 0) & (t < least), (t > 0) & (t < eps), (t > 1 - 64 * eps) & (t < 1)]
    kinds += [np.isin(t, everyday), (t > 0.7) & (t < 0.8), np.abs(t - 1 / 3) < 0.05]
    logit = [(z == 0) & np.signbit(z), (z == 0) & ~np.signbit(z), (z > 2) & (z < 4), (z < -6) & (z > -8)]
    assert min(np.count_nonzero(kind & one) for kind in kinds for one in logit) >= 1


PAIRED = {
    "a quarter": (lambda z, t: (t > 0.75) & (t < 0.8) & (z > 2) & (z < 4), "gradient", BINARY32),
    "a binade": (lambda z, t: (t > 2.0**-6) & (t < 2.0**-5) & (z > 1), "loss", BINARY16),
    "a third": (
        lambda z, t: (np.abs(t - 1 / 3) < 0.01) & (np.abs(z) > 6) & (np.abs(z) < 8),
        "loss",
        BINARY64,
    ),
    "smoothing": (lambda _z, t: t == float(np.float32(0.05)), "loss", BINARY32),
    "beside one": (lambda z, t: (t > 1 - 1e-4) & (t < 1 - 1e-5) & (z > 15), "gradient", BINARY32),
    "zero": (lambda z, t: (z == 0) & (t > 0) & (t < 0.5), "gradient", BINARY64),
    "minus zero": (lambda z, t: (z == 0) & np.signbit(z) & (t > 0) & (t < 0.5), "loss", BINARY16),
    "minus zero as a target": (lambda _z, t: (t == 0) & np.signbit(t), "loss", BINARY64),
    "an integer": (lambda z, _t: z == -13, "loss", BINARY64),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", PAIRED)
def test_a_fault_in_a_window_of_logits_and_targets_gives_suspects(name: str, seed: int) -> None:
    where, quantity, fmt = PAIRED[name]
    wrong = planted(quantity, lambda z, _t: 0.7 + 0 * z, where)
    found = list(suspects(run(wrong, quantity, fmt), quantity, budget("smoke"), seed))
    assert sum(one.z.size for one in found) > 0


def test_minus_zero_is_the_one_further_target_of_a_subject_with_hard_ones() -> None:
    seen: set[int] = set()

    def loss(z: Any, t: Any) -> Any:
        seen.update(BINARY32.encodings(t).tolist())
        return right("loss")(z, t)

    subject = Subject("hard", {"loss": loss}, soft_targets=False)
    list(suspects(Run(subject, BINARY32, "accurate"), "loss", PLAN, 0))
    assert seen == {0, BINARY32.sign_bit, 0x3F800000}


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_right_subject_gives_no_suspect(quantity: str, fmt: Format) -> None:
    found = list(suspects(run(right(quantity), quantity, fmt), quantity, PLAN, 0))
    assert sum(one.z.size for one in found) == 0
    assert sum(one.looked_at for one in found) > 4000


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_a_wrong_window_gives_suspects_from_it_and_the_worst_first(fmt: Format) -> None:
    wrong = planted("sigmoid", lambda z, _t: 0.7 * z / z, lambda z, _t: (z > 2) & (z < 3), wide=True)
    (found, *_) = suspects(run(wrong, "sigmoid", fmt), "sigmoid", PLAN, 0)
    z = fmt.array(found.z).astype(np.float64)
    assert 0 < z.size <= MOST
    assert ((z > 2) & (z < 3)).all()
    if z.size == MOST:
        assert z.min() > 2.5  # sigmoid(3) is furthest from 0.7


@pytest.mark.parametrize(
    ("profile", "steps", "suspected"),
    [
        ("correctly-rounded", 0, False),
        ("correctly-rounded", 1, True),
        ("faithful", 0, False),
        ("faithful", 1, True),  # half of the neighbours lie on the wrong side
        ("accurate", 1, False),
        ("accurate", 9, True),
    ],
)
def test_a_short_format_is_compared_as_the_profile_requires(
    profile: Profile, steps: int, suspected: bool
) -> None:
    z, expected = table("sigmoid", None, BINARY16)
    results = dict(
        zip(z.tolist(), BINARY16.from_ordinals(BINARY16.ordinals(expected.encodings) + steps), strict=True)
    )

    def sigmoid(logits: Any) -> Any:
        return BINARY16.array([results[encoding] for encoding in BINARY16.encodings(logits).tolist()])

    judged = Run(Subject("moved", {"sigmoid": sigmoid}), BINARY16, profile)
    (found,) = suspects(judged, "sigmoid", PLAN, 0)
    assert bool(found.z.size) == suspected


@pytest.mark.parametrize("quantity", ["sigmoid", "log_sigmoid"])
def test_a_zero_for_a_subnormal_is_left_to_its_own_check(quantity: str) -> None:
    def flushing(z: Any) -> Any:
        result = right(quantity)(z)
        return np.where(np.abs(result) < np.finfo(np.float32).tiny, np.copysign(0, result), result)

    (found,) = suspects(run(flushing, quantity, BINARY32), quantity, PLAN, 0)
    assert found.looked_at > 4000
    assert found.z.size == 0
    assert found.subnormal >= found.flushed[0].size > 0
    results = run(right(quantity), quantity, BINARY32).evaluate(quantity, *found.flushed)
    assert (np.abs(BINARY32.array(results)) > 0).all()
    assert (np.abs(BINARY32.array(results)) < np.finfo(np.float32).tiny).all()


@pytest.mark.parametrize(
    ("quantity", "z", "t"), [("sigmoid", -13.33, 0.0), ("gradient", 12.5, 1.0), ("loss", 12.75, 1.0)]
)
def test_one_flushed_encoding_of_a_short_format_is_found(quantity: str, z: float, t: float) -> None:
    def there(logit: Any, target: Any) -> Any:
        return (logit == float(np.float16(z))) & (target == t)

    flushing = planted(quantity, lambda z, _t: 0 * z, there)
    arrays = suspects(run(flushing, quantity, BINARY16), quantity, PLAN, 0)
    columns = [[BINARY16.array(part).tolist() for part in one.flushed] for one in arrays]
    places = {point for column in columns for point in zip(*column, strict=True)}
    assert places == {(float(np.float16(z)), t)}


def test_every_encoding_of_a_short_format_is_looked_at() -> None:
    (found,) = suspects(run(right("sigmoid"), "sigmoid", FORMATS[0]), "sigmoid", PLAN, 0)
    assert found.looked_at == 63488


def test_a_subject_that_raises_gets_its_inputs_back() -> None:
    def raises(_z: Any) -> Any:
        raise ValueError("no")

    tried = run(raises, "sigmoid", BINARY32)
    (found,) = suspects(tried, "sigmoid", PLAN, 0)
    assert found.z.size > 1000
    with pytest.raises(SubjectProblem):
        tried.evaluate("sigmoid", found.z, found.t)
    for fmt in (BINARY16, BINARY32):
        (found,) = suspects(run(raises, "sigmoid", fmt), "sigmoid", PLAN, 0)
        assert [part.size for part in found.flushed] == [0, 0]


def test_one_kind_of_target_has_two_decimals() -> None:
    t = BINARY64.array(pairs(BINARY64, 4096, 0)[1])
    decimals = (t > 0) & (t < 1) & (np.rint(t * 100) / 100 == t)
    assert np.unique(t[decimals]).size > 90


def test_subnormals_are_counted() -> None:
    (found,) = suspects(run(right("sigmoid"), "sigmoid", BINARY16), "sigmoid", PLAN, 0)
    _, expected = table("sigmoid", None, BINARY16)
    assert found.subnormal == np.count_nonzero(
        (expected.encodings > 0) & (expected.encodings < BINARY16.min_normal)
    )


def test_strided_encodings_reach_all_low_bits_and_both_signs() -> None:
    z = np.concatenate(list(_strided(1 << 20)))
    assert (1 << 20) * 0.98 < z.size < (1 << 20) * 1.02
    assert np.unique(z & 0xFF).size == 256
    assert np.unique(z >> 24).size == 256
    assert np.isfinite(BINARY32.array(z)).all()


def test_strided_encodings_leave_out_the_infinities_that_they_meet() -> None:
    # 2^24 of them are every 255th, and the infinity of binary32 is 255 * 2^23.
    for z in _strided(1 << 24):
        assert (z % 255 == 0).all()
        assert np.isfinite(BINARY32.array(z)).all()


@pytest.mark.parametrize(("fmt", "arrays"), [(BINARY32, 2), (BINARY64, 1)])
def test_strided_encodings_are_those_of_binary32(fmt: Format, arrays: int) -> None:
    plan = Budget(0, 0, 0, screen=64, strided=1024)
    found = list(suspects(run(right("sigmoid"), "sigmoid", fmt), "sigmoid", plan, 0))
    assert len(found) == arrays
    if fmt == BINARY32:
        assert 1000 < found[-1].looked_at <= 1025


def test_soft_targets_share_what_is_looked_at_for_a_hard_one() -> None:
    plan = Budget(0, 0, 0, screen=1 << 15)
    zero, one, *soft = suspects(run(right("loss"), "loss", BINARY32), "loss", plan, 0)
    assert all(plan.screen * 0.9 < each.looked_at < plan.screen * 1.2 for each in (zero, one))
    assert plan.screen / 2 < sum(each.looked_at for each in soft[:-1]) < 2.5 * plan.screen
    assert soft[-1].looked_at == plan.screen


def test_hard_targets_are_all_that_a_subject_without_soft_ones_gets() -> None:
    seen: set[float] = set()

    def loss(z: Any, t: Any) -> Any:
        seen.update(np.unique(t).tolist())
        return right("loss")(z, t)

    subject = Subject("hard", {"loss": loss}, soft_targets=False)
    list(suspects(Run(subject, BINARY32, "accurate"), "loss", PLAN, 0))
    assert seen == {0.0, 1.0}
