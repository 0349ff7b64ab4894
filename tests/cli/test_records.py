"""From predictions to lines: six formats of the same records."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.cli.records import FORMATS, Layout, Record, json_text, make_record
from nncli.model.predictor import Prediction

if TYPE_CHECKING:
    from collections.abc import Iterator

CLASSES = ("coal", "fog", "snow")


def prediction(path: str = "a.png", *probabilities: float, error: str = "") -> Prediction:
    """A prediction with these probabilities."""
    return Prediction(path, np.array(probabilities, np.float32), error)


def text(format_: str, layout: Layout, *predictions: Prediction) -> str:
    """What is printed for some predictions."""
    return "".join(FORMATS[format_]((make_record(p, layout) for p in predictions), layout))


A = prediction("a.png", 0.25, 0.0625, 0.6875)
BAD = prediction("bad.png", error="empty file")
PLAIN, TOP_2 = Layout(CLASSES), Layout(CLASSES, top_k=2)
ALL = Layout(CLASSES, all_probabilities=True)


@pytest.mark.parametrize(
    ("format_", "layout", "expected"),
    [
        ("tsv", PLAIN, "a.png\tsnow\t0.6875\nbad.png\t\t\n"),
        ("tsv", TOP_2, "a.png\tsnow\t0.6875\tcoal\t0.2500\nbad.png\t\t\t\t\n"),
        ("tsv", ALL, "a.png\tsnow\t0.6875\t0.2500\t0.0625\t0.6875\nbad.png\t\t\t\t\t\n"),
        ("csv", PLAIN, "path,label,probability\na.png,snow,0.6875\nbad.png,,\n"),
        (
            "csv",
            TOP_2,
            "path,label,probability,label_2,probability_2\na.png,snow,0.6875,coal,0.2500\nbad.png,,,,\n",
        ),
        (
            "csv",
            ALL,
            "path,label,probability,coal,fog,snow\na.png,snow,0.6875,0.2500,0.0625,0.6875\nbad.png,,,,,\n",
        ),
        ("label", PLAIN, "snow\n\n"),
        ("table", PLAIN, "path     label  probability\na.png    snow   0.6875\nbad.png\n"),
    ],
)
def test_text_formats(format_: str, layout: Layout, expected: str) -> None:
    """One line per image, each with the same columns; those of a bad one are empty."""
    assert expected == text(format_, layout, A, BAD)


def test_ndjson() -> None:
    """One object per line with the probabilities in full; a bad image has an error and an empty label."""
    first, second = map(json.loads, text("ndjson", TOP_2, A, BAD).splitlines())
    top = [{"label": "snow", "probability": 0.6875}, {"label": "coal", "probability": 0.25}]
    assert {"path": "a.png", "label": "snow", "probability": 0.6875, "top": top} == first
    assert {"path": "bad.png", "label": "", "probability": None, "top": [], "error": "empty file"} == second


def test_ndjson_with_all_probabilities() -> None:
    """By class name."""
    first, second = map(json.loads, text("ndjson", ALL, A, BAD).splitlines())
    assert {"coal": 0.25, "fog": 0.0625, "snow": 0.6875} == first["probabilities"]
    assert {} == second["probabilities"]


def test_json_is_one_array_of_the_same_objects() -> None:
    """As ndjson, between brackets."""
    lines = text("ndjson", PLAIN, A, BAD).splitlines()
    assert [json.loads(line) for line in lines] == json.loads(text("json", PLAIN, A, BAD))


def test_json_of_no_images_is_an_empty_array() -> None:
    """A program that reads it needs no special case."""
    assert "[]\n" == text("json", PLAIN)


@pytest.mark.parametrize("format_", ["tsv", "csv", "label", "json", "ndjson"])
def test_records_are_written_one_by_one(format_: str) -> None:
    """Nothing waits for the end of the stream."""
    asked: list[Record] = []

    def records() -> Iterator[Record]:
        for _ in range(100):
            asked.append(make_record(A, PLAIN))
            yield asked[-1]

    pieces = FORMATS[format_](records(), PLAIN)
    while "snow" not in next(pieces):
        pass
    assert 1 == len(asked)


def test_probabilities_in_json_are_the_shortest_that_say_which_float32() -> None:
    """0.9731 and not 0.9731000065803528, and yet nothing is lost."""
    third = float(np.float32(1) / np.float32(3))
    records = json.loads(text("json", PLAIN, prediction("a", 0, 0.0269, 0.9731), prediction("b", third, 0.3, 0.3)))
    assert 0.9731 == records[0]["probability"]
    assert third == float(np.float32(records[1]["probability"]))
    assert len(str(records[1]["probability"])) < 12


def test_of_equal_probabilities_the_first_class_wins() -> None:
    """As argmax has it."""
    record = make_record(prediction("a.png", 0.25, 0.375, 0.375), Layout(CLASSES, top_k=3))
    assert ["fog", "snow", "coal"] == [label for label, _ in record.top]


def test_more_ranks_than_classes_are_all_classes() -> None:
    """-k 5 of three classes is no error."""
    assert 2 + 3 * 2 - 1 == len(text("tsv", Layout(CLASSES, top_k=5), A).split("\t"))


@pytest.mark.parametrize(("threshold", "label"), [(0.6875, "snow"), (0.69, "?")])
def test_below_the_threshold_the_label_is_unknown(threshold: float, label: str) -> None:
    """At the threshold it is known; the ranking stays as it is."""
    layout = Layout(CLASSES, threshold=threshold, unknown_label="?")
    record = json.loads(text("ndjson", layout, A))
    assert (label, 0.6875, "snow") == (record["label"], record["probability"], record["top"][0]["label"])


ODD_NAMES = ["a\tb", "a\nb", "\x1b[2J", "\x9b", "\udcff", "\u202e", "ผัดไทย", 'a"b', "a,b", "\\", "\x7f", " ", "👩‍🍳"]


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("format_", FORMATS)
def test_odd_names_cannot_fake_lines_or_reach_the_terminal(format_: str, name: str) -> None:
    """Of files and of classes."""
    output = text(format_, Layout((name, "fog", "snow"), top_k=3), prediction(name, 1, 0, 0))
    n_lines = {"csv": 2, "table": 2, "json": 3}.get(format_, 1)
    assert n_lines == output.count("\n")
    assert not set("\x1b\x7f\x9b\udcff\u202e") & set(output)
    if format_ == "tsv":
        assert 6 == output.count("\t")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_json_has_every_name_exactly(name: str) -> None:
    """Python reads back what was there, undecodable bytes included."""
    assert name == json.loads(text("ndjson", PLAIN, prediction(name, 1, 0, 0)))["path"]


@pytest.mark.parametrize("name", ["a,b", 'a"b', '"', " ", "ผัดไทย"])
def test_csv_has_printable_names_exactly(name: str) -> None:
    """Python's csv module reads back what was there."""
    rows = list(csv.reader(io.StringIO(text("csv", PLAIN, prediction(name, 1, 0, 0)))))
    assert [["path", "label", "probability"], [name, "coal", "1.0000"]] == rows


@pytest.mark.parametrize(
    ("value", "expected"),
    [("ผัดไทย", '"ผัดไทย"'), ("\x9b", '"\\u009b"'), ("\udcff", '"\\udcff"'), ({"a": 1}, '{"a": 1}')],
)
def test_json_is_readable_where_it_can_be(value: Any, expected: str) -> None:
    """Escapes are for what cannot be seen."""
    assert expected == json_text(value)


def test_a_bar_in_a_name_does_not_divide_a_set_of_labels() -> None:
    """It is an escape there, as where an image has several labels."""
    record = Record("1.jpg", "a|b", [("a|b", 0.5)], [], "", ["a|b", "c"])
    assert ["1.jpg", "a|b", "0.5000", "a\\x7cb|c"] == record.cells(Layout(("a|b", "c"), limits=[0.1, 0.1]))
