"""Relations between exact values survive one correct rounding: order, and the mirror image."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from stablelce.formats import FORMATS, Format
from stablelce.oracle import exact

formats = st.sampled_from(FORMATS)


def finite(fmt: Format) -> st.SearchStrategy[int]:
    return st.integers(1 - fmt.infinity, fmt.infinity - 1).map(fmt.from_ordinal)


@given(st.data(), formats, st.sampled_from(["sigmoid", "softplus", "log_sigmoid"]))
def test_encodings_never_fall_where_the_function_rises(data: st.DataObject, fmt: Format, q: str) -> None:
    logits = sorted(data.draw(st.lists(finite(fmt), min_size=2, max_size=8)), key=fmt.ordinal)
    results = [fmt.ordinal(exact(q, fmt.to_fraction(z), None, fmt).encoding) for z in logits]
    assert all(a <= b for a, b in itertools.pairwise(results))


@given(st.data(), formats, st.sampled_from(["sigmoid", "softplus", "log_sigmoid"]), st.booleans())
def test_neighbouring_logits_keep_the_order(data: st.DataObject, fmt: Format, q: str, up: bool) -> None:
    z = data.draw(st.integers(2 - fmt.infinity, fmt.infinity - 2))
    other = z + 1 if up else z - 1
    here, there = (
        fmt.ordinal(exact(q, fmt.to_fraction(fmt.from_ordinal(o)), None, fmt).encoding) for o in (z, other)
    )
    assert (here <= there) if up else (here >= there)


@given(st.data(), formats)
def test_loss_and_gradient_have_a_mirror_image(data: st.DataObject, fmt: Format) -> None:
    """loss(z,t) = loss(-z,1-t) and gradient(z,t) = -gradient(-z,1-t), with 1-t exact."""
    z = fmt.to_fraction(data.draw(finite(fmt)))
    k = data.draw(st.integers(0, fmt.precision))
    t = fmt.to_fraction(fmt.round_dyadic(data.draw(st.integers(0, 2**k)), -k))
    assert exact("loss", z, t, fmt).encoding == exact("loss", -z, 1 - t, fmt).encoding
    gradient, mirrored = exact("gradient", z, t, fmt), exact("gradient", -z, 1 - t, fmt)
    if gradient.sign:
        assert gradient.encoding == mirrored.encoding ^ fmt.sign_bit
    else:
        assert gradient.encoding == mirrored.encoding == 0


@given(st.data(), formats)
def test_functions_of_z_are_losses_and_gradients_of_hard_targets(data: st.DataObject, fmt: Format) -> None:
    z = fmt.to_fraction(data.draw(finite(fmt)))
    assert exact("loss", z, 0, fmt).encoding == exact("softplus", z, None, fmt).encoding
    assert exact("gradient", z, 0, fmt).encoding == exact("sigmoid", z, None, fmt).encoding
    assert exact("loss", z, 1, fmt).encoding == exact("log_sigmoid", z, None, fmt).encoding ^ fmt.sign_bit
    assert exact("hessian", z, None, fmt).encoding == exact("hessian", -z, None, fmt).encoding


@given(st.data(), formats, st.floats(0, 1))
def test_a_gradient_grows_with_the_logit_and_falls_with_the_target(
    data: st.DataObject, fmt: Format, t: float
) -> None:
    z = data.draw(st.integers(1 - fmt.infinity, fmt.infinity - 2))
    low, high = (fmt.to_fraction(fmt.from_ordinal(o)) for o in (z, z + 1))
    here = exact("gradient", low, t, fmt)
    assert fmt.ordinal(here.encoding) <= fmt.ordinal(exact("gradient", high, t, fmt).encoding)
    assert fmt.ordinal(here.encoding) <= fmt.ordinal(exact("gradient", low, t / 2, fmt).encoding)
