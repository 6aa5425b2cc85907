from __future__ import annotations

import numpy as np
import pytest

from stablelce.conformance import hard_cases
from stablelce.conformance.regions import REGIONS
from stablelce.conformance.subjects.base import QUANTITIES
from stablelce.conformance.vectors.choose import choose, takes_target
from stablelce.formats import FORMATS, Format

formats = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)


@formats
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_no_input_occurs_twice_and_every_one_has_a_comment_or_none(quantity: str, fmt: Format) -> None:
    groups = choose(quantity, fmt)
    points = [point for group in groups for point in group.points]
    assert len(set(points)) == len(points)
    assert all(len(group.points) == len(group.comments) > 0 for group in groups)
    if not takes_target(quantity):
        assert {t for _, t in points} == {0}


@formats
def test_every_region_and_every_hard_case_is_there(fmt: Format) -> None:
    groups = {group.name: group for group in choose("loss", fmt)}
    assert {region.name for region in REGIONS} <= set(groups)
    for region in REGIONS:
        z, t = (np.array(column, dtype=fmt.uint) for column in zip(*groups[region.name].points, strict=True))
        assert region.contains(fmt, z, t).all()
    z, t, names = hard_cases.points(fmt)
    assert groups["hard cases"].points == list(zip(z.tolist(), t.tolist(), strict=True))
    assert groups["hard cases"].comments == list(names)


@formats
def test_the_hardest_to_round_are_there_where_any_are_known(fmt: Format) -> None:
    groups = {group.name: group for group in choose("gradient", fmt)}
    z, t, _ = hard_cases.hard_to_round("gradient", fmt)
    assert ("hardest to round" in groups) == bool(z.size)
    if z.size:
        assert groups["hardest to round"].points[0] == (int(z[0]), int(t[0]))


@formats
def test_infinities_and_nan_are_there_in_each_place(fmt: Format) -> None:
    points = {group.name: group.points for group in choose("loss", fmt)}["special values"]
    kinds = [(fmt.is_infinite(z), fmt.is_nan(z), fmt.is_nan(t)) for z, t in points]
    assert {(True, False, False), (False, True, False), (False, False, True), (False, True, True)} == set(
        kinds
    )
