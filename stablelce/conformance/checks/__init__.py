"""The checks, one property each, in the order of the contract."""

from stablelce.conformance.checks.accuracy import ACCURACY, HARD_CASES_CHECK, SUBNORMALS, TAILS
from stablelce.conformance.checks.arrays import DTYPE, INPUTS, LANES
from stablelce.conformance.checks.derivatives import FINITE_DIFFERENCE
from stablelce.conformance.checks.environment import ENVIRONMENT, MEMORY
from stablelce.conformance.checks.pair import PAIR
from stablelce.conformance.checks.relations import (
    AFFINE,
    CONVEXITY,
    DIFFERENCE,
    MIRROR,
    MONOTONICITY,
    SIGN_AND_RANGE,
)
from stablelce.conformance.checks.special import HARD_INFINITE, NAN, SIGNED_ZEROS, SOFT_INFINITE
from stablelce.conformance.checks.views import LAYOUTS, SHAPES
from stablelce.conformance.checks.weights import WEIGHTS
from stablelce.conformance.judging import ArrayCheck, PointCheck

__all__ = ["ARRAY_CHECKS", "POINT_CHECKS"]

POINT_CHECKS: tuple[PointCheck, ...] = (
    ACCURACY,
    HARD_CASES_CHECK,
    TAILS,
    SUBNORMALS,
    SIGN_AND_RANGE,
    MIRROR,
    MONOTONICITY,
    CONVEXITY,
    DIFFERENCE,
    AFFINE,
    FINITE_DIFFERENCE,
)

ARRAY_CHECKS: tuple[ArrayCheck, ...] = (
    PAIR,
    HARD_INFINITE,
    SOFT_INFINITE,
    SIGNED_ZEROS,
    NAN,
    DTYPE,
    SHAPES,
    LAYOUTS,
    LANES,
    INPUTS,
    ENVIRONMENT,
    MEMORY,
    WEIGHTS,
)
