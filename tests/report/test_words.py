from __future__ import annotations

from typing import get_args

from stablelce.conformance.results import Profile
from stablelce.report.words import PROFILE_NAMES, WORDS


def test_every_profile_has_a_name_and_every_name_is_explained() -> None:
    assert set(PROFILE_NAMES) == {*get_args(Profile), None}
    assert set(PROFILE_NAMES.values()) <= set(WORDS)


def test_explanations_are_whole_sentences_on_one_line() -> None:
    for meaning in WORDS.values():
        assert meaning.endswith(".")
        assert "\n" not in meaning
        assert "  " not in meaning


def test_the_errors_of_lost_results_are_the_ones_shown() -> None:
    # A normal number v is at least 2^(p-1) ulp(v), with p = 24 in float32 and 53 in float64.
    assert f"{2.0**23:.1e}".replace("e+0", "e") in WORDS["error"]
    assert f"{2.0**52:.1e}".replace("e+", "e") in WORDS["error"]
