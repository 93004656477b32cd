"""A room seen from the front: back wall, side walls, floor, windows, candles."""

import math

from luna.imaging.backends.scenery import Scenery, crescent
from luna.imaging.canvas import Point, box, ridge, stroke
from luna.imaging.colour import LAMP, RAIN, STORM, Lab, lch, lit, mix


class Room:
    """The box of a room: the back wall's corners, and the colours of its surfaces."""

    def __init__(self, s: Scenery, hue: float, warmth: float = 0.6, depth: float = 0.2) -> None:
        air = lch(0.44 + 0.14 * (1 - s.p.dark), 0.055, hue)
        self.s = s
        self.wall: Lab = mix(mix(s.p.ink, air, warmth), s.p.mid, 0.08)
        self.dark: Lab = mix(s.p.near, lch(0.12, 0.02, hue), 0.6)
        self.left, self.right = s.w * depth, s.w * (1 - depth)
        self.top, self.bottom = s.h * 0.14, s.h * 0.66

    def paint(self, boards: bool = True) -> None:
        """Walls, ceiling and floor, lighter towards the middle."""
        s, w, h = self.s, self.s.w, self.s.h
        s.c.gradient([(0, self.dark), (1, self.dark)])
        s.c.shape(
            [(0, 0), (self.left, self.top), (self.left, self.bottom), (0, h)],
            mix(self.wall, self.dark, 0.45),
            self.dark,
        )
        s.c.shape(
            [(w, 0), (self.right, self.top), (self.right, self.bottom), (w, h)],
            mix(self.wall, self.dark, 0.5),
            self.dark,
        )
        s.c.shape(
            box(self.left, self.top, self.right - self.left, self.bottom - self.top),
            mix(self.wall, self.dark, 0.25),
            self.wall,
        )
        floor = [(self.left, self.bottom), (self.right, self.bottom), (w + 40, h), (-40, h)]
        s.c.shape(floor, lit(self.wall, -0.03), mix(self.dark, self.wall, 0.2))
        if boards:
            middle = w * 0.5
            lines = [
                stroke(
                    [
                        (middle + (i - 8) * (self.right - self.left) / 16, self.bottom),
                        (middle + (i - 8) * w / 9, h),
                    ],
                    1.6 * s.u,
                )
                for i in range(17)
            ]
            s.c.shapes(lines, self.dark, strength=0.5)

    def window(self, x: float, y: float, width: float, height: float, arched: bool = False) -> None:
        """The outdoors through a window, with its frame, and the light it throws."""
        s, u = self.s, self.s.u
        pane = opening(x, y, width, height, arched)
        s.c.glow(x + width / 2, y + height / 2, max(width, height) * 1.1, s.p.low, 0.35)
        s.c.shape(pane, s.p.top, s.p.low)
        line = [p for p in ridge(s.dice, s.w, y + height * 0.8, height * 0.2) if x <= p[0] <= x + width]
        if len(line) > 1:
            s.c.shape(
                [(x, line[0][1]), *line, (x + width, line[-1][1]), (x + width, y + height), (x, y + height)],
                s.p.layer(0.35),
                s.p.layer(0.5),
            )
        if s.night and s.open_sky and width > 150 * u:
            s.c.shape(crescent(x + width * 0.7, y + height * 0.32, 15 * u), s.p.light)
        if s.weather in (RAIN, STORM):
            drops = [
                stroke([(px, py), (px - 3 * u, py + 16 * u)], 1.1 * u)
                for px, py in _inside(s, x, y, width, height, 70)
            ]
            s.c.shapes(drops, s.p.light, strength=0.4)
        bars = [box(x + width / 2 - 3 * u, y, 6 * u, height), box(x, y + height * 0.5, width, 5 * u)]
        rim = [stroke([*pane, pane[0]], 9 * u)]
        s.c.shapes([*bars, *rim, box(x - 12 * u, y + height, width + 24 * u, 10 * u)], self.dark)
        if not s.night:
            beam = [
                (x, y + height),
                (x + width, y + height),
                (x + width * 1.2 + 150 * u * s.side, s.h),
                (x - width * 0.4 + 150 * u * s.side, s.h),
            ]
            s.c.shape(beam, s.p.light, strength=0.07)

    def candle(self, x: float, y: float, size: float = 1.0) -> None:
        """A candle whose flame stands at `y`; indoors it always burns."""
        u = self.s.u * size
        self.s.c.glow(x, y, 240 * u, LAMP, 0.34)
        self.s.c.glow(x, y, 70 * u, LAMP, 0.55)
        self.s.c.shape(box(x - 5 * u, y + 10 * u, 10 * u, 34 * u), mix(LAMP, self.wall, 0.35))
        self.s.c.shape(
            [(x - 5 * u, y + 3 * u), (x, y - 13 * u), (x + 5 * u, y + 3 * u), (x, y + 9 * u)], lit(LAMP, 0.13)
        )


def opening(x: float, y: float, width: float, height: float, arched: bool) -> list[Point]:
    """The outline of a window or a doorway."""
    if not arched:
        return box(x, y, width, height)
    arc = [
        (
            x + width / 2 - math.cos(math.pi * i / 16) * width / 2,
            y + width / 2 - math.sin(math.pi * i / 16) * width * 0.62,
        )
        for i in range(17)
    ]
    return [(x, y + height), *arc, (x + width, y + height)]


def _inside(s: Scenery, x: float, y: float, width: float, height: float, count: int) -> list[Point]:
    return [(x + s.r(0.02, 0.98) * width, y + s.r(0.02, 0.9) * height) for _ in range(count)]
