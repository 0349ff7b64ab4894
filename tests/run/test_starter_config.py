"""Configs written for a folder of images."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from nncli.config import load_config
from nncli.config.recipes import PHOTO_SIDES
from nncli.errors import DataError
from nncli.run.plan import plan_experiment
from nncli.run.starter_config import OFFERED, Starter
from tests.folders import write_class_folders, write_image

if TYPE_CHECKING:
    from pathlib import Path

COMMENTED = re.compile(r"^  # (\w+): ", re.MULTILINE)


def written(folder: Path, config: Path) -> str:
    """The config for `folder`, written to `config`."""
    text = Starter.of(str(folder)).text(config)
    config.write_text(text)
    return text


def test_it_says_what_was_found(tmp_path: Path) -> None:
    """Counts by class in natural order, sizes, and what was left out."""
    folder = write_class_folders(tmp_path / "photos", {"10": 4, "2": 3}, size=(50, 60))
    (folder / "2/notes.txt").write_text("no image")
    text = written(folder, tmp_path / "c.yaml")
    assert "# 7 images in 2 classes: 2 3, 10 4.\n" in text
    assert "# File sizes: 50x60.\n" in text
    assert "# Note: ignored 1 as no image by suffix: 2/notes.txt.\n" in text


@pytest.mark.parametrize(
    ("size", "mode", "image_size", "color", "recipe"),
    [
        ((20, 12), "L", (12, 20), "grayscale", "digits"),
        ((300, 200), "RGB", (PHOTO_SIDES[0][1], PHOTO_SIDES[0][1]), "rgb", "photos"),
    ],
)
def test_size_color_and_recipe_are_those_that_suit(
    tmp_path: Path, size: tuple[int, int], mode: str, image_size: tuple[int, int], color: str, recipe: str
) -> None:
    """Small images keep their size, large ones are made as large as the recipe likes; the comment says why."""
    for name in "ab":
        for number in range(6):
            path = write_image(tmp_path / f"photos/{name}/{number}.png", 120, number, size)
            if mode == "RGB":
                Image.new(mode, size, (200, 90 + number, 30)).save(path)
    text = written(tmp_path / "photos", tmp_path / "c.yaml")
    assert max(len(line) for line in text.splitlines() if "  path: " not in line) <= 100
    plan = plan_experiment(load_config(tmp_path / "c.yaml"))
    assert (image_size, color) == (plan.config.data.image_size, plan.config.data.color)
    assert recipe == plan.config.training.recipe
    assert f"the files are about {size[1]}x{size[0]}; " in text
    assert f"now {recipe}\n" in text


@pytest.mark.parametrize("names", [["photos"], ["photos/train", "photos/val", "photos/test"]])
def test_what_is_commented_out_is_what_holds(tmp_path: Path, names: list[str]) -> None:
    """With every comment sign removed the config means the same, and it is checked as strictly."""
    for name in names:
        write_class_folders(tmp_path / name, {"a": 8, "b": 8}, size=(9, 9))
    text = written(tmp_path / "photos", tmp_path / "c.yaml")
    (tmp_path / "all.yaml").write_text(COMMENTED.sub(r"  \1: ", text))
    assert len(OFFERED) - (len(names) > 1) == len(COMMENTED.findall(text))
    plans = [plan_experiment(load_config(tmp_path / name)) for name in ("c.yaml", "all.yaml")]
    assert plans[0].config == plans[1].config
    assert plans[0].layer_dims == plans[1].layer_dims


def test_every_line_has_a_comment_and_fits(tmp_path: Path) -> None:
    """As in configs/."""
    folder = write_class_folders(tmp_path / "photos", {f"a long name for a class {k}": 1 for k in range(60)})
    lines = written(folder, tmp_path / "c.yaml").splitlines()
    assert max(map(len, lines)) <= 120
    assert [] == [line for line in lines if re.match(r"  (# )?\w+:", line) and "  # " not in line[4:]]
    assert "and 20 more classes" in " ".join(lines)


def test_uneven_classes_are_told(tmp_path: Path) -> None:
    """With what can be done about it."""
    folder = write_class_folders(tmp_path / "photos", {"a": 9, "b": 3})
    assert "consider training.class_weights: balanced" in written(folder, tmp_path / "c.yaml")
    folder = write_class_folders(tmp_path / "even", {"a": 8, "b": 3})
    assert "consider" not in written(folder, tmp_path / "c.yaml")


@pytest.mark.parametrize(
    ("folder", "config", "path"),
    [
        ("photos", "c.yaml", "photos"),
        ("photos", "configs/c.yaml", "../photos"),
        ("photos", "a/b/c.yaml", None),
        ("~photos", "c.yaml", None),
        ('a "b" # c', "c.yaml", 'a "b" # c'),
    ],
)
def test_the_folder_is_found_from_the_config(tmp_path: Path, folder: str, config: str, path: str | None) -> None:
    """By a relative path where that is short, else by an absolute one; names may be odd."""
    root, target = write_class_folders(tmp_path / folder, {"a": 2, "b": 2}), tmp_path / config
    target.parent.mkdir(parents=True, exist_ok=True)
    text = written(root, target)
    expected = str(root) if path is None else path
    assert expected == re.search(r'^  path: "(.*)"  ', text, re.MULTILINE)[1].replace('\\"', '"')  # type: ignore[index]
    assert root.resolve() == load_config(target).config.data.path


def test_names_cannot_break_the_file(tmp_path: Path) -> None:
    """A class called like a line of YAML stays within its comment."""
    folder = write_class_folders(tmp_path / "photos", {"a\ntraining: {epochs: 1}": 2, "\x85b": 2})
    written(folder, tmp_path / "c.yaml")
    assert ("a\ntraining: {epochs: 1}", "\x85b") == plan_experiment(load_config(tmp_path / "c.yaml")).classes


def test_a_folder_that_no_config_can_name_is_refused(tmp_path: Path) -> None:
    """Before anything is written."""
    folder = write_class_folders(tmp_path / "phot\udcff", {"a": 2, "b": 2})
    with pytest.raises(DataError, match=r"phot\\xff: its name is not UTF-8"):
        written(folder, tmp_path / "c.yaml")


def test_a_folder_of_broken_images_is_refused(tmp_path: Path) -> None:
    """There is nothing to look at."""
    for name in "ab":
        (tmp_path / "photos" / name).mkdir(parents=True)
        (tmp_path / "photos" / name / "1.png").write_bytes(b"no image")
    with pytest.raises(DataError, match="none of the images looked at can be read"):
        Starter.of(str(tmp_path / "photos"))
