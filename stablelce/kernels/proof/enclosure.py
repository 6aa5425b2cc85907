"""What is known of a variable of a kernel over one cell: an enclosure, and exact arithmetic on enclosures.

With a = a_j + rho/64 and |rho| <= 1, a variable is::

    v(rho) = P(rho) + sum_k N_k(rho) * eps_k(rho) + t(rho),    |eps_k| <= 1,  |t| <= underflow

P and N_k are polynomials with balls for coefficients. An error symbol eps_k names the rounding error of one
operation and is the same wherever it enters: that is how the errors of a high and of a low word cancel, also
through squares and the residual of a division. Errors that meet nothing to cancel with are balls in P. What
underflow adds does not vanish with rho as P and N_k do, and is kept apart for that reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from stablelce.kernels.proof.balls import (
    UNIT,
    Ball,
    Polynomial,
    bound,
    inverse,
    middle,
    monomial,
    order,
    truncated,
)

__all__ = ["DEGREE", "Enclosure", "Magnitude", "ProofError"]

DEGREE = 12
"""Of P. The powers of u = p*x, |u| <= 1/126, end before: 126^-12 < 2^-83."""

SYMBOL_DEGREE = 4
"""Of N_k, which are below 2^-53 of what they belong to; what is cut off is 2^-24 of that."""

NOTHING = Ball(0)


class ProofError(ArithmeticError):
    """What a proof needs could not be shown: nothing is said about the kernel's results."""


class Magnitude(NamedTuple):
    """Bounds lower * |rho|^order <= |v - t| <= upper * |rho|^order, with v and t as above."""

    order: int
    lower: Ball
    upper: Ball


class Enclosure:
    """A variable over one cell.

    Parameters
    ----------
    main : Polynomial
        P.
    symbols : mapping of int to Polynomial
        N_k, by the number of the symbol.
    underflow : Ball
        Bound of what is left, t.
    """

    def __init__(
        self, main: Polynomial, symbols: Mapping[int, Polynomial] | None = None, underflow: Ball = NOTHING
    ):
        self.main = main
        self.symbols = {} if symbols is None else symbols
        self.underflow = underflow

    @cached_property
    def errors(self) -> Polynomial:
        """The sum of N_k * eps_k with the names forgotten: eps_k is some number of [-1, 1] at each rho."""
        return sum((n * UNIT for n in self.symbols.values()), Polynomial([]))

    @cached_property
    def total(self) -> Polynomial:
        """Everything but t."""
        return self.main + self.errors

    @cached_property
    def magnitude(self) -> Magnitude:
        """Bounds by a power of |rho|: they tell which of two variables is the larger, down to rho = 0."""
        k = order(self.total)
        quotient = bound(self.total.right_shift(k))
        return Magnitude(k, quotient.abs_lower(), quotient.abs_upper())

    @cached_property
    def short(self) -> Polynomial:
        """P with as many terms as the product with an N_k is given."""
        return truncated(self.main, SYMBOL_DEGREE)

    def plus(self, other: Enclosure) -> Enclosure:
        """The exact sum."""
        symbols = dict(self.symbols)
        for k, n in other.symbols.items():
            symbols[k] = symbols[k] + n if k in symbols else n
        return Enclosure(self.main + other.main, symbols, self.underflow + other.underflow)

    def minus(self, other: Enclosure) -> Enclosure:
        """The exact difference."""
        return self.plus(other.scaled(Ball(-1)))

    def scaled(self, factor: Ball) -> Enclosure:
        """The exact product with a number."""
        symbols = {k: n * factor for k, n in self.symbols.items()}
        return Enclosure(self.main * factor, symbols, self.underflow * abs(factor))

    def times(self, other: Enclosure) -> Enclosure:
        """The exact product. Products of two symbols lose their names."""
        symbols = {k: truncated(n * other.short, SYMBOL_DEGREE) for k, n in self.symbols.items()}
        for k, n in other.symbols.items():
            product = truncated(n * self.short, SYMBOL_DEGREE)
            symbols[k] = symbols[k] + product if k in symbols else product
        main = truncated(self.main * other.main + self.errors * other.errors, DEGREE)
        underflow = NOTHING
        if not (self.underflow.is_zero() and other.underflow.is_zero()):
            # |v*w - (v-t)*(w-s)| <= |v-t|*|s| + |w-s|*|t| + |t|*|s|, and |rho| <= 1
            underflow = (
                self.magnitude.upper * other.underflow
                + other.magnitude.upper * self.underflow
                + self.underflow * other.underflow
            ).abs_upper()
        return Enclosure(main, symbols, underflow)

    def over(self, other: Enclosure) -> Enclosure:
        """The exact quotient.

        For any functions q and i, n/d = q + e/d with e = n - q*d, and e/d = e*i + e*w/d with w = 1 - i*d.
        With polynomials q close to n/d and i close to 1/d, w is small and the last term is a ball.

        Raises
        ------
        ProofError
            If the denominator may vanish.
        """
        k, lower, _ = other.magnitude
        smallest = (lower - other.underflow).lower()
        if k > 0 or not smallest > 0:
            raise ProofError("division: the denominator may vanish")
        i = Enclosure(inverse(other.main, DEGREE))
        q = Enclosure(middle((self.main * i.main).truncate(DEGREE + 1)))
        e = self.minus(q.times(other))
        w = Enclosure(Polynomial([1])).minus(i.times(other))
        relative = ((bound(w.total).abs_upper() + w.underflow) / smallest).abs_upper()
        quotient = q.plus(e.times(i))
        last = monomial(UNIT * (e.magnitude.upper * relative), e.magnitude.order)
        underflow = (quotient.underflow + e.underflow * relative).abs_upper()
        return Enclosure(quotient.main + last, quotient.symbols, underflow)
