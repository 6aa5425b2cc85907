"""What is raised when there is no unique optimum, and when nothing could be proved."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

__all__ = ["Kind", "NoUniqueOptimumError", "NotProvedError"]

Kind = Literal["separable", "quasi-separable", "rank-deficient"]


class NoUniqueOptimumError(ValueError):
    """The loss has no unique minimum: proved in exact arithmetic.

    Attributes
    ----------
    kind : {"separable", "quasi-separable", "rank-deficient"}
        "separable", "quasi-separable": moving along ``direction`` lowers the loss for ever, so there is no
        minimum. Every row is met strictly, or some are, and it is proved that no direction meets all (see
        :mod:`stablelce.certificate.separation`). "rank-deficient": moving along ``direction`` changes no
        logit, so a minimum, if there is one, is not unique.
    direction : tuple of Fraction
        One entry per feature, then one for the intercept if it is fitted.
    """

    def __init__(self, kind: Kind, direction: tuple[Fraction, ...], message: str) -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.direction = direction

    def __reduce__(self) -> tuple[type[NoUniqueOptimumError], tuple[Kind, tuple[Fraction, ...], str]]:
        return type(self), (self.kind, self.direction, str(self))


class NotProvedError(ArithmeticError):
    """Neither an optimum nor its absence could be proved, or a digit could not be decided."""
