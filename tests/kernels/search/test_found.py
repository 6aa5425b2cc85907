"""What was found is hard for the kernels: the first stage leaves it undecided, defects show on it.

The inputs are those that the package ships; the results that are right come from the oracle.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from stablelce import oracle
from stablelce.conformance.hard_cases import hard_to_round
from stablelce.formats import BINARY32, BINARY64, Format
from stablelce.kernels import finals, numpy_engine
from stablelce.kernels.longer import longer
from stablelce.kernels.numpy_engine import QUANTITIES
from stablelce.kernels.search import record
from stablelce.kernels.wide import wide


def undecided(quantity: str, fmt: Format) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """What each of the stages leaves undecided: the first, then ``wide`` and ``longer`` on the rest."""
    z, t, _ = hard_to_round(quantity, fmt)
    points = numpy_engine.points(fmt.array(z), fmt.array(t))
    with np.errstate(all="ignore"):
        ((_, decided),) = numpy_engine._first_stage(points, [QUANTITIES[quantity]])
        rest = points.only(np.flatnonzero(~decided)).at(QUANTITIES[quantity])
        left = np.ones(rest.z.size, bool)
        for stage in (wide, longer):
            _, done = stage(QUANTITIES[quantity].base, 1.0, rest.z, rest.t, fmt)
            left &= ~done
    return ~decided, left


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_the_first_stage_leaves_nearly_all_undecided(quantity: str) -> None:
    """It decides where softplus(-a) or sigmoid(-a) is a small part of the result, so that its bound is too.

    One in five or less is so near, 2^-45 ulp or below, that only integers of any length decide.
    """
    _, _, bits = hard_to_round(quantity, BINARY64)
    first, left = undecided(quantity, BINARY64)
    assert first.mean() > 0.9
    assert 0 < left.mean() < 0.25
    assert np.median(bits) >= 24


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_binary32_is_decided_by_the_first_stage_unless_it_is_very_near(quantity: str) -> None:
    """Its numbers are good to 2^-26 of an ulp; chance brings a binade of 2^23 logits about 2^-23 near."""
    _, _, bits = hard_to_round(quantity, BINARY32)
    first, _ = undecided(quantity, BINARY32)
    assert first[bits >= 28].all()
    assert first.sum() > 10


def wrong(quantity: str, fmt: Format) -> int:
    """How many of the results are not the right ones."""
    z, t, _ = hard_to_round(quantity, fmt)
    out = np.empty(z.size, fmt.dtype)
    with np.errstate(all="ignore"):
        numpy_engine.evaluate({quantity: out}, fmt.array(z), fmt.array(t))
    expected = oracle.expected(quantity, z, t, fmt)
    return int(np.count_nonzero(fmt.encodings(out) != expected.encodings))


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_without_a_defect_all_are_right(quantity: str) -> None:
    assert wrong(quantity, BINARY64) == 0


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_bound_that_is_only_believed_is_noticed(quantity: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """2^-80 instead of the proved 2^-70: the rounding test then accepts wrong results."""
    monkeypatch.setattr(finals, "PAIR", 2.0**-80)
    assert wrong(quantity, BINARY64) > 0


@pytest.mark.parametrize(("quantity", "dropped"), [("loss", 4), ("gradient", 3), ("hessian", 1)])
def test_a_dropped_low_word_is_noticed(quantity: str, dropped: int, monkeypatch: pytest.MonkeyPatch) -> None:
    right = getattr(finals, quantity)

    def defective(*words: Any) -> Any:
        return right(*(0.0 * word if i == dropped else word for i, word in enumerate(words)))

    monkeypatch.setattr(finals, quantity, defective)
    assert wrong(quantity, BINARY64) > 50


@pytest.mark.parametrize("quantity", ["loss", "gradient", "sigmoid"])
def test_rounding_twice_is_noticed_in_binary32(quantity: str) -> None:
    """Even the correctly rounded binary64 result, rounded once more."""
    z, t, _ = hard_to_round(quantity, BINARY32)
    out = np.empty(z.size, np.float64)
    logits, targets = (BINARY32.array(column).astype(np.float64) for column in (z, t))
    with np.errstate(all="ignore"):
        numpy_engine.evaluate({quantity: out}, logits, targets)
        twice = BINARY32.encodings(out.astype(np.float32))
    assert np.count_nonzero(twice != oracle.expected(quantity, z, t, BINARY32).encodings) > 0


@pytest.mark.parametrize("fmt", [BINARY32, BINARY64], ids=lambda fmt: fmt.name)
def test_the_files_were_made_from_the_present_sources(fmt: Format) -> None:
    """When this fails: ``python -m stablelce.kernels.search``."""
    made = json.loads((record.DATA / f"hard_{fmt.name}.json").read_text(encoding="utf-8"))
    assert tuple(made["sources"]) == record.sources()
    assert made["sources_sha256"] == record.sources_sha256()
    assert made["command"] == "python -m stablelce.kernels.search"
    with np.load(record.DATA / f"hard_{fmt.name}.npz") as data:
        assert {q: data[q].shape[1] for q in record.QUANTITIES} == made["kept"]
    assert sum(made["kept"].values()) > 1000


def test_the_files_are_small() -> None:
    assert sum(path.stat().st_size for path in record.DATA.glob("hard_*")) < 300_000
