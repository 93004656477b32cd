"""Indoor places, each with what stands there."""

import math

from luna.imaging.backends.rooms import Room, opening
from luna.imaging.backends.scenery import Scenery
from luna.imaging.canvas import Point, box
from luna.imaging.colour import LAMP, lch, lit, mix


def room(s: Scenery) -> None:
    """A warm room: beams, a window, a hearth, a table with a candle."""
    u = s.u
    r = Room(s, s.r(40, 62))
    r.paint()
    s.c.shapes(
        [
            [
                (s.w * t - 14 * u + (t - 0.5) * 500 * u, 0),
                (s.w * t + 14 * u + (t - 0.5) * 500 * u, 0),
                (r.left + (r.right - r.left) * t + 9 * u, r.top),
                (r.left + (r.right - r.left) * t - 9 * u, r.top),
            ]
            for t in (0.08, 0.36, 0.64, 0.92)
        ],
        r.dark,
    )
    s.c.shape(box(r.left, r.top - 6 * u, r.right - r.left, 16 * u), r.dark)
    hearth = s.w * 0.5 + s.side * 235 * u
    r.window(s.w * 0.5 - s.side * 170 * u - 95 * u, r.top + 70 * u, 190 * u, 170 * u)
    _hearth(s, r, hearth)
    shelf_x = s.w * 0.5 - 20 * u + s.side * 30 * u
    s.c.shape(box(shelf_x - 46 * u, r.top + 130 * u, 92 * u, 8 * u), r.dark)
    s.c.shapes(
        [
            box(shelf_x + (i * 17 - 38) * u, r.top + (130 - h) * u, 11 * u, h * u)
            for i, h in enumerate((34, 26, 40, 30, 22))
        ],
        mix(r.wall, LAMP, 0.22),
    )
    table = s.w * 0.5 - s.side * 150 * u
    top = s.h * 0.79
    r.candle(table + 40 * u, top - 44 * u, 1.0)
    s.c.shapes(
        [
            [
                (table - 230 * u, top),
                (table + 230 * u, top),
                (table + 265 * u, top + 26 * u),
                (table - 265 * u, top + 26 * u),
            ],
            box(table - 215 * u, top + 20 * u, 24 * u, s.h),
            box(table + 190 * u, top + 20 * u, 24 * u, s.h),
        ],
        mix(r.dark, LAMP, 0.09),
        r.dark,
    )
    s.c.shapes(
        [
            box(table - 70 * u, top - 30 * u, 26 * u, 31 * u),
            box(table - 108 * u, top - 20 * u, 22 * u, 21 * u),
        ],
        r.dark,
    )


def _hearth(s: Scenery, r: Room, x: float) -> None:
    """A fireplace against the back wall, burning."""
    u, foot = s.u, r.bottom
    s.c.shape(
        box(x - 105 * u, r.top, 210 * u, foot - r.top), mix(r.wall, r.dark, 0.5), mix(r.wall, r.dark, 0.3)
    )
    s.c.shape(box(x - 122 * u, foot - 196 * u, 244 * u, 16 * u), r.dark)
    s.c.shape(opening(x - 70 * u, foot - 128 * u, 140 * u, 130 * u, True), mix(r.dark, (0.02, 0, 0), 0.5))
    s.c.glow(x, foot - 30 * u, 420 * u, lch(0.72, 0.15, 55), 0.42)
    s.c.glow(x, foot - 34 * u, 110 * u, lch(0.78, 0.16, 60), 0.8)
    flames = [
        [
            (x + (dx - 16) * u, foot - 8 * u),
            (x + (dx + s.r(-8, 8)) * u, foot - high * u),
            (x + (dx + 16) * u, foot - 8 * u),
        ]
        for dx, high in ((-26, 54), (0, 84), (24, 60))
    ]
    s.c.shapes(flames, LAMP, lch(0.68, 0.18, 48), 0.95)
    s.c.shapes(
        [
            [
                (x + (dx - 8) * u, foot - 8 * u),
                (x + dx * u, foot - high * u),
                (x + (dx + 8) * u, foot - 8 * u),
            ]
            for dx, high in ((-24, 30), (1, 46), (23, 32))
        ],
        lit(LAMP, 0.12),
    )
    s.c.shape(box(x - 52 * u, foot - 12 * u, 104 * u, 12 * u), r.dark)


