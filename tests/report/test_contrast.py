"""The numbers in the confusion matrix can be read on every shade, light and dark (WCAG: 4.5 to 1)."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

CSS = (files("nncli.report") / "page.css").read_text(encoding="utf-8")
LIGHT, DARK = CSS.split("@media screen", 1)


def color(name: str, look: str) -> tuple[float, ...]:
    """A color of the page, from 0 to 1."""
    (value,) = re.findall(rf"--{name}: ([^;]+);", look.partition("* {")[0])
    if value.startswith("#"):
        return tuple(int(value[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return tuple(int(part) / 255 for part in value.split())


def luminance(rgb: tuple[float, ...]) -> float:
    """As WCAG 2 defines it."""
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("kind", ["right", "wrong"])
def test_numbers_can_be_read_on_every_shade(look: str, kind: str) -> None:
    """Ink on the pale shades, white on the strong ones."""
    strong = re.findall(r"\.s(\d) button(?=[,\s])", CSS)
    for shade, share in re.findall(r"\.s(\d) \{ --a: ([.\d]+); \}", CSS):
        a = float(share)
        ground = tuple(a * c + (1 - a) * d for c, d in zip(color(kind, look), color("card", look), strict=True))
        text = color("strong" if shade in strong else "ink", look)
        low, high = sorted([luminance(ground), luminance(text)])
        assert (high + 0.05) / (low + 0.05) >= 4.5, (kind, shade)
