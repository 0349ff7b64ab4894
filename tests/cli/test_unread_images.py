"""Folders with images that are not read here: said by every command, with what to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from nncli.data.image import kinds
from nncli.machine.extras import install_command
from tests.cli.tiny import write_image, write_three
from tests.folders import write_class_folders

if TYPE_CHECKING:
    from tests.cli.tiny import Runner

ADVICE = f"{install_command('heic')}, or save them as JPEG or PNG"
COMMANDS = (
    ("init", "photos", "-o", "new.yaml"),
    ("check", "photos.yaml"),
    ("train", "photos.yaml"),
    ("evaluate", "-m", "model.npz", "photos"),
    ("predict", "-m", "model.npz", "photos"),
)


@pytest.fixture(autouse=True)
def _files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model, and two classes of two HEIC files each; nothing reads them."""
    monkeypatch.setattr(kinds, "_exists", lambda _: False)
    kinds.image_suffixes.cache_clear()
    write_three(Path("model.npz"))
    Path("photos.yaml").write_text("data: {path: photos, image_size: 8}\ntraining: {epochs: 1}\n")
    for name in ("coal", "snow"):
        Path(f"photos/{name}").mkdir(parents=True)
        for k in range(2):
            Path(f"photos/{name}/{k}.HEIC").write_bytes(b"\0\0\0\x24ftypheic")


@pytest.fixture(autouse=True)
def _forgotten() -> object:
    """What is known of this machine is looked up anew afterwards."""
    yield
    kinds.image_suffixes.cache_clear()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_folder_of_heic_alone_is_one_line(command: tuple[str, ...], nncli: Runner) -> None:
    """Which says so and what to do; nothing could be done, so the exit code is 1."""
    result = nncli(*command)
    assert (1, "") == (result.code, result.out)
    assert 1 == result.err.count("\n")
    assert result.err.endswith(f"; 4 HEIC files ignored; {ADVICE}\n")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_mixed_folder_names_and_counts_what_is_left_out(command: tuple[str, ...], nncli: Runner) -> None:
    """The others are used; for predict, images without an answer are skipped ones."""
    write_class_folders(Path("photos"), {"coal": 6, "snow": 6})
    result = nncli(*command)
    assert (3 if command[0] == "predict" else 0) == result.code
    assert "4 HEIC" in result.err or "ignored 4 as HEIC" in result.err
    assert install_command("heic") in result.err


def test_of_an_animation_the_first_picture_is_predicted_and_said(nncli: Runner) -> None:
    """Once, behind the records."""
    frames = [Image.new("L", (2, 2), level) for level in (0, 255)]
    frames[0].save("moving.gif", save_all=True, append_images=frames[1:])
    write_image(Path("black.png"), 0)
    result = nncli("predict", "-m", "model.npz", "black.png", "moving.gif")
    assert (0, 2) == (result.code, result.out.count("coal"))
    assert "1 file with more than one picture (animation), of which the first counts: moving.gif\n" == result.err
