"""What a picture is asked for with. One value carries the whole request; the same request paints the same
picture, byte for byte, on one version of the painter."""

from typing import Annotated, Literal

from pydantic import Field

from luna.kernel.values import Frozen, digest

Kind = Literal["background", "portrait", "illustration"]


class ImageRequest(Frozen):
    """A picture to be made.

    `minutes` is the time of day from midnight (whole days are ignored), `weather` and `style` are free words,
    `tension` goes from 0 (calm) to 10, `seed` picks among equally good pictures. Sizes are in pixels.
    """

    kind: Kind = "background"
    subject: Annotated[str, Field(max_length=4000)] = ""
    place: Annotated[str, Field(max_length=200)] = ""
    place_description: Annotated[str, Field(max_length=4000)] = ""
    indoors: bool = False
    minutes: Annotated[int, Field(ge=0)] = 12 * 60
    weather: Annotated[str, Field(max_length=200)] = ""
    mood: Annotated[str, Field(max_length=200)] = ""
    tension: Annotated[int, Field(ge=0, le=10)] = 3
    seed: Annotated[str, Field(max_length=200)] = ""
    width: Annotated[int, Field(ge=64, le=2048)] = 1280
    height: Annotated[int, Field(ge=64, le=2048)] = 720
    style: Annotated[str, Field(max_length=200)] = ""

    def key(self) -> str:
        """64 hex characters that name this request: equal requests have equal keys."""
        return digest("image-request", self.model_dump_json())
