"""Calling a subject: arrays of encodings in, encodings out, and everything else caught and named."""

from __future__ import annotations

import contextlib
import ctypes
import io
import random
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.random import mtrand

from stablelce.conformance.contract import Profile, allowed_error
from stablelce.conformance.subjects.base import ONE_ARGUMENT, Subject, SubjectFault
from stablelce.formats import Format, UIntArray

__all__ = ["COMMON_LENGTHS", "Run", "SubjectProblem", "Written", "generators"]

COMMON_LENGTHS = (1, 65, 1025, 66_001)
"""To which arrays of points are filled up for a subject that compiles for each shape.

They are among those that the check of lanes takes in any case; longer arrays go up to 2^k + 1.
"""

_MT19937 = 625 * 4
"""Bytes of the state of NumPy's global generator: 624 words, and the place of the next."""


def generators() -> tuple[object, object]:
    """The state of the global generators of random and numpy.random, which a caller may depend on.

    Rejected: ``np.random.get_state``, which takes 60 us, too long for every call.
    """
    legacy = mtrand.get_bit_generator()
    if isinstance(legacy, np.random.MT19937):
        return random.getstate(), ctypes.string_at(legacy.ctypes.state_address, _MT19937)
    return random.getstate(), repr(legacy.state)


class SubjectProblem(Exception):  # noqa: N818  # what a subject did, no error of the suite
    """A subject did not return the array it should have; ``mode`` is one of a few fixed phrases.

    ``point`` holds encodings of one logit and target that are enough to cause it, where that is known;
    ``searched`` says that there is no such point where none is given.
    """

    def __init__(
        self, mode: str, message: str, point: tuple[int, int] | None = None, *, searched: bool = False
    ) -> None:
        super().__init__(message)
        self.mode, self.point, self.searched = mode, point, searched


class Written(NamedTuple):
    """A call that wrote to an argument: its name, the place in it, and logits and targets as they were."""

    name: str
    place: int
    z: UIntArray
    t: UIntArray


