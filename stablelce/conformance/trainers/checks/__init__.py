"""The checks of trainers, one property each, in the order of the contract."""

from stablelce.conformance.trainers.checks.inputs import (
    EXTREME_DIGITS,
    EXTREME_FEATURES,
    INPUTS,
    NON_FINITE,
    SEPARABLE_DATA,
)
from stablelce.conformance.trainers.checks.optimum import HARD_PROBLEMS, OPTIMUM, SOFT_TARGETS
from stablelce.conformance.trainers.checks.relations import (
    DUPLICATION,
    LABEL_FLIP,
    ROW_BITS,
    ROW_ORDER,
    SCALING,
)
from stablelce.conformance.trainers.checks.steps import FIFTY_STEPS, LOSS_CURVE, MONOTONE, ONE_STEP
from stablelce.conformance.trainers.judging import Check

__all__ = ["ALL"]

ALL: tuple[Check, ...] = (
    ONE_STEP,
    FIFTY_STEPS,
    MONOTONE,
    LOSS_CURVE,
    OPTIMUM,
    HARD_PROBLEMS,
    LABEL_FLIP,
    DUPLICATION,
    ROW_ORDER,
    ROW_BITS,
    SCALING,
    SOFT_TARGETS,
    SEPARABLE_DATA,
    NON_FINITE,
    EXTREME_FEATURES,
    EXTREME_DIGITS,
    INPUTS,
)
