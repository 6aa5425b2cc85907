"""Prove the bounds of the kernels: ``python -m stablelce.kernels.proof``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from stablelce.kernels.table_layout import ENTRIES

try:
    from stablelce.kernels.proof.cells import KERNELS
    from stablelce.kernels.proof.enclosure import ProofError
    from stablelce.kernels.proof.longer import prove as prove_limbs
    from stablelce.kernels.proof.parallel import prove
    from stablelce.kernels.proof.progress import progress
    from stablelce.kernels.proof.record import write
    from stablelce.kernels.proof.summary import RangeBound, limb_lines, lines, summary
except ModuleNotFoundError as error:
    sys.exit(f"The proof needs the package {error.name}: pip install 'stablelce[suite]'.")

__all__ = ["main"]

COMMAND = "python -m stablelce.kernels.proof"
ALL = (0, ENTRIES - 1)


def main(arguments: list[str]) -> int:
    """Run the proof; 0 when every cell is proved, 1 when one is not, 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    if options.write and options.cells != ALL:
        print("A record is written of all cells only: leave out --cells.", file=sys.stderr)
        return 2
    first, last = options.cells
    found: list[RangeBound] = []
    start = time.monotonic()
    for kernel in KERNELS:
        try:
            with progress(kernel, last - first + 1) as advance:
                found += summary(kernel, prove(kernel, first, last, options.processes, advance))
        except ProofError as error:
            print(f"{kernel}: not proved. {error}", file=sys.stderr)
            return 1
    try:
        limbs = prove_limbs()
    except ProofError as error:
        print(f"longer_limbs: not proved. {error}", file=sys.stderr)
        return 1
    print(f"Proved for cells {first} to {last} of the table, in {time.monotonic() - start:.0f} s:")
    print(*lines(found), sep="\n")
    print("and for every exponent, in fixed point:", *limb_lines(limbs), sep="\n")
    if options.write:
        print(write(options.write, f"{COMMAND} --write {options.write.as_posix()}", ALL, found, limbs))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=COMMAND, description="Prove the bounds of the kernels.")
    cells = f"cells of the table, both included (default: {ALL[0]}:{ALL[1]})"
    parser.add_argument("--cells", type=_cells, default=ALL, metavar="FIRST:LAST", help=cells)
    parser.add_argument("--processes", type=_count, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--write", type=Path, metavar="DIR", help="folder for proof.json, e.g. reports/proof")
    return parser


def _cells(text: str) -> tuple[int, int]:
    first, _, last = text.partition(":")
    cells = int(first), int(last or first)
    if not ALL[0] <= cells[0] <= cells[1] <= ALL[1]:
        raise argparse.ArgumentTypeError(f"cells are numbered from {ALL[0]} to {ALL[1]}")
    return cells


def _count(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError("at least one process is needed")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
