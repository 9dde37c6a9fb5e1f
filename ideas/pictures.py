"""A picture that somebody sent becomes one of ours: decoded, turned upright, made smaller, encoded anew.

Nothing of the file that came in goes out again: no metadata, no profile, nothing behind its end. What cannot be read
in full as one of FORMATS is refused.
"""

from __future__ import annotations

import hashlib
import io
import re
import secrets
import threading
import warnings
from typing import Any, NamedTuple

from marshmallow import ValidationError
from PIL import Image, ImageOps, JpegImagePlugin

from ideas.words import _

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")
CONTENT_TYPE = "image/webp"  # what all of them become

LONGEST_SIDE = 1600  # pixels; larger ones are scaled down to it
MEGAPIXELS = 16  # the most of a format that is decoded whole, in up to eight bytes for each pixel
# libwebp hands its pictures over in several copies, GIF decoders keep the canvas beside the frame
MEGAPIXELS_WITH_COPIES = 9
# a photograph is scaled down while it is decoded, row by row
MEGAPIXELS_AS_JPEG = 100
SCANS_MOST = 64  # usual ones have ten; each goes over the whole picture, however few bytes it has

FIELD = "picture"
QUALITY = 82

# the address below /pictures: unguessable, with what it is made of and, so that a page can keep its place, its size
NAME = r"[0-9a-f]{24}-[0-9a-f]{16}-([1-9][0-9]{0,3})x([1-9][0-9]{0,3})\.webp"

# decoding needs memory for every pixel: in one process one at a time
_ONE_AT_A_TIME = threading.Lock()


class Picture(NamedTuple):
    """A picture as we keep it."""

    name: str
    content: bytes
    width: int
    height: int

    @property
    def made_of(self) -> str:
        """Another word for another picture."""
        return self.name.split("-")[1]


def taken(sent: bytes, *, most_bytes: int, longest_side: int = LONGEST_SIDE) -> Picture:
    """What was sent as a picture of ours, so many pixels long at most.

    Raises ValidationError, naming the field, for whatever is none.
    """
    if not sent:
        raise refused(_("Choose a picture first."))
    if len(sent) > most_bytes:
        raise too_large(most_bytes)
    with _ONE_AT_A_TIME:
        made, is_drawing = _made_anew(sent, longest_side)
        content = io.BytesIO()
        made.save(content, "WEBP", quality=QUALITY, method=4, lossless=is_drawing)
        width, height = made.size
        made.close()
    encoded = content.getvalue()
    made_of = hashlib.sha256(encoded).hexdigest()[:16]
    return Picture(f"{secrets.token_hex(12)}-{made_of}-{width}x{height}.webp", encoded, width, height)


def refused(words: str) -> ValidationError:
    """Why a picture is not taken, at its field."""
    return ValidationError({FIELD: [words]})


