"""What a new user sees: the next command, a folder in place of a config, the runs there are, a terminal's width."""

from __future__ import annotations

import io
import json
import shlex
import signal
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from nncli.cli.bar import with_bar
from nncli.cli.commands import COMMANDS
from nncli.cli.messages import say, settings, warn
from nncli.cli.next_step import say_next, way_to_look
from nncli.errors import Interrupted
from tests.cli.tiny import write_image, write_three
from tests.folders import write_class_folders, write_config
from tests.folders import write_image as write_noise

if TYPE_CHECKING:
    from tests.cli.tiny import Runner


class Terminal(io.StringIO):
    """A stderr that is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


def terminal_in(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Of 80 columns, in place of stderr."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(settings, "quiet", False)
    return stream


def following(err: str) -> list[str]:
    """The words of the command that the last line of stderr names."""
    line = err.splitlines()[-1]
    assert line.startswith("next: nncli ")
    return shlex.split(line.removeprefix("next: nncli "))


def test_a_folder_is_trained_as_init_and_train_would(nncli: Runner) -> None:
    """It says so, leaves the config, uses it the second time, and its last line is a command that works."""
    write_class_folders(Path("my photos"), {"dark": 8, "light": 8}, size=(9, 9))
    first = nncli("train", "my photos", "--epochs", "2")
    assert (0, "runs/my photos-1/model.npz\n") == (first.code, first.out)
    assert first.err.startswith("my photos is no config; as by: nncli init 'my photos' -o 'my photos.yaml'; ")
    assert "recipe: auto" in Path("my photos.yaml").read_text()
    assert "my photos is no config; training with my photos.yaml" in nncli("train", "my photos", "--epochs", "1").err
    assert "runs/my photos-1" == following(first.err)[1]
    assert "next: " not in nncli("train", "my photos", "--epochs", "1", "-q").err


@pytest.mark.parametrize(("is_there", "word"), [(True, "report"), (False, "show")])
def test_a_report_is_what_comes_next_where_it_can_be_made(
    is_there: bool, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """jinja2 is all that it needs."""
    monkeypatch.setattr(
        "nncli.cli.next_step.find_spec", lambda name: object() if is_there and name == "jinja2" else None
    )
    assert [word, "runs/a-1"] == way_to_look(Path("runs/a-1"))


def test_the_config_of_another_folder_is_not_used(nncli: Runner) -> None:
    """Nor overwritten: the message names the command that makes another."""
    for parent in ("a", "b"):
        write_class_folders(Path(parent, "photos"), {"dark": 8, "light": 8})
    nncli("init", "a/photos", "-o", "photos.yaml")
    result = nncli("train", "b/photos")
    expected = "nncli: b/photos: no config, and photos.yaml is about other data; nncli init b/photos -o other.yaml\n"
    assert (2, expected) == (result.code, result.err)


def test_a_dry_run_of_a_folder_writes_nothing(nncli: Runner) -> None:
    """The plan is that of the config that init would write."""
    write_class_folders(Path("photos"), {"dark": 8, "light": 8})
    assert "config     photos.yaml\nrecipe     garments" in nncli("train", "photos", "--dry-run").out
    assert [Path("photos")] == list(Path().iterdir())


def test_photos_without_a_recipe_get_a_hint(nncli: Runner) -> None:
    """Not with a recipe or features of one's own, and not where images are small."""
    for k in range(8):
        write_noise(Path("photos", "ab"[k % 2], f"{k}.png"), 100, k, (100, 100), "RGB")
    Path("c.yaml").write_text("data: {path: photos, image_size: 8}\ntraining: {epochs: 1}\n")
    hint = "for photos `recipe: auto` below training: is better by far"
    assert hint in nncli("train", "c.yaml").err
    assert hint not in nncli("train", "c.yaml", "--set", "training.recipe=plain").err


def test_evaluate_goes_on_with_the_mistakes(nncli: Runner) -> None:
    """With the paths of this run; where there are none, or they are drawn already, with the model."""
    write_three(Path("model.npz"))
    write_image(Path("d/coal/a.png"), 0)
    write_image(Path("d/snow/b.png"), 0)
    words = following(nncli("evaluate", "d").err)
    assert ["evaluate", "-m", "model.npz", "d", "--wrong-sheet", "wrong.png"] == words
    assert 0 == nncli(*words).code
    assert "model.npz" == following(nncli(*words).err)[1]


