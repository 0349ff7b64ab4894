"""A brush: smooth curves and shapes on a canvas that is four times too large.

Pillow draws without anti-aliasing. So everything is drawn large and made small at the end, which averages the edges:
that is supersampling, and no font or picture of anybody else is needed.

Shapes are arrays of points (n, 2) in *dish coordinates*: the middle of the dish is (0, 0), its rim has radius 1.
A brush knows where the dish stands in the picture, how far it is turned and how flat the camera sees it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Points = NDArray[np.float64]
    Recipe = Callable[["Brush", np.random.Generator], None]

Color = tuple[float, float, float]

SUPERSAMPLING = 4
BLACK: Color = (0, 0, 0)
WHITE: Color = (255, 255, 255)


def smooth(points: ArrayLike, closed: bool = False, steps: int = 10) -> Points:
    """Return a Catmull-Rom spline, (n, 2), that goes through all the points given, (k, 2)."""
    p = np.asarray(points, dtype=np.float64)
    padded = np.concatenate([p[-1:], p, p[:2]]) if closed else np.concatenate([p[:1], p, p[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        straight, bend, twist = p2 - p0, 2 * p0 - 5 * p1 + 4 * p2 - p3, 3 * p1 - p0 - 3 * p2 + p3
        pieces.append(p1 + 0.5 * (straight * t + bend * t**2 + twist * t**3))
    return np.concatenate([*pieces, padded[-2:-1]])


def ring(radius: float | Points = 1.0, count: int = 48) -> Points:
    """Return points around the origin, (count, 2), at one radius or at a radius (count,) for each direction."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def blob(rng: np.random.Generator, radius: float, roughness: float = 0.15, corners: int = 9) -> Points:
    """Return a roundish closed outline around the origin: a leaf, a piece of meat, a puddle of sauce."""
    return smooth(ring(radius * rng.uniform(1 - roughness, 1 + roughness, corners), corners), closed=True, steps=6)


def moved(points: Points, to: ArrayLike = (0, 0), turn: float = 0.0, scale: ArrayLike = 1.0) -> Points:
    """Scale the points (one factor, or one for x and one for y), turn them (radians), then move them."""
    c, s = np.cos(turn), np.sin(turn)
    turned: Points = (points * np.asarray(scale)) @ np.array([[c, s], [-s, c]])
    return turned + np.asarray(to, dtype=np.float64)


def palette(hex_codes: str) -> list[Color]:
    """Return the colors of codes as web pages write them, ``"f4f2ec e8e2d4"``."""
    return [(*bytes.fromhex(code),) for code in hex_codes.split()]


def pick(rng: np.random.Generator, colors: list[Color]) -> Color:
    """Return one of the colors, a little darker or lighter."""
    return shade(colors[rng.integers(len(colors))], rng.uniform(0.92, 1.08))


def shade(color: Color, factor: float) -> Color:
    """Return the color darker (factor below 1) or lighter (above 1)."""
    r, g, b = (min(255.0, channel * factor) for channel in color)
    return r, g, b


def mix(a: Color, b: Color, share: float) -> Color:
    """Return a color between two: ``a`` at share 0, ``b`` at share 1."""
    return (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), a[2] + share * (b[2] - a[2]))


class Brush:
    """Draws shapes given in dish coordinates on a canvas of pixels."""

    def __init__(
        self, canvas: Image.Image, center: tuple[float, float], *, radius: float, tilt: float = 1.0, turn: float = 0.0
    ) -> None:
        self.draw = ImageDraw.Draw(canvas, "RGBA")
        self.center = np.array(center)
        self.radius = radius
        self.tilt = tilt  # 1 seen from above, 0.6 seen from a chair
        self.turn = turn

    def pixels(self, points: Points) -> list[tuple[float, float]]:
        """Return the points as pixel coordinates of the canvas."""
        placed = moved(points, turn=self.turn) * (self.radius, self.radius * self.tilt) + self.center
        return [(float(x), float(y)) for x, y in placed]

    def step(self, right: float, down: float) -> Points:
        """Return the step (2,) in dish coordinates that goes this far right and down in the picture."""
        return moved(np.array([right, down]), turn=-self.turn)

    def fill(self, points: Points, color: Color, opacity: float = 1.0) -> None:
        """Fill a closed outline."""
        self.draw.polygon(self.pixels(points), fill=_paint(color, opacity))

    def line(self, points: Points, width: float, color: Color, opacity: float = 1.0) -> None:
        """Draw a line with round joints; ``width`` is in dish radii."""
        self.draw.line(self.pixels(points), _paint(color, opacity), max(1, round(width * self.radius)), joint="curve")

    def shadow(self, points: Points, depth: float = 0.05, opacity: float = 0.10) -> None:
        """Darken what lies under and right below an outline, softly: several faint layers."""
        for layer in (1.0, 0.7, 0.4):
            self.fill(points + self.step(depth * layer, 1.5 * depth * layer), BLACK, opacity)  # light from the top left

    def solid(self, points: Points, color: Color, height: float = 0.05) -> None:
        """Draw a thing that stands on the dish: its shadow, its dark side, itself and the light on its top."""
        middle = points.mean(axis=0)
        toward_light = self.step(-0.4 * height, -0.6 * height)
        self.shadow(points, height)
        self.fill(points, shade(color, 0.75))
        self.fill((points - middle) * 0.92 + middle + 0.5 * toward_light, color)
        self.fill((points - middle) * 0.55 + middle + toward_light, WHITE, 0.13)


def _paint(color: Color, opacity: float) -> tuple[int, int, int, int]:
    r, g, b = (int(min(255.0, max(0.0, channel))) for channel in color)
    return r, g, b, int(255 * opacity)
