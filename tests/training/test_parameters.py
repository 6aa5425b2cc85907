"""What the parameters of the estimator may be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stablelce.training.estimator import LogisticRegression
from stablelce.training.parameters import check_parameters, seed_of

DEFAULTS: dict[str, Any] = LogisticRegression().get_params()


def test_the_defaults_are_fine() -> None:
    check_parameters(DEFAULTS)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("solver", "lbfgs", ValueError),
        ("l2", -1.0, ValueError),
        ("l2", np.inf, ValueError),
        ("l2", True, ValueError),
        ("tol", np.nan, ValueError),
        ("rate", 0.0, ValueError),
        ("rate", "auto", ValueError),
        ("max_iter", 0, ValueError),
        ("max_iter", 1.5, ValueError),
        ("batch_size", -1, ValueError),
        ("callbacks", 3, TypeError),
        ("callbacks", [3], TypeError),
    ],
)
def test_a_bad_value_is_refused_by_name(name: str, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=f"^{name} must be"):
        check_parameters({**DEFAULTS, name: value})


def test_a_seed_is_the_integer_given_or_drawn() -> None:
    assert seed_of(7) == seed_of(np.int32(7)) == 7
    assert seed_of(np.random.default_rng(1)) == seed_of(np.random.default_rng(1))
    assert seed_of(np.random.RandomState(1)) == seed_of(np.random.RandomState(1))
    assert seed_of(None) != seed_of(None)


@pytest.mark.parametrize("bad", [-1, 1.5, "seed"])
def test_other_seeds_are_refused(bad: Any) -> None:
    with pytest.raises(ValueError, match="random_state must be an integer that is not negative"):
        seed_of(bad)