def hall(s: Scenery) -> None:
    """A high hall: columns towards a tall window, and its light on the floor."""
    u = s.u
    r = Room(s, s.r(240, 300), 0.5, 0.27)
    r.top, r.bottom = s.h * 0.06, s.h * 0.7
    r.paint(boards=False)
    middle = s.w * 0.5
    r.window(middle - 105 * u, s.h * 0.14, 210 * u, s.h * 0.46, arched=True)
    for way in (-1, 1):
        r.window(middle + way * 215 * u - 38 * u, s.h * 0.2, 76 * u, s.h * 0.36, arched=True)
    carpet = [
        (middle - 74 * u, r.bottom),
        (middle + 74 * u, r.bottom),
        (middle + 240 * u, s.h),
        (middle - 240 * u, s.h),
    ]
    s.c.shape(carpet, mix(lch(0.36, 0.11, 20), r.wall, 0.25), mix(lch(0.24, 0.09, 20), r.dark, 0.4), 0.85)
    for step in range(4):
        out, wide = (0.24, 0.31, 0.40, 0.53)[step] * s.w, (26, 40, 62, 100)[step] * u
        foot = r.bottom + (8, 34, 84, 190)[step] * u
        tone = mix(r.wall, r.dark, 0.2 + 0.25 * step)
        for way in (-1, 1):
            x = middle + way * out
            s.c.shape(box(x - wide / 2, -4, wide, foot), mix(tone, r.dark, 0.5), tone)
            s.c.shape(
                box(x - way * wide / 2 - 3 * u, -4, 5 * u, foot), mix(tone, s.p.light, 0.3), strength=0.5
            )
            s.c.shapes([box(x - wide * 0.7, foot - 18 * u, wide * 1.4, 22 * u)], mix(tone, r.dark, 0.4))
            if step in (1, 2):
                r.candle(x - way * wide * 0.75, s.h * 0.42, 0.7 + 0.2 * step)
    for i in range(3):
        x = middle + (i - 1) * 150 * u
        s.c.shape(
            [
                (x - 30 * u, s.h * 0.2),
                (x + 30 * u, s.h * 0.2),
                (x + s.side * 260 * u + 120 * u, s.h),
                (x + s.side * 260 * u - 80 * u, s.h),
            ],
            s.p.light,
            strength=0.06,
        )


def shelves(s: Scenery) -> None:
    """Walls of books or wares, a window at the end, a desk with a lamp."""
    u = s.u
    r = Room(s, s.r(40, 70), 0.55, 0.33)
    r.top, r.bottom = s.h * 0.1, s.h * 0.68
    r.paint()
    r.window(s.w * 0.5 - 90 * u, s.h * 0.17, 180 * u, s.h * 0.38, arched=True)
    hues = [s.r(20, 260) for _ in range(7)]
    for way in (-1, 1):
        edge, back = (0.0, r.left) if way < 0 else (float(s.w), r.right)
        for row in range(6):
            y0a, y0b = s.h * (row / 6) * 1.02 - 10 * u, r.top + (r.bottom - r.top) * row / 6
            high_a, high_b = s.h / 6, (r.bottom - r.top) / 6
            books: dict[float, list[list[Point]]] = {}
            at = 0.02
            while at < 0.97:
                wide = s.r(0.016, 0.034)
                tall = s.r(0.62, 0.88)
                t0, t1 = at**0.8, min(1.0, at + wide * 0.85) ** 0.8
                quad = [
                    _on_wall(edge, back, y0a, y0b, high_a, high_b, t, v)
                    for t, v in ((t0, 1 - tall), (t1, 1 - tall), (t1, 0.97), (t0, 0.97))
                ]
                books.setdefault(s.dice.choice(hues), []).append(quad)
                at += wide
            for hue, group in books.items():
                s.c.shapes(
                    group, mix(lch(0.42, 0.07, hue), r.dark, 0.45), mix(lch(0.34, 0.06, hue), r.dark, 0.6)
                )
            board = [
                _on_wall(edge, back, y0a, y0b, high_a, high_b, t, v)
                for t, v in ((0, 0.96), (1, 0.96), (1, 1.04), (0, 1.04))
            ]
            s.c.shape(board, r.dark)
    desk, top = s.w * 0.5 + s.side * 60 * u, s.h * 0.8
    r.candle(desk + s.side * 90 * u, top - 46 * u, 1.1)
    s.c.shapes(
        [
            [
                (desk - 240 * u, top),
                (desk + 240 * u, top),
                (desk + 275 * u, top + 26 * u),
                (desk - 275 * u, top + 26 * u),
            ],
            box(desk - 225 * u, top + 20 * u, 70 * u, s.h),
            box(desk + 155 * u, top + 20 * u, 70 * u, s.h),
        ],
        mix(r.dark, LAMP, 0.09),
        r.dark,
    )
    s.c.shape(
        [
            (desk - 90 * u, top - 2 * u),
            (desk - 10 * u, top - 12 * u),
            (desk + 40 * u, top - 3 * u),
            (desk - 20 * u, top + 4 * u),
        ],
        mix(LAMP, r.wall, 0.35),
    )


def _on_wall(
    edge: float, back: float, ya: float, yb: float, ha: float, hb: float, t: float, v: float
) -> Point:
    """A point on a side wall: `t` from the near edge to the back, `v` down one shelf."""
    return (edge + (back - edge) * t, (ya + ha * v) * (1 - t) + (yb + hb * v) * t)


