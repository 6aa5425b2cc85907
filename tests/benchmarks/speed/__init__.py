"""Speed of loss and gradient beside the frameworks that people use; ``python -m tests.benchmarks.speed``."""