@dataclass
class Run:
    """One subject judged in one format.

    Attributes
    ----------
    subject, fmt, profile
        Who, in which format, and the profile required.
    allow_ftz : bool
        Whether flushed subnormals are tolerated.
    noise : dict
        What the subject emitted, by kind ("warning", "output"), the first text of each.
    noisy : tuple, optional
        Quantity, z and t of the first call that emitted anything, for a script that shows it.
    error_state_altered : bool
        Whether a call left ``np.geterr()`` other than it was; each call is undone, so that later ones,
        and the suite's own arithmetic, do not depend on it.
    drew : dict
        From a quantity to z and t of the first call of it that used a global random generator.
    written : dict
        From a quantity to the first call of it that wrote to an argument.
    sparing : bool
        Whether checks keep to few shapes, because the subject compiles for each and the tier is the fastest:
        arrays of points are filled up to `COMMON_LENGTHS`, and of the shapes that stand in for others each
        is tried in some of the formats and quantities.
    beside : tuple of Format
        The other formats that are judged in this audit.
    remembered : dict
        Results of single points, by quantity, logit and target, for the search for a simple point that fails.
    searching : bool
        Whether such a search goes on: only then are they used, by every search of the audit in this format.
    """

    subject: Subject
    fmt: Format
    profile: Profile
    allow_ftz: bool = False
    noise: dict[str, str] = field(default_factory=dict)
    noisy: tuple[str, Any, Any] | None = None
    error_state_altered: bool = False
    drew: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    written: dict[str, Written] = field(default_factory=dict)
    sparing: bool = False
    beside: tuple[Format, ...] = ()
    remembered: dict[tuple[str, int, int], int] = field(default_factory=dict)
    searching: bool = False

    @property
    def bound(self) -> float:
        """The largest error allowed, in units."""
        return allowed_error(self.profile, self.fmt)

    def call(self, quantity: str, z: npt.NDArray[Any], t: npt.NDArray[Any], **keywords: Any) -> Any:
        """What the subject returns for arrays, unchecked; the pair's part where it offers only that.

        Raises
        ------
        SubjectProblem
            It raised.
        """
        functions = self.subject.functions
        name = quantity if quantity in functions else "loss_and_gradient"
        arguments = (z,) if quantity in ONE_ARGUMENT else (z, t)
        out, err = io.StringIO(), io.StringIO()
        given = [self.fmt.encodings(argument).copy() for argument in (*arguments, *keywords.values())]
        with (
            np.errstate(),
            warnings.catch_warnings(record=True) as caught,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            warnings.simplefilter("always")
            before, chance = np.geterr(), generators()
            try:
                result = functions[name](*arguments, **keywords)
            except KeyboardInterrupt:
                raise
            except SubjectFault as fault:
                raise SubjectProblem(fault.mode, f"{name}: {fault}", fault.point, searched=True) from None
            except BaseException as error:  # noqa: BLE001  # SystemExit too: it must not end the audit
                text = " ".join(str(error).split())
                raise SubjectProblem("raised", f"{name} raised {type(error).__name__}: {text:.200}") from None
            finally:
                self.error_state_altered |= np.geterr() != before
                if generators() != chance:
                    self.drew.setdefault(quantity, (z, t))
                self._note_writing(quantity, (z, t), keywords, given)
        if caught:
            self.noise.setdefault("warning", f"{caught[0].category.__name__}: {caught[0].message}")
        printed = out.getvalue() or err.getvalue()
        if printed:
            self.noise.setdefault("output", repr(printed[:80]))
        if (caught or printed) and self.noisy is None:
            self.noisy = quantity, z, t
        if name == quantity:
            return result
        return self.part(result, quantity)

    def _note_writing(
        self,
        quantity: str,
        columns: tuple[npt.NDArray[Any], ...],
        keywords: Mapping[str, npt.NDArray[Any]],
        given: Sequence[UIntArray],
    ) -> None:
        arguments = dict(zip("z" if quantity in ONE_ARGUMENT else "zt", columns, strict=False)) | {**keywords}
        then = dict(zip(arguments, given, strict=True))
        for name, now in arguments.items():
            after = self.fmt.encodings(now)
            if not np.array_equal(after, then[name]):
                place = int(np.argmax(after != then[name])) if after.shape == then[name].shape else 0
                targets = then["t"] if "t" in then else self.fmt.encodings(columns[1])
                self.written.setdefault(quantity, Written(name, place, then["z"], targets))

    @staticmethod
    def part(result: Any, quantity: str) -> Any:
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            kind = type(result).__name__
            raise SubjectProblem(
                "not a pair", f"loss_and_gradient returned {kind}, not a pair (loss, gradient)"
            )
        return result[0] if quantity == "loss" else result[1]

    def array(self, quantity: str, result: Any, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        """The result as an array, once it is one of the right shape and dtype.

        Raises
        ------
        SubjectProblem
            It is not.
        """
        if not isinstance(result, (np.ndarray, np.generic)):
            kind = type(result).__name__
            raise SubjectProblem("no array", f"{quantity} returned a {kind}; return a NumPy array")
        if result.shape != shape:
            raise SubjectProblem(
                "wrong shape", f"{quantity} returned shape {result.shape} for inputs of shape {shape}"
            )
        if result.dtype.name != self.fmt.dtype_name:
            raise SubjectProblem(
                "wrong dtype", f"{quantity} returned {result.dtype.name} for {self.fmt.dtype_name} inputs"
            )
        return np.asarray(result).astype(result.dtype.newbyteorder("="), copy=False)

    def evaluate(self, quantity: str, z: UIntArray, t: UIntArray, **keywords: Any) -> UIntArray:
        """Encodings of the results at one-dimensional arrays of encodings.

        The subject gets fresh arrays, so one that writes to its inputs spoils nothing but its own check.
        """
        result = self.call(quantity, self.fmt.array(z).copy(), self.fmt.array(t).copy(), **keywords)
        return self.fmt.encodings(self.array(quantity, result, z.shape))

    def padded(self, z: UIntArray, t: UIntArray) -> tuple[UIntArray, UIntArray]:
        """The points, over and over up to a common length where the run is a sparing one."""
        if not self.sparing or z.ndim != 1 or not z.size:
            return z, t
        length = next((each for each in COMMON_LENGTHS if each >= z.size), (1 << z.size.bit_length()) + 1)
        return np.resize(z, length), np.resize(t, length)

    def elementwise(self, quantity: str, z: UIntArray, t: UIntArray) -> UIntArray:
        """The same as `evaluate` for a check of points, to which the length of the array does not matter."""
        if not (self.searching and z.shape == (1,)):
            return self.evaluate(quantity, *self.padded(z, t))[: z.size]
        point = quantity, int(z[0]), int(t[0])
        if point not in self.remembered:
            self.remembered[point] = int(self.evaluate(quantity, z, t)[0])
        return np.array([self.remembered[point]], dtype=self.fmt.uint)

    @contextlib.contextmanager
    def search(self) -> Iterator[None]:
        """While it lasts, what `elementwise` gave for a point in any search is not computed again."""
        self.searching = True
        try:
            yield
        finally:
            self.searching = False
