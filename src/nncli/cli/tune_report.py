"""Result of a search: all trials, and whether the best is better than the config's own settings."""

from __future__ import annotations

import shutil
import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Any

from nncli.cli.compare import compared_report, sentence
from nncli.cli.compare_labels import labels_report, labels_sentence
from nncli.cli.compare_numbers import numbers_report, numbers_sentence
from nncli.cli.text_table import aligned
from nncli.evaluation.comparison import compare
from nncli.evaluation.intervals import wilson
from nncli.evaluation.multilabel import MultilabelEvaluation
from nncli.evaluation.regression import RegressionEvaluation, mean_r2, r2_terms
from nncli.evaluation.resampling import drawn_anew
from nncli.evaluation.tables import csv_text
from nncli.text import counted
from nncli.tuning.measure import MEASURES
from nncli.tuning.trial import contest, winner

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from nncli.run.dataset import ImageSet
    from nncli.tuning.measure import Measure
    from nncli.tuning.study import Search
    from nncli.tuning.trial import Tried

OWN, BEST = "the config's own settings", "the best"


def report_of(search: Search, trials: list[Tried], output: Path) -> dict[str, Any]:
    """All figures, ready for JSON."""
    compared, measure = contest(trials), search.measure
    best, own = winner(trials) or compared[0], next((each for each in compared if each.is_own), None)
    order = [*compared, *sorted((each for each in trials if each not in compared), key=_rank)]
    return ({} if search.task == "classification" else {"task": search.task}) | {
        "config": str(output),
        "best": best.number,
        "own": None if own is None else own.number,
        "share": best.share,
        "set_aside": 0 if search.set_aside is None else len(search.set_aside.labels),
        "trials": [_row(each, search.space.described(each.choice), measure.key) for each in order],
        "verdict": _compared(search, own, best),
    }


def _rank(tried: Tried) -> tuple[float, ...]:
    return (-tried.share, tried.value is None, *(-part for part in tried.score), tried.number)


def _row(tried: Tried, settings: str, key: str) -> dict[str, Any]:
    is_judged = tried.value is not None
    return {
        "trial": tried.number,
        "state": tried.state,
        "images": tried.n_training,
        "epochs": tried.epochs,
        key: tried.value,
        "interval": list(tried.interval) if is_judged else None,
        "validation_images": tried.n_validation,
        "loss": tried.loss if is_judged else None,
        "seconds": round(tried.seconds, 1) if is_judged else None,
        "settings": settings,
    }


def _compared(search: Search, own: Tried | None, best: Tried) -> dict[str, Any] | None:
    """Both on the images set aside; None where there are none, or nothing to compare."""
    if search.set_aside is None or own is None or own is best or own.answers is None or best.answers is None:
        return None
    evaluated = {"classification": _classes, "multilabel": _labels, "regression": _numbers}[search.task]
    return evaluated(search, search.set_aside, own, best)


def _classes(_search: Search, images: ImageSet, own: Tried, best: Tried) -> dict[str, Any]:
    actual, answers = images.labels, [each.answers for each in (own, best)]
    found = compare(actual, *answers)  # type: ignore[arg-type]  # they were asked
    models = [_accuracy(name, actual == each) for name, each in zip((OWN, BEST), answers, strict=True)]
    return {
        "images": len(actual),
        "models": models,
        "comparison": compared_report(OWN, BEST, found, found.p_value),
    }


def _accuracy(name: str, is_right: NDArray[Any]) -> dict[str, Any]:
    n_right, n = int(is_right.sum()), len(is_right)
    return {"model": name, "accuracy": n_right / n, "interval": list(wilson(n_right, n)), "correct": n_right}


def _labels(search: Search, images: ImageSet, own: Tried, best: Tried) -> dict[str, Any]:
    paths, has = list(images.paths), images.targets > 0.5
    answers: list[tuple[Any, Any]] = [(each.answers, each.thresholds) for each in (own, best)]
    evaluations = [MultilabelEvaluation(search.names, paths, has, p, (), "", thresholds=t) for p, t in answers]
    report = labels_report((OWN, BEST), evaluations)
    return {"images": report["images"], "models": report["models"], "comparison": report["comparisons"][0]}


def _numbers(search: Search, images: ImageSet, own: Tried, best: Tried) -> dict[str, Any]:
    told: list[Any] = [own.answers, best.answers]
    paths, targets, mean = list(images.paths), images.targets, images.targets.mean(axis=0)
    evaluations = [RegressionEvaluation(search.names, paths, targets, each, (), "", mean=mean) for each in told]
    report = numbers_report((OWN, BEST), evaluations)
    for model, each in zip(report["models"], told, strict=True):
        drawn = drawn_anew(r2_terms(targets, each), mean_r2)
        model |= {"r2": drawn.value, "interval": list(drawn.interval)}
    return {key: report[key] for key in ("images", "models", "comparisons")}


