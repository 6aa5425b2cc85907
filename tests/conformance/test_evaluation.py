"""Whatever a subject does when it is called ends as an array of encodings, or as a named problem."""

from __future__ import annotations

import random
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from numpy.random import mtrand

from stablelce.conformance.contract import PROFILES, allowed_error
from stablelce.conformance.evaluation import Run, SubjectProblem, generators
from stablelce.conformance.strategies import arrays_of_pairs
from stablelce.conformance.subjects.base import ONE_ARGUMENT, QUANTITIES, Subject
from stablelce.formats import BFLOAT16, BINARY16, BINARY32, BINARY64, FORMATS, Format, UIntArray

formats = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)

ONES: UIntArray = BINARY64.encodings(np.ones(3))


def run_of(fmt: Format = BINARY64, **functions: Callable[..., Any]) -> Run:
    return Run(Subject(name="mine", functions=functions), fmt, "accurate")


def problem_of(function: Callable[..., Any], fmt: Format = BINARY64) -> SubjectProblem:
    encodings = fmt.encodings(np.ones(3, dtype=fmt.dtype))
    with pytest.raises(SubjectProblem) as raised:
        run_of(fmt, loss=function).evaluate("loss", encodings, encodings)
    return raised.value


# -- what goes in and comes out ---------------------------------------------------------------------


@formats
def test_encodings_go_in_as_arrays_of_the_format_and_come_back_as_encodings(fmt: Format) -> None:
    seen: list[Any] = []

    def loss(z: Any, t: Any) -> Any:
        seen.extend([z.dtype, t.dtype, z.flags.writeable, z.flags.c_contiguous])
        return z

    # Every class of encodings survives the passage: zeros of both signs, subnormals, inf, a NaN payload.
    z = np.array([0, fmt.sign_bit, 1, fmt.max_finite, fmt.infinity, fmt.nan | 1], dtype=fmt.uint)
    t = np.zeros(6, dtype=fmt.uint)
    assert run_of(fmt, loss=loss).evaluate("loss", z, t).tolist() == z.tolist()
    assert seen == [fmt.dtype, fmt.dtype, True, True]


@given(arrays_of_pairs("float32", max_size=6))
def test_the_inputs_arrive_unchanged(columns: tuple[Any, Any]) -> None:
    z, t = (BINARY32.encodings(column) for column in columns)
    assert run_of(BINARY32, loss=lambda a, _: a).evaluate("loss", z, t).tolist() == z.tolist()
    assert run_of(BINARY32, loss=lambda _, b: b).evaluate("loss", z, t).tolist() == t.tolist()


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_functions_of_the_logit_alone_get_the_logit_alone(quantity: str) -> None:
    counts: list[int] = []

    def function(*arguments: Any) -> Any:
        counts.append(len(arguments))
        return arguments[0]

    subject = Subject(name="mine", functions={quantity: function})
    Run(subject, BINARY64, "accurate").evaluate(quantity, ONES, ONES)
    assert counts == [1 if quantity in ONE_ARGUMENT else 2]


def test_keywords_are_handed_on() -> None:
    def loss(z: Any, _t: Any, *, weight: Any) -> Any:
        return z * weight

    twice = run_of(loss=loss).evaluate("loss", ONES, ONES, weight=2.0)
    assert BINARY64.array(twice).tolist() == [2.0, 2.0, 2.0]


def test_a_subject_that_writes_to_its_inputs_spoils_nothing() -> None:
    def loss(z: Any, t: Any) -> Any:
        z[:], t[:] = 7.0, 7.0
        return z

    z, t = ONES.copy(), ONES.copy()
    run = run_of(loss=loss)
    assert BINARY64.array(run.evaluate("loss", z, t)).tolist() == [7.0] * 3
    assert z.tolist() == t.tolist() == ONES.tolist()


def test_a_result_that_the_subject_keeps_cannot_be_changed_behind_our_back() -> None:
    kept = np.ones(3)

    def loss(_z: Any, _t: Any) -> Any:
        kept[:] += 1.0
        return kept

    run = run_of(loss=loss)
    first = run.evaluate("loss", ONES, ONES).copy()
    run.evaluate("loss", ONES, ONES)
    assert BINARY64.array(first).tolist() == [2.0] * 3


@pytest.mark.parametrize("view", [lambda a: a[::-1], lambda a: np.repeat(a, 2)[::2]])
def test_a_strided_result_is_read_in_its_order(view: Callable[[Any], Any]) -> None:
    z = BINARY64.encodings(np.array([1.0, 2.0, 3.0]))
    got = run_of(loss=lambda a, _: view(a)).evaluate("loss", z, z)
    assert BINARY64.array(got).tolist() == view(np.array([1.0, 2.0, 3.0])).tolist()


