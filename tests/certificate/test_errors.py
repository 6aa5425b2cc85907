"""The proof survives the way through a pickle, as it must between processes."""

from __future__ import annotations

import pickle
from fractions import Fraction

from stablelce.certificate import NotProvedError, NoUniqueOptimumError


def test_the_proof_is_kept_in_a_pickle() -> None:
    error = NoUniqueOptimumError("separable", (Fraction(1, 3), Fraction(0)), "the classes are separable.")
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, NoUniqueOptimumError)
    assert (again.kind, again.direction, str(again)) == (error.kind, error.direction, str(error))


def test_callers_may_catch_what_they_know() -> None:
    assert issubclass(NoUniqueOptimumError, ValueError)
    assert issubclass(NotProvedError, ArithmeticError)
