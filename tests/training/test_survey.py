"""The look at all rows: exact sums that merge in any order, and rows coded as arrays are."""

from __future__ import annotations

import itertools
import math
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from stablelce.certificate import effective_weights
from stablelce.training.survey import Coding, Survey, survey
from tests.training.data import noisy, soft

X, Y = noisy()
S = soft()[2]
NAMES = np.array(["no", "yes"])[Y]
CUTS = [slice(0, 7), slice(7, 7), slice(7, 40), slice(40, 60)]


def parts(*arrays: Any) -> list[Any]:
    return [tuple(None if array is None else array[cut] for array in arrays) for cut in CUTS]


def merged(found: list[Survey]) -> Survey:
    total = Survey()
    for one in found:
        total.merge(one)
    return total


def facts(found: Survey) -> Any:
    groups = {label: (group.total, group.least) for label, group in found.groups.items()}
    names = None if found.names is None else found.names.tolist()
    return found.rows, found.features, names, found.labels.tolist(), groups, found.hard


@pytest.mark.parametrize("weights", [None, S, S * 1e-310, np.where(np.arange(60) % 3, S, 0.0)])
def test_it_tells_the_exact_weights_of_both_classes_in_any_order(weights: Any) -> None:
    found = facts(merged([survey(part, soft=False) for part in parts(X, NAMES, weights)]))
    each = np.ones(60) if weights is None else weights
    wanted = {
        label: (sum(map(Fraction, each[mask].tolist())), float(each[mask & (each > 0)].min()))
        for label, mask in (("no", Y == 0), ("yes", Y == 1))
    }
    assert found == (60, 3, None, ["no", "yes"], wanted, True)
    for order in itertools.permutations(parts(X, NAMES, weights)):
        assert facts(merged([survey(part, soft=False) for part in order])) == found


def test_targets_are_one_group_and_hard_if_all_are() -> None:
    t = soft()[1]
    found = merged([survey(part, soft=True) for part in parts(X, t, S)])
    assert facts(found)[3:] == ([], {None: (sum(map(Fraction, S.tolist())), S.min())}, False)
    assert merged([survey(part, soft=True) for part in parts(X, np.rint(t), None)]).hard
    late = np.rint(t)
    late[59] = 0.5  # in the last part only
    assert not merged([survey(part, soft=True) for part in parts(X, late, None)]).hard


def test_merging_changes_no_part_and_a_survey_can_be_sent() -> None:
    one, two = (survey(part, soft=False) for part in (parts(X, NAMES, S)[0], parts(X, NAMES, S)[2]))
    before = facts(two)
    total = merged([pickle.loads(pickle.dumps(one)), two, one])
    assert facts(two) == before
    assert total.rows == 2 * one.rows + two.rows


def test_parts_that_do_not_fit_together_are_refused() -> None:
    pandas = pytest.importorskip("pandas")
    frame, other = pandas.DataFrame(X, columns=list("abc")), pandas.DataFrame(X, columns=list("abd"))
    for second, said in (
        ((X[:, :2], Y, None), "has 2 features, and those before have 3"),
        ((X, Y + 1, None), "Only binary classification is supported"),
        ((X, NAMES, None), "Only binary|mixes"),
    ):
        with pytest.raises(ValueError, match=said):
            merged([survey((X, Y, None), soft=False), survey(second, soft=False)])
    with pytest.raises(ValueError, match=r"named \['a', 'b', 'd'\], and those before \['a', 'b', 'c'\]"):
        merged([survey((given, Y, None), soft=False) for given in (frame, other)])
    assert merged([survey((frame, Y, None), soft=False)] * 2).names is not None


@pytest.mark.parametrize("class_weight", [None, "balanced", {"yes": 3.5}, {"no": 0.1, "yes": 0.7}])
@pytest.mark.parametrize("weights", [None, S])
def test_coded_rows_are_those_of_the_arrays(class_weight: Any, weights: Any) -> None:
    found = merged([survey(part, soft=False) for part in parts(X, NAMES, weights)])
    coding = Coding.of(found, class_weight, soft=False)
    blocks = [block for part in parts(X, NAMES, weights) for block in coding.blocks(part)]
    assert np.concatenate([block.X for block in blocks]).tobytes() == X.tobytes()
    assert np.concatenate([block.t for block in blocks]).tolist() == Y.tolist()
    wanted = effective_weights(Y, weights, class_weight, ("no", "yes"))
    if wanted is None:
        assert all(block.s is None for block in blocks)
        assert coding.least_weight(found) == 1.0
        return
    got = np.concatenate([block.s for block in blocks if block.s is not None])
    assert got.tobytes() == wanted.tobytes()
    assert coding.least_weight(found) == wanted.min()


def test_a_part_keeps_its_rows_together() -> None:
    coding = Coding(np.array([0, 1]))
    rows, targets, weights = coding.rows((X.tolist(), Y.astype(bool), 2.0))
    assert rows.tobytes() == X.tobytes()
    assert targets.tolist() == Y.tolist()
    assert weights is not None
    assert weights.tolist() == [2.0] * 60
    assert Coding(None).rows((X, Y / 2, None))[1].tolist() == (Y / 2).tolist()


def test_too_little_to_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="there are no rows in the blocks"):
        Coding.of(Survey(), None, soft=False)
    one = survey((X, Y * 0, None), soft=False)
    with pytest.raises(ValueError, match="1 class only"):
        Coding.of(one, None, soft=False)
    for weights, class_weight in ((Y * 1.0, None), (None, {"no": 0.0})):
        found = survey((X, NAMES, weights), soft=False)
        with pytest.raises(ValueError, match="All rows of the class 'no' have the weight 0"):
            Coding.of(found, class_weight, soft=False)


def test_no_rows_tell_nothing() -> None:
    empty = survey((X[:0], Y[:0], None), soft=False)
    assert (empty.rows, empty.features, empty.groups) == (0, -1, {})
    assert list(Coding(np.array([0, 1])).blocks((X[:0], Y[:0], None))) == []
    weightless = survey((X, Y, np.zeros(60)), soft=False)
    assert all(group.least == math.inf and not group.total for group in weightless.groups.values())
