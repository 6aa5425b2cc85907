"""What a fit is given: the same rows, weights and classes from arrays and from blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stablelce.training import tasks
from stablelce.training.inputs import features
from stablelce.training.tasks import Aims, ArrayTask, Given, of_arrays, of_parts
from tests.training.data import noisy, separable, soft

AIMS = Aims(0.0, fit_intercept=True)


def both(X: Any, y: Any, s: Any, aims: Aims = AIMS, *, soft: bool = False) -> tuple[Given, Given]:
    """The same rows in arrays and in three blocks, the second of which has none."""
    cuts = [slice(0, 20), slice(20, 20), slice(20, None)]
    blocks = [(X[cut], y[cut], s[cut]) for cut in cuts]
    return of_arrays(features(X), y, s, aims, soft=soft), of_parts(blocks, None, None, aims, soft=soft)


@pytest.mark.parametrize("class_weight", [None, "balanced", {"yes": 3.0}])
def test_blocks_are_coded_as_arrays_are(class_weight: Any) -> None:
    X, y = noisy()
    s = soft()[2]
    whole, parts = both(
        X, np.array(["no", "yes"])[y], s, Aims(0.1, fit_intercept=True, class_weight=class_weight)
    )
    assert whole.classes.tolist() == parts.classes.tolist() == ["no", "yes"]
    one, other = whole.task, parts.task
    for wanted, found in zip(one.whole(), other.whole(), strict=True):
        assert np.asarray(found).tobytes() == np.asarray(wanted).tobytes()
    total = one.problem().total_weight
    assert other.problem().total_weight == total
    (wanted_samples,) = one.samples(total)
    found_samples = list(other.samples(total))
    assert [len(part.targets) for part in found_samples] == [20, 40]
    weights = np.concatenate([part.weights for part in found_samples])
    assert weights.tobytes() == wanted_samples.weights.tobytes()
    assert all((part.l2, part.fit_intercept) == (0.1, True) for part in found_samples)


def test_the_weights_of_samples_have_the_mean_one() -> None:
    X, t, s = soft()
    whole, parts = both(X, t, s, soft=True)
    for given in (whole, parts):
        total = given.task.problem().total_weight
        weights = np.concatenate([part.weights for part in given.task.samples(total)])
        assert abs(weights.mean() - 1.0) <= 2.0**-50  # 60 roundings, and those of the mean
        assert given.classes.tolist() == [0, 1]


def test_rows_without_weights_among_others_have_the_weight_one() -> None:
    X, y = noisy()
    task = of_parts([(X[:20], y[:20], np.full(20, 2.0)), (X[20:], y[20:])], None, None, AIMS, soft=False).task
    weights = task.whole()[2]
    assert weights is not None
    assert weights.tolist() == [2.0] * 20 + [1.0] * 40
    first, second = task.samples(80.0)
    assert first.weights.tolist() == [2.0 * (60 / 80.0)] * 20
    assert second.weights.tolist() == [60 / 80.0] * 40


def test_blocks_beyond_the_limit_are_not_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = noisy()
    task = of_parts([(X, y)], None, None, AIMS, soft=False).task
    monkeypatch.setattr(tasks, "PROVABLE", 180)
    assert task.whole()[0].shape == (60, 3)
    monkeypatch.setattr(tasks, "PROVABLE", 179)
    with pytest.raises(ValueError, match=r"at most 179 elements from blocks: 60 rows of 3 features are more"):
        task.whole()


def test_labels_of_one_class_and_weights_beside_blocks_are_refused() -> None:
    X, y = noisy()
    with pytest.raises(ValueError, match="1 class only"):
        of_arrays(features(X), y * 0, None, AIMS, soft=False)
    with pytest.raises(TypeError, match="beside blocks"):
        of_parts([(X, y)], None, np.ones(60), AIMS, soft=False)


def test_the_loss_that_tells_separated_classes() -> None:
    """A row on the wrong side has a loss of log(2) or more: a mean of log(2)/n may hold one, less may not."""
    X, y = separable()
    task = ArrayTask(X, y.astype(float), None, Aims(0.0, fit_intercept=True))
    limit = task.separation(40.0)
    assert 0.999 * np.log(2) / 40 < limit < np.log(2) / 40
    weights = np.where(np.arange(40) == 3, 0.5, 2.0)
    weights[5] = 0.0
    weighted = ArrayTask(X, y.astype(float), weights, Aims(0.0, fit_intercept=True)).separation(
        float(weights.sum())
    )
    assert 0.999 * np.log(2) / 2 / weights.sum() < weighted < np.log(2) / 2 / weights.sum()


def test_targets_between_or_a_penalty_tell_nothing() -> None:
    X, t, _ = soft()
    assert ArrayTask(X, t, None, Aims(0.0, fit_intercept=True)).separation(60.0) == 0.0
    assert ArrayTask(X, np.rint(t), None, Aims(0.1, fit_intercept=True)).separation(60.0) == 0.0
