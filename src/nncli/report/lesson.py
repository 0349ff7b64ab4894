"""The page of a lesson: its trainings side by side, and what there is to see. It needs no extra."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from nncli.report.plain import columns, document, figure, legend, table, text
from nncli.report.run import history_curves
from nncli.report.watch import film, watch_curves

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
    name = lesson.path.stem
    histories = history_curves([_columns(trial) for trial in trials.values()])
    body = [
        f"<p>{text(lesson.look_for)}</p>",
        f'<div class="card">{table(("settings", "this seed", "ten seeds"), rows)}</div>',
        columns([(drawing["svg"], list(trials)) for drawing in histories]),
        *(part for settings, trial in trials.items() for part in _trial(settings, trial)),
    ]
    return document(lesson.title, body, f"Made by nncli lesson {name}, from {lesson.path.name}.", name)


def _columns(trial: Trial) -> dict[str, list[float | None]]:
    rows = [asdict(result) for result in trial.history]
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}


def _trial(settings: str, trial: Trial) -> Iterator[str]:
    """Curves of the layers of a training, and its pictures."""
    yield f"<h2>{text(settings)}</h2>"
    if trial.watched is None:
        return
    yield columns([(drawing["svg"], drawing["legend"]) for drawing in watch_curves(trial.watched, SHOWN)])
    frames, is_plane = film(trial.watched), trial.watched["plane"].shape[1] > 0
    if frames:
        shown = frames if is_plane else [frames[0], frames[len(frames) // 2], frames[-1]]
        figures = "".join(figure(frame["src"], frame["alt"], frame["caption"]) for frame in shown)
        names = legend(trial.classes) if is_plane else ""
        yield f'<div class="card">{names}<div class="film">{figures}</div></div>'