# -- the pair ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", [tuple, list])
def test_a_part_of_the_pair_serves_where_the_function_itself_is_missing(pair: type) -> None:
    run = run_of(loss_and_gradient=lambda z, t: pair((z + 1, t - 1)))
    assert BINARY64.array(run.evaluate("loss", ONES, ONES)).tolist() == [2.0] * 3
    assert BINARY64.array(run.evaluate("gradient", ONES, ONES)).tolist() == [0.0] * 3
    assert len(run.call("loss_and_gradient", np.ones(3), np.ones(3))) == 2


def test_the_function_itself_is_preferred_to_the_pair() -> None:
    run = run_of(loss=lambda z, _: z, loss_and_gradient=lambda *_: None)
    assert run.evaluate("loss", ONES, ONES).tolist() == ONES.tolist()


@pytest.mark.parametrize(
    "result", [None, np.ones((2, 3)), (np.ones(3),), (np.ones(3),) * 3, {"loss": 1, "gradient": 2}]
)
def test_what_is_no_pair_is_named(result: Any) -> None:
    run = run_of(loss_and_gradient=lambda *_: result)
    for quantity in ("loss", "gradient"):
        with pytest.raises(SubjectProblem, match="not a pair \\(loss, gradient\\)") as raised:
            run.evaluate(quantity, ONES, ONES)
        assert raised.value.mode == "not a pair"


# -- what can go wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no soft\n  targets"), "loss raised ValueError: no soft targets"),
        (SystemExit(3), "loss raised SystemExit: 3"),
        (GeneratorExit(), "loss raised GeneratorExit: "),
        (MemoryError(), "loss raised MemoryError: "),
        (RecursionError("x" * 1000), f"loss raised RecursionError: {'x' * 200}"),
    ],
)
def test_an_exception_becomes_one_line_and_never_ends_the_audit(error: BaseException, text: str) -> None:
    def loss(_z: Any, _t: Any) -> Any:
        raise error

    problem = problem_of(loss)
    assert (problem.mode, str(problem)) == ("raised", text)


