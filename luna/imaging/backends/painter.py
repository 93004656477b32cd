"""The built-in painter: a picture of a place from its words, the hour and the weather. Needs no model.

Words choose one of a few kinds of places; the seed chooses its shape; hour, weather and tension its colours.
"""

import random
import re
from collections.abc import Callable

from luna.imaging.backends import interiors, landscapes
from luna.imaging.backends.scenery import Scenery
from luna.imaging.canvas import Canvas, box, stroke
from luna.imaging.colour import CLEAR, CLOUDS, FOG, RAIN, SNOW, STORM, palette
from luna.imaging.types import ImageRequest
from luna.kernel.values import digest

MEDIA_TYPE = "image/webp"

OUTDOORS: dict[str, tuple[Callable[[Scenery], None], str]] = {
    "sea": (landscapes.sea, "sea harbour harbor ocean pier dock docks port coast beach quay shore bay ship boat jetty wharf island lighthouse river lake ferry canal marsh landing"),
    "forest": (landscapes.forest, "forest wood woods grove trees jungle glade thicket pines orchard garden park"),
    "mountains": (landscapes.mountains, "mountain mountains peak pass summit cliff glacier valley ridge alpine crag gorge"),
    "street": (landscapes.street, "street city town village alley lane square market bazaar road gate yard courtyard bridge plaza quarter station platform"),
    "desert": (landscapes.desert, "desert dune dunes sand sands oasis wasteland badlands karst"),
    "tower": (landscapes.tower, "tower castle keep fort fortress ruin ruins observatory mill palace citadel"),
    "field": (landscapes.field, "field meadow farm plain moor hill heath pasture countryside graveyard cemetery camp"),
}  # fmt: skip
INDOORS: dict[str, tuple[Callable[[Scenery], None], str]] = {
    "room": (interiors.room, "room tavern inn taproom pub bar kitchen bedroom cottage house cabin parlour lounge cafe chamber hearth hut attic"),
    "hall": (interiors.hall, "hall church chapel cathedral temple nave throne ballroom court abbey shrine crypt museum foyer lobby theatre"),
    "shelves": (interiors.shelves, "library study archive archives bookshop shop store office records workshop laboratory scriptorium apothecary cellar storeroom"),
    "cave": (interiors.cave, "cave cavern grotto mine tunnel underground catacomb dungeon cistern sewer vault"),
    "corridor": (interiors.corridor, "corridor airlock spaceship starship deck bulkhead hangar passageway cockpit engine reactor bunker shuttle module"),
}  # fmt: skip
WEATHERS = {
    STORM: "storm stormy thunder thunderstorm lightning gale tempest",
    RAIN: "rain raining rainy drizzle drizzling downpour wet shower showers sleet",
    SNOW: "snow snowing snowy blizzard flurries",
    FOG: "fog foggy mist misty haze hazy smoke",
    CLOUDS: "cloud clouds cloudy overcast grey gray dull",
}


def paint(request: ImageRequest) -> bytes:
    """The picture as a WebP file. Equal requests give equal bytes on one version of the painter."""
    weather = read_weather(request.weather)
    name, draw = read_place(request)
    canvas = Canvas(request.width, request.height)
    key = digest("painter", request.seed, request.place, name)
    scenery = Scenery(canvas, palette(request.minutes, weather, request.tension), weather, key)
    draw(scenery)
    if name not in INDOORS:
        _fall(scenery, random.Random(digest("weather", key)))
    return canvas.finish()


def read_place(request: ImageRequest) -> tuple[str, Callable[[Scenery], None]]:
    """The kind of place a request is about. The place's own name counts most, its description least."""
    kinds = INDOORS if request.indoors else {**INDOORS, **OUTDOORS}
    texts = ((request.place, 6.0), (request.subject, 2.0), (request.place_description, 1.0))
    scores = {
        name: sum(weight * _count(text, words) for text, weight in texts)
        for name, (_, words) in kinds.items()
    }
    best = max(scores, key=lambda name: scores[name])
    if scores[best] <= 0:
        best = "room" if request.indoors else "field"
    return best, kinds[best][0]


def read_weather(text: str) -> str:
    """The weather a painter can paint that comes nearest to the words."""
    words = set(re.findall(r"[a-z]+", text.lower()))
    return next((name for name, known in WEATHERS.items() if words & set(known.split())), CLEAR)


def _count(text: str, words: str) -> float:
    """How many of the text's words belong to a kind; the first ones count a little more."""
    known = set(words.split())
    found = re.findall(r"[a-z]+", text.lower())
    return sum(
        1 + 0.5 / (1 + i) for i, word in enumerate(found) if word in known or word.removesuffix("s") in known
    )


def _fall(s: Scenery, dice: random.Random) -> None:
    """What falls or drifts in front of everything: rain, snow, fog."""
    u = s.u
    if s.weather in (RAIN, STORM):
        slant = 16 if s.weather == RAIN else 30
        for share, strength in ((0.6, 0.14), (1.0, 0.2)):
            drops = [
                stroke([(x, y), (x - slant * share * u, y + 54 * share * u)], 1.5 * share * u)
                for x, y in ((dice.uniform(0, 1.05) * s.w, dice.uniform(-0.05, 1) * s.h) for _ in range(240))
            ]
            s.c.shapes(drops, s.p.light, strength=strength)
    elif s.weather == SNOW:
        for size, count in ((1.6, 220), (2.8, 110), (4.6, 36)):
            flakes = [
                box(x, y, size * u, size * u)
                for x, y in ((dice.uniform(0, 1) * s.w, dice.uniform(0, 1) * s.h) for _ in range(count))
            ]
            s.c.shapes(flakes, (0.97, 0.0, 0.0), strength=0.75)
    elif s.weather == FOG:
        for share in (0.5, 0.66, 0.82):
            s.c.band(s.h * share, s.h * dice.uniform(0.16, 0.24), s.p.haze, 0.5)
