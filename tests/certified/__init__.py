"""Certified results for logistic regression: ``python -m tests.certified --write reports/certified``.

What NIST's StRD is for least squares: data sets, public and generated, each with its correctly rounded
optimum or the proof that there is none, and how many digits of it other people's solvers reach.
It stands beside the package, as ``tests.deep`` does, because it uses both the certificate and the public
estimator, which no module of the package may import together.
"""
