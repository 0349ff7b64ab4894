"""``nncli compare``: two models or more on the same images."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nncli.cli.messages import fitted, say, warn
from nncli.cli.next_step import say_next, way_to_look
from nncli.cli.options import Output
from nncli.errors import EXIT_GATE, EXIT_SKIPPED, DataError, UsageError
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from nncli.evaluation.comparison import Comparison
    from nncli.evaluation.evaluation import Evaluation
    from nncli.model.file import Model

GATES = ("better", "not-worse")


@click.command(short_help="Compare models on the same images.")
@click.argument("models", metavar="MODEL|RUN...", nargs=-1, required=True, type=click.Path())
@click.argument("data", type=click.Path())
@click.option("--split", type=click.Choice(["train", "val", "test"]), help="Part of DATA.  [default: test, val, train]")
@click.option(
    "-f", "--format", "format_", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True,
    help="Output format.",
)  # fmt: skip
@click.option(
    "--differences", metavar="FILE", type=Output("table"), help="Write images that models answer differently, as CSV."
)
@click.option(
    "--gate", type=click.Choice(GATES), help="Exit with 4 unless each further model is that, compared with the first."
)
@click.option("--include-training", is_flag=True, help="Count images that trained a model, too.")
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    models: tuple[str, ...],
    data: str,
    split: str | None,
    format_: str,
    differences: str | None,
    gate: str | None,
    include_training: bool,
) -> None:
    """Ask models about the same images of DATA and tell whether one is better than the first, or it may be chance.

    \b
    Examples:
      nncli compare runs/cats-1 runs/cats-2 photos/test
      nncli compare old.npz new.npz photos --gate not-worse   code 4 if worse
      nncli compare a.npz b.npz c.npz photos -f json | jq .comparisons

    Images that trained one of the models are left out. Differences are judged by an exact McNemar test, those of
    numbers by their squared errors. Of labels macro F1 is judged by approximate randomization, each label by McNemar's
    test. With several models, labels or numbers the p-values are corrected (Holm).
    """  # fmt: skip
    if len(models) < 2:
        raise UsageError("compare needs two models or more, and then a folder of images")
    opened = _opened(models, differences)
    evaluations = _evaluations(models, opened, data, split, include_training=include_training)
    task = opened[0].task.name
    report, text = _compared(task, models, evaluations, format_)
    click.echo(fitted(text, sys.stdout) if format_ == "table" else text, nl=False)
    if differences:
        _write_differences(differences, task, models, evaluations)
    if way_to_look(Path())[0] == "report" and task == "classification":
        say_next("report", *models, "-o", "compare.html")
    if gate and any(not _is_met(each, gate) for each in report["comparisons"]):
        warn(f"--gate {gate} is not met")
        context.exit(EXIT_GATE)
    if report["skipped"]:
        context.exit(EXIT_SKIPPED)


def _opened(models: tuple[str, ...], differences: str | None) -> list[Model]:
    """The models, if they tell the same kind of thing.

    Raises:
        UsageError: They do not.
    """
    from nncli.cli.model_lookup import find_model
    from nncli.model.file import read_model

    opened = [read_model(find_model(model)) for model in models]
    told = {
        model.task.name if model.task.name == "classification" else (model.task.name, model.classes) for model in opened
    }
    if len(told) > 1:
        same = "classes of all, or the same labels or numbers of all"
        raise UsageError(f"these models tell different things; compare needs {same}")
    if differences and opened[0].task.name == "regression":
        raise UsageError("--differences is about classes and labels; these models tell numbers")
    return opened


def _compared(
    task: str, models: tuple[str, ...], evaluations: list[Evaluation], format_: str
) -> tuple[dict[str, Any], str]:
    """All figures, and the same as a text."""
    every: Any = evaluations
    if task == "regression":
        from nncli.cli.compare_numbers import NUMBERS_FORMATS, numbers_report

        report = numbers_report(models, every)
        return report, NUMBERS_FORMATS[format_](report)
    if task == "multilabel":
        from nncli.cli.compare_labels import LABELS_FORMATS, labels_report

        report = labels_report(models, every)
        return report, LABELS_FORMATS[format_](report)
    report = _report(models, evaluations)
    return report, FORMATS[format_](report)


def _evaluations(
    models: tuple[str, ...], opened: list[Model], data: str, split: str | None, *, include_training: bool
) -> list[Evaluation]:
    """Answers of each model to the images that all of them can be asked about."""
    from nncli.cli.evaluated_folder import evaluate_folder
    from nncli.model.predictor import Predictor

    predictors = [Predictor(model, tells_known=True) for model in opened]
    every = [evaluate_folder(each, data, split, is_said=each is predictors[0]) for each in predictors]
    for model, each in zip(models, every, strict=True):
        if each.known is None:
            say(f"{printable(model)} does not tell which images trained it: its figures on those are too good")
    kept = every if include_training else [each.unseen() for each in every]
    common = set(kept[0].paths).intersection(*(each.paths for each in kept[1:]))
    n_all = len(every[0].paths)
    if n_all > len(common):
        say(f"left out, for they trained one of the models: {n_all - len(common):,} of {counted(n_all, 'image')}")
    if len(common) < min(len(each.paths) for each in kept):
        say("trained with the same training.seed, models have the same validation images, and more could be compared")
    if not common:
        reason = "none of its images is new to all of the models; --include-training compares them nevertheless"
        raise DataError(f"{printable(data)}: {reason}")
    return [each.part([i for i, path in enumerate(each.paths) if path in common]) for each in kept]


def _report(models: tuple[str, ...], evaluations: list[Evaluation]) -> dict[str, Any]:
    """All figures, ready for JSON."""
    from nncli.evaluation.comparison import compare, holm

    first = evaluations[0]
    answers = [_answers(each, first.classes) for each in evaluations]
    found = [compare(first.actual, answers[0], other) for other in answers[1:]]
    adjusted = holm([each.p_value for each in found])
    return {
        "images": len(first.paths),
        "skipped": len(first.bad),
        "models": [
            {
                "model": model,
                "accuracy": each.n_correct / len(each.paths),
                "interval": list(each.interval),
                "correct": each.n_correct,
            }
            for model, each in zip(models, evaluations, strict=True)
        ],
        "comparisons": [
            compared_report(models[0], model, each, p)
            for model, each, p in zip(models[1:], found, adjusted, strict=True)
        ],
    }  # fmt: skip


def _answers(evaluation: Evaluation, classes: tuple[str, ...]) -> Any:
    """The answers by the numbers of `classes`; -1 for a class that is none of them."""
    import numpy as np

    number = {name: k for k, name in enumerate(classes)}
    return np.array([number.get(name, -1) for name in evaluation.classes], np.intp)[evaluation.predicted]


def compared_report(first: str, second: str, found: Comparison, p: float) -> dict[str, Any]:
    """The figures of a comparison of two models, ready for JSON; `p` is that of the test, perhaps corrected."""
    from nncli.evaluation.comparison import verdict

    return {
        "first": first,
        "second": second,
        "difference": found.difference,
        "interval": list(found.interval()),
        "p_value": p,
        "verdict": verdict(p, found.difference),
        "both_right": found.both,
        "first_alone_right": found.first,
        "second_alone_right": found.second,
        "both_wrong": found.neither,
        "same_answer": found.same_answer,
    }


def _is_met(compared: dict[str, Any], gate: str) -> bool:
    return compared["verdict"] == "better" or (gate == "not-worse" and compared["verdict"] != "worse")


def _table(report: dict[str, Any]) -> str:
    from nncli.cli.evaluation_report import share_text
    from nncli.cli.text_table import aligned

    rows = [(printable(each["model"]), share_text(each), each["correct"]) for each in report["models"]]
    lines = aligned([("model", "accuracy", f"right of {report['images']:,}"), *rows])
    return "\n".join([*lines, "", *map(sentence, report["comparisons"])]) + "\n"


def sentence(compared: dict[str, Any]) -> str:
    """The verdict of the test, and how many images each model alone answers right."""
    from nncli.cli.evaluation_report import verdict_text

    alone = f"{compared['first_alone_right']} right by the first alone, {compared['second_alone_right']} by the other"
    return f"{verdict_text(compared, 'points')}; {alone}"


def _csv(report: dict[str, Any]) -> str:
    from nncli.evaluation.tables import csv_text

    names = ("first", "second", "difference", "low", "high", "p_value", "verdict")
    rows = []
    for each in report["comparisons"]:
        numbers = (each["difference"], *each["interval"], each["p_value"])
        rows.append((each["first"], each["second"], *(f"{number:.6f}" for number in numbers), each["verdict"]))
    return csv_text([names, *rows])


def _json(report: dict[str, Any]) -> str:
    return json.dumps(report, indent=2) + "\n"


FORMATS: dict[str, Callable[[dict[str, Any]], str]] = {"table": _table, "csv": _csv, "json": _json}


def _write_differences(target: str, task: str, models: tuple[str, ...], evaluations: list[Evaluation]) -> None:
    from nncli.cli.evaluation_files import write_table
    from nncli.evaluation.tables import csv_text

    if task == "multilabel":
        from nncli.cli.compare_labels import label_differences

        labels: Any = evaluations
        write_table(target, csv_text(label_differences(models, labels)))
        return
    said = [[each.classes[k] for k in each.predicted] for each in evaluations]
    first = evaluations[0]
    rows = [
        (path, first.classes[first.actual[i]], *(answers[i] for answers in said))
        for i, path in enumerate(first.paths)
        if len({answers[i] for answers in said}) > 1
    ]
    write_table(target, csv_text([("path", "actual", *models), *rows]))
