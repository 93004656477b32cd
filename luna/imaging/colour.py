"""Colours of a picture, from the time of day, the weather and the tension.

Everything is mixed in OKLab, where a straight line between two colours looks even. Far things take the
colour of the haze, near things that of the ink: one palette makes one picture.
"""

import math
from dataclasses import dataclass

Lab = tuple[float, float, float]

CLEAR, CLOUDS, RAIN, STORM, FOG, SNOW = "clear", "clouds", "rain", "storm", "fog", "snow"


def lch(lightness: float, chroma: float, hue: float) -> Lab:
    """A colour from lightness (0 to 1), chroma (0 to about 0.3) and hue in degrees."""
    angle = math.radians(hue)
    return (lightness, chroma * math.cos(angle), chroma * math.sin(angle))


LAMP = lch(0.84, 0.125, 70)
"""The one warm light of every picture: windows, lanterns, fires."""


def mix(one: Lab, other: Lab, share: float) -> Lab:
    """A colour on the way from `one` (0) to `other` (1)."""
    a, b, c = (x + (y - x) * share for x, y in zip(one, other, strict=True))
    return (a, b, c)


def lit(colour: Lab, lightness: float, chroma: float = 1.0) -> Lab:
    """The colour made lighter or darker, and its chroma multiplied."""
    return (min(1.0, max(0.0, colour[0] + lightness)), colour[1] * chroma, colour[2] * chroma)


def rgb(colour: Lab) -> tuple[int, int, int]:
    """Screen colour, each part 0 to 255. What a screen cannot show loses chroma, not hue."""
    lightness, a, b = colour
    for _ in range(10):
        parts = _linear((lightness, a, b))
        if all(-0.002 <= part <= 1.002 for part in parts):
            break
        a, b = a * 0.86, b * 0.86
    red, green, blue = (round(255 * _gamma(min(1.0, max(0.0, p)))) for p in _linear((lightness, a, b)))
    return (red, green, blue)


def _linear(colour: Lab) -> tuple[float, float, float]:
    lightness, a, b = colour
    x = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    y = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    z = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z,
        -1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z,
        -0.0041960863 * x - 0.7034186147 * y + 1.7076147010 * z,
    )


def _gamma(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055


@dataclass(frozen=True)
class Palette:
    """`top`, `mid`, `low` are the sky from above to the horizon; `dark` (0 to 1) says how lit lamps are."""

    top: Lab
    mid: Lab
    low: Lab
    haze: Lab
    ink: Lab
    light: Lab
    dark: float

    def layer(self, nearness: float) -> Lab:
        """The colour of things at a distance: 0 is the far ridge, 1 the foreground."""
        return mix(self.haze, self.ink, nearness**0.8)

    @property
    def near(self) -> Lab:
        """The darkest foreground."""
        return mix(self.ink, (0.04, 0.0, 0.0), 0.35)


# minutes: top, mid, low, ink, light, how dark it is
_HOURS: tuple[tuple[int, Lab, Lab, Lab, Lab, Lab, float], ...] = (
    (0, lch(0.17, 0.036, 262), lch(0.27, 0.05, 252), lch(0.40, 0.05, 235), lch(0.11, 0.022, 255), lch(0.92, 0.03, 220), 1.0),
    (270, lch(0.18, 0.036, 262), lch(0.28, 0.05, 250), lch(0.42, 0.05, 230), lch(0.11, 0.022, 255), lch(0.92, 0.03, 220), 1.0),
    (370, lch(0.56, 0.055, 255), lch(0.75, 0.045, 330), lch(0.87, 0.085, 62), lch(0.23, 0.035, 280), lch(0.97, 0.055, 85), 0.4),
    (480, lch(0.66, 0.075, 240), lch(0.80, 0.055, 225), lch(0.92, 0.04, 110), lch(0.28, 0.045, 200), lch(0.985, 0.03, 98), 0.0),
    (1000, lch(0.62, 0.08, 240), lch(0.79, 0.055, 222), lch(0.92, 0.045, 95), lch(0.27, 0.045, 200), lch(0.985, 0.035, 95), 0.0),
    (1130, lch(0.33, 0.06, 275), lch(0.55, 0.075, 330), lch(0.80, 0.125, 58), lch(0.17, 0.03, 280), lch(0.93, 0.10, 75), 0.7),
    (1260, lch(0.18, 0.04, 266), lch(0.29, 0.055, 262), lch(0.44, 0.06, 260), lch(0.115, 0.022, 262), lch(0.92, 0.03, 220), 1.0),
    (1440, lch(0.17, 0.036, 262), lch(0.27, 0.05, 252), lch(0.40, 0.05, 235), lch(0.11, 0.022, 255), lch(0.92, 0.03, 220), 1.0),
)  # fmt: skip


def palette(minutes: int, weather: str, tension: int) -> Palette:
    """The palette of an hour. `weather` is one of the words above."""
    at = minutes % (24 * 60)
    after = next(i for i, hour in enumerate(_HOURS) if hour[0] > at)
    one, other = _HOURS[after - 1], _HOURS[after]
    share = (at - one[0]) / (other[0] - one[0])
    top, mid, low, ink, light = (mix(one[i], other[i], share) for i in range(1, 6))  # type: ignore[arg-type]
    dark = one[6] + (other[6] - one[6]) * share
    if tension >= 7:
        top, mid = mix(top, lch(top[0] - 0.03, 0.07, 15), 0.45), mix(mid, lch(mid[0] - 0.02, 0.08, 20), 0.4)
        low = mix(low, lch(low[0] - 0.02, 0.12, 35), 0.4)
    return _weathered(Palette(top, mid, low, mix(mid, low, 0.4), ink, light, dark), weather)


def _weathered(p: Palette, weather: str) -> Palette:
    night = p.dark > 0.8
    if weather == CLEAR:
        return p
    if weather == FOG:
        fog = mix(p.mid, p.low, 0.5)
        fog = (fog[0], fog[1] * 0.6, fog[2] * 0.6)
        sky = (mix(p.top, fog, 0.6), mix(p.mid, fog, 0.75), mix(p.low, fog, 0.55))
        return Palette(
            *sky, lit(fog, 0.10 if night else 0.04), mix(p.ink, fog, 0.08), p.light, max(p.dark, 0.3)
        )
    if weather == SNOW:
        cold = lch(0.40 if night else 0.84, 0.02, 240)
        sky = (mix(p.top, cold, 0.35), mix(p.mid, cold, 0.4), mix(p.low, cold, 0.35))
        return Palette(*sky, mix(sky[1], cold, 0.4), p.ink, p.light, p.dark)
    share, fall = {CLOUDS: (0.3, 0.96), RAIN: (0.5, 0.86), STORM: (0.6, 0.66)}[weather]
    grey = lch(0.28 if night else 0.55, 0.02, 240)
    top, mid, low = ((m[0] * fall, m[1], m[2]) for m in (mix(c, grey, share) for c in (p.top, p.mid, p.low)))
    return Palette(
        top, mid, low, mix(mid, low, 0.45), p.ink, p.light, max(p.dark, 0.5 if weather == STORM else p.dark)
    )
