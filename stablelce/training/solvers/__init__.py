"""How the optimum is sought: one solver per module, each a generator of states over a problem.

A solver starts from a :class:`~stablelce.training.solvers.state.State` and yields the one after each
iteration; it can start from any state it ever yielded and then yields the same ones, bit for bit. Who draws
the states (``watching``) counts them, records the loss, and decides when to stop drawing.
"""
