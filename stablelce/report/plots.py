"""The plots: largest error against the logit, one picture for each quantity and format.

Every picture is one SVG text that serves twice: as a file, dark on white, and inline in the page, where
text and axes take the colour of the surrounding text and the paper (the group whose id ends in
``paper``) is made transparent. Text stays text, so a reader can search it and no font is embedded.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from stablelce.conformance.results import CurveBin, Record
from stablelce.report.numbers import format_error
from stablelce.report.tables import formats_of

__all__ = ["COLOURS", "Plot", "draw_plots"]

QUANTITIES = ("loss", "gradient")

COLOURS = ("#0b7a5c", "#d55e00", "#3f78d8", "#b0559a", "#94701c", "#2a8fae", "#858585", "#d0405a")
"""One a subject, in order; mid tones with a contrast of at least 3 against white and near-black paper."""

DASHES = ("-", (0, (6, 1.5)), (0, (3, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (9, 3)), "-")
"""A second mark beside colour. Lines that coincide stay visible: later ones are thinner, with gaps."""

FLOOR = 0.1
"""Errors below are drawn here: the largest error of a bin is rarely smaller unless all is exact."""

CEILING = 1e17
"""Finite errors above are drawn here: 2^53 = 9.0e15 units is a lost binary64 result."""

WIDEST_LOGIT = 1000.0
"""Past every logit at which a result can still underflow (745 in binary64)."""

REFERENCES = ((0.5, "0.5"), (4.0, "4"))
"""The best possible rounding and the bound of the profile `accurate`."""

INK = "#0a0b0c"  # replaced by currentColor below: black in a file, the colour of text in the page
STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "stablelce",
    "font.family": "sans-serif",
    "font.size": 9.0,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.facecolor": "none",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}


COLUMNS = 2
"""Of the legend: three with the longest name of a subject are wider than the plot."""


@dataclass(frozen=True)
class Plot:
    """One picture: its name (that of its file, without the suffix), heading, description and SVG text."""

    name: str
    quantity: str
    format: str
    description: str
    svg: str


@dataclass(frozen=True)
class _Line:
    subject: str
    position: int
    curve: tuple[CurveBin, ...]

    @property
    def largest(self) -> float:
        return max(bin_.largest_error for bin_ in self.curve)


def draw_plots(record: Record) -> tuple[Plot, ...]:
    """All pictures that the record has curves for: loss first, formats in the order of the tables."""
    plots = []
    for quantity in QUANTITIES:
        for fmt in formats_of(record):
            lines = tuple(_lines(record, quantity, fmt))
            if lines:
                plots.append(_plot(quantity, fmt, lines))
    return tuple(plots)


def _lines(record: Record, quantity: str, fmt: str) -> Iterable[_Line]:
    for position, audit in enumerate(record.subjects):
        for result in audit.accuracy:
            if (result.quantity, result.format, result.targets) == (quantity, fmt, "hard") and result.curve:
                yield _Line(audit.subject, position, result.curve)


def _plot(quantity: str, fmt: str, lines: Sequence[_Line]) -> Plot:
    name = f"{quantity}-{fmt}"
    largest = "; ".join(f"{line.subject} {format_error(line.largest)}" for line in lines)
    description = f"Largest error of the {quantity} in {fmt}, in units, for logits z. Over all z: {largest}."
    with matplotlib.style.context(["default", STYLE]):
        figure = _draw(quantity, fmt, lines)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = _finish(buffer.getvalue(), name, f"{quantity.capitalize()} in {fmt}", description)
    return Plot(name, quantity, fmt, description, svg)


# -- drawing ---------------------------------------------------------------------------------------


def _draw(quantity: str, fmt: str, lines: Sequence[_Line]) -> Figure:
    legend_rows = -(-len(lines) // COLUMNS)
    figure = Figure(figsize=(4.9, 3.5 + 0.17 * legend_rows), layout="constrained")
    figure.patch.set_gid("paper")
    axes = figure.add_subplot()
    axes.set_title(f"{quantity}, {fmt}", loc="left", fontsize=10, fontweight="bold")
    axes.set_xlabel("logit z")
    axes.set_ylabel("largest error, units")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    infinity = _set_error_axis(axes, lines)
    _set_logit_axis(axes, lines)
    for order, line in enumerate(lines):
        z, error = _steps(line.curve, infinity)
        axes.plot(
            z,
            error,
            label=line.subject,
            color=COLOURS[line.position % len(COLOURS)],
            linestyle=DASHES[line.position % len(DASHES)],
            linewidth=2.6 - 1.4 * order / max(1, len(lines) - 1),
        )
    figure.legend(loc="outside lower left", ncols=COLUMNS, fontsize=8.5, handlelength=3.2, columnspacing=1.4)
    return figure


def _steps(curve: Sequence[CurveBin], infinity: float) -> tuple[list[float], list[float]]:
    """Corners of the staircase over the bins; the staircase is cut where a bin is missing."""
    z: list[float] = []
    error: list[float] = []
    for bin_ in sorted(curve, key=lambda b: b.z_low):
        if z and bin_.z_low > z[-1]:
            z.append(z[-1])
            error.append(math.nan)
        height = _height(bin_.largest_error, infinity)
        z += [bin_.z_low, bin_.z_high]
        error += [height, height]
    return z, error


def _height(error: float, infinity: float) -> float:
    return infinity if math.isinf(error) else min(max(error, FLOOR), CEILING)


def _set_error_axis(axes: Axes, lines: Sequence[_Line]) -> float:
    """Logarithmic error axis with a band on top for infinite errors; returns the height of that band."""
    errors = [bin_.largest_error for line in lines for bin_ in line.curve]
    finite = max([100.0, *(min(error, CEILING) for error in errors if not math.isinf(error))])
    decades = math.log10(finite / FLOOR)
    infinity = finite * 10 ** (0.13 * decades)
    top = infinity * 10 ** (0.06 * decades) if math.inf in errors else finite * 10 ** (0.06 * decades)
    axes.set_yscale("log")
    axes.set_ylim(FLOOR * 10 ** (-0.04 * decades), top)

    step = max(1, math.ceil(decades / 6))
    powers = range(0, math.floor(math.log10(finite)) + 1, step)
    ticks = [FLOOR] + [10.0**power for power in powers]
    labels = [f"≤{FLOOR}"] + [f"1e{power}" if power else "1" for power in powers]
    if math.inf in errors:
        axes.axhspan(finite * 10 ** (0.08 * decades), top, color="#858585", alpha=0.18, linewidth=0)
        ticks.append(infinity)
        labels.append("inf")
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_major_formatter(FixedFormatter(labels))
    axes.yaxis.set_minor_locator(NullLocator())
    for level, label in REFERENCES:
        axes.axhline(level, color=INK, linewidth=0.6, linestyle=(0, (1, 2)))
        axes.annotate(
            label,
            (1, level),
            xycoords=("axes fraction", "data"),
            xytext=(3, 0),
            textcoords="offset points",
            verticalalignment="center",
            fontsize=7.5,
        )
    return infinity


def _set_logit_axis(axes: Axes, lines: Sequence[_Line]) -> None:
    """Linear about 0, logarithmic far out (asinh): small logits and both tails show at once."""
    ends = [abs(end) for line in lines for bin_ in line.curve for end in (bin_.z_low, bin_.z_high)]
    widest = min(max(ends), WIDEST_LOGIT)
    axes.set_xscale("asinh", linear_width=2.0)
    axes.set_xlim(-widest, widest)
    steps = [1, 2, 5, 10] if widest < 25 else [2, 10, 50] if widest < 250 else [4, 20, 100, 500]
    ticks = [-step for step in reversed(steps)] + [0] + steps
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FixedFormatter([str(tick).replace("-", "−") for tick in ticks]))
    axes.xaxis.set_minor_locator(NullLocator())


# -- from Matplotlib's SVG to ours -----------------------------------------------------------------


def _finish(svg: str, name: str, title: str, description: str) -> str:
    """Shorter numbers, ids of our own (pictures share one page), a title and a description to read out."""
    svg = svg[svg.index("<svg") :]
    opening, rest = svg.split(">", 1)
    size = re.findall(r'(?:width|height|viewBox)="[^"]*"', opening)
    rest = re.sub(r"<metadata>.*?</metadata>\s*", "", rest, flags=re.DOTALL)
    rest = re.sub(r"(\d\.\d\d)\d+", r"\1", rest)
    rest = re.sub(r'id="|url\(#|href="#', lambda match: f"{match[0]}{name}-", rest)
    rest = rest.replace(INK, "currentColor")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'{" ".join(size)} role="img" aria-labelledby="{name}-title {name}-desc">\n'
        f' <title id="{name}-title">{escape(title)}</title>\n'
        f' <desc id="{name}-desc">{escape(description)}</desc>{rest}'
    )
