"""The accent colour's shades: computed so that what is written in them, or on them, can be read by everybody."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

READABLE = 4.5  # WCAG 2.2, success criterion 1.4.3
COMFORTABLE = 6.0  # on a dark ground the least that passes still looks dim

# What tokens.css says; the accent is read on all of these, and a test compares the two files.
LIGHT_GROUNDS = ("#fbfaf7", "#ffffff", "#f3f1ea")
LIGHT_INKS = ("#1c1f23", "#5a5e66")
DARK_GROUNDS = ("#14161a", "#1b1e23", "#22262c")
DARK_INKS = ("#e8e6e1", "#a5a8ae")
DARK_PAPER = DARK_GROUNDS[0]

_STEP = 0.004
_COLOURLESS = 0.02  # chroma below which people see a grey


class Oklch(NamedTuple):
    """A colour as people see it: lightness 0..1, chroma 0..0.4 or so, hue in radians."""

    lightness: float
    chroma: float
    hue: float


class Shades(NamedTuple):
    """The accent in one theme, as #rrggbb.

    accent: text and fills, `hover` when pointed at; `on_accent` is written on a fill, `tint` lies behind a text.
    """

    accent: str
    hover: str
    tint: str
    rule: str
    on_accent: str


class Palette(NamedTuple):
    light: Shades
    dark: Shades


def palette(accent: str) -> Palette:
    """Shades of `accent` (#rgb or #rrggbb) for both themes; each reaches at least 4.5 : 1 wherever it is used.

    A colour that does is kept as it is; another moves along its lightness only as far as it must.
    Raises ValueError, saying why, for what is no colour, and for a pale grey: its shades would look switched off.
    """
    picked = _to_oklch(_channels(accent))
    if picked.chroma < _COLOURLESS and picked.lightness > 0.62:
        raise ValueError(
            f"{accent} is a grey so pale that links and buttons in it would look switched off; "
            "pick a colour, or a grey as dark as #767676."
        )
    light_tint = _hex(Oklch(0.955, min(picked.chroma, 0.02), picked.hue))
    light = _readable(accent, against=(*LIGHT_GROUNDS, light_tint), least=READABLE, step=-_STEP)
    dark_tint = _hex(Oklch(0.275, min(picked.chroma, 0.025), picked.hue))
    dark = _readable(accent, against=(*DARK_GROUNDS, dark_tint), least=COMFORTABLE, step=_STEP)
    return Palette(
        light=Shades(
            accent=light,
            hover=_moved(light, -0.07),
            tint=light_tint,
            rule=_hex(Oklch(0.84, min(picked.chroma, 0.05), picked.hue)),
            on_accent="#ffffff",
        ),
        dark=Shades(
            accent=dark,
            hover=_moved(dark, 0.06),
            tint=dark_tint,
            rule=_hex(Oklch(0.43, min(picked.chroma, 0.05), picked.hue)),
            on_accent=DARK_PAPER,
        ),
    )


def contrast(one: str, other: str) -> float:
    """How well one colour is told from another, 1..21. Source: WCAG 2.2, definition of contrast ratio."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _readable(colour: str, *, against: tuple[str, ...], least: float, step: float) -> str:
    """The shade nearest to `colour`, going by `step` in lightness, that stands out from all of `against`."""
    seen = _to_oklch(_channels(colour))
    shade = _hex(seen) if len(colour) == 4 else colour.lower()
    while min(contrast(shade, ground) for ground in against) < least:
        seen = seen._replace(lightness=seen.lightness + step)
        shade = _hex(seen)
    return shade


def _moved(colour: str, lightness: float) -> str:
    seen = _to_oklch(_channels(colour))
    return _hex(seen._replace(lightness=min(max(seen.lightness + lightness, 0.0), 1.0)))


def _channels(colour: str) -> tuple[float, float, float]:
    if not re.fullmatch(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", colour):
        raise ValueError(f"“{colour}” is not a colour like #0b6b5f.")
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# OKLab keeps the hue while lightness changes, which HSL does not: a darkened yellow stays a yellow.
# Source of the two matrices: B. Ottosson, A perceptual color space for image processing, 2020.


def _to_oklch(channels: tuple[float, float, float]) -> Oklch:
    red, green, blue = (_linear(channel) for channel in channels)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return Oklch(lightness, math.hypot(a, b), math.atan2(b, a))


def _hex(seen: Oklch) -> str:
    """`seen` as #rrggbb, with as much of its chroma as a screen can show."""
    lightness = min(max(seen.lightness, 0.0), 1.0)
    chroma = seen.chroma
    channels = _to_linear(Oklch(lightness, chroma, seen.hue))
    while chroma > 0 and not all(-0.0005 <= channel <= 1.0005 for channel in channels):
        chroma = max(chroma - 0.004, 0.0)
        channels = _to_linear(Oklch(lightness, chroma, seen.hue))
    return "#" + "".join(f"{round(255 * _gamma(min(max(channel, 0.0), 1.0))):02x}" for channel in channels)


def _to_linear(seen: Oklch) -> tuple[float, float, float]:
    a, b = seen.chroma * math.cos(seen.hue), seen.chroma * math.sin(seen.hue)
    long = (seen.lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (seen.lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (seen.lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _gamma(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055
