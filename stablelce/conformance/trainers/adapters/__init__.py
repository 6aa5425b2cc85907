"""Adapters: from the string that names a trainer, and its options, to the trainer."""

from stablelce.conformance.trainers.adapters.resolve import KNOWN, from_object, resolve

__all__ = ["KNOWN", "from_object", "resolve"]
