"""How the library computes: blocks of floats in, blocks of rounded floats out.

The interface to ``stablelce.functions`` is three calls on one-dimensional blocks:

* :func:`evaluate` fills the blocks of the wanted quantities;
* :func:`smooth` replaces targets by smoothed ones;
* :func:`convert` rounds weights to the format of the result;

and :func:`block`, the number of elements to hand over at once. :func:`loops_for` gives the compiled code,
where it may serve as it is, :func:`compiles` tells whether other compiled code is to be used; :func:`engine`
and :func:`warmup` are public.

An element goes through stages until one decides its rounding:

1. ``pairs`` (binary64) or ``plain`` (narrower formats) compute softplus(-|z|) and sigmoid(-|z|) from a
   table; ``finals`` makes the result of them, with a bound; both ends of that interval round alike for all
   but a few in a hundred thousand. ``weighted`` does the same with weights.
2. ``wide`` treats exact midpoints with a small remainder, and logits beyond the table; ``special``
   infinities and NaN.
3. ``longer`` computes in fixed point to 2^-140 and rounds to subnormal numbers as well: soft targets next to
   sigmoid(z), where the gradient cancels, and results below 2^-995.
4. ``exact``: integers of any length.

``numpy_engine`` runs all stages; ``numba_engine`` some of them compiled, from the same source, and leaves
what is undecided to the others. ``proof`` runs that source on enclosures and proves the errors of ``pairs``
and ``plain``, and on ranges those of the fixed-point part of ``longer``. The last operations, in ``finals``,
``expansion`` and ``longer_rounding``, are proved there by hand, and tested in exact arithmetic.
"""

from stablelce.kernels.engines import BLOCK, block, compiles, engine, evaluate, loops_for, warmup
from stablelce.kernels.rounding import convert
from stablelce.kernels.smoothing import smooth

__all__ = ["BLOCK", "block", "compiles", "convert", "engine", "evaluate", "loops_for", "smooth", "warmup"]
