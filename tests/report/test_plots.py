from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from functools import cache
from itertools import pairwise

import pytest

from stablelce.conformance.results import CurveBin, Record
from stablelce.report import plots
from stablelce.report.plots import COLOURS, DASHES, Plot, draw_plots
from tests.report import records

SVG = "{http://www.w3.org/2000/svg}"


@cache
def drawn(*subjects: str) -> dict[str, Plot]:
    return {plot.name: plot for plot in draw_plots(records.record(*subjects))}


def with_errors(*errors: float, reach: float = 100.0) -> Record:
    """A record of one subject with one curve, of bins with the given errors."""
    width = 2 * reach / len(errors)
    curve = tuple(
        CurveBin(z_low=i * width - reach, z_high=(i + 1) * width - reach, largest_error=error)
        for i, error in enumerate(errors)
    )
    audit = records.audit_result("scipy")
    result = audit.accuracy[0].model_copy(update={"curve": curve})
    return records.record().model_copy(
        update={"subjects": (audit.model_copy(update={"accuracy": (result,)}),)}
    )


def texts(plot: Plot) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(plot.svg).iter(f"{SVG}text")]


def test_there_is_one_picture_for_each_quantity_and_format() -> None:
    formats = ("float32", "float64", "float16", "bfloat16")
    assert list(drawn()) == [f"{quantity}-{fmt}" for quantity in ("loss", "gradient") for fmt in formats]


def test_the_legend_names_the_subjects_that_have_the_format() -> None:
    assert set(records.SUBJECTS) <= set(texts(drawn()["loss-float64"]))
    assert "scipy" not in texts(drawn()["loss-bfloat16"])


def test_a_record_without_curves_has_no_pictures() -> None:
    audit = records.audit_result("scipy")
    bare = tuple(result.model_copy(update={"curve": ()}) for result in audit.accuracy)
    record = records.record().model_copy(update={"subjects": (audit.model_copy(update={"accuracy": bare}),)})
    assert draw_plots(record) == ()


def test_pictures_say_in_words_what_they_show() -> None:
    plot = drawn()["loss-float32"]
    root = ET.fromstring(plot.svg)
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert title.text == "Loss in float32"
    assert description.text == plot.description
    assert "torch 1.7e7" in plot.description
    assert "numpy:naive inf" in plot.description


def test_infinite_errors_get_a_band_of_their_own() -> None:
    (finite,) = draw_plots(with_errors(0.5, 8.0, 0.5))
    (infinite,) = draw_plots(with_errors(0.5, math.inf, 0.5))
    assert "inf" not in texts(finite)
    assert "inf" in texts(infinite)


@pytest.mark.parametrize(
    ("error", "height"), [(0.0, 0.1), (0.5, 0.5), (2.0**53, 2.0**53), (1e300, 1e17), (math.inf, 1e19)]
)
def test_every_error_has_a_height_on_a_logarithmic_axis(error: float, height: float) -> None:
    steps = plots._steps([CurveBin(z_low=0.0, z_high=1.0, largest_error=error)], infinity=1e19)
    assert steps == ([0.0, 1.0], [height, height])


def test_a_missing_bin_leaves_a_gap() -> None:
    bins = [CurveBin(z_low=z, z_high=z + 1, largest_error=1.0) for z in (3.0, 0.0)]
    z, error = plots._steps(bins, infinity=1e19)
    assert z == [0.0, 1.0, 1.0, 3.0, 4.0]
    assert [math.isnan(height) for height in error] == [False, False, True, False, False]


@pytest.mark.parametrize(("reach", "ticks"), [(20.0, "10"), (100.0, "50"), (745.0, "500"), (1e30, "500")])
def test_the_logit_axis_has_ticks_that_fit_its_reach(reach: float, ticks: str) -> None:
    (plot,) = draw_plots(with_errors(0.5, 1.0, reach=reach))
    assert {"0", ticks, f"−{ticks}"} <= set(texts(plot))


def test_the_same_record_gives_the_same_bytes() -> None:
    first, second = (draw_plots(records.record("scipy", "sklearn")) for _ in range(2))
    assert [plot.svg for plot in first] == [plot.svg for plot in second]


def test_pictures_carry_no_date_and_no_reference_outside() -> None:
    for plot in drawn().values():
        assert "<metadata" not in plot.svg
        references = re.findall(r'(?:href|src)="([^"]*)"|url\(([^)]*)\)', plot.svg)
        assert references
        assert all((href or url).startswith("#") for href, url in references)


def test_ids_are_unique_over_all_pictures() -> None:
    ids = [node.get("id") for plot in drawn().values() for node in ET.fromstring(plot.svg).iter()]
    named = [id_ for id_ in ids if id_ is not None]
    assert len(set(named)) == len(named)


def test_ink_takes_the_colour_of_the_surrounding_text() -> None:
    for plot in drawn("torch").values():
        assert plots.INK not in plot.svg
        assert "currentColor" in plot.svg
        assert f'id="{plot.name}-paper"' in plot.svg


def luminance(colour: str) -> float:
    """Relative luminance as defined in WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("paper", ["#ffffff", "#14171c"])
@pytest.mark.parametrize("colour", COLOURS)
def test_lines_stand_out_on_light_and_on_dark_paper(colour: str, paper: str) -> None:
    low, high = sorted((luminance(colour), luminance(paper)))
    assert (high + 0.05) / (low + 0.05) >= 3  # WCAG 2.2, 1.4.11 non-text contrast


def test_neighbouring_lines_differ_in_colour_and_in_dashes() -> None:
    assert len(set(COLOURS)) == len(COLOURS)
    assert all(first != second for first, second in pairwise(DASHES))
