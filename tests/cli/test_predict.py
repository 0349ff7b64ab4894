"""``nncli predict``: one record per image."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli.cli.predict import Tally, _records
from nncli.cli.records import Layout
from nncli.model.file import read_model
from nncli.model.predictor import Predictor
from tests.cli.tiny import process, shell, write_image, write_three, write_two

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nncli.cli.inputs import Source
    from tests.cli.tiny import Runner


@pytest.fixture(autouse=True)
def _files() -> None:
    """three.npz is the model; black.png is coal with 0.7, white.png is snow with 0.8."""
    write_three(Path("model.npz"))
    write_image(Path("black.png"), 0)
    write_image(Path("white.png"), 255)


def test_label_and_probability_of_an_image(nncli: Runner) -> None:
    """The softmax of the biases, as computed by hand."""
    assert (0, "black.png\tcoal\t0.7000\n", "") == tuple(vars(nncli("predict", "black.png")).values())


def test_one_sigmoid_output_is_the_second_class(nncli: Runner) -> None:
    """1 / (1 + e^-z) for z = -4, 4 and -2.4."""
    write_two(Path("two.npz"))
    write_image(Path("gray.png"), 51)
    result = nncli("predict", "-m", "two.npz", "black.png", "white.png", "gray.png")
    assert "black.png\tdark\t0.9820\nwhite.png\tbright\t0.9820\ngray.png\tdark\t0.9168\n" == result.out


def test_records_are_in_the_order_of_the_input(nncli: Runner) -> None:
    """Files as given, also twice; folders in natural order, hidden and other files skipped."""
    for name in ("10", "9", "sub/1", ".hidden"):
        write_image(Path(f"d/{name}.png"), 0)
    Path("d/notes.txt").touch()
    result = nncli("predict", "white.png", "d", "black.png", "white.png", "-f", "csv")
    paths = [row[0] for row in csv.reader(io.StringIO(result.out))][1:]
    assert ["white.png", "d/9.png", "d/10.png", "d/sub/1.png", "black.png", "white.png"] == paths


def test_a_bad_image_is_a_record_a_line_and_an_exit_code(nncli: Runner) -> None:
    """And the others are predicted all the same."""
    Path("bad.png").write_text("no image")
    result = nncli("predict", "black.png", "bad.png", "missing.png", "white.png")
    assert 3 == result.code
    assert "black.png\tcoal\t0.7000\nbad.png\t\t\nmissing.png\t\t\nwhite.png\tsnow\t0.8000\n" == result.out
    first, second, summary = result.err.splitlines()
    assert first.startswith("nncli: bad.png: not a readable ")
    assert "nncli: missing.png: No such file or directory" == second
    assert "2 of 4 images could not be read" == summary


def test_images_in_archives_have_names(nncli: Runner) -> None:
    """As predict gives them; predict and explain take them, too."""
    write_image(Path("black.png"), 0)
    with zipfile.ZipFile("p.zip", "w") as archive:
        archive.write("black.png", "d/black.png")
    assert "p.zip/d/black.png\tcoal\t0.7000\n" == nncli("predict", "p.zip").out
    assert "p.zip/d/black.png\tcoal\t0.7000\n" == nncli("predict", "p.zip/d/black.png").out
    assert 0 == nncli("explain", "p.zip/d/black.png", "-o", "x.png").code


def test_quiet_keeps_the_lines_about_bad_images(nncli: Runner) -> None:
    """They are errors."""
    assert "nncli: x.png: No such file or directory\n" == nncli("predict", "-q", "x.png").err
    Path("p.zip").write_bytes(b"")
    assert "; nncli predict p.zip names the images in it\n" in nncli("explain", "p.zip/0.png", "-o", "x.png").err
    np.savez("x.npz", x=np.zeros((2, 3, 3), np.uint8))
    assert "x.npz[-1]: No such file or directory; predict x.npz answers" in nncli("predict", "-q", "x.npz[-1]").err
    assert "; nncli predict x.npz names" in nncli("explain", "x.npz[-1]", "-o", "x.png").err
    assert "; predict p.zip answers for each image in it\n" in nncli("predict", "-q", "p.zip/cat/0.png").err


@pytest.mark.parametrize("name", ["a/" * 3000, "x" * 5000 + ".npy[3]", "x" * 5000 + ".npy", "x" * 300 + ".zip/a.png"])
@pytest.mark.parametrize("command", ["predict", "explain"])
def test_a_name_too_long_for_a_file_is_one_line(nncli: Runner, command: str, name: str) -> None:
    """And the others are answered."""
    result = nncli("predict", name, "white.png") if command == "predict" else nncli("explain", name, "-o", "o.png")
    assert 1 == result.err.count("File name too long\n")
    assert ("snow" in result.out) == (command == "predict")


def test_more_than_a_batch_of_images(nncli: Runner) -> None:
    """Good and bad ones keep their places across batches."""
    names = [("black.png", "coal"), ("missing.png", ""), ("white.png", "snow")] * 50
    result = nncli("predict", *(name for name, _ in names))
    assert names == [tuple(line.split("\t")[:2]) for line in result.out.splitlines()]


def test_json_formats(nncli: Runner) -> None:
    """Full precision; the error of a bad image is its own reason."""
    lines = nncli("predict", "-f", "ndjson", "-k", "2", "black.png", "x.png").out.splitlines()
    black, missing = map(json.loads, lines)
    assert ("black.png", "coal", 0.7) == (black["path"], black["label"], black["probability"])
    assert ["coal", "fog"] == [entry["label"] for entry in black["top"]]
    assert ("", None, "No such file or directory") == (missing["label"], missing["probability"], missing["error"])
    assert [black, missing] == json.loads(nncli("predict", "-f", "json", "-k", "2", "black.png", "x.png").out)


def test_top_k_and_all_probabilities(nncli: Runner) -> None:
    """Ranks first, then every class in the model's order."""
    result = nncli("predict", "-k", "2", "--all-probs", "white.png")
    assert "white.png\tsnow\t0.8000\tfog\t0.1500\t0.0500\t0.1500\t0.8000\n" == result.out


