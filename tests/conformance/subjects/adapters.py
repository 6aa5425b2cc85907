"""What every adapter must do, as tests that the tests of each adapter inherit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from stablelce.conformance.contract import allowed_error
from stablelce.conformance.counterexamples import array_text, import_lines
from stablelce.conformance.subjects.base import ONE_ARGUMENT, Subject
from stablelce.formats import Format, find_format
from stablelce.oracle import ulp_error

Z = np.array([-3.0, -0.5, 0.0, 2.0, 3.5])
T = np.array([0.0, 1.0, 0.25, 0.25, 0.5])
HARD = np.array([0.0, 1.0, 0.0, 0.0, 1.0])


def call(subject: Subject, quantity: str, z: Any, t: Any, **weights: Any) -> Any:
    function = subject.functions[quantity]
    return function(z) if quantity in ONE_ARGUMENT else function(z, t, **weights)


def parts(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)


def assert_right_function_is_called(subject: Subject) -> None:
    """At one lopsided input each quantity is what its name says: swapped arguments or names would show."""
    aim = 0.25 if subject.soft_targets else 0.0
    for fmt in map(find_format, subject.formats or ()):
        z, t = np.array([2.0]).astype(fmt.dtype), np.array([aim]).astype(fmt.dtype)
        for name in _offered(subject, fmt):
            names = ("loss", "gradient") if name == "loss_and_gradient" else (name,)
            for quantity, got in zip(names, parts(call(subject, name, z, t)), strict=True):
                target = None if quantity in ONE_ARGUMENT else aim
                error = ulp_error(quantity, 2.0, target, int(fmt.encodings(got)[0]), fmt)
                # The loosest profile: far from 0 every framework keeps it, another function does not.
                assert error <= allowed_error("stable", fmt), (fmt.name, name, quantity, error)


def assert_shapes_are_kept(subject: Subject) -> None:
    """0-d, empty, two-dimensional, strided and broadcast arrays give each element its own result."""
    for fmt in map(find_format, subject.formats or ()):
        for name in _offered(subject, fmt):
            for z, t in _shaped(fmt, _targets(subject)):
                shape = z.shape if name in ONE_ARGUMENT else np.broadcast_shapes(z.shape, t.shape)
                logits, targets = np.broadcast_arrays(z, z if name in ONE_ARGUMENT else t)
                expected = parts(call(subject, name, logits.flatten(), targets.flatten()))
                for got, want in zip(parts(call(subject, name, z, t)), expected, strict=True):
                    assert np.shape(got) == shape
                    assert got.dtype == fmt.dtype
                    # Vector and scalar code may differ in the last places; a misplaced element is off by
                    # a fifth at least, since logits and targets are so far apart.
                    assert np.allclose(
                        np.asarray(got, np.float64).ravel(),
                        np.asarray(want, np.float64),
                        rtol=0.05,
                        atol=1e-4,
                    ), (fmt.name, name, shape)


def _offered(subject: Subject, fmt: Format) -> list[str]:
    return [name for name in subject.functions if subject.offers(name, fmt.dtype_name)]


def _targets(subject: Subject) -> Any:
    return T if subject.soft_targets else HARD


def _shaped(fmt: Format, targets: Any) -> list[tuple[Any, Any]]:
    z, t = Z.astype(fmt.dtype), targets.astype(fmt.dtype)
    # A read-only row against a column: broadcast both ways.
    row = z[np.newaxis, :].copy()
    row.flags.writeable = False
    return [
        (z, t),
        (np.array(z[3]), np.array(t[3])),
        (z[:0], t[:0]),
        (z[:0].reshape(0, 3), t[:0].reshape(0, 3)),
        (z[::-1], t[::-1]),
        (z[::2], t[::2]),
        (row, t[:, np.newaxis]),
        (z, np.array(t[2])),
        (np.tile(z, (2, 1)).T, np.tile(t, (2, 1)).T),
    ]


def assert_expressions_reproduce(subject: Subject, to_array: Callable[[Any], Any] = np.asarray) -> None:
    """The lines of a reproducer, run by themselves, give what the adapter gives, bit for bit."""
    weighted = {q for q in ("loss", "gradient", "hessian") if q in subject.functions}
    keywords = {f"{quantity}, {keyword}" for quantity in weighted for keyword in subject.keywords}
    assert set(subject.expressions) == set(subject.functions) | keywords
    for fmt in map(find_format, subject.formats or ()):
        z, t = Z.astype(fmt.dtype), _targets(subject).astype(fmt.dtype)
        for key, expression in subject.expressions.items():
            quantity, _, keyword = key.partition(", ")
            if not subject.offers(quantity, fmt.dtype_name):
                continue
            names: dict[str, Any] = {}
            exec("\n".join(import_lines(subject, fmt)), names)
            for name, array in (("z", z), ("t", t), ("w", z * z)):
                names[name] = eval(array_text(subject, fmt, fmt.encodings(array).tolist()), names)
            pasted = parts(eval(expression, names))
            weights = {keyword: z * z} if keyword else {}
            for got, want in zip(pasted, parts(call(subject, quantity, z, t, **weights)), strict=True):
                values = to_array(got).astype(np.float64)
                assert np.array_equal(values, np.asarray(want).astype(np.float64)), (fmt.name, quantity)


class AdapterTests:
    """Inherited by the tests of an adapter, which name the subject."""

    subject: Subject

    @staticmethod
    def to_array(result: Any) -> Any:
        """What a pasted expression returns, as an array."""
        return np.asarray(result)

    def test_each_quantity_is_the_function_its_name_says(self) -> None:
        assert_right_function_is_called(self.subject)

    def test_arrays_of_every_shape_and_layout_are_passed_on(self) -> None:
        assert_shapes_are_kept(self.subject)

    def test_reproducers_give_what_the_adapter_gives(self) -> None:
        assert_expressions_reproduce(self.subject, self.to_array)
