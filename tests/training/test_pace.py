"""How many processes there are to be, by what steps took."""

from __future__ import annotations

from nncli.training.pace import FEWEST_STEPS, LONGEST_REST, MUCH, SETTLING, SHORTEST_REST, STRETCH, Pace

QUIET, BUSY = 0.0, 2 * MUCH


def stretch(pace: Pace, seconds: float, lost: float = QUIET) -> int:
    """What it says after a stretch of steps of so many seconds, of which so large a share was lost."""
    n_before = pace.n_processes
    for _ in range(SETTLING + FEWEST_STEPS + int(STRETCH / seconds) + 1):
        if pace.after_step(seconds, lost * seconds) != n_before:
            break
    return pace.n_processes


def test_where_nothing_is_lost_nothing_is_tried() -> None:
    """However long it goes on."""
    pace = Pace(4)
    assert {4} == {stretch(pace, 0.01) for _ in range(1000)}


def test_fewer_are_tried_where_much_is_lost_and_stay_if_they_are_faster() -> None:
    """Half as many, and half of those, down to one."""
    pace = Pace(4)
    assert 2 == stretch(pace, 0.03, BUSY)
    assert 2 == stretch(pace, 0.02, BUSY)  # faster than 0.03
    while 2 == stretch(pace, 0.02, BUSY):
        pass
    assert 1 == pace.n_processes
    assert 1 == stretch(pace, 0.01)


def seconds_to_change(pace: Pace, seconds: float, lost: float) -> float:
    """How long it stays with steps of so many seconds, of which so large a share is lost."""
    n_before, n_steps = pace.n_processes, 1
    while pace.after_step(seconds, lost * seconds) == n_before:
        n_steps += 1
    return n_steps * seconds


def test_a_trial_that_is_lost_is_undone_and_repeated_ever_more_rarely() -> None:
    """One process is slower although two lose much: the rests between trials double up to the longest."""
    pace, rests = Pace(2), []
    for _ in range(8):
        rests.append(seconds_to_change(pace, 0.01, BUSY))
        assert 1 == pace.n_processes
        assert seconds_to_change(pace, 0.015, QUIET) < 2 * STRETCH
    expected = [min(SHORTEST_REST * 2**i, LONGEST_REST) for i in range(7)]
    assert all(0 <= rest - wanted < 3 * STRETCH for rest, wanted in zip(rests[1:], expected, strict=True)), rests


def test_more_are_tried_again() -> None:
    """When the other programs have ended, all processes come back."""
    pace = Pace(2)
    assert 1 == stretch(pace, 0.03, BUSY)
    assert 1 == stretch(pace, 0.01)
    while 1 == stretch(pace, 0.01):
        pass
    assert 2 == stretch(pace, 0.006)


def test_what_has_just_lost_is_tried_last() -> None:
    """Much is lost whatever the number: one and four processes take turns to lose against two."""
    pace, tried = Pace(4), []
    assert 2 == stretch(pace, 0.03, BUSY)
    for _ in range(3):
        while 2 == stretch(pace, 0.02, BUSY):
            pass
        tried.append(pace.n_processes)
        assert 2 == stretch(pace, 0.03, BUSY)
    assert [1, 4, 1] == tried


def test_a_process_alone_tries_more_where_it_gets_no_core() -> None:
    """Two may get more."""
    pace = Pace(2)
    assert 1 == stretch(pace, 0.03, BUSY)
    while 1 == stretch(pace, 0.02, BUSY):
        pass
    assert 2 == stretch(pace, 0.01, BUSY)


def test_long_steps_are_measured_a_few_times() -> None:
    """Longer than a stretch each."""
    pace = Pace(2)
    answers = [pace.after_step(1.0, 0.9) for _ in range(SETTLING + FEWEST_STEPS)]
    assert [*[2] * (SETTLING + FEWEST_STEPS - 1), 1] == answers
