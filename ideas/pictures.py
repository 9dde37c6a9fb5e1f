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
from typing import NamedTuple

from marshmallow import ValidationError
from PIL import Image, ImageOps

from ideas.words import _

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")
CONTENT_TYPE = "image/webp"  # what all of them become

LONGEST_SIDE = 1600  # pixels; larger ones are scaled down to it
MEGAPIXELS = 16  # the most that is decoded: a progressive JPEG in four colours needs eight bytes for each
# libwebp hands its pictures over in several copies, GIF decoders keep the canvas beside the frame
MEGAPIXELS_WITH_COPIES = 9

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


def taken(sent: bytes, *, most_bytes: int) -> Picture:
    """What was sent as a picture of ours. Raises ValidationError, naming the field, for whatever is none."""
    if not sent:
        raise refused(_("Choose a picture first."))
    if len(sent) > most_bytes:
        raise too_large(most_bytes)
    with _ONE_AT_A_TIME:
        made, is_drawing = _made_anew(sent)
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


def _made_anew(sent: bytes) -> tuple[Image.Image, bool]:
    """The picture, and whether it is a drawing, which stays sharp and small without loss."""
    unreadable = _("This is no picture that can be used: JPEG, PNG, WebP and GIF can.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of broken metadata, which is dropped, and of many pixels, counted below
            with Image.open(io.BytesIO(sent), formats=FORMATS) as opened:
                _require_few_pixels(opened)
                made = _plain(opened)
                return made, opened.format in ("PNG", "GIF") and _has_few_colours(made)
    except ValidationError:
        raise
    except Exception as error:
        raise refused(unreadable) from error


def _require_few_pixels(opened: Image.Image) -> None:
    """Ask the header, before any pixel is decoded."""
    width, height = opened.size
    most = MEGAPIXELS if opened.format in ("JPEG", "MPO", "PNG") else MEGAPIXELS_WITH_COPIES
    if width * height > most * 1_000_000:
        raise refused(
            _(
                "This picture has %(width)s × %(height)s pixels; %(most)s million fit.",
                width=width,
                height=height,
                most=most,
            )
        )


def _plain(opened: Image.Image) -> Image.Image:
    """The first frame, upright, at most LONGEST_SIDE long, as bare pixels."""
    turn = _upright_by(opened)
    opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded at a fraction of its size where that does
    opened.load()
    wanted = "RGBA" if opened.has_transparency_data else "RGB"
    shown = opened.convert(wanted) if opened.mode != wanted else opened
    if max(shown.size) > LONGEST_SIDE:
        shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE), reducing_gap=2.0)
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
