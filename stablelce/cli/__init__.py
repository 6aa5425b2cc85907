"""The command line: ``stablelce audit|report|explain|vectors|score|selftest|train|certify``.

Exit status: 0 done, or certified; 1 a required check fails; 2 wrong usage, an absent subject or nothing to
judge; 3 the subject's process died or hung; 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the program's name; ``sys.argv[1:]`` unless given.
    """
    try:
        from stablelce.cli.app import run

        return run(sys.argv[1:] if arguments is None else list(arguments))
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "stablelce"):
            raise
        print(
            f"stablelce: the command line needs the package {missing!r}: pip install 'stablelce[suite]'",
            file=sys.stderr,
        )
        return 2
