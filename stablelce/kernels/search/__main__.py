"""Search for inputs that are hard to round: ``python -m stablelce.kernels.search``."""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from pathlib import Path

from stablelce.formats import BINARY32, BINARY64
from stablelce.kernels.search.record import DATA, write
from stablelce.kernels.search.search import Plan, search, steps

try:
    from stablelce.kernels.proof.progress import progress
except ModuleNotFoundError as error:
    sys.exit(f"The search needs the package {error.name}: pip install 'stablelce[suite]'.")

__all__ = ["main"]

COMMAND = "python -m stablelce.kernels.search"
DRAWN = 1 << 25
MOVED = 1 << 11


def main(arguments: list[str]) -> int:
    """Search both formats and write what was found; 0, or 130 when interrupted."""
    options = _parser().parse_args(arguments)
    command = " ".join([COMMAND, *(f"--{n} {v}" for n, v in _chosen(options))])
    compiled = importlib.util.find_spec("numba") is not None
    try:
        for fmt in (BINARY64, BINARY32):
            plan = Plan(fmt, options.seed, options.drawn, options.moved, compiled)
            start = time.monotonic()
            with progress(f"hard cases of {fmt.name}", steps(plan)) as advance:
                kept, searched = search(plan, advance)
            data, _ = write(options.write, command, plan, kept, searched)
            print(f"{fmt.name}: {searched} inputs through the sieve in {time.monotonic() - start:.0f} s")
            for name, bits in kept.smallest().items():
                print(f"  2^-{bits:<3} ulp from a midpoint: {name}")
            print(f"  {data}: {data.stat().st_size} bytes")
    except KeyboardInterrupt:
        print("Interrupted: files are written when the search of a format is done.", file=sys.stderr)
        return 130
    return 0


def _chosen(options: argparse.Namespace) -> list[tuple[str, int]]:
    """Options that are not the usual ones and change what is found."""
    usual = {"seed": 0, "drawn": DRAWN, "moved": MOVED}
    return [(name, getattr(options, name)) for name in usual if getattr(options, name) != usual[name]]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=COMMAND, description="Search for inputs that are hard to round.")
    parser.add_argument("--seed", type=int, default=0)
    drawn = "inputs drawn of each binade of binary64 (default: 2^25); binary32 takes all it has"
    parser.add_argument("--drawn", type=_count, default=DRAWN, metavar="N", help=drawn)
    moved = "inputs moved to a midpoint, of each binade and group (default: 2^11)"
    parser.add_argument("--moved", type=_count, default=MOVED, metavar="N", help=moved)
    parser.add_argument("--write", type=Path, default=DATA, metavar="DIR", help="folder for the files")
    return parser


def _count(text: str) -> int:
    if int(text) < 2:
        raise argparse.ArgumentTypeError("at least two inputs are needed")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
