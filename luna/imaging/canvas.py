"""A surface to paint on: gradients, glows, smooth-edged shapes, and the finish every picture gets."""

import math
import random
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from luna.imaging.colour import Lab, mix, rgb

Point = tuple[float, float]
Mask = Image.Image

GRAIN = 5
"""How far grain lifts or lowers a pixel, of 255. It also hides the steps of gradients."""


class Canvas:
    """A picture in the making. Coordinates are pixels; `unit` is the size of one pixel of a 1280x720 picture."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.unit = min(width / 1280, height / 720)
        self.image = Image.new("RGB", (width, height))

    def gradient(
        self, stops: Sequence[tuple[float, Lab]], box: tuple[int, int, int, int] | None = None
    ) -> None:
        """Fill a box (left, top, right, bottom) from top to bottom. Stops go from 0 to 1."""
        left, top, right, bottom = box or (0, 0, self.width, self.height)
        if right > left and bottom > top:
            self.image.paste(_column(stops, right - left, bottom - top), (left, top))

    def glow(
        self,
        x: float,
        y: float,
        radius: float,
        colour: Lab,
        strength: float,
        flat: float = 1.0,
        soft: float = 2.2,
    ) -> None:
        """A soft light around a point. `flat` below 1 makes it wider than high."""
        high = max(2, round(radius * flat))
        wide = max(2, round(radius))
        mask = _glow(soft).point(_scaled(strength)).resize((wide * 2, high * 2), Image.Resampling.BILINEAR)
        self.image.paste(rgb(colour), (round(x) - wide, round(y) - high), mask)

    def band(self, y: float, height: float, colour: Lab, strength: float) -> None:
        """Haze lying across the picture, thickest at `y`."""
        top, bottom = max(0, int(y - height)), min(self.height, int(y + height))
        if bottom <= top:
            return
        rows = np.abs(np.arange(top, bottom) - y) / height
        alpha = (np.clip(1 - rows, 0, 1) ** 1.5 * strength * 255).astype(np.uint8)
        mask = Image.fromarray(np.repeat(alpha[:, None], self.width, axis=1))
        self.image.paste(rgb(colour), (0, top), mask)

    def shapes(
        self,
        polygons: Sequence[Sequence[Point]],
        colour: Lab,
        bottom: Lab | None = None,
        strength: float = 1.0,
    ) -> None:
        """Fill polygons with smooth edges, with one colour or from `colour` above to `bottom` below."""
        points = [point for polygon in polygons for point in polygon]
        if not points:
            return
        left = max(0, math.floor(min(x for x, _ in points)))
        top = max(0, math.floor(min(y for _, y in points)))
        right = min(self.width, math.ceil(max(x for x, _ in points)) + 1)
        low = min(self.height, math.ceil(max(y for _, y in points)) + 1)
        if right <= left or low <= top:
            return
        big = Image.new("L", ((right - left) * 2, (low - top) * 2))
        draw = ImageDraw.Draw(big)
        for polygon in polygons:
            draw.polygon([((x - left) * 2, (y - top) * 2) for x, y in polygon], fill=round(255 * strength))
        mask = big.reduce(2)
        if bottom is None:
            self.image.paste(rgb(colour), (left, top), mask)
        else:
            self.image.paste(_column([(0, colour), (1, bottom)], right - left, low - top), (left, top), mask)

    def shape(
        self, points: Sequence[Point], colour: Lab, bottom: Lab | None = None, strength: float = 1.0
    ) -> None:
        """Fill one polygon."""
        self.shapes([points], colour, bottom, strength)

    def disc(
        self, x: float, y: float, radius: float, colour: Lab, strength: float = 1.0, flat: float = 1.0
    ) -> None:
        """A filled circle, or with `flat` an ellipse."""
        steps = max(12, min(64, round(radius * 2)))
        turns = [2 * math.pi * i / steps for i in range(steps)]
        ring = [(x + radius * math.cos(t), y + radius * flat * math.sin(t)) for t in turns]
        self.shape(ring, colour, strength=strength)

    def finish(self) -> bytes:
        """The picture as a WebP file, with darker corners and grain."""
        pixels = np.asarray(self.image, dtype=np.float32)
        corners, grain = _finish(self.width, self.height)
        done = np.clip(pixels * corners + grain, 0, 255).astype(np.uint8)
        out = BytesIO()
        Image.fromarray(done).save(out, "WEBP", quality=84, method=1)
        return out.getvalue()


def stroke(points: Sequence[Point], width: float) -> list[Point]:
    """A line as a polygon, `width` pixels wide."""
    left: list[Point] = []
    right: list[Point] = []
    for i, (x, y) in enumerate(points):
        (ax, ay), (bx, by) = points[max(0, i - 1)], points[min(len(points) - 1, i + 1)]
        length = math.hypot(bx - ax, by - ay) or 1.0
        nx, ny = (by - ay) / length * width / 2, -(bx - ax) / length * width / 2
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
    return [*left, *reversed(right)]


def box(x: float, y: float, width: float, height: float) -> list[Point]:
    """A rectangle from its left upper corner."""
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def ridge(dice: random.Random, width: float, y: float, height: float, rough: float = 0.5) -> list[Point]:
    """A line of hills across the picture, around `y` and up to about `height` above or below it."""
    heights = [dice.uniform(-1, 1), dice.uniform(-1, 1)]
    reach = 1.0
    for _ in range(6):
        filled: list[float] = []
        for a, b in pairwise(heights):
            filled += [a, (a + b) / 2 + dice.uniform(-reach, reach) * 0.6]
        heights = [*filled, heights[-1]]
        reach *= rough
    step = (width + 40) / (len(heights) - 1)
    return [(-20 + i * step, y - h * height * 0.6) for i, h in enumerate(heights)]


def ground(line: Sequence[Point], bottom: float) -> list[Point]:
    """A line of hills closed downwards."""
    return [*line, (line[-1][0], bottom), (line[0][0], bottom)]


def _column(stops: Sequence[tuple[float, Lab]], width: int, height: int) -> Image.Image:
    """A vertical gradient, mixed in OKLab at some steps and evenly between them."""
    steps = 24
    places = np.linspace(0, 1, steps + 1)
    colours = np.array([rgb(_at(stops, float(p))) for p in places], dtype=np.float32)
    rows = np.linspace(0, 1, height)
    parts = [np.interp(rows, places, colours[:, i]) for i in range(3)]
    column = np.stack(parts, axis=1).round().astype(np.uint8)
    return Image.fromarray(np.repeat(column[:, None, :], width, axis=1))


def _at(stops: Sequence[tuple[float, Lab]], place: float) -> Lab:
    for (a, one), (b, other) in pairwise(stops):
        if place <= b:
            return mix(one, other, max(0.0, place - a) / max(b - a, 1e-6))
    return stops[-1][1]


def _scaled(strength: float) -> list[int]:
    return [round(i * min(1.0, strength)) for i in range(256)]


@lru_cache(maxsize=16)
def _glow(soft: float) -> Image.Image:
    y, x = np.mgrid[-1:1:128j, -1:1:128j]
    fall = np.clip(1 - np.hypot(x, y), 0, 1) ** soft
    return Image.fromarray((fall * 255).astype(np.uint8))


@lru_cache(maxsize=4)
def _finish(width: int, height: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Darker corners as factors and grain as offsets: the same for every picture of a size."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    corners = 1.0 - 0.20 * np.clip(np.hypot(x * 0.85, y) - 0.45, 0, 1) ** 1.6
    noise = np.random.default_rng(7).normal(0, GRAIN / 2, (height, width))
    return corners.astype(np.float32)[..., None], noise.astype(np.float32)[..., None]
