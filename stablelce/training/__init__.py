"""The trainer: passes over the data, reproducible to the bit, and the solvers that use them."""