def test_threshold(nncli: Runner) -> None:
    """0.7 is not enough; the label can be chosen."""
    args = ("predict", "black.png", "white.png", "-f", "label", "--threshold", "0.75")
    assert "unknown\nsnow\n" == nncli(*args).out
    assert "?\nsnow\n" == nncli(*args, "--unknown-label", "?").out


def test_options_come_from_the_environment_too(nncli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the command line wins."""
    monkeypatch.setenv("NNCLI_PREDICT_FORMAT", "label")
    assert "coal\n" == nncli("predict", "black.png").out
    assert "path,label" == nncli("predict", "black.png", "-f", "csv").out[:10]


def test_output_goes_to_a_file(nncli: Runner) -> None:
    """And nothing to stdout; a dash is stdout."""
    assert (0, "", "") == tuple(vars(nncli("predict", "black.png", "-o", "out.tsv")).values())
    assert "black.png\tcoal\t0.7000\n" == Path("out.tsv").read_text()
    assert "black.png\tcoal\t0.7000\n" == nncli("predict", "black.png", "-o", "-").out


def test_output_is_written_although_an_image_is_bad(nncli: Runner) -> None:
    """Exit code 3 means finished."""
    assert 3 == nncli("predict", "x.png", "black.png", "-o", "out.tsv").code
    assert "x.png\t\t\nblack.png\tcoal\t0.7000\n" == Path("out.tsv").read_text()


def test_output_that_cannot_be_written_is_found_before_the_first_image(nncli: Runner) -> None:
    """The bad image would have been reported."""
    result = nncli("predict", "x.png", "-o", "missing/out.tsv")
    assert 2 == result.code
    assert "missing/out.tsv: there is no folder missing; make it first" in result.err


def test_a_folder_without_images_is_an_error(nncli: Runner) -> None:
    """Before anything is printed."""
    Path("empty").mkdir()
    result = nncli("predict", "black.png", "empty")
    assert (1, "", "nncli: empty: no images in this folder\n") == tuple(vars(result).values())


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "no images given"),
        (["-", "-"], "stdin can be read only once"),
        (["-", "--files-from", "-"], "stdin can be read only once"),
        (["-0", "a.png"], "--null is about --files-from"),
        (["--unknown-label", "?", "a.png"], "--unknown-label needs a --threshold"),
        (["-f", "label", "-k", "2", "a.png"], "--format label has no place"),
        (["-f", "label", "--all-probs", "a.png"], "--format label has no place"),
        (["--threshold", "nan", "a.png"], "invalid value for '--threshold'"),
        (["-f", "xml", "a.png"], "invalid value for '-f'"),
    ],
)
def test_what_would_be_ignored_is_refused(nncli: Runner, args: list[str], message: str) -> None:
    """Exit code 2, and nothing is printed."""
    result = nncli("predict", *args)
    assert (2, "") == (result.code, result.out)
    assert result.err.startswith(f"nncli: {message}")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip"])
def test_a_damaged_model_is_an_error(nncli: Runner, content: bytes) -> None:
    """One line with its name; exit code 1."""
    Path("bad.npz").write_bytes(content)
    result = nncli("predict", "-m", "bad.npz", "black.png")
    assert (1, "") == (result.code, result.out)
    assert result.err.startswith("nncli: bad.npz: ")
    assert 1 == result.err.count("\n")


def test_the_newest_run_is_found_and_named(nncli: Runner) -> None:
    """On stderr, so that the result stays alone on stdout."""
    Path("runs/cats-1").mkdir(parents=True)
    Path("model.npz").rename("runs/cats-1/model.npz")
    result = nncli("predict", "black.png")
    assert "black.png\tcoal\t0.7000\n" == result.out
    assert "using the newest model, runs/cats-1/model.npz\n" == result.err
    assert "" == nncli("predict", "-q", "black.png").err


def test_class_names_are_escaped(nncli: Runner) -> None:
    """A model may come from a stranger."""
    write_three(Path("evil.npz"), ("\x1b[2J\tx\n", "b", "c"))
    assert "black.png\t\\x1b[2J\\x09x\\x0a\t0.7000\n" == nncli("predict", "-m", "evil.npz", "black.png").out


def test_a_name_cannot_fake_a_line_of_messages(nncli: Runner) -> None:
    """Newlines are escaped on stderr, too."""
    assert "nncli: a\\x0anncli: b: No such file or directory\n" == nncli("predict", "-q", "a\nnncli: b").err


def test_a_name_that_is_no_utf8_is_predicted() -> None:
    """And escaped in text, but not lost in JSON."""
    name = b"\xff\n.png".decode(errors="surrogateescape")
    write_image(Path(name), 0)
    assert "\\xff\\x0a.png\tcoal\t0.7000\n" == process("predict", name).stdout
    assert name == json.loads(process("predict", name, "-f", "json").stdout)[0]["path"]


def test_an_image_on_stdin() -> None:
    """Its name is a dash."""
    assert "-\tsnow\t0.8000\n" == shell("cat white.png | $NNCLI predict -").stdout


def test_nothing_on_stdin_is_a_bad_image() -> None:
    """As a download that failed."""
    result = shell("$NNCLI predict - black.png < /dev/null")
    assert (3, "-\t\t\nblack.png\tcoal\t0.7000\n") == (result.returncode, result.stdout)


def test_names_on_stdin() -> None:
    """Lines, or ended by NUL as find -print0 has them."""
    expected = "black.png\tcoal\t0.7000\nwhite.png\tsnow\t0.8000\n"
    assert expected == shell("ls *.png | $NNCLI predict --files-from -").stdout
    assert expected == shell("printf 'black.png\\0white.png\\0' | $NNCLI predict --files-from - -0").stdout


def test_no_names_on_stdin_are_no_records() -> None:
    """And no error; JSON is valid all the same."""
    assert (0, "[]\n") == (
        (result := shell("$NNCLI predict --files-from - -f json < /dev/null")).returncode,
        result.stdout,
    )


def test_whether_an_image_may_be_read_the_reading_shows(nncli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that may not is a record like any other bad one, and no usage error that costs the others theirs."""
    monkeypatch.setattr(os, "access", lambda *_args, **_options: False)  # what click would ask first
    assert (0, "black.png\tcoal\t0.7000\n", "") == tuple(vars(nncli("predict", "black.png")).values())


def test_every_record_is_handed_on_before_more_images_are_waited_for() -> None:
    """Whoever reads them from a pipe has them while the next names are still to come."""
    out = io.StringIO()
    handed_on: list[str] = []
    out.flush = lambda: handed_on.append(out.getvalue())  # type: ignore[method-assign]

    def lots() -> Iterator[list[Source]]:
        yield [("black.png", "black.png")]
        assert ["black.png coal\n"] == handed_on
        yield [("white.png", "white.png")] * 2
        assert "black.png coal\nwhite.png snow\nwhite.png snow\n" == handed_on[-1]

    predictor = Predictor(read_model(Path("model.npz")))
    layout = Layout(predictor.model.classes, 1, 0.0, "", False)
    for record in _records(predictor, lots(), layout, Tally(), out):
        out.write(f"{record.path} {record.label}\n")
