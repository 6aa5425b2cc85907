"""The shipped tables of the 16-bit formats: derived again by the other library, identities, provenance."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from stablelce import oracle
from stablelce.conformance import exhaustive16
from stablelce.conformance.exhaustive16 import FUNCTIONS, finite_encodings, table
from stablelce.conformance.provenance import sources_sha256
from stablelce.formats import BFLOAT16, BINARY16, Format
from stablelce.oracle import Expected

formats = pytest.mark.parametrize("fmt", [BINARY16, BFLOAT16], ids=lambda fmt: fmt.name)

QUANTITIES: tuple[tuple[str, int | None], ...] = (
    ("loss", 0),
    ("loss", 1),
    ("gradient", 0),
    ("gradient", 1),
    ("hessian", None),
    ("sigmoid", None),
    ("log_sigmoid", None),
    ("softplus", None),
)


def assert_derived(
    fmt: Format,
    chosen: npt.NDArray[np.integer[Any]],
    using: str,
    quantities: tuple[tuple[str, int | None], ...],
) -> None:
    """The rows of the table at chosen positions are what the oracle says of the quantity itself."""
    for quantity, target in quantities:
        z, shipped = table(quantity, target, fmt)
        t = None if target is None else np.full(chosen.shape, fmt.round(Fraction(target)), dtype=fmt.uint)
        derived = oracle.expected(quantity, z[chosen], t, fmt, using)
        shipped = shipped.take(chosen)
        for name in ("encodings", "sides", "units"):
            assert np.array_equal(getattr(shipped, name), getattr(derived, name)), (quantity, target, name)
        # Rounded away from zero to the next 1/256, no further, and exact where the side is 0.
        excess = (shipped.offsets - derived.offsets) * derived.sides
        assert np.all((excess >= 0) & (excess <= 1 / 256)), (quantity, target)
        assert np.all(shipped.offsets[derived.sides == 0] == 0)
        assert np.all(np.abs(shipped.offsets) <= 0.5)


@formats
def test_a_sample_is_derived_again_by_the_other_library(fmt: Format) -> None:
    """The tables are made by Arb. 2,000 logits of each, and 250 through every quantity read from them."""
    count = len(finite_encodings(fmt))
    chosen = np.random.default_rng(16).choice(count, 2000, replace=False)
    assert_derived(fmt, chosen, "mpmath", tuple((function, None) for function in FUNCTIONS))
    assert_derived(fmt, chosen[:250], "mpmath", QUANTITIES)


@formats
def test_the_edges_are_derived_again(fmt: Format) -> None:
    z = finite_encodings(fmt).tolist()
    ends = (0, 1, fmt.min_normal - 1, fmt.min_normal, fmt.max_finite)
    edges = [z.index(end | sign) for end in ends for sign in (0, fmt.sign_bit)]
    assert_derived(fmt, np.array(edges), "mpmath", QUANTITIES)


@pytest.mark.deep
@formats
def test_every_entry_is_derived_again_by_the_other_library(fmt: Format) -> None:
    everything = np.arange(len(finite_encodings(fmt)))
    assert_derived(fmt, everything, "mpmath", tuple((function, None) for function in FUNCTIONS))


@pytest.mark.deep
@formats
def test_every_identity_between_tables_holds_at_every_entry(fmt: Format) -> None:
    assert_derived(fmt, np.arange(len(finite_encodings(fmt))), "arb", QUANTITIES)


@formats
def test_all_finite_logits_are_there_once(fmt: Format) -> None:
    z, _ = table("sigmoid", None, fmt)
    assert z.tolist() == [bits for bits in range(1 << 16) if fmt.is_finite(bits)]


@formats
def test_a_correctly_rounded_result_has_at_most_half_an_ulp(fmt: Format) -> None:
    for quantity, target in QUANTITIES:
        _, shipped = table(quantity, target, fmt)
        assert shipped.errors(shipped.encodings).max() <= 0.5
        assert shipped.is_faithful(shipped.encodings).all()


def test_a_table_is_shared_and_cannot_be_changed() -> None:
    z, shipped = table("loss", 1, BINARY16)
    assert table("loss", 1, BINARY16)[1] is shipped
    for array in (z, shipped.encodings, shipped.offsets, shipped.sides, shipped.units):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_making_the_tables_again_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every 97th logit, so that it takes a second: no date, no order, nothing but sources decides."""
    few = {fmt.name: finite_encodings(fmt)[::97] for fmt in (BINARY16, BFLOAT16)}
    monkeypatch.setattr(exhaustive16, "finite_encodings", lambda fmt: few[fmt.name])
    files = ("binary16.npz", "bfloat16.npz", "exhaustive16.json")
    for folder in (tmp_path / "a", tmp_path / "b"):
        exhaustive16.main(folder)
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    with np.load(tmp_path / "a" / "binary16.npz") as made:
        for function in FUNCTIONS:
            assert np.array_equal(made[function], exhaustive16._rows(function, BINARY16)[:, ::97])


def test_the_tables_were_made_from_the_present_sources() -> None:
    """When this fails: ``python -m stablelce.conformance.exhaustive16``."""
    made = json.loads(exhaustive16.PROVENANCE.read_text(encoding="utf-8"))
    assert tuple(made["sources"]) == exhaustive16.sources()
    assert made["sources_sha256"] == sources_sha256(exhaustive16.sources())
    assert made["command"] == "python -m stablelce.conformance.exhaustive16"
    assert {"numpy", "python-flint"} <= set(made["packages"])


def test_the_sources_are_all_that_the_package_computes_the_tables_with() -> None:
    names = exhaustive16.sources()
    assert {"formats.py", "ulp.py", "oracle/exact.py", "oracle/arb_backend.py"} <= set(names)
    assert not [name for name in names if name.startswith("kernels") or name == "functions.py"]


def test_the_data_is_small() -> None:
    size = sum(path.stat().st_size for path in exhaustive16.PROVENANCE.parent.iterdir())
    assert size < 500_000  # everyone who installs the package downloads it


def test_a_wrong_entry_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    z, right = table("loss", 0, BINARY16)
    wrong = right.encodings.copy()
    wrong[100] += 1
    planted = Expected(BINARY16, wrong, right.offsets, right.sides, right.units)
    monkeypatch.setitem(globals(), "table", lambda *_: (z, planted))
    with pytest.raises(AssertionError, match="encodings"):
        assert_derived(BINARY16, np.array([99, 100]), "mpmath", (("loss", 0),))
