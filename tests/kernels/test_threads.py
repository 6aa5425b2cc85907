"""Pieces on several threads: every element once, errors and forks survived."""

from __future__ import annotations

import itertools
import os
import threading

import pytest

from stablelce.kernels import threads


def test_the_number_of_threads_is_that_of_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STABLELCE_NUM_THREADS", "3")
    assert threads.count() == 3
    monkeypatch.delenv("STABLELCE_NUM_THREADS")
    assert 1 <= threads.count() <= (os.cpu_count() or 1)


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "²"])
def test_a_number_of_threads_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STABLELCE_NUM_THREADS", text)
    with pytest.raises(ValueError, match="STABLELCE_NUM_THREADS must be a positive integer: got"):
        threads.count()


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
@pytest.mark.parametrize("size", [0, 1, threads.LEAST, 5 * threads.LEAST + 3, 16 * threads.LEAST])
def test_pieces_cover_the_range_once(workers: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STABLELCE_NUM_THREADS", str(workers))
    pieces: list[tuple[int, int]] = []

    def work(part: slice) -> bool:
        pieces.append((part.start, part.stop))
        return part.start <= size // 2 < part.stop  # type: ignore[no-any-return]

    assert threads.in_pieces(work, size, 8) == (size > 0)
    pieces.sort()
    assert pieces[0][0] == 0
    assert pieces[-1][1] == size
    assert all(a[1] == b[0] for a, b in itertools.pairwise(pieces))
    assert all(start % 8 == 0 for start, _ in pieces)
    assert len(pieces) <= workers


def test_a_large_range_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STABLELCE_NUM_THREADS", "2")
    names: set[str] = set()
    both = threading.Barrier(2, timeout=60)

    def work(_: slice) -> bool:
        both.wait()  # passes only if two threads are here at once
        names.add(threading.current_thread().name)
        return False

    assert not threads.in_pieces(work, 4 * threads.LEAST, 1)
    assert len(names) == 2


def test_an_error_in_a_piece_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STABLELCE_NUM_THREADS", "2")

    def work(part: slice) -> bool:
        if part.start:
            raise RuntimeError("second piece")
        return False

    with pytest.raises(RuntimeError, match="second piece"):
        threads.in_pieces(work, 4 * threads.LEAST, 1)


def test_a_pool_that_takes_no_more_work_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the interpreter is ending: functions at exit, threads that outlive the main one."""
    monkeypatch.setenv("STABLELCE_NUM_THREADS", "3")
    monkeypatch.setattr(threads, "_pool", threads._Pool())
    threads._pool.of(2).shutdown()
    pieces: list[tuple[int, int]] = []

    def work(part: slice) -> bool:
        pieces.append((part.start, part.stop))
        return bool(part.stop == 4 * threads.LEAST)

    assert threads.in_pieces(work, 4 * threads.LEAST, 1)
    assert [start for start, _ in pieces[1:]] == [stop for _, stop in pieces[:-1]]
    assert (pieces[0][0], pieces[-1][1]) == (0, 4 * threads.LEAST)


def test_a_pool_grows_and_is_made_anew_after_a_fork() -> None:
    pool = threads._Pool()
    first = pool.of(1)
    assert pool.of(1) is first
    second = pool.of(2)
    assert second is not first
    assert pool.of(1) is second
    pool.__init__()  # type: ignore[misc]  # what runs in a forked child
    assert pool.executor is None
    for executor in (first, second):
        executor.shutdown()
