"""`nncli predict`: one record per image."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nncli.cli.bar import with_bar
from nncli.cli.inputs import STDIN, broken_links, check_folders, check_numbers, container_of, source_lots, unread_notes
from nncli.cli.messages import fitted, say, warn
from nncli.cli.model_lookup import find_model
from nncli.cli.options import Output, Share, backend_option, model_option
from nncli.cli.predicting import help_predicting, predicting
from nncli.cli.records import FORMATS, Layout, make_record
from nncli.cli.together import together
from nncli.errors import EXIT_SKIPPED, UsageError
from nncli.machine.atomic_file import open_atomically
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from typing import TextIO

    from nncli.cli.inputs import Source
    from nncli.cli.multilabel import LabelsLayout
    from nncli.cli.records import Row
    from nncli.cli.regression import NumbersLayout
    from nncli.model.file import Model
    from nncli.model.predictor import Prediction, Predictor
    from nncli.model.ranked_prediction import RankedPredictor


@click.command(short_help="Print the class of images.")
@click.argument("paths", metavar="IMAGE|DIR|-...", nargs=-1, type=click.Path(allow_dash=True, readable=False))
@click.option("--files-from", metavar="FILE|-", type=click.Path(), help="Read names of images and folders, one a line.")
@click.option("--labeled", is_flag=True, help="Lines of --files-from end with a label, which is left out.")
@click.option("-0", "--null", is_flag=True, help="Names in --files-from end with NUL (find -print0).")
@model_option
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(list(FORMATS)),
    default="tsv",
    show_default=True,
    help="Output format.",
)
@click.option("-k", "--top-k", type=click.IntRange(1), default=1, show_default=True, help="Show the K best classes.")
@click.option("--threshold", type=Share(), metavar="P", help="Below this probability the label is the unknown label.")
@click.option("--unknown-label", metavar="TEXT", help="Label below the threshold.  [default: unknown]")
@click.option(
    "--strange",
    type=Share(),
    metavar="P",
    help="The label is the unknown label for images as strange as the P strangest.",
)
@click.option(
    "--confidence", type=Share(), metavar="P", help="Add the labels that hold the right one with probability P."
)
@click.option("--all-probs", is_flag=True, help="Add the probability of every class, in the model's order.")
@click.option("--header", is_flag=True, help="Begin tsv with the names of its columns.")
@click.option("-o", "--output", metavar="FILE", type=Output(), help="Write here instead of to stdout.")
@backend_option
@click.pass_context
@together.helped_by(help_predicting)
def command(
    context: click.Context,
    /,
    *,
    paths: tuple[str, ...],
    files_from: str | None,
    null: bool,
    labeled: bool,
    model: str | None,
    format_: str,
    strange: float | None,
    output: str | None,
    backend: str,
    **_: object,
) -> None:
    """Print the label and its probability for each image, one record per image in the order of the input.

    \b
    Examples:
      nncli predict photo.jpg                     photo.jpg<TAB>cat<TAB>0.9731
      nncli predict -m runs/cats-1 photos/        all images below a folder
      nncli predict -f csv -o labels.csv *.jpg
      nncli predict t10k-images-idx3-ubyte.gz     arrays: FILE[0], FILE[1], ...
      nncli predict --strange 0.01 --confidence 0.9 photos/
      find . -name '*.png' -print0 | nncli predict --files-from - -0 -f ndjson
      curl -s https://example.org/cat.jpg | nncli predict -f label -

    Of a model that tells labels (data.task multilabel) a record has all that reach their thresholds, or --threshold.
    Of a model that tells numbers (data.task regression) it has these, and with --confidence their intervals.

    An image that cannot be read is a record with an empty label and a line on stderr; the exit code is then 3. A tab or
    another control character in a name is printed as an escape such as \\x09; json and ndjson have names exactly.
    """
    _check_usage(context)
    from nncli.model.file import read_model

    check_folders(paths)
    used = read_model(find_model(model))
    check_numbers(paths, used.image_format)
    tells_strangeness = strange is not None or format_ in ("json", "ndjson")
    separator, turned = b"\0" if null else b"\n", used.setting("data.transpose") == "on"
    lots = source_lots(paths, files_from, separator, labeled=labeled, transpose=turned)
    layout = _layout(context.params, used)
    tally = Tally()
    with predicting(used, backend, tells_strangeness=tells_strangeness) as predictor, _open_output(output) as out:
        records = _records(predictor, lots, layout, tally, out)
        for text in FORMATS[format_](with_bar(records) if _is_quiet(out, format_) else records, layout):
            out.write(fitted(text, out) if format_ == "table" else text)
    if _tell_what_was_left_out(tally, paths):
        context.exit(EXIT_SKIPPED)


def _unknown_label(given: str | None, classes: Sequence[str], *, is_used: bool) -> str:
    """The label of images that are of no class.

    Raises:
        UsageError: It is a class, so nobody could tell the two apart.
    """
    label = "unknown" if given is None else given
    if is_used and label in classes:
        raise UsageError(f"the model has a class called {printable(label)}; choose another --unknown-label TEXT")
    return label


def _tell_what_was_left_out(tally: Tally, paths: tuple[str, ...]) -> bool:
    """Say what was not read, or not all of it; whether any image has no answer."""
    left_out = list(unread_notes(paths))
    for line in (*tally.notes(), *left_out):
        say(line)
    if broken := broken_links(paths):
        from nncli.data.folder_walk import some

        say(f"left out, for they are links to nothing: {some(broken)}")
    if tally.bad:
        say(f"{tally.bad:,} of {counted(tally.images, 'image')} could not be read")
    return bool(tally.bad or left_out)


OF_CLASSES = ("top_k", "threshold", "unknown_label", "all_probs", "strange")
"""Options that speak of classes."""

OF_ONE_CLASS = ("top_k", "unknown_label", "strange", "confidence")
"""Options that speak of the one class that an image has."""

MOST_SEVERAL = 1000
"""Files of several pictures that are noted."""


def _check_model(model: Model, strange: float | None, confidence: float | None) -> None:
    """Refuse what the model cannot tell, and say how far it can be trusted.

    Raises:
        UsageError: It keeps nothing of its validation images, or they are too few.
    """
    evidence = model.evidence
    if strange is not None and evidence.strangeness is None:
        raise UsageError("--strange: this model cannot tell; train it again, with 20 or more validation images")
    if confidence is None:
        return
    if evidence.conformal is None:
        raise UsageError("--confidence: this model cannot promise anything; train it again, with validation images")
    chose = model.setting("training.monitor") != "last"
    approximate = "; about so, for the validation images also chose the epoch" if chose else ""
    by_class = ", and in every class," if evidence.conformal.is_by_class else ""
    images = f"for images like the validation images{approximate}"
    say(f"labels hold the right one{by_class} with probability {confidence:g} {images}")


def _layout(given: dict[str, Any], used: Model) -> Layout | LabelsLayout | NumbersLayout:
    """Contents of a record of the model's.

    Raises:
        UsageError: An option has no meaning for the model, or it cannot promise what is asked for.
    """
    if used.task.name != "classification":
        return _layout_of_others(given, used)
    strange, confidence, conformal = given["strange"], given["confidence"], used.evidence.conformal
    _check_model(used, strange, confidence)
    is_used = given["threshold"] is not None or strange is not None
    label = _unknown_label(given["unknown_label"], used.classes, is_used=is_used)
    limits = conformal.limits(confidence).tolist() if conformal and confidence is not None else None
    strangest = 2.0 if strange is None else 1 - strange
    threshold, top_k, all_probs, header = given["threshold"] or 0.0, given["top_k"], given["all_probs"], given["header"]
    return Layout(used.classes, top_k, threshold, label, all_probs, limits, strangest, header)


def _layout_of_others(given: dict[str, Any], used: Model) -> LabelsLayout | NumbersLayout:
    """The same of a model that tells labels or numbers."""
    from nncli.cli.regression import numbers_layout, refuse_options
    from nncli.model.task import Multilabel

    is_said = given | {"top_k": given["top_k"] > 1}
    if not isinstance(used.task, Multilabel):
        refuse_options(is_said, OF_CLASSES)
        return numbers_layout(used, given["confidence"], header=given["header"])
    from nncli.cli.multilabel import labels_layout

    refuse_options(is_said, OF_ONE_CLASS, "labels")
    return labels_layout(used.classes, used.task, given)


@dataclass
class Tally:
    """How many images there were, and how many of them could not be read."""

    images: int = 0
    bad: int = 0
    several: list[tuple[str, str]] = field(default_factory=list)

    def look_at(self, paths: Sequence[str]) -> None:
        """Note which of these files hold more than one picture."""
        from nncli.data.image.image_format import SEVERAL_SUFFIXES

        if len(self.several) < MOST_SEVERAL and any(path.lower().endswith(SEVERAL_SUFFIXES) for path in paths):
            from nncli.data.suspects import several_pictures

            self.several += several_pictures(paths)

    def notes(self) -> Iterator[str]:
        """A line about files of which one picture of several counts."""
        if self.several:
            from nncli.data.suspects import one_counts

            yield one_counts(self.several)


def _check_usage(context: click.Context) -> None:
    """Refuse what would be ignored, or cannot be.

    Raises:
        click.UsageError: With the reason.
    """
    given = context.params
    if not given["paths"] and given["files_from"] is None:
        raise click.UsageError("no images given; name files or folders, - for stdin, or --files-from", context)
    if given["paths"].count(STDIN) + (given["files_from"] == STDIN) > 1:
        raise click.UsageError("stdin can be read only once", context)
    for name in ("null", "labeled"):
        if given[name] and given["files_from"] is None:
            raise click.UsageError(f"--{name} is about --files-from, which is not given", context)
    if given["unknown_label"] is not None and given["threshold"] is None and given["strange"] is None:
        raise click.UsageError("--unknown-label needs a --threshold, or --strange", context)
    if given["header"] and given["format_"] != "tsv":
        raise click.UsageError("--header is for --format tsv; csv and table have one", context)
    if given["format_"] == "label" and (given["top_k"] > 1 or given["all_probs"] or given["confidence"] is not None):
        raise click.UsageError("--format label has no place for --top-k, --all-probs and --confidence", context)


def _open_output(output: str | None) -> AbstractContextManager[TextIO]:
    return nullcontext(sys.stdout) if output in (None, STDIN) else open_atomically(Path(output))


def _is_quiet(out: TextIO, format_: str) -> bool:
    """Whether nothing is seen until all records are there: columns in line are as wide as all of them ask."""
    if format_ == "table" or out is not sys.stdout:
        return True
    try:
        return stat.S_ISREG(os.fstat(out.fileno()).st_mode)
    except OSError:
        return False


def _maker(layout: Layout | LabelsLayout | NumbersLayout) -> Callable[[Prediction], Row]:
    """From a prediction to its record."""
    if isinstance(layout, Layout):
        return lambda prediction: make_record(prediction, layout)
    return layout.record


def _records(
    predictor: Predictor | RankedPredictor,
    lots: Iterable[Iterable[Source]],
    layout: Layout | LabelsLayout | NumbersLayout,
    tally: Tally,
    out: TextIO,
) -> Iterator[Row]:
    """A record per source; flushes `out` before it waits for the next ones."""
    make = _maker(layout)
    for predictions in predictor.predict_batches(lots):
        tally.look_at([prediction.path for prediction in predictions])
        for prediction in predictions:
            tally.images += 1
            if prediction.error:
                tally.bad += 1
                inside = container_of(prediction.path)
                way_out = f"; predict {printable(inside)} answers for each image in it" if inside else ""
                warn(f"{printable(prediction.path)}: {prediction.error}{way_out}")
            yield make(prediction)
        out.flush()