def test_patterns_that_were_stopped_say_so(nncli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are lost before the first epoch, and that is not "nothing had been trained"; no run is left."""
    write_class_folders(Path("photos"), {"dark": 8, "light": 8}, size=(8, 8))

    def stopped(*_: object) -> NoReturn:
        raise Interrupted(signal.SIGINT)

    monkeypatch.setattr("nncli.run.trained_patterns.trained", stopped)
    block = "{size: 2, count: 2, pool: 1, deep_size: 2, deep_count: 2, grid: 1}"
    data = f"path: photos, image_size: [8, 8], features: [deep_patches: {block}]"
    Path("c.yaml").write_text(f"data: {{{data}}}\ntraining: {{pattern_epochs: 3}}")
    result = nncli("train", "c.yaml")
    assert 130 == result.code
    assert "nothing is kept, not what patterns had learned either; the same command begins again" in result.err
    assert not list(Path().glob("runs/*"))


def test_runs_are_listed(nncli: Runner) -> None:
    """A table, csv and json; a damaged one is named and left out."""
    write_class_folders(Path("photos"), {"dark": 8, "light": 8})
    assert "no such folder" in nncli("runs").err
    assert "dark/0.png: not a folder, so there is no run in it" in nncli("runs", "photos/dark/0.png").err
    nncli("train", "photos", "--epochs", "2")
    nncli("train", "photos", "--epochs", "2")
    Path("runs/photos-2/metrics.json").write_text("{")
    result = nncli("runs")
    header, row = result.out.splitlines()
    assert ["run", "data", "accuracy"] == header.split()[:3]
    metrics = json.loads(Path("runs/photos-1/metrics.json").read_text())
    assert ["runs/photos-1", "photos", f"{metrics['accuracy']:.4f}"] == row.split()[:3]
    assert "nncli: runs/photos-2/metrics.json: is damaged" in result.err
    (listed,) = json.loads(nncli("runs", "-f", "json").out)
    assert metrics["interval"] == [listed["low"], listed["high"]]
    assert str(Path("photos").resolve()) == listed["data"]
    assert nncli("runs", "-f", "csv").out.startswith("run,data,accuracy,low,high,images,date,folds\nruns/photos-1,")


def test_a_cross_validation_is_listed(nncli: Runner) -> None:
    """With its folds; it has no model to go on with."""
    write_class_folders(Path("photos"), {"dark": 8, "light": 8})
    write_config(Path("c.yaml"), "photos", training={"epochs": 2})
    nncli("crossval", "c.yaml", "-k", "2")
    result = nncli("runs")
    assert result.out.splitlines()[1].startswith("runs/c-crossval-1  photos  ")
    assert "  16 in 2 folds  " in result.out
    assert "next:" not in result.err
    (listed,) = json.loads(nncli("runs", "-f", "json").out)
    assert (16, 2) == (listed["images"], listed["folds"])


def test_a_report_is_opened(nncli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the browser, where there is one."""
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: bool(opened.append(url)))  # type: ignore[func-returns-value]
    write_three(Path("model.npz"))
    result = nncli("report", "model.npz", "--open")
    assert [Path("report.html").resolve().as_uri()] == opened
    assert "no browser was found; open report.html in one\n" == result.err.splitlines(keepends=True)[-1]


def test_lines_on_a_terminal_break_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never within a name; what goes on is indented. Elsewhere a message is a line, whatever its length."""
    terminal = terminal_in(monkeypatch)
    name = f"photos/{'x' * 90}.jpg"
    say("word " * 30 + "end")
    warn(f"{'word ' * 30}{name}: {'word ' * 30}")
    lines = terminal.getvalue().splitlines()
    assert [f"  {name}:"] == [line for line in lines if len(line) > 80]
    assert 1 == terminal.getvalue().count("nncli: word")
    assert {"wo", "nn", "  "} == {line[:2] for line in lines}


def test_a_config_is_quoted_as_it_stands(nncli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line about it is broken, not the one that the caret points into."""
    key = "e" * 60
    Path("c.yaml").write_text(f"training:\n  {key}:   {'x' * 9}\n")
    terminal = terminal_in(monkeypatch)
    assert 2 == nncli("train", "c.yaml").code
    *told, quoted, caret = terminal.getvalue().splitlines()
    assert (quoted.index(key), key) == (caret.index("^"), quoted.partition(":")[0].split()[-1])
    assert len(told) > 1
    assert max(map(len, told)) <= 80


def test_the_next_command_goes_on_in_lines_that_a_shell_puts_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """And that fit a terminal."""
    terminal = terminal_in(monkeypatch)
    words = ["explain", f"my {'photos' * 5}/a.jpg", "-m", f"runs/{'photos' * 5}-1", "-o", "why.png"]
    say_next(*words)
    lines = terminal.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert ["next:", "nncli", *words] == shlex.split(terminal.getvalue().replace("\\\n", ""))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_help_fits_a_terminal(nncli: Runner, command: str) -> None:
    """Its examples, too, which are printed as they are."""
    assert [] == [line for line in nncli(command, "--help").out.splitlines() if len(line) > 80]


def test_tables_for_people_are_broken_where_a_terminal_is_too_narrow(
    nncli: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records for programs are not."""
    write_three(Path("model.npz"))
    write_image(Path(f"d/{'x' * 60}.png"), 0)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    nncli("predict", "d", "-f", "table", "-k", "2")
    assert max(map(len, terminal.getvalue().splitlines())) <= 80
    terminal.truncate(0)
    nncli("predict", "d", "-k", "2")
    assert ["x.png"] == [line.split("\t")[0][-5:] for line in terminal.getvalue().splitlines()]


def test_predict_shows_a_bar_where_nothing_else_is_seen(nncli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where records go to a file, or wait for all of them."""
    write_three(Path("model.npz"))
    write_image(Path("d/a.png"), 0)
    watched: list[object] = []
    monkeypatch.setattr("nncli.cli.predict.with_bar", lambda records: [watched.append(sys.stdout), *records][1:])  # type: ignore[func-returns-value]
    terminal = Terminal()
    with Path("records.tsv").open("w") as file:
        for stdout, format_ in ((terminal, "tsv"), (file, "tsv"), (terminal, "table")):
            monkeypatch.setattr(sys, "stdout", stdout)
            nncli("predict", "d", "-f", format_)
    assert [file, terminal] == watched


def test_a_bar_makes_room_for_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is worked through comes out as it is; without a terminal there is no bar."""
    terminal = terminal_in(monkeypatch)
    seen = []
    for item in with_bar([1, 2, 3], 3):
        warn(f"line {item}")
        seen.append(item)
    assert [1, 2, 3] == seen
    assert "\rnncli: line 2\n" in terminal.getvalue()
    assert "| 0/3 images [" in terminal.getvalue()
    assert settings.clear_bar is None