def sentences(found: dict[str, Any], task: str) -> list[str]:
    """The verdict of the tests on the images set aside."""
    if task == "regression":
        return [numbers_sentence(each) for each in found["comparisons"]]
    return [labels_sentence(found["comparison"]) if task == "multilabel" else sentence(found["comparison"])]


def table(report: dict[str, Any]) -> list[str]:
    """Lines for a terminal: the finished trials, best first, and how many others there are."""
    measure = _measure(report)
    finished = [each for each in report["trials"] if each[measure.key] is not None]
    rows = [
        (each["trial"], each["images"], each["epochs"], _figure(each, measure), each["settings"]) for each in finished
    ]
    others = Counter(each["state"] for each in report["trials"] if each[measure.key] is None)
    lines = aligned([("trial", "images", "epochs", measure.title, "compared with the config"), *rows])
    indent = lines[0].index("compared")
    width = max(shutil.get_terminal_size().columns, indent + 24)
    shown = [part for line in lines for part in _wrapped(line, indent, width)]
    return [
        *shown,
        *(f"{counted(count, 'more trial')}: {state}" for state, count in others.items()),
    ]


def _wrapped(line: str, indent: int, width: int) -> list[str]:
    """A line whose last column goes on below itself."""
    words = textwrap.wrap(line[indent:], width - indent)
    return [line[:indent] + words[0], *(" " * indent + more for more in words[1:])] if words else [line]


def _measure(report: dict[str, Any]) -> Measure:
    return MEASURES[report.get("task", "classification")]


def _figure(row: dict[str, Any], measure: Measure) -> str:
    low, high = row["interval"]
    return f"{row[measure.key]:.4f} ({low:.4f} to {high:.4f})"


def _result(row: dict[str, Any], measure: Measure) -> str:
    """The figure of a trial, or of a model of the verdict, in a sentence: that of an accuracy needs no name."""
    if row[measure.key] is None:
        return str(row["state"])
    return ("" if measure.key == "accuracy" else f"{measure.title} ") + _figure(row, measure)


def verdict(report: dict[str, Any]) -> list[str]:
    """Whether the search has found something, and how far to trust it."""
    rows = {each["trial"]: each for each in report["trials"]}
    best, own, found = rows[report["best"]], rows.get(report["own"]), report["verdict"]
    measure = _measure(report)
    if own is None:
        return [f"{OWN} were not finished, so there is nothing to compare with; raise --budget"]
    size = ""
    if report["share"] < 1:
        size = f" when trained on {counted(best['images'], 'image')} for {counted(best['epochs'], 'epoch')}"
    chose_by = counted(best["validation_images"], "validation image")
    if best is own:
        better = "clearly better" if size else "better"
        return [f"nothing was {better} than {OWN}{size}, by {chose_by}: {_result(own, measure)}"]
    lines = [f"best: trial {best['trial']}{size}, {_result(best, measure)} on the {chose_by} that chose it"]
    lines[0] += f"; {OWN}: {_result(own, measure)}"
    if found is None and report["set_aside"]:
        n = report["set_aside"]
        return [
            *lines,
            f"no time was left to ask the {counted(n, 'image')} set aside: expect less on others, or raise --budget",
        ]
    if found is None:
        return [
            *lines,
            "there are no images that no trial was chosen by: expect less on others, and compare on new ones",
        ]
    lines.append(
        f"verdict on {counted(found['images'], 'image')} set aside, which no trial was trained on or chosen by:"
    )
    own_text, best_text = (_result(each, measure) for each in found["models"])
    said = sentences(found, report.get("task", "classification"))
    return [*lines, f"  {OWN} {own_text}, the best {best_text}", *(f"  {each}" for each in said)]


def as_csv(report: dict[str, Any]) -> str:
    """All trials, one a row."""
    measure = _measure(report)
    names = ("trial", "state", "images", "epochs", measure.key, "low", "high", "loss", "settings")
    rows = []
    for each in report["trials"]:
        numbers = [each[measure.key], *(each["interval"] or (None, None)), each["loss"]]
        shown = ["" if number is None else f"{number:.6f}" for number in numbers]
        rows.append((each["trial"], each["state"], each["images"], each["epochs"], *shown, each["settings"]))
    return csv_text([names, *rows])
