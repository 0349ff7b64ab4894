"""The page of a lesson: its trainings side by side, and what there is to see.

It needs no extra, runs no script and works offline. All names in it are the project's own; they are escaped anyway.
"""

from __future__ import annotations

from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.report.run import history_curves
from nncli.report.watch import film, watch_curves
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from nncli.run.lessons import Lesson, Trial

SHOWN = ("activation_deviation", "gradient_deviation")
"""Measures drawn of the layers of each training."""


def lesson_page(lesson: Lesson, trials: Mapping[str, Trial], rows: Sequence[tuple[str, str, str]]) -> str:
    """The page as HTML.

    Args:
        lesson: What is compared.
        trials: Settings of each training, in words, and what it gave.
        rows: Settings, measured value, and range of ten seeds.
    """
    style = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    parts = [*_compared(trials, rows), *(part for item in trials.items() for part in _trial(*item))]
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{_text(lesson.path.stem)}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<style>{style}</style></head>\n<body>\n'
        f"<header><h1>{_text(lesson.title)}</h1></header>\n"
        f"<main><p>{_text(lesson.look_for)}</p>\n{chr(10).join(parts)}\n</main>\n"
        f"<footer>Made by nncli lesson {_text(lesson.path.stem)}, from {_text(lesson.path.name)}.</footer>\n"
        "</body>\n</html>\n"
    )


def _compared(trials: Mapping[str, Trial], rows: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """The table, and loss and accuracy of all trainings in one drawing each."""
    names = ("settings", "this seed", "ten seeds")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    body = "".join(
        f'<tr><th scope="row">{_text(row[0])}</th><td>{_text(row[1])}</td><td>{_text(row[2])}</td></tr>' for row in rows
    )
    table = f'<table class="plain"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    yield f'<div class="card">{table}</div>'
    legend = _legend(list(trials))
    histories = [_columns(trial) for trial in trials.values()]
    drawings = (f'<div class="card">{drawing["svg"]}{legend}</div>' for drawing in history_curves(histories))
    yield f'<div class="columns">{"".join(drawings)}</div>'


def _columns(trial: Trial) -> dict[str, list[float | None]]:
    rows = [asdict(result) for result in trial.history]
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}


def _trial(settings: str, trial: Trial) -> Iterator[str]:
    """Curves of the layers of a training, and its pictures."""
    yield f"<h2>{_text(settings)}</h2>"
    if trial.watched is None:
        return
    drawings = watch_curves(trial.watched, SHOWN)
    cards = "".join(f'<div class="card">{each["svg"]}{_legend(each["legend"])}</div>' for each in drawings)
    yield f'<div class="columns">{cards}</div>'
    frames, is_plane = film(trial.watched), trial.watched["plane"].shape[1] > 0
    if frames:
        shown = frames if is_plane else [frames[0], frames[len(frames) // 2], frames[-1]]
        figures = "".join(_figure(frame) for frame in shown)
        legend = _legend(trial.classes) if is_plane else ""
        yield f'<div class="card">{legend}<div class="film">{figures}</div></div>'


def _figure(frame: Mapping[str, Any]) -> str:
    caption, alt = _text(frame["caption"]), _text(frame["alt"])
    return f'<figure><img src="{frame["src"]}" alt="{alt}" loading="lazy"><figcaption>{caption}</figcaption></figure>'


def _legend(names: Sequence[str]) -> str:
    return f'<ul class="legend">{"".join(f"<li>{_text(name)}</li>" for name in names)}</ul>'


def _text(text: str) -> str:
    return escape(printable(text))
