"""Hard problems made from a seed in integer arithmetic: every element is an integer times a power of two.

No function of libm and no random generator of a library is called, so the floats are the same everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tests.certified.problems import Problem, make

__all__ = ["generated", "splitmix64"]

_MASK = (1 << 64) - 1


def splitmix64(seed: int) -> Iterator[int]:
    """Pseudo-random integers below 2^64.

    Source: G. Steele, D. Lea, C. Flood, *Fast splittable pseudorandom number generators*, OOPSLA 2014.
    """
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & _MASK
        z = seed
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        yield z ^ (z >> 31)


def _whole(draws: Iterator[int], bits: int) -> int:
    """An odd integer between -2^bits and 2^bits: never 0, and as often negative as positive."""
    return 2 * (next(draws) >> (64 - bits)) + 1 - (1 << bits)


def _rows(draws: Iterator[int], n: int, d: int, bits: int = 10) -> list[list[int]]:
    return [[_whole(draws, bits) for _ in range(d)] for _ in range(n)]


def _targets(draws: Iterator[int], rows: list[list[int]], noise: int, offset: int = 0) -> list[int]:
    """1 where the sum of the row, with signs in turn, plus noise of 2^noise is positive."""
    return [
        int(sum(v if j % 2 == 0 else -v for j, v in enumerate(row)) + _whole(draws, noise) > offset)
        for row in rows
    ]


def generated() -> list[Problem]:
    """All generated problems."""
    return [
        _nearly_separable(20),
        _nearly_separable(40),
        _collinear(13),
        _collinear(27),
        _collinear(40),
        _scaled(),
        _imbalanced(),
        _duplicated(weighted=False),
        _duplicated(weighted=True),
        _separable(),
    ]


def _nearly_separable(k: int) -> Problem:
    """The sign of x1 tells the class, but for two rows that are on the wrong side by 2^-k."""
    draws = splitmix64(1)
    rows = [[math.ldexp(a, -10), math.ldexp(b, -10)] for a, b in _rows(draws, 198, 2)]
    targets = [int(row[0] > 0) for row in rows]
    rows += [[math.ldexp(1, -k), 0.0], [-math.ldexp(1, -k), 0.0]]
    return make(
        f"nearly separable, 2^-{k}",
        f"generated, seed 1: the sign of x1 tells the class but for two rows, on the wrong side by 2^-{k}",
        rows,
        [*targets, 0, 1],
    )


def _collinear(k: int) -> Problem:
    """x2 is x1 but for 2^-k: the condition of the features is about 2^k, that of the hessian 2^2k."""
    draws = splitmix64(2)
    rows = _rows(draws, 200, 3)
    targets = _targets(draws, rows, 11)
    x = [
        [math.ldexp(a, -10), math.ldexp(a, -10) + math.ldexp(b, -10 - k), math.ldexp(c, -10)]
        for a, b, c in rows
    ]
    return make(
        f"collinear, 2^-{k}", f"generated, seed 2: x2 is x1 plus a number of the size of 2^-{k}", x, targets
    )


def _scaled() -> Problem:
    """Columns from 2^-465 to 2^465: 1e-140 to 1e140."""
    draws = splitmix64(3)
    rows = _rows(draws, 200, 5)
    targets = _targets(draws, rows, 11)
    x = [
        [math.ldexp(v, -10 + k) for v, k in zip(row, (-465, -232, 0, 232, 465), strict=True)] for row in rows
    ]
    return make(
        "scales 1e-140 to 1e140",
        "generated, seed 3: columns of the size of 2^-465, 2^-232, 1, 2^232, 2^465",
        x,
        targets,
    )


def _imbalanced() -> Problem:
    """The weights of class 0 add up to 10^6 times those of class 1."""
    draws = splitmix64(4)
    rows = _rows(draws, 2010, 3)
    # Class 1 leans to positive values, no more: with ten rows it must not be separable.
    for row in rows[:10]:
        row[0] += 512
    x = [[math.ldexp(v, -10) for v in row] for row in rows]
    return make(
        "imbalance 1:10^6",
        "generated, seed 4: 10 rows of class 1 and 2000 of class 0, each of weight 5000",
        x,
        [1] * 10 + [0] * 2000,
        s=[1] * 10 + [5000] * 2000,
    )


def _duplicated(*, weighted: bool) -> Problem:
    """40 rows, each 1 to 32 times; or once, with that weight, which must give the same bits."""
    draws = splitmix64(5)
    rows = _rows(draws, 40, 3, bits=3)
    targets = _targets(draws, rows, 4)
    times = [1 + (next(draws) >> 59) for _ in rows]
    name, how = ("rows with weights", "weights") if weighted else ("duplicate rows", "copies")
    source = f"generated, seed 5: 40 rows of 3-bit integers, 1 to 32 {how} each"
    if weighted:
        return make(name, source, rows, targets, s=times)
    x = [row for row, count in zip(rows, times, strict=True) for _ in range(count)]
    t = [target for target, count in zip(targets, times, strict=True) for _ in range(count)]
    return make(name, source, x, t)


def _separable() -> Problem:
    """As nearly separable, but two rows on their own sides by 2^-40."""
    draws = splitmix64(1)
    rows = [[math.ldexp(a, -10), math.ldexp(b, -10)] for a, b in _rows(draws, 198, 2)]
    targets = [int(row[0] > 0) for row in rows]
    rows += [[math.ldexp(1, -40), 0.0], [-math.ldexp(1, -40), 0.0]]
    return make(
        "separable by 2^-40",
        "generated, seed 1: the sign of x1 tells the class, by 2^-40",
        rows,
        [*targets, 1, 0],
    )
