"""Is a trainer's answer right? :func:`audit` compares it with exact steps and with the certified optimum.

In the order of reading: ``contract`` says what is asked, ``problems`` are the data, ``base`` says what a
trainer is, ``adapters`` find one, ``checks`` judge it, ``runner`` runs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stablelce.conformance.trainers.base import Trainer

if TYPE_CHECKING:
    from stablelce.conformance.trainers.runner import audit

__all__ = ["Trainer", "audit"]


def __getattr__(name: str) -> Any:
    # Late, because the runner needs the extra `suite`.
    if name == "audit":
        from stablelce.conformance.trainers.runner import audit

        return audit
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
