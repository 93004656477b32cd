"""What landscapes and rooms are made of: sky, hills, water, houses, trees, lamps, panes.

A `Scenery` holds the canvas, the palette, where the light is, and dice. The dice know the place and the seed
but neither the hour nor the weather, so that a place keeps its shape from morning to night.
"""

import math
import random

from luna.imaging.canvas import Canvas, Point, box, ground, ridge, stroke
from luna.imaging.colour import CLEAR, LAMP, RAIN, SNOW, STORM, Lab, Palette, lch, lit, mix


class Scenery:
    """One picture under way. `u` is the size of a pixel of a 1280x720 picture; `horizon` a height."""

    def __init__(self, canvas: Canvas, palette: Palette, weather: str, key: str) -> None:
        self.c, self.p, self.weather = canvas, palette, weather
        self.dice = random.Random(key)
        self.w, self.h, self.u = canvas.width, canvas.height, canvas.unit
        self.horizon = self.h * 0.6
        self.side = 1 if self.dice.random() < 0.5 else -1
        self.light_x = self.w * (0.5 + self.side * self.dice.uniform(0.14, 0.26))
        self.light_y = self.h * self.dice.uniform(0.2, 0.32)
        self.focus_x = self.w * (0.5 - self.side * self.dice.uniform(0.12, 0.2))

    @property
    def night(self) -> bool:
        """Whether stars and the moon are out."""
        return self.p.dark > 0.85

    @property
    def lamps(self) -> bool:
        """Whether lamps are lit."""
        return self.p.dark > 0.3

    @property
    def open_sky(self) -> bool:
        """Whether the weather leaves sun, moon and stars visible."""
        return self.weather in (CLEAR, SNOW)

    def r(self, low: float, high: float) -> float:
        """A number between two."""
        return self.dice.uniform(low, high)

    # the sky

    def sky(self) -> None:
        """Sky with stars, sun or moon, and clouds, down to the horizon and a bit below."""
        p, edge = self.p, self.horizon / self.h
        self.c.gradient([(0, p.top), (edge * 0.6, p.mid), (edge, p.low), (1, p.low)])
        stars = [
            (self.r(0, self.w), self.r(0, 1) ** 1.4 * self.horizon, self.r(0.6, 1.5)) for _ in range(150)
        ]
        if self.night and self.open_sky:
            self.c.shapes([_dot(x, y, s * self.u) for x, y, s in stars], p.light, strength=0.6)
        low_sun = 0.1 < p.dark <= 0.85
        y = self.horizon - 46 * self.u if low_sun else self.light_y
        self.c.glow(self.light_x, y, 520 * self.u, p.light, 0.55 if self.open_sky else 0.25)
        if self.open_sky:
            radius = (30 if self.night else 40 if low_sun else 28) * self.u
            self.c.glow(self.light_x, y, radius * 4, p.light, 0.5)
            tone = lit(mix(self.p.light, self.p.low, 0.08), 0.02)
            if self.night:
                self.c.shape(crescent(self.light_x, y, radius), tone)
            else:
                self.c.disc(self.light_x, y, radius, tone)
        self.clouds()

    def clouds(self) -> None:
        """Thin streaks in fine weather, heavy banks in rain."""
        heavy = self.weather in (RAIN, STORM)
        tone = mix(self.p.top, self.p.ink, 0.25) if heavy else mix(self.p.mid, self.p.low, 0.85)
        for _ in range(7):
            x, width = self.r(-0.1, 1.1) * self.w, self.r(0.25, 0.6) * self.w
            y = self.r(0.08, 0.7) * self.horizon
            height = self.r(26, 60) * self.u if heavy else self.r(6, 15) * self.u
            bumps = [self.r(0.5, 1.4) for _ in range(12)]
            if heavy:
                y *= 0.7
            above = [
                (x + width * (i / 11 - 0.5), y - height * math.sin(math.pi * i / 11) * bump)
                for i, bump in enumerate(bumps)
            ]
            below = [(x + width * (0.5 - i / 6), y + height * 0.18) for i in range(1, 6)]
            self.c.shape([*above, *below], lit(tone, 0.03), tone, 0.5 if heavy else 0.34)

    # the land

    def hills(self, count: int = 3, rise: float = 150, height: float = 90, near: float = 0.6) -> None:
        """Ridges from far to near up to the horizon, with haze between."""
        for i in range(count):
            share = i / max(1, count - 1)
            line = ridge(
                self.dice,
                self.w,
                self.horizon - rise * self.u * (1 - share),
                height * self.u * (1 - share * 0.5),
            )
            tone = self.p.layer(0.12 + (near - 0.12) * share)
            self.c.shape(ground(line, self.h), tone, mix(tone, self.p.haze, 0.5))
            if share < 1:
                self.c.band(
                    self.horizon - rise * self.u * (1 - share) + 50 * self.u, 60 * self.u, self.p.haze, 0.35
                )

    def floor(self, y: float, nearness: float = 0.85, height: float = 22, tint: Lab | None = None) -> None:
        """The ground from a height down, darker towards the viewer."""
        tone = mix(self.p.layer(nearness), tint, 0.35) if tint else self.p.layer(nearness)
        line = ridge(self.dice, self.w, y, height * self.u, 0.45)
        self.c.shape(ground(line, self.h), lit(tone, 0.05), mix(tone, self.p.ink, 0.75))

    def water(self, y: float) -> None:
        """Water from a height down, with the light's path on it."""
        p = self.p
        deep = mix(mix(p.mid, p.ink, 0.55), lch(0.34, 0.05, 225), 0.3)
        top = round(y)
        self.c.gradient(
            [(0, p.low), (0.12, mix(p.mid, deep, 0.5)), (0.5, deep), (1, mix(deep, p.ink, 0.7))],
            (0, top, self.w, self.h),
        )
        streaks: list[list[Point]] = []
        faint: list[list[Point]] = []
        for _ in range(130):
            t = self.r(0, 1)
            width = self.r(30, 190) * (0.3 + t) * self.u
            x = self.light_x + self.r(-0.5, 0.5) * (150 + t * 560) * self.u
            streak = box(x - width / 2, y + 4 + t * t * (self.h - y), width, (1.0 + t * 3) * self.u)
            (streaks if abs(x - self.light_x) < (60 + 130 * t) * self.u else faint).append(streak)
        far = [
            box(
                self.r(-0.1, 1) * self.w,
                y + self.r(0, 1) ** 1.6 * (self.h - y),
                self.r(40, 200) * self.u,
                1.6 * self.u,
            )
            for _ in range(60)
        ]
        self.c.shapes(far, lit(deep, 0.09), strength=0.5)
        bright = 1.0 if self.open_sky else 0.45
        self.c.shapes(faint, p.light, strength=0.16 * bright)
        self.c.shapes(streaks, p.light, strength=0.5 * bright)
        self.c.band(y, 26 * self.u, p.low, 0.5)

    def pines(
        self, y: float, count: int, height: float, nearness: float, left: float = 0, right: float = 1
    ) -> None:
        """A row of pointed trees standing on a height."""
        trees: list[list[Point]] = []
        for _ in range(count):
            x, tall = self.r(left, right) * self.w, height * self.r(0.5, 1.1) * self.u
            foot = y + self.r(-6, 10) * self.u
            wide = tall * 0.22
            for step in range(3):
                base = foot - tall * 0.24 * step
                half = wide * (1 - step * 0.25)
                trees.append([(x - half, base), (x, base - tall * 0.55), (x + half, base)])
        self.c.shapes(trees, self.p.layer(nearness))

    def house(self, x: float, y: float, size: float, nearness: float, steep: float = 0.62) -> None:
        """A gabled house whose windows are lit in the dark. `x`, `y` is the middle of its foot."""
        u = size * self.u
        tone = self.p.layer(nearness)
        wall, eaves = u * self.r(0.75, 1.05), y - u * self.r(0.55, 0.75)
        self.c.shape(box(x - wall / 2, eaves, wall, y - eaves + 4), mix(tone, self.p.haze, 0.12), tone)
        roof = [(x - wall * 0.62, eaves), (x, eaves - u * steep), (x + wall * 0.62, eaves)]
        self.c.shapes([roof, box(x + wall * 0.2, eaves - u * 0.55, wall * 0.12, u * 0.4)], lit(tone, -0.035))
        panes = [
            box(x + wall * dx, y - u * dy, wall * 0.17, u * 0.2)
            for dx in (-0.32, 0.14)
            for dy in (0.44,)
            if self.r(0, 1) < 0.85
        ]
        self.panes(panes)

    def panes(self, panes: list[list[Point]]) -> None:
        """Window panes: warm and glowing in the dark, pale by day."""
        if self.lamps:
            for pane in panes:
                x, y = pane[0][0], pane[0][1]
                self.c.glow(
                    x + (pane[1][0] - x) / 2, y + (pane[2][1] - y) / 2, (pane[1][0] - x) * 2.6, LAMP, 0.28
                )
            self.c.shapes(panes, LAMP, mix(LAMP, lch(0.7, 0.14, 52), 0.6), 0.95)
        else:
            self.c.shapes(panes, mix(self.p.mid, self.p.ink, 0.45))

    def lantern(self, x: float, y: float, post: float, size: float = 1.0) -> None:
        """A lamp on a post that stands `post` pixels below it."""
        u = self.u * size
        self.c.shapes(
            [box(x - 2.5 * u, y, 5 * u, post), box(x - 11 * u, y - 30 * u, 22 * u, 4 * u)], self.p.near
        )
        self.light(x, y - 13 * u, size)

    def light(self, x: float, y: float, size: float = 1.0) -> None:
        """A small flame: bright when it is dark, a mere glass by day."""
        u = self.u * size
        if self.lamps:
            self.c.glow(x, y, 190 * u, LAMP, 0.42)
            self.c.glow(x, y, 58 * u, LAMP, 0.7)
            self.c.disc(x, y, 9 * u, lit(LAMP, 0.12))
        else:
            self.c.disc(x, y, 9 * u, mix(self.p.light, LAMP, 0.4))

    def grass(self, y: float, count: int = 160, height: float = 46) -> None:
        """Blades along the lower edge."""
        blades: list[list[Point]] = []
        for _ in range(count):
            x, tall, lean = self.r(0, 1) * self.w, self.r(0.3, 1) * height * self.u, self.r(-14, 14) * self.u
            blades.append([(x - 2.4 * self.u, y), (x + lean, y - tall), (x + 2.4 * self.u, y)])
        self.c.shapes(blades, self.p.near)

    def bare_tree(self, x: float, y: float, height: float) -> None:
        """A tree without leaves, in the foreground."""
        limbs: list[list[Point]] = []

        def grow(x: float, y: float, angle: float, length: float, width: float, depth: int) -> None:
            tip = (x + length * math.cos(angle), y - length * math.sin(angle))
            limbs.append(stroke([(x, y), tip], max(1.0, width)))
            if depth:
                for turn in (self.r(0.25, 0.6), -self.r(0.25, 0.6)):
                    grow(*tip, angle + turn, length * self.r(0.66, 0.82), width * 0.66, depth - 1)

        grow(x, y, math.pi / 2 + self.r(-0.1, 0.1), height * 0.3 * self.u, height * 0.05 * self.u, 6)
        self.c.shapes(limbs, self.p.near)


def _dot(x: float, y: float, size: float) -> list[Point]:
    return [(x - size, y), (x, y - size), (x + size, y), (x, y + size)]


def crescent(x: float, y: float, radius: float) -> list[Point]:
    """The shape of a young moon."""
    turns = [-1.9 + 3.8 * i / 24 for i in range(25)]
    outer = [(x - radius * math.cos(t), y + radius * math.sin(t)) for t in turns]
    inner = [
        (x + radius * 0.32 - radius * 0.8 * math.cos(t * 0.86), y + radius * 0.98 * math.sin(t))
        for t in turns
    ]
    return [*outer, *reversed(inner)]
