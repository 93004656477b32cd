"""The chunks of a PNG file, read with every length checked, and its text chunks.

Nothing here decodes the picture: its bytes go out exactly as they came in.
"""

import struct
import zlib

from luna.kernel.errors import BadInput
from luna.kernel.values import Frozen

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_PNG_BYTES = 32 * 1024 * 1024
MAX_TEXT_BYTES = 12 * 1024 * 1024
"""Largest text chunk, as it stands or inflated. A card is base64 in it, a third larger than its JSON."""

MAX_CHUNKS = 100_000
TEXT_KINDS = (b"tEXt", b"zTXt", b"iTXt")


class Chunk(Frozen):
    """One chunk: its type, its data, and whether its checksum is right."""

    kind: bytes
    data: bytes
    intact: bool = True


class TextChunk(Frozen):
    """A text chunk, read: keyword in lower case, and the text as bytes (mostly base64)."""

    keyword: str
    text: bytes
    intact: bool


def is_png(raw: bytes) -> bool:
    """Whether a file starts as a PNG does."""
    return raw.startswith(SIGNATURE)


def read_chunks(raw: bytes) -> list[Chunk]:
    """All chunks up to IEND. What follows IEND is not part of the picture.

    Raises BadInput `card-broken` when a chunk reaches past the end, the first is not IHDR, or IEND is missing.
    """
    if not is_png(raw):
        raise _broken("it does not start as a PNG")
    chunks: list[Chunk] = []
    at = len(SIGNATURE)
    while True:
        if at + 12 > len(raw):
            raise _broken("it ends in the middle")
        (length,) = struct.unpack_from(">I", raw, at)
        kind = raw[at + 4 : at + 8]
        end = at + 12 + length
        if not (kind.isalpha() and kind.isascii()):
            raise _broken(f"there is no chunk at byte {at}")
        if end > len(raw):
            raise _broken("a chunk reaches past its end")
        data = raw[at + 8 : end - 4]
        (checksum,) = struct.unpack_from(">I", raw, end - 4)
        chunks.append(Chunk(kind=kind, data=data, intact=zlib.crc32(kind + data) == checksum))
        if chunks[0].kind != b"IHDR" or len(chunks) > MAX_CHUNKS:
            raise _broken("its first chunk is not its header" if len(chunks) == 1 else "too many chunks")
        if kind == b"IEND":
            return chunks
        at = end


def write_chunks(chunks: list[Chunk]) -> bytes:
    """The file of these chunks, with right checksums."""
    parts = [SIGNATURE]
    for chunk in chunks:
        parts += [
            struct.pack(">I", len(chunk.data)),
            chunk.kind,
            chunk.data,
            struct.pack(">I", zlib.crc32(chunk.kind + chunk.data)),
        ]
    return b"".join(parts)


def read_text(chunk: Chunk) -> TextChunk | None:
    """The keyword and text of a text chunk; None for another chunk or one that is damaged inside.

    Raises BadInput `card-too-large` when it is, or inflates to, more than MAX_TEXT_BYTES.
    """
    if chunk.kind not in TEXT_KINDS:
        return None
    keyword, found, rest = chunk.data[:100].partition(b"\0")
    if not found:
        return None
    rest = chunk.data[len(keyword) + 1 :]
    text: bytes | None = rest
    if chunk.kind == b"zTXt":
        text = _inflate(rest[1:]) if rest[:1] == b"\0" else None
    elif chunk.kind == b"iTXt":
        text = _international(rest)
    if text is None:
        return None
    if len(text) > MAX_TEXT_BYTES:
        raise _too_large()
    return TextChunk(keyword=keyword.decode("latin-1").lower(), text=text, intact=chunk.intact)


def text_chunk(keyword: str, text: bytes) -> Chunk:
    """A plain tEXt chunk."""
    return Chunk(kind=b"tEXt", data=keyword.encode("latin-1") + b"\0" + text)


def keyword_of(chunk: Chunk) -> str:
    """The keyword of a text chunk in lower case, without reading its text; "" for other chunks."""
    if chunk.kind not in TEXT_KINDS:
        return ""
    return chunk.data[:100].partition(b"\0")[0].decode("latin-1").lower()


def plain_picture(width: int = 400, height: int = 600) -> bytes:
    """A plain picture for a card that came without one: a soft vertical gradient, 8-bit RGB."""
    rows = bytearray()
    for y in range(height):
        shade = y / max(1, height - 1)
        colour = bytes((int(58 - 24 * shade), int(66 - 26 * shade), int(92 - 30 * shade)))
        rows += b"\0" + colour * width
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return write_chunks(
        [
            Chunk(kind=b"IHDR", data=header),
            Chunk(kind=b"IDAT", data=zlib.compress(bytes(rows), 9)),
            Chunk(kind=b"IEND", data=b""),
        ]
    )


def _international(rest: bytes) -> bytes | None:
    """The text of an iTXt chunk: two flags, language, translated keyword, then the text."""
    packed, method = rest[:1], rest[1:2]
    parts = rest[2:].split(b"\0", 2)
    if len(parts) < 3 or method != b"\0" or packed not in (b"\0", b"\1"):
        return None
    return _inflate(parts[2]) if packed == b"\1" else parts[2]


def _inflate(packed: bytes) -> bytes | None:
    """Inflate with a ceiling, so that a small file cannot fill the memory."""
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(packed, MAX_TEXT_BYTES + 1)
    except zlib.error:
        return None
    if len(text) > MAX_TEXT_BYTES:
        raise _too_large()
    return text if stream.eof else None


def _broken(why: str) -> BadInput:
    return BadInput(
        f"This PNG file is broken: {why}.",
        "Download or export the card again; sending it through a chat or a picture editor often breaks it.",
        code="card-broken",
    )


def _too_large() -> BadInput:
    return BadInput(
        f"The card in this picture is too large: at most {MAX_TEXT_BYTES // (1024 * 1024)} MB are read.",
        "Take out pictures and sound that are embedded in the card.",
        code="card-too-large",
        limit=MAX_TEXT_BYTES,
    )
