"""The picture: correct digits of each solver on each data set, as two panels of cells."""

from __future__ import annotations

import io
import math
import re
from typing import Any

import matplotlib.style
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tests.certified.markdown import names, stopped

__all__ = ["plot"]

Row = dict[str, Any]

STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "stablelce",
    "font.family": "sans-serif",
    "font.size": 8.0,
}
FULL = 16.0  # digits at the dark end: a float64 holds no more
COLOURS = colormaps["YlGnBu"]
NOTHING = "#e8e8e8"


def plot(record: Row) -> str:
    """The picture as SVG."""
    problems = [one for one in record["problems"] if one["optimum"]]
    systems = names(problems)
    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(11.5, 1.9 + 0.26 * len(problems)), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for axes, setting, title in zip(
            panels,
            ("default", "tight"),
            (
                "default settings",
                f"tolerance {record['tight']['tolerance']:g}, {record['tight']['iterations']:,} iterations",
            ),
            strict=True,
        ):
            _panel(axes, problems, systems, setting)
            axes.set_title(title, loc="left", fontsize=9, fontweight="bold")
        panels[0].set_yticks(range(len(problems)), [one["name"] for one in problems])
        figure.suptitle(
            "Correct digits of the worst coefficient "
            "(=: every bit; *: warned; ×: raised an error; t: stopped for time; grey: not comparable)",
            fontsize=9,
        )
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return re.sub(r"(\d\.\d\d)\d+", r"\1", buffer.getvalue())


def _panel(axes: Axes, problems: list[Row], systems: list[str], setting: str) -> None:
    shown = [system for system in systems if any(_fit(one, system, setting) for one in problems)]
    axes.set_xlim(-0.5, len(shown) - 0.5)
    axes.set_ylim(len(problems) - 0.5, -0.5)
    axes.set_xticks(range(len(shown)), shown, rotation=40, ha="left", rotation_mode="anchor")
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    for row, problem in enumerate(problems):
        for column, system in enumerate(shown):
            _cell(axes, column, row, _fit(problem, system, setting))


def _cell(axes: Axes, column: int, row: int, fit: Row | None) -> None:
    colour: Any = NOTHING
    text, ink = "", "black"
    if fit is not None and fit["error"]:
        colour, text = "white", "t" if stopped(fit) else "×"
    elif fit is not None:
        digits = fit["fewest"]
        share = 1.0 if digits == "exact" else min(digits / FULL, 1.0)
        colour, ink = COLOURS(share), "white" if share > 0.55 else "black"
        text = ("=" if digits == "exact" else str(math.floor(digits))) + ("*" if fit["warnings"] else "")
    axes.add_patch(
        Rectangle(
            (column - 0.48, row - 0.46), 0.96, 0.92, facecolor=colour, edgecolor="#b0b0b0", linewidth=0.3
        )
    )
    axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=7.5)


def _fit(problem: Row, system: str, setting: str) -> Row | None:
    return next((f for f in problem["fits"] if f["system"] == system and f["setting"] == setting), None)
