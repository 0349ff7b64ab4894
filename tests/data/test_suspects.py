"""Files that are probably not what they seem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from nncli.data.suspects import look_for_suspects, one_counts
from tests.data.pictures import encode, noise

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_odd_is_named(tmp_path: Path) -> None:
    """Animations, CMYK among others, sizes far from the others'; a broken file is not."""
    usual = Image.fromarray(noise(40, 60))
    files = {f"{k}.jpg": encode(usual, "JPEG") for k in range(5)}
    files["inks.jpg"] = encode(usual.convert("CMYK"), "JPEG")
    files["thumbnail.jpg"] = encode(usual.resize((6, 4)), "JPEG")
    files["page.jpg"] = encode(usual.resize((600, 400)), "JPEG")
    files["moving.gif"] = encode(usual, "GIF", save_all=True, append_images=[usual.rotate(180)])
    files["broken.gif"] = b"GIF89a"
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    found = look_for_suspects([str(tmp_path / name) for name in files])
    assert [
        f"1 file with more than one picture (animation), of which the first counts: {tmp_path}/moving.gif",
        f"1 file in CMYK among others: {tmp_path}/inks.jpg",
        f"1 file 10 times smaller than the others, or more: {tmp_path}/thumbnail.jpg",
        f"1 file 10 times larger than the others, or more: {tmp_path}/page.jpg",
    ] == list(found.lines())


def test_an_even_folder_has_no_suspects(tmp_path: Path) -> None:
    """Nor has one that is CMYK alone."""
    for k in range(3):
        (tmp_path / f"{k}.jpg").write_bytes(encode(Image.fromarray(noise(9, 9)).convert("CMYK"), "JPEG"))
    assert [] == list(look_for_suspects([str(tmp_path / f"{k}.jpg") for k in range(3)]).lines())
    assert [] == list(look_for_suspects([]).lines())


def test_only_a_few_are_named() -> None:
    """The others are counted."""
    several = [(f"{k}.gif", "animation") for k in range(5)] + [("x.tif", "stack of pages")]
    expected = "6 files with more than one picture (animation, stack of pages), of which the first counts: "
    assert f"{expected}0.gif, 1.gif, 2.gif and 3 more" == one_counts(several)
