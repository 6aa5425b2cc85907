"""How the library computes: blocks of floats in, blocks of rounded floats out.

The whole interface to ``stablelce.functions`` is three calls on one-dimensional blocks:

* :func:`evaluate` fills the blocks of the wanted quantities;
* :func:`smooth` replaces targets by smoothed ones;
* :func:`convert` rounds weights to the format of the result;

and :data:`BLOCK`, the number of elements that are handed over at once.
"""

from stablelce.kernels.fused import evaluate
from stablelce.kernels.rounding import convert
from stablelce.kernels.smoothing import smooth

__all__ = ["BLOCK", "convert", "evaluate", "smooth"]

BLOCK = 1 << 13
"""Elements per block: about fifteen binary64 temporaries of a block fit in a cache of 1 MiB."""
