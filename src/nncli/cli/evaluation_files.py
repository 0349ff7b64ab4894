"""The files that `evaluate` writes when asked to: lists for programs, pictures for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nncli.evaluation.tables import confusion_csv, csv_text, predictions_csv, probability_text
from nncli.machine.atomic_file import write_text_atomically
from nncli.text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nncli.cli.evaluation_report import Report
    from nncli.evaluation.evaluation import Evaluation


def write_files(evaluation: Evaluation, report: Report, files: Mapping[str, str | None]) -> None:
    """Write what was asked for.

    Args:
        evaluation: The predictions.
        report: The same in figures.
        files: wrong, wrong_sheet, mislabeled, confusion, predictions: each a path, ``-`` for stdout, or None.

    Raises:
        NncliError: One of them cannot be written.
    """
    from nncli.evaluation.multilabel import MultilabelEvaluation, label_csv_rows
    from nncli.evaluation.regression import RegressionEvaluation, numbers_csv_rows

    classes = evaluation.classes
    if isinstance(evaluation, RegressionEvaluation):
        if path := files["predictions"]:
            write_table(path, csv_text(numbers_csv_rows(evaluation)))
        return
    if isinstance(evaluation, MultilabelEvaluation):
        if path := files["predictions"]:
            write_table(path, csv_text(label_csv_rows(evaluation)))
        return
    if path := files["wrong"]:
        write_table(path, predictions_csv(evaluation.rows(evaluation.wrong()), classes))
    if path := files["mislabeled"]:
        write_table(path, mislabeled_csv(report))
    if path := files["predictions"]:
        write_table(path, predictions_csv(evaluation.rows(), classes))
    if path := files["confusion"]:
        _write_confusion(path, report)
    if path := files["wrong_sheet"]:
        _draw_wrong(path, evaluation)


def mislabeled_csv(report: Report) -> str:
    """The images that are likely labeled wrong, with a header: path, label, suggestion, probabilities of these.

    They are sorted by the last column: the least probable label first.
    """
    header = ("path", "label", "suggested", "probability", "label_probability")
    rows = [
        (
            *(row["path"], row["label"], row["suggested"]),
            *(probability_text(row[key]) for key in ("probability", "label_probability")),
        )
        for row in report["likely_mislabeled"]
    ]
    return csv_text([header, *rows])


def _write_confusion(path: str, report: Report) -> None:
    classes, matrix = report["confusion"]["classes"], report["confusion"]["matrix"]
    if Path(path).suffix.lower() != ".png":
        write_table(path, confusion_csv(matrix, classes))
        return
    from nncli.pictures.confusion import confusion_picture
    from nncli.pictures.tiles import save_png

    save_png(Path(path), confusion_picture(matrix, classes))


def _draw_wrong(path: str, evaluation: Evaluation) -> None:
    from nncli.pictures.sheet import MOST, Caption, sheet
    from nncli.pictures.tiles import save_png

    wrong = evaluation.wrong()
    paths, captions = [], []
    for image, actual, predicted, probability in evaluation.rows(wrong[:MOST]):
        names = evaluation.classes[actual], evaluation.classes[predicted]
        paths.append(str(image))
        captions.append(Caption(names[0], f"{float(probability):.2f} {names[1]}", Path(image).name))
    count = f"wrong: {len(wrong):,} of {counted(len(evaluation.paths), 'image')}"
    more = f"; the first {MOST} of them" if len(wrong) > MOST else ""
    save_png(Path(path), sheet(paths, captions, f"{count}{more}, most confident first: actual, then predicted"))


def write_table(path: str, text: str) -> None:
    """Write `text` to a file, or to stdout for ``-``."""
    if path == "-":
        click.echo(text, nl=False)
    else:
        write_text_atomically(Path(path), text)
