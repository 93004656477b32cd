"""Outdoor places, each painted from far to near."""

from itertools import pairwise

from luna.imaging.backends.scenery import Scenery
from luna.imaging.canvas import Point, box, ground, ridge, stroke
from luna.imaging.colour import LAMP, lch, lit, mix


def sea(s: Scenery) -> None:
    """Open water with a headland and its lighthouse, boats, and a pier in front."""
    u = s.u
    s.horizon = s.h * 0.52
    s.sky()
    edge = 0.0 if s.side > 0 else float(s.w)
    for reach, rise, nearness in ((620, 150, 0.22), (430, 96, 0.42)):
        out = s.side * reach * u
        top = s.horizon - rise * u
        land: list[Point] = [(edge - s.side * 40, s.horizon + 4), (edge - s.side * 40, top)]
        land += [
            (edge + out * t, top + rise * u * (t**1.6) * 1.02 + s.r(-5, 5) * u)
            for t in (0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
        ]
        s.c.shape(
            [*land, (edge + out, s.horizon + 4)], s.p.layer(nearness), mix(s.p.layer(nearness), s.p.haze, 0.4)
        )
    x, foot = edge + s.side * 205 * u, s.horizon - 78 * u
    s.c.shape(
        [(x - 15 * u, foot), (x - 9 * u, foot - 104 * u), (x + 9 * u, foot - 104 * u), (x + 15 * u, foot)],
        s.p.layer(0.6),
    )
    s.c.shape([(x - 12 * u, foot - 120 * u), (x, foot - 136 * u), (x + 12 * u, foot - 120 * u)], s.p.ink)
    if s.lamps:
        beam = [
            (x, foot - 114 * u),
            (x + s.side * s.w, foot - 200 * u),
            (x + s.side * s.w, foot - 80 * u),
        ]
        s.c.shape(beam, LAMP, strength=0.10)
    s.light(x, foot - 112 * u, 0.8)
    s.water(s.horizon)
    for i in range(3):
        _boat(
            s,
            s.focus_x + s.side * (i * 150 - 60) * u + s.r(-30, 30) * u,
            s.horizon + (18 + 22 * i) * u,
            0.34 + 0.17 * i,
        )
    _pier(s)


def _boat(s: Scenery, x: float, y: float, size: float) -> None:
    u = s.u * size
    tone = s.p.layer(0.62 + size * 0.3)
    s.c.shapes(
        [
            [
                (x - 90 * u, y - 8 * u),
                (x + 96 * u, y - 12 * u),
                (x + 70 * u, y + 26 * u),
                (x - 62 * u, y + 26 * u),
            ],
            box(x - 3 * u, y - 190 * u, 6 * u, 190 * u),
        ],
        tone,
    )
    s.c.shape(
        [(x + 6 * u, y - 182 * u), (x + 84 * u, y - 22 * u), (x + 6 * u, y - 18 * u)],
        mix(tone, s.p.low, 0.45),
    )
    s.c.shape(
        [(x - 6 * u, y - 160 * u), (x - 64 * u, y - 20 * u), (x - 6 * u, y - 18 * u)],
        mix(tone, s.p.haze, 0.3),
    )
    s.c.shapes(
        [box(x - 56 * u, y + 34 * u, 120 * u, 4 * u), box(x - 30 * u, y + 46 * u, 76 * u, 4 * u)],
        tone,
        strength=0.5,
    )


def _pier(s: Scenery) -> None:
    """Planks running from the near edge to the water, with posts and a lantern."""
    u, far = s.u, s.horizon + 96 * s.u
    x = s.w * 0.5 + s.side * s.w * 0.05
    near_l, near_r = x + s.side * 60 * u - 430 * u, x + s.side * 60 * u + 430 * u
    s.c.shape(
        [(x - 46 * u, far), (x + 46 * u, far), (near_r, s.h + 4), (near_l, s.h + 4)],
        mix(s.p.ink, s.p.haze, 0.3),
        s.p.near,
    )
    lines: list[list[Point]] = []
    posts: list[list[Point]] = []
    for i in range(13):
        t = (i / 12) ** 2
        y = far + (s.h - far) * t
        left, right = x - 46 * u + (near_l - x + 46 * u) * t, x + 46 * u + (near_r - x - 46 * u) * t
        lines.append(box(left, y, right - left, (1 + 4 * t) * u))
        if i % 3 == 0 and i < 11:
            wide, tall = (6 + 16 * t) * u, (26 + 80 * t) * u
            posts += [
                box(left - wide / 2, y - tall, wide, tall * 2),
                box(right - wide / 2, y - tall, wide, tall * 2),
            ]
    s.c.shapes([*lines], s.p.near, strength=0.55)
    s.c.shapes(posts, s.p.near)
    s.lantern(x - s.side * 78 * u, far - 60 * u, 130 * u, 0.9)


def forest(s: Scenery) -> None:
    """Trunks behind trunks, light between them, a path."""
    u, p = s.u, s.p
    green = lch(0.6 - 0.3 * p.dark, 0.06, 150)
    x0 = s.w * 0.5 + (s.light_x - s.w * 0.5) * 0.4
    base = s.h * 0.7
    s.c.gradient(
        [
            (0, mix(p.top, green, 0.5)),
            (0.45, mix(p.mid, green, 0.4)),
            (0.72, mix(p.low, green, 0.3)),
            (1, p.haze),
        ]
    )
    s.c.glow(x0, s.h * 0.42, 470 * u, p.light, 0.75 - 0.3 * p.dark)
    for layer in range(5):
        tone = mix(p.layer(0.14 + layer * 0.2), lch(0.24, 0.045, 160), 0.32)
        trunks: list[list[Point]] = []
        for i in range((20, 15, 11, 8, 5)[layer]):
            x = s.w * (i + s.r(0.1, 0.9)) / (20, 15, 11, 8, 5)[layer]
            if layer >= 2 and abs(x - x0) < s.w * 0.08 * (layer - 1):
                x += (1 if x > x0 else -1) * s.w * 0.11
            half, lean = (5 + layer * layer * 3) * s.r(0.7, 1.3) * u, s.r(-16, 16) * u
            foot = base + (layer * 24 + s.r(0, 12)) * u
            trunks.append(
                [
                    (x - half * 0.6 + lean, -10),
                    (x + half * 0.6 + lean, -10),
                    (x + half, foot - 40 * u),
                    (x + half * 1.8, foot + 12 * u),
                    (x - half * 1.8, foot + 12 * u),
                    (x - half, foot - 40 * u),
                ]
            )
            for _ in range(layer):
                y, way = s.r(0.03, 0.5) * s.h, s.dice.choice((-1, 1))
                trunks.append(
                    stroke(
                        [(x, y), (x + way * half * 2, y - 8 * u), (x + way * half * 4, y - s.r(20, 60) * u)],
                        half * 0.3,
                    )
                )
        s.c.shapes(trunks, mix(tone, p.ink, 0.3), tone)
        s.c.shape(
            ground(ridge(s.dice, s.w, base + layer * 30 * u, 16 * u), s.h),
            mix(tone, p.light, 0.10 * (1 - p.dark)),
            tone,
        )
        if layer < 4:
            s.c.band(base + layer * 26 * u, 90 * u, mix(p.low, green, 0.35), 0.4 - 0.06 * layer)
    leaves: list[list[Point]] = []
    for _ in range(90):
        x, y, r = s.r(-0.02, 1.02) * s.w, s.r(-0.05, 0.1) * s.h, s.r(22, 70) * u
        leaves.append(
            [
                (x - r * 1.6, y),
                (x - r * 0.6, y - r * 0.7),
                (x + r * 0.9, y - r * 0.6),
                (x + r * 1.6, y + r * 0.1),
                (x + r * 0.3, y + r * 0.7),
            ]
        )
    s.c.shapes(leaves, mix(p.near, lch(0.22, 0.05, 155), 0.4), strength=0.85)
    path: list[Point] = [
        (x0 - 14 * u, base + 34 * u),
        (x0 + 20 * u, base + 34 * u),
        (x0 + 70 * u, s.h * 0.86),
        (x0 + 250 * u, s.h),
        (x0 - 260 * u, s.h),
        (x0 - 50 * u, s.h * 0.86),
    ]
    s.c.shape(path, mix(p.low, p.light, 0.3), p.ink, 0.35)
    s.grass(s.h + 4, 220, 70)


def mountains(s: Scenery) -> None:
    """Peaks with snow on the side of the light, a pine belt, a hut."""
    u = s.u
    s.horizon = s.h * 0.66
    s.sky()
    for i in range(3):
        line = ridge(s.dice, s.w, s.horizon - (170 - 62 * i) * u, (120 - 24 * i) * u)
        peaks = [
            (s.w * (j + s.r(0.15, 0.85)) / 3, s.r(0.6, 1) * (250 - 62 * i) * u, s.r(200, 300) * u)
            for j in range(3)
        ]
        line = [
            (x, y - max(high * max(0.0, 1 - abs(x - px) / wide) for px, high, wide in peaks)) for x, y in line
        ]
        tone = s.p.layer(0.14 + 0.17 * i)
        s.c.shape(ground(line, s.h), tone, mix(tone, s.p.haze, 0.6))
        if i < 2:
            bright = mix(s.p.light, tone, 0.25 + 0.25 * i)
            snow: list[list[Point]] = []
            for (ax, ay), (bx, by) in pairwise(line):
                if (by - ay) * s.side > 0 and min(ay, by) < s.horizon - (190 - 40 * i) * u:
                    deep = (s.horizon - (170 - 40 * i) * u - ay) * s.r(0.12, 0.3)
                    snow.append(
                        [(ax, ay), (bx, by), (bx, by + deep * 0.5), ((ax + bx) / 2, max(ay, by) + deep)]
                    )
            s.c.shapes(snow, bright, strength=0.7)
        s.c.band(s.horizon - (60 - 40 * i) * u, 70 * u, s.p.haze, 0.45)
    s.pines(s.horizon + 12 * u, 90, 70, 0.58)
    s.floor(s.horizon + 14 * u, 0.7, 26, lch(0.4, 0.05, 140))
    s.house(s.focus_x, s.horizon + 60 * u, 74, 0.86)
    s.floor(s.horizon + 62 * u, 0.9, 26)
    s.pines(s.h * 0.97, 12, 250, 0.96, -0.02, 0.2)
    s.pines(s.h * 0.97, 12, 240, 0.96, 0.82, 1.02)
    s.grass(s.h + 4, 180, 44)


def street(s: Scenery) -> None:
    """A town: house fronts on both sides of a street that leads away, lamps along it."""
    u = s.u
    s.horizon = s.h * 0.6
    s.sky()
    s.hills(2, 90, 60, 0.4)
    end = s.w * 0.5 + s.side * 40 * u
    for i in range(9):
        s.house(s.w * (0.2 + 0.075 * i) + s.r(-20, 20) * u, s.horizon + 16 * u, s.r(60, 92), 0.5)
    s.c.shape(
        [(end - 16 * u, s.horizon - 20 * u), (end, s.horizon - 175 * u), (end + 16 * u, s.horizon - 20 * u)],
        s.p.layer(0.46),
    )
    s.c.band(s.horizon, 60 * u, s.p.haze, 0.4)
    stone = s.p.layer(0.72)
    s.c.shape(box(0, s.horizon + 12 * u, s.w, s.h), lit(stone, 0.06), mix(stone, s.p.ink, 0.7))
    s.c.shape(
        [
            (end - 26 * u, s.horizon + 12 * u),
            (end + 26 * u, s.horizon + 12 * u),
            (s.w * 0.92, s.h),
            (s.w * 0.08, s.h),
        ],
        mix(s.p.low, stone, 0.55),
        mix(stone, s.p.ink, 0.6),
        0.8,
    )
    for step in range(4):
        size, out = (130, 190, 280, 420)[step], (0.16, 0.25, 0.36, 0.52)[step]
        foot = s.horizon + (24, 52, 104, 190)[step] * u
        for way in (-1, 1):
            s.house(end + way * out * s.w, foot, size, 0.6 + step * 0.12, 0.5)
    joints = [
        stroke([(end + (i - 5) * 5 * u, s.horizon + 14 * u), (end + (i - 5) * 130 * u, s.h)], 1.4 * u)
        for i in range(11)
    ]
    s.c.shapes(joints, s.p.near, strength=0.3)
    for x, y, post, size in ((-0.13, 0.62, 110, 0.8), (0.17, 0.6, 150, 1.05), (-0.27, 0.55, 240, 1.4)):
        s.lantern(end + x * s.w, y * s.h, post * u, size)


def field(s: Scenery) -> None:
    """Open country: hills, a house, a tree, a path."""
    u = s.u
    s.horizon = s.h * 0.6
    s.sky()
    s.hills(3, 110, 76, 0.5)
    green = lch(0.52 - 0.28 * s.p.dark, 0.06, 128)
    s.floor(s.horizon + 4 * u, 0.6, 30, green)
    s.house(s.focus_x, s.horizon + 38 * u, 96, 0.82)
    s.pines(s.horizon + 30 * u, 26, 50, 0.7, 0, 1)
    s.floor(s.horizon + 54 * u, 0.76, 36, green)
    x = s.focus_x
    s.c.shape(
        [
            (x - 6 * u, s.horizon + 44 * u),
            (x + 8 * u, s.horizon + 44 * u),
            (x + s.side * 130 * u + 30 * u, s.h * 0.84),
            (x + s.side * 340 * u + 110 * u, s.h),
            (x + s.side * 340 * u - 90 * u, s.h),
            (x + s.side * 130 * u - 26 * u, s.h * 0.84),
        ],
        mix(s.p.low, s.p.haze, 0.5),
        s.p.ink,
        0.4,
    )
    s.bare_tree(s.w * (0.5 + s.side * 0.36), s.h * 0.96, 420)
    s.grass(s.h + 4, 260, 60)


def desert(s: Scenery) -> None:
    """Dunes under a wide sky, flat-topped rocks far off."""
    u = s.u
    s.horizon = s.h * 0.58
    s.sky()
    sand = lch(0.72 - 0.42 * s.p.dark, 0.075, 62)
    for _ in range(3):
        x, wide, high = s.r(0.05, 0.95) * s.w, s.r(70, 170) * u, s.r(40, 100) * u
        rock = [
            (x - wide, s.horizon + 6),
            (x - wide * 0.7, s.horizon - high),
            (x + wide * 0.66, s.horizon - high * 0.96),
            (x + wide, s.horizon + 6),
        ]
        s.c.shape(rock, s.p.layer(0.3), mix(s.p.layer(0.3), s.p.haze, 0.5))
    for i in range(5):
        line = ridge(s.dice, s.w, s.horizon + (20 + i * i * 17) * u, (40 + i * 22) * u, 0.3)
        tone = mix(sand, s.p.layer(0.15 + i * 0.2), 0.2 + 0.13 * i)
        s.c.shape(ground(line, s.h), lit(tone, 0.06), mix(tone, s.p.ink, 0.3))
    s.c.band(s.horizon, 60 * u, s.p.low, 0.4)


def tower(s: Scenery) -> None:
    """A tower on its hill, above woods."""
    u = s.u
    s.horizon = s.h * 0.66
    s.sky()
    s.hills(3, 150, 100, 0.46)
    x, foot = s.focus_x, s.horizon + 6 * u
    hill: list[Point] = [
        (x - 420 * u, s.h),
        (x - 210 * u, foot + 30 * u),
        (x - 90 * u, foot - 50 * u),
        (x + 90 * u, foot - 54 * u),
        (x + 230 * u, foot + 40 * u),
        (x + 430 * u, s.h),
    ]
    s.c.shape(hill, s.p.layer(0.7), s.p.layer(0.9))
    tone, top = s.p.layer(0.78), foot - 380 * u
    body = [(x - 52 * u, foot - 40 * u), (x - 40 * u, top), (x + 40 * u, top), (x + 52 * u, foot - 40 * u)]
    s.c.shapes(
        [
            body,
            box(x - 50 * u, top - 34 * u, 100 * u, 40 * u),
            box(x - 132 * u, foot - 130 * u, 90 * u, 96 * u),
        ],
        mix(tone, s.p.haze, 0.14),
        tone,
    )
    s.c.shapes([box(x + (i * 24 - 50) * u, top - 48 * u, 14 * u, 16 * u) for i in range(5)], tone)
    s.c.shapes(
        [[(x - 140 * u, foot - 128 * u), (x - 87 * u, foot - 190 * u), (x - 34 * u, foot - 128 * u)]],
        lit(tone, -0.03),
    )
    s.panes(
        [box(x - 8 * u, top + dy * u, 14 * u, 26 * u) for dy in (30, 130, 220)]
        + [box(x - 94 * u, foot - 96 * u, 14 * u, 22 * u)]
    )
    s.c.band(foot + 30 * u, 70 * u, s.p.haze, 0.4)
    s.pines(s.h * 0.86, 60, 90, 0.86)
    s.floor(s.h * 0.86, 0.94, 26)
    s.grass(s.h + 4, 200, 54)