def cave(s: Scenery) -> None:
    """Rock all around, its mouth bright, water and a small light inside."""
    u = s.u
    rock = lch(0.26 - 0.05 * s.p.dark, 0.03, s.r(200, 290))
    x, y = s.w * 0.5 + s.side * 110 * u, s.h * 0.42
    s.c.gradient([(0, mix(rock, s.p.near, 0.7)), (0.6, rock), (1, mix(rock, s.p.near, 0.6))])
    for i in range(5):
        size = 1.9 - i * 0.27
        mouth = [
            (
                x + math.cos(a) * 330 * size * u * s.r(0.88, 1.1),
                y + math.sin(a) * 210 * size * u * s.r(0.86, 1.12),
            )
            for a in (2 * math.pi * k / 26 for k in range(26))
        ]
        s.c.shape(
            mouth, mix(mix(rock, s.p.near, 0.55), s.p.haze, 0.04 + i * 0.11), mix(rock, s.p.haze, i * 0.12)
        )
    inner = [
        (x + math.cos(a) * 210 * u * s.r(0.85, 1.12), y + math.sin(a) * 140 * u * s.r(0.82, 1.1))
        for a in (2 * math.pi * k / 22 for k in range(22))
    ]
    s.c.glow(x, y, 460 * u, s.p.low, 0.45)
    s.c.shape(inner, mix(s.p.mid, s.p.light, 0.2), s.p.low)
    s.c.glow(x, y, 330 * u, s.p.light, 0.35)
    teeth = [
        [(px - wide, -4), (px + s.r(-8, 8) * u, high), (px + wide, -4)]
        for px, wide, high in ((s.r(0, 1) * s.w, s.r(14, 44) * u, s.r(50, 190) * u) for _ in range(24))
    ]
    s.c.shapes(teeth, mix(rock, s.p.near, 0.8))
    s.c.shape(
        [
            (0, s.h * 0.78),
            *[(s.w * i / 12, s.h * 0.78 + s.r(-14, 14) * u) for i in range(1, 12)],
            (s.w, s.h * 0.78),
            (s.w, s.h),
            (0, s.h),
        ],
        mix(rock, s.p.haze, 0.16),
        s.p.near,
    )
    s.c.shape(
        [
            (x - 260 * u, s.h * 0.84),
            (x + 200 * u, s.h * 0.83),
            (x + 300 * u, s.h * 0.89),
            (x - 100 * u, s.h * 0.93),
            (x - 360 * u, s.h * 0.89),
        ],
        mix(s.p.low, rock, 0.3),
        mix(s.p.mid, rock, 0.6),
        0.8,
    )
    light_x = s.w * 0.5 - s.side * 270 * u
    s.c.glow(light_x, s.h * 0.74, 250 * u, LAMP, 0.45)
    s.c.disc(light_x, s.h * 0.75, 9 * u, lit(LAMP, 0.1))
    s.c.shapes(
        [
            [(px - w, s.h), (px, s.h - high), (px + w, s.h)]
            for px, w, high in ((s.r(0, 1) * s.w, s.r(30, 90) * u, s.r(30, 110) * u) for _ in range(14))
        ],
        mix(rock, s.p.near, 0.85),
    )


def corridor(s: Scenery) -> None:
    """A passage of metal with strips of light, leading to a lit end."""
    u = s.u
    cold, glow = lch(0.32, 0.035, s.r(220, 270)), lch(0.86, 0.075, s.r(180, 215))
    x, y = s.w * 0.5, s.h * 0.47
    s.c.gradient([(0, mix(cold, s.p.near, 0.8)), (0.5, cold), (1, mix(cold, s.p.near, 0.8))])
    for i in range(7):
        size = 1.0 - i / 7.6
        wide, high, cut = s.w * 0.56 * size, s.h * 0.6 * size, 80 * u * size
        frame = [
            (x - wide + cut, y - high),
            (x + wide - cut, y - high),
            (x + wide, y - high + cut),
            (x + wide, y + high - cut),
            (x + wide - cut, y + high),
            (x - wide + cut, y + high),
            (x - wide, y + high - cut),
            (x - wide, y - high + cut),
        ]
        tone = mix(mix(cold, s.p.near, 0.2 if i % 2 else 0.72), glow, 0.035 * i)
        s.c.shape(frame, tone, mix(tone, s.p.near, 0.3))
        if i % 2:
            s.c.shape(
                box(x - wide * 0.16, y - high + 4 * u * size, wide * 0.32, 14 * u * size), glow, strength=0.9
            )
            s.c.glow(x, y - high + 10 * u * size, 260 * u * size, glow, 0.3, flat=0.5)
            s.c.shapes(
                [
                    box(x - wide + 10 * u * size, y - 4 * u, 5 * u, high * 0.3),
                    box(x + wide - 15 * u * size, y - 4 * u, 5 * u, high * 0.3),
                ],
                LAMP,
                strength=0.9,
            )
    s.c.shape(
        [(x - 60 * u, y + 60 * u), (x + 60 * u, y + 60 * u), (x + 330 * u, s.h), (x - 330 * u, s.h)],
        glow,
        mix(cold, s.p.near, 0.7),
        0.22,
    )
    s.c.glow(x, y, 330 * u, glow, 0.55)
    s.c.shape(box(x - 46 * u, y - 52 * u, 92 * u, 116 * u), lit(glow, 0.06), glow)
    s.c.shapes([box(x - 3 * u, y - 52 * u, 5 * u, 116 * u)], cold, strength=0.6)
