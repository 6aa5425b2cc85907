"""The bounds of the kernels, proved from the kernels' own source.

The source of ``pairs`` and of ``plain`` is run on enclosures, one run for each cell of the table: all
arguments a with the same nearest multiple of 1/32. What comes out is a proved bound of the relative error of
softplus(-a) and sigmoid(-a) for every float a with 0 <= a <= 690, table, coefficients, truncation of the
series and underflow included. ``python -m stablelce.kernels.proof`` runs all cells; a cell of which a step
cannot be proved, such as a precondition of ``fast_two_sum``, ends it.

* ``balls``: polynomials with balls for coefficients, by Arb;
* ``enclosure``: what is known of a variable, and exact arithmetic on it;
* ``floats``, ``operations``: binary64 arithmetic and the primitives of the kernels on enclosures;
* ``truth``: the exact results over a cell;
* ``cells``: a kernel's source run on a cell; ``parallel``, ``summary``, ``record``, ``progress``: all cells.

What is assumed: binary64 arithmetic that rounds to nearest, without flush-to-zero, and no fused operations
but in ``mul_add`` and ``two_prod``; the theorems on error-free transformations cited in ``operations``;
the hand proof of the reduction there; Arb. The reduction is the only function of a kernel that is not run.
"""
