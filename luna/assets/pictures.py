"""What Pillow says about a picture: the only judge of whether bytes are one."""

from io import BytesIO

from luna.assets.types import MAX_PIXELS, MediaType
from luna.kernel.errors import BadInput

FORMATS: dict[MediaType, str] = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
}


def measure(data: bytes, media_type: MediaType) -> tuple[int, int]:
    """Width and height in pixels of a picture that decodes as that type.

    Raises BadInput when it is another type, broken, cut off, or has too many pixels.
    """
    from PIL import Image

    format_ = FORMATS.get(media_type)
    if format_ is None:
        raise BadInput(f"{media_type!r} is not a kind of picture that is kept.", f"Use {', '.join(FORMATS)}.")
    try:
        with Image.open(BytesIO(data), formats=(format_,)) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise BadInput(
                    f"The picture has {width}x{height} pixels, which is too many.",
                    f"At most {MAX_PIXELS:,} pixels are kept.",
                    code="picture-too-large",
                )
            picture.load()
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise BadInput(
            f"This is not a whole {format_} picture.",
            "Send the picture's own bytes with its own media type.",
            code="not-a-picture",
        ) from error
    return width, height