def too_large(most_bytes: int) -> ValidationError:
    return refused(_("This picture is larger than %(most)s MB.", most=most_bytes // 1_000_000))


def is_name(name: str) -> bool:
    return re.fullmatch(NAME, name) is not None


def _made_anew(sent: bytes, longest_side: int) -> tuple[Image.Image, bool]:
    """The picture, and whether it is a drawing, which stays sharp and small without loss."""
    unreadable = _("This is no picture that can be used: JPEG, PNG, WebP and GIF can.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of broken metadata, which is dropped, and of many pixels, counted below
            with Image.open(io.BytesIO(sent), formats=FORMATS) as opened:
                _require_few_pixels(opened, sent)
                made = _plain(opened, longest_side)
                return made, opened.format in ("PNG", "GIF") and _has_few_colours(made)
    except ValidationError:
        raise
    except Exception as error:
        raise refused(unreadable) from error


def _require_few_pixels(opened: Image.Image, sent: bytes) -> None:
    """Ask the header, before any pixel is decoded."""
    width, height = opened.size
    is_photograph = isinstance(opened, JpegImagePlugin.JpegImageFile)
    most = _megapixels_as_jpeg(opened, sent) if is_photograph else _MOST.get(opened.format or "", MEGAPIXELS)
    if width * height <= most * 1_000_000:
        return
    if is_photograph:
        words = _("This picture has %(width)s × %(height)s pixels; %(most)s million fit.", **_sizes(opened, most))
    else:
        words = _(
            "This picture has %(width)s × %(height)s pixels; %(most)s million fit. As a JPEG %(jpeg)s million do.",
            jpeg=MEGAPIXELS_AS_JPEG,
            **_sizes(opened, most),
        )
    raise refused(words)


_MOST = {"WEBP": MEGAPIXELS_WITH_COPIES, "GIF": MEGAPIXELS_WITH_COPIES}


def _sizes(opened: Image.Image, most: int) -> dict[str, int]:
    width, height = opened.size
    return {"width": width, "height": height, "most": most}


def _megapixels_as_jpeg(opened: Any, sent: bytes) -> int:
    """How many fit into the memory that MEGAPIXELS of eight bytes each may take.

    A JPEG whose colours or whose precision come one after the other is kept whole by the decoder until the last has
    come: two bytes for each sample (libjpeg's coefficients), whatever the scale at which it is wanted.
    """
    if _comes_in_one_scan(sent):
        return MEGAPIXELS_AS_JPEG
    if sent.count(b"\xff\xda") > SCANS_MOST:
        raise ValueError("A picture in so many scans is meant to keep us busy.")
    samples = [across * down for _name, across, down, _table in opened.layer]
    most_across = max(across for _name, across, _down, _table in opened.layer)
    most_down = max(down for _name, _across, down, _table in opened.layer)
    bytes_for_each = 2 * sum(samples) / (most_across * most_down)
    return int(min(MEGAPIXELS_AS_JPEG, 8 * MEGAPIXELS / bytes_for_each))


def _comes_in_one_scan(sent: bytes) -> bool:
    """Whether the first scan of a JPEG has all of it, so that rows can be let go as they are decoded."""
    place, colours = 2, None
    while place + 10 <= len(sent) and sent[place] == 0xFF:
        marker = sent[place + 1]
        if marker == 0xFF:  # padding
            place += 1
            continue
        if marker in (0xC0, 0xC1):  # what follows is sequential; the other kinds of frames are not, or are not read
            colours = sent[place + 9]
        elif marker == 0xDA:
            return sent[place + 4] == colours
        place += 2 + int.from_bytes(sent[place + 2 : place + 4], "big")
    return False


def _plain(opened: Image.Image, longest_side: int) -> Image.Image:
    """The first frame, upright, at most so long, as bare pixels."""
    turn = _upright_by(opened)
    # a JPEG is decoded at a fraction of its size, chosen by the side that shrinks less: so both are to shrink alike
    by = max(1.0, max(opened.size) / longest_side)
    opened.draft("RGB", (max(1, int(opened.width / by)), max(1, int(opened.height / by))))
    opened.load()
    wanted = "RGBA" if opened.has_transparency_data else "RGB"
    shown = opened.convert(wanted) if opened.mode != wanted else opened
    if max(shown.size) > longest_side:
        shown.thumbnail((longest_side, longest_side), reducing_gap=2.0)
    if turn is not None:
        shown = shown.transpose(turn)
    # what the file said beside its pixels stays behind
    bare = Image.new(wanted, shown.size)
    bare.paste(shown)
    return bare


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _upright_by(opened: Image.Image) -> Image.Transpose | None:
    """How the camera was held. Broken metadata says nothing."""
    try:
        orientation = opened.getexif().get(0x0112)
    except Exception:  # noqa: BLE001 - whatever a parser of hostile bytes raises: the picture may be fine
        return None
    return _TURNS.get(orientation) if isinstance(orientation, int) else None


def _has_few_colours(made: Image.Image) -> bool:
    small = ImageOps.contain(made.convert("RGB"), (256, 256), Image.Resampling.NEAREST)
    return small.getcolors(maxcolors=128) is not None
