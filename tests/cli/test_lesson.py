"""``nncli lesson``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.run.lessons import ORDER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.tiny import Runner


def test_it_lists_the_lessons_in_order(nncli: Runner) -> None:
    """A line each: number, name, title."""
    result = nncli("lesson")
    assert (0, "next: nncli lesson xor_without_hidden_layer\n") == (result.code, result.err)
    rows = [line.split(maxsplit=2) for line in result.out.splitlines()]
    assert [[str(number), name] for number, name in enumerate(ORDER, start=1)] == [row[:2] for row in rows]
    assert all(row[2].endswith((".", "?")) and "seeds:" not in row[2] for row in rows)


def test_it_runs_a_lesson_and_says_what_to_look_for(nncli: Runner, place: Path) -> None:
    """What is measured stands beside what ten seeds gave; a page is all that is written."""
    result = nncli("lesson", "xor_without_hidden_layer", "--seed", "3")
    assert (0, "next: nncli lesson xor\n") == (result.code, result.err)
    lines = result.out.splitlines()
    assert "XOR without a hidden layer: cannot be learned." == lines[0]
    assert lines[1].endswith("xor_without_hidden_layer.yaml")
    assert "as it stands  loss 0.69               ten seeds: 0.69 to 0.70" == lines[4]
    assert "The loss ends at 0.693 = ln 2" in " ".join(lines[6:])
    assert "page: lesson-xor_without_hidden_layer.html" == lines[-1]
    (page,) = place.iterdir()
    text = page.read_text()
    assert "<h1>XOR without a hidden layer: cannot be learned.</h1>" in text
    assert 'alt="the plane, before training"' in text
    assert "<script" not in text


def test_a_training_that_diverges_is_part_of_a_lesson(nncli: Runner, place: Path) -> None:
    """It is told in the table, and ends nothing."""
    result = nncli("lesson", "learning_rate", "-o", "page.html")
    assert 0 == result.code
    assert "<td>diverges</td>" in (place / "page.html").read_text()
    assert ["--lr 1        diverges                ten seeds: diverges"] == [
        line for line in result.out.splitlines() if line.startswith("--lr 1 ")
    ]


def test_an_unknown_lesson(nncli: Runner) -> None:
    """Is refused, with the nearest name."""
    assert (2, "", "nncli: no lesson learning_rat: did you mean learning_rate?\n") == tuple(
        vars(nncli("lesson", "learning_rat")).values()
    )
    assert "nncli: no lesson 7: nncli lesson lists them\n" == nncli("lesson", "7").err
