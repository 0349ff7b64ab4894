"""``nncli explain``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from nncli.cli.explain import METHODS as OFFERED
from nncli.model.explanation import METHODS
from tests.cli.tiny import write_image, write_three, write_two

if TYPE_CHECKING:
    from tests.cli.tiny import Runner


@pytest.mark.parametrize("method", METHODS)
def test_a_picture_is_drawn(nncli: Runner, method: str) -> None:
    """stdout is its path, stderr the two best classes; red where a white image speaks for snow."""
    write_three(Path("model.npz"))
    write_image(Path("white.png"), 255)
    result = nncli("explain", "white.png", "-o", "why.png", "--method", method)
    told, *following = result.err.splitlines()
    assert (0, "why.png\n", "white.png: snow 0.800, fog 0.150") == (result.code, result.out, told)
    other = ["next: nncli explain white.png -m model.npz -o why-gradient.png --method gradient"]
    assert (other if method == "occlusion" else []) == following
    with Image.open("why.png") as picture:
        assert picture.width > 3 * 224
        red, _, blue = picture.convert("RGB").getpixel((12 + 236 + 100, 24 + 100))  # type: ignore[misc]
    assert (method == "gradient") == (red > blue + 20)  # blurring a white image changes nothing


def test_the_methods_are_those_there_are() -> None:
    """The command line names them without importing NumPy."""
    assert METHODS == OFFERED


def test_an_image_that_cannot_be_read_is_one_line(nncli: Runner) -> None:
    """Exit code 1, nothing written."""
    write_two(Path("model.npz"))
    Path("bad.png").write_bytes(b"no image")
    result = nncli("explain", "bad.png", "-o", "why.png")
    assert (1, "") == (result.code, result.out)
    assert result.err.startswith("nncli: bad.png: not a readable")
    assert not Path("why.png").exists()


def test_the_picture_is_a_png(nncli: Runner) -> None:
    """Another suffix would promise another format; without a name there is nothing to write to."""
    assert 2 == nncli("explain", "a.png", "-o", "why.jpg").code
    assert "'-o'" in nncli("explain", "a.png").err
