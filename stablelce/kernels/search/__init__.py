"""The search for inputs that are hard to round: their exact results lie next to a midpoint of two floats.

``python -m stablelce.kernels.search`` writes the hardest inputs that it finds as data for the conformance
suite, which takes them as inputs and nothing more: expected results always come from the oracle.

* ``functions``: what is searched, as functions of a = |z| and of a target;
* ``near``: the test on a pair (h, d), in the vocabulary of the kernels; ``sieve`` runs it on NumPy blocks,
  ``compiled_sieve`` compiled: pairs are good to about 2^-17 of an ulp, enough to tell the candidates;
* ``measure``: the distance of a candidate from its midpoint, by the three words of ``longer``;
* ``draws``: inputs by binade of a, and the step that moves an input towards a midpoint;
* ``kept``: the hardest inputs of each group; ``record``: the files.
"""
