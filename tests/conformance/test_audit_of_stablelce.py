"""What the audit of this library finds: nothing, by the strictest profile."""

from __future__ import annotations

import pytest

from stablelce.conformance import audit
from tests.conformance.correct import ALL_FORMATS


@pytest.mark.bulk
def test_the_library_is_correctly_rounded_in_all_formats() -> None:
    result = audit("stablelce", tier="smoke", profile="correctly-rounded")
    assert [c for c in result.checks if c.status == "failed"] == []
    assert set(result.offered) == set(ALL_FORMATS)
    assert set(result.profiles.values()) == {"correctly-rounded"}
