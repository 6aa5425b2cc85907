"""Marks of elements that compiled loops leave undecided: a bit for each quantity."""

__all__ = ["BITS", "GRADIENT", "HESSIAN", "LOSS"]

LOSS, GRADIENT, HESSIAN = 1, 2, 4

BITS = {"loss": LOSS, "gradient": GRADIENT, "hessian": HESSIAN}
