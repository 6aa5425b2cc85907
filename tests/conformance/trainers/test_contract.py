from __future__ import annotations

import math

from stablelce.conformance.trainers.checks import ALL
from stablelce.conformance.trainers.contract import CHECKS, DIGITS, PROFILES, allowed


def test_each_check_has_one_row_in_their_order() -> None:
    assert [check.name for check in ALL] == list(CHECKS)


def test_profiles_go_from_the_strictest_to_the_loosest() -> None:
    bounds = [allowed(profile) for profile in PROFILES]
    assert bounds == sorted(bounds)
    assert all(math.isclose(-math.log10(allowed(profile)), DIGITS[profile]) for profile in DIGITS)
    # Half an ulp, and the half ulp of the value it is compared with.
    assert bounds[0] == 2 * 2.0**-53