def test_an_interrupt_of_the_user_is_no_fault_of_the_subject() -> None:
    def loss(_z: Any, _t: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_of(loss=loss).evaluate("loss", ONES, ONES)


def test_sys_exit_inside_a_subject_is_caught() -> None:
    assert problem_of(lambda *_: sys.exit("bye")).mode == "raised"


def test_a_wrong_number_of_arguments_is_reported_as_raised() -> None:
    assert "TypeError" in str(problem_of(lambda z: z))


@pytest.mark.parametrize(
    ("result", "kind"),
    [(None, "NoneType"), ([1.0, 2.0, 3.0], "list"), (1.5, "float"), ((1.0,), "tuple"), ("text", "str")],
)
def test_what_is_no_array_is_named(result: Any, kind: str) -> None:
    problem = problem_of(lambda *_: result)
    assert (problem.mode, str(problem)) == ("no array", f"loss returned a {kind}; return a NumPy array")


@pytest.mark.parametrize("shape", [(), (1,), (2,), (3, 1), (1, 3), (4,), (0,)])
def test_a_wrong_shape_is_named_with_both_shapes(shape: tuple[int, ...]) -> None:
    problem = problem_of(lambda *_: np.zeros(shape))
    wanted = f"loss returned shape {shape} for inputs of shape (3,)"
    assert (problem.mode, str(problem)) == ("wrong shape", wanted)


def test_a_numpy_scalar_is_an_array_of_no_dimensions() -> None:
    run = run_of()
    assert run.array("loss", np.float64(2.0), ()).shape == ()
    with pytest.raises(SubjectProblem, match=r"shape \(\) for inputs of shape \(3,\)"):
        run.array("loss", np.float64(2.0), (3,))


@pytest.mark.parametrize("dtype", ["float32", "float16", "int64", "complex128", "bool", "object", "uint64"])
def test_another_dtype_is_named_with_both_dtypes(dtype: str) -> None:
    problem = problem_of(lambda *_: np.ones(3, dtype=dtype))
    wanted = f"loss returned {dtype} for float64 inputs"
    assert (problem.mode, str(problem)) == ("wrong dtype", wanted)


@pytest.mark.parametrize("fmt", [BINARY16, BFLOAT16, BINARY32], ids=lambda fmt: fmt.name)
def test_a_result_in_binary64_is_no_result_in_a_shorter_format(fmt: Format) -> None:
    problem = problem_of(lambda z, _: z.astype(np.float64), fmt)
    assert str(problem) == f"loss returned float64 for {fmt.dtype_name} inputs"


def test_integers_of_the_width_of_the_format_are_not_taken_for_encodings() -> None:
    assert problem_of(lambda *_: np.ones(3, dtype=np.uint16), BFLOAT16).mode == "wrong dtype"


# -- noise ---------------------------------------------------------------------------------------------


def test_warnings_and_output_are_kept_apart_from_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    def loss(z: Any, _t: Any) -> Any:
        print("hello")
        warnings.warn("first", RuntimeWarning, stacklevel=1)
        warnings.warn("second", UserWarning, stacklevel=1)
        return z

    run = run_of(loss=loss)
    assert run.evaluate("loss", ONES, ONES).tolist() == ONES.tolist()
    assert run.noise == {"warning": "RuntimeWarning: first", "output": "'hello\\n'"}
    assert capsys.readouterr() == ("", "")


def test_output_to_standard_error_counts_and_long_output_is_cut() -> None:
    def loss(z: Any, _t: Any) -> Any:
        print("e" * 500, file=sys.stderr)
        return z

    run = run_of(loss=loss)
    run.evaluate("loss", ONES, ONES)
    assert run.noise == {"output": repr("e" * 80)}


def test_the_first_noise_of_each_kind_is_kept() -> None:
    texts = iter(["one", "two"])

    def loss(z: Any, _t: Any) -> Any:
        print(next(texts))
        return z

    run = run_of(loss=loss)
    run.evaluate("loss", ONES, ONES)
    run.evaluate("loss", ONES, ONES)
    assert run.noise == {"output": "'one\\n'"}


def test_a_warning_repeated_is_seen_each_time_and_turned_into_no_error() -> None:
    """Whatever filters are set outside, here an error by the settings of this test run."""

    def loss(z: Any, _t: Any) -> Any:
        warnings.warn("again", UserWarning, stacklevel=1)
        return z

    for _ in range(2):
        run = run_of(loss=loss)
        run.evaluate("loss", ONES, ONES)
        assert run.noise == {"warning": "UserWarning: again"}


def test_a_quiet_subject_makes_no_noise() -> None:
    run = run_of(loss=lambda z, _: z)
    run.evaluate("loss", ONES, ONES)
    assert run.noise == {}


def test_a_floating_point_warning_of_the_subject_is_noted() -> None:
    run = run_of(loss=lambda z, _: np.exp(z * 1000))
    run.evaluate("loss", ONES, ONES)
    assert run.noise["warning"].startswith("RuntimeWarning: overflow")


def test_the_error_state_is_put_back() -> None:
    def loss(z: Any, _t: Any) -> Any:
        np.seterr(all="raise")
        return z

    before = np.geterr()
    run = run_of(loss=loss)
    run.evaluate("loss", ONES, ONES)
    assert np.geterr() == before
    assert run.error_state_altered
    assert not run_of(loss=lambda z, _: z).error_state_altered


@pytest.mark.parametrize(
    "use",
    [
        random.random,
        np.random.random,
        lambda: random.seed(3),
        lambda: np.random.seed(3),  # noqa: NPY002 - it is what is looked for
        lambda: [np.random.bytes(4) for _ in range(624)],  # noqa: NPY002 - whose words all change
    ],
)
def test_every_use_of_a_global_generator_is_seen_with_the_call(use: Callable[[], object]) -> None:
    def loss(z: Any, _t: Any) -> Any:
        use()
        return z

    state, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
    run = run_of(loss=loss, softplus=lambda z: z)
    try:
        run.evaluate("softplus", ONES, ONES)
        assert run.drew == {}
        run.evaluate("loss", ONES, ONES)
    finally:
        random.setstate(state)
        np.random.set_state(legacy)  # noqa: NPY002
    assert list(run.drew) == ["loss"]


def test_the_state_of_another_generator_than_numpy_s_own_is_read_too() -> None:
    own = mtrand.get_bit_generator()
    mtrand.set_bit_generator(np.random.PCG64(1))
    try:
        before = generators()
        assert generators() == before
        np.random.random()  # noqa: NPY002 - it is what is looked for
        assert generators() != before
    finally:
        mtrand.set_bit_generator(own)


@formats
@pytest.mark.parametrize("profile", PROFILES)
def test_the_bound_is_that_of_the_profile(profile: Any, fmt: Format) -> None:
    assert Run(Subject(name="x", functions={}), fmt, profile).bound == allowed_error(profile, fmt)


# -- memory --------------------------------------------------------------------------------------------


def test_a_result_in_the_other_byte_order_is_read_by_its_numbers() -> None:
    run = run_of(loss=lambda z, _t: (2 * z).astype(z.dtype.newbyteorder()))
    assert BINARY64.array(run.evaluate("loss", ONES, ONES)).tolist() == [2.0] * 3


@formats
@pytest.mark.parametrize("index", [0, 1])
def test_a_call_that_writes_to_an_argument_is_noted(fmt: Format, index: int) -> None:
    def loss(*arguments: Any) -> Any:
        result = arguments[0].copy()
        arguments[index][2] = 7
        return result

    run = run_of(fmt, loss=loss, gradient=lambda z, t: z - t)
    z = np.array([fmt.nan, 0, fmt.sign_bit, 1], dtype=fmt.uint)
    run.evaluate("gradient", z, z)
    assert not run.written
    run.evaluate("loss", z, z)
    written = run.written["loss"]
    assert (written.name, written.place) == ("zt"[index], 2)
    assert written.z.tolist() == written.t.tolist() == z.tolist()
