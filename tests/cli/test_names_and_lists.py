"""Names and lists as other systems write them."""

from __future__ import annotations

import shutil
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from nncli.data.image.decoding import ImageError, decode_image
from nncli.data.image.image_format import ImageFormat
from nncli.data.image_folder import scan_image_folder
from nncli.errors import DataError
from nncli.pictures.confusion import confusion_picture
from tests.cli.tiny import write_image, write_three
from tests.folders import write_class_folders

if TYPE_CHECKING:
    from tests.cli.tiny import Runner

CAFE = "Café"
CAFE_OF_MACOS = unicodedata.normalize("NFD", CAFE)


def test_accents_of_macos_and_linux_are_one_class(nncli: Runner) -> None:
    """In one folder, in another split, and where a model is evaluated."""
    for place in (f"train/{CAFE}", f"train/{CAFE_OF_MACOS}", f"val/{CAFE_OF_MACOS}", "train/bar", "val/bar"):
        write_image(Path("photos", place, f"{len(place)}.png"), 0)
    source = scan_image_folder("photos")
    assert ("Cafe\u0301", "bar") == source.classes  # the spelling met first
    assert [3, 2] == [len(files.paths) for files in source.splits.values()]
    write_three(Path("model.npz"), ("bar", CAFE, "snow"))
    assert 0 == nncli("evaluate", "photos", "--split", "val").code


def test_a_class_that_differs_in_case_or_blanks_gets_a_hint() -> None:
    """Such folders can lie side by side, so they are not taken for one."""
    for folder, name in (("train", "cat"), ("train", "dog"), ("val", "Cat ")):
        write_image(Path("photos", folder, name, "a.png"), 0)
    with pytest.raises(DataError, match=r"no class Cat ; 'Cat ' and 'cat' differ in case or blanks alone: rename one$"):
        scan_image_folder("photos")


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbfd/a.png\n", "d/a.png\r\n".encode("utf-16"), b"d\\a.png\r\n"],
    ids=["bom", "utf-16", "windows"],
)
def test_a_list_is_read_however_it_was_saved(nncli: Runner, content: bytes) -> None:
    """With a byte order mark, in UTF-16, with backslashes."""
    write_three(Path("model.npz"))
    write_image(Path("d/a.png"), 0)
    Path("list.txt").write_bytes(content)
    result = nncli("predict", "--files-from", "list.txt")
    assert (0, "d/a.png\tcoal\t0.7000\n") == (result.code, result.out)


@pytest.mark.parametrize("between", ["\t", ",", "  "])
def test_labels_in_a_list_are_left_out(nncli: Runner, between: str) -> None:
    """What follows the last tab, else comma, else blank; without a list --labeled has no meaning."""
    write_three(Path("model.npz"))
    name = write_image(Path("a b.png"), 0)
    Path("list.txt").write_text(f"{name}{between}snow\r\n")
    assert f"{name}\tcoal\t0.7000\n" == nncli("predict", "--files-from", "list.txt", "--labeled").out
    assert 2 == nncli("predict", name, "--labeled").code


def test_a_name_with_a_backslash_stays_as_it_is(nncli: Runner) -> None:
    """Where there is such a file, and in half of a UTF-16 list, which is refused."""
    write_three(Path("model.npz"))
    write_image(Path("d\\a.png"), 0)
    Path("list.txt").write_text("d\\a.png\n")
    assert "d\\a.png\tcoal" in nncli("predict", "--files-from", "list.txt").out.replace("\\\\", "\\")
    Path("list.txt").write_bytes("d/a.png".encode("utf-16")[:-1])
    result = nncli("predict", "--files-from", "list.txt")
    assert (1, "nncli: list.txt: begins like UTF-16 text and is none; save it as UTF-8") == (
        result.code,
        result.err.splitlines()[-1],
    )


def test_a_link_to_nothing_is_said(nncli: Runner) -> None:
    """The other images have their answers, below the names of the columns where these are wanted."""
    write_three(Path("model.npz"))
    write_image(Path("d/a.png"), 0)
    Path("d/b.png").symlink_to("nowhere.png")
    result = nncli("predict", "d", "--all-probs", "--header")
    assert ["path\tlabel\tprobability\tcoal\tfog\tsnow", "d/a.png\tcoal\t0.7000\t0.7000\t0.2000\t0.1000"] == (
        result.out.splitlines()
    )
    assert "left out, for they are links to nothing: d/b.png\n" in result.err
    assert 2 == nncli("predict", "d", "-f", "csv", "--header").code


def test_a_class_called_unknown_is_told_apart(nncli: Runner) -> None:
    """By another label for what is none; without a threshold nothing can be confused."""
    write_three(Path("model.npz"), ("coal", "fog", "unknown"))
    image = write_image(Path("a.png"), 0)
    result = nncli("predict", image, "--threshold", "0.9")
    message = "nncli: the model has a class called unknown; choose another --unknown-label TEXT\n"
    assert (2, message) == (result.code, result.err)
    assert "a.png\tnone\t0.7000\n" == nncli("predict", image, "--threshold", "0.9", "--unknown-label", "none").out
    assert 0 == nncli("predict", image).code


def test_a_run_whose_photos_were_moved_is_resumed(nncli: Runner) -> None:
    """By naming their new place; other photos there are refused by the checkpoint."""
    write_class_folders(Path("photos"), {"dark": 8, "light": 8})
    Path("c.yaml").write_text("data: {path: photos, image_size: 4}\ntraining: {epochs: 2}\n")
    assert 0 == nncli("train", "c.yaml").code
    shutil.move("photos", "elsewhere")
    resumed = nncli("train", "--resume", "runs/c-1", "--data", "elsewhere", "--epochs", "4")
    assert (0, "runs/c-1/model.npz\n") == (resumed.code, resumed.out)
    write_image(Path("elsewhere/dark/another.png"), 9)
    refused = nncli("train", "--resume", "runs/c-1", "--data", "elsewhere", "--epochs", "6")
    assert "images or classes were added, removed or changed since" in refused.err


def test_an_image_beyond_every_setting_gets_advice_that_works(tmp_path: Path) -> None:
    """A smaller copy, for no `max_pixels` allows it."""
    Image.new("1", (20_000, 10_000)).save(tmp_path / "a.png")
    with pytest.raises(
        ImageError, match=r"^20000x10000, more than 110,000,000 pixels; no setting allows that many, so "
    ):
        decode_image(tmp_path / "a.png", ImageFormat(4, 4, "rgb", "stretch"))


def test_the_confusion_matrix_of_a_thousand_classes_can_be_opened() -> None:
    """A few pixels a cell and no names; what is right stays on the diagonal."""
    picture = confusion_picture(np.eye(1000, dtype=int), [str(k) for k in range(1000)])
    assert (4000, 4000) == picture.size
    assert ((33, 102, 172), (255, 255, 255)) == (picture.getpixel((5, 5)), picture.getpixel((5, 9)))
