"""The fault collection: bugs that were published, each planted in a right subject, to judge the suite by."""

from __future__ import annotations

from stablelce.conformance.faults.base import Fault, Trigger, subject_of
from stablelce.conformance.faults.registry import FAULTS, find

__all__ = ["FAULTS", "Fault", "Trigger", "find", "subject_of"]
