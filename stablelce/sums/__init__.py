"""Sums that merge: exact ones for reductions, fixed-point ones for the trainer's columns."""

from stablelce.sums.exact import CHUNK, ExactSum
from stablelce.sums.fixed_point import FixedPointSum

__all__ = ["CHUNK", "ExactSum", "FixedPointSum"]
