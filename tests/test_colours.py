"""The accent's shades can be read wherever they are used, whatever colour an administrator picks."""

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ideas import colours

TOKENS = Path(colours.__file__).parent / "static" / "css" / "tokens.css"

channel = st.integers(0, 255)
any_colour = st.builds("#{:02x}{:02x}{:02x}".format, channel, channel, channel)


def least_contrast(shades: colours.Shades, grounds: tuple[str, ...], inks: tuple[str, ...]) -> float:
    """The worst of all pairs that pages show: the accent on everything it lies on, and words on its tint."""
    as_text = itertools.product((shades.accent, shades.hover), (*grounds, shades.tint, shades.on_accent))
    on_tint = ((ink, shades.tint) for ink in inks)
    return min(colours.contrast(one, other) for one, other in (*as_text, *on_tint))


@settings(max_examples=150, deadline=None)
@given(any_colour)
def test_every_colour_is_readable_or_refused(accent):
    palette, refused = None, ""
    try:
        palette = colours.palette(accent)
    except ValueError as error:
        refused = str(error)
    if palette is None:
        assert "look switched off" in refused
        return

    assert least_contrast(palette.light, colours.LIGHT_GROUNDS, colours.LIGHT_INKS) >= 4.5
    assert least_contrast(palette.dark, colours.DARK_GROUNDS, colours.DARK_INKS) >= 4.5


def test_a_colour_that_can_be_read_is_kept_as_it_is():
    assert colours.palette("#0b6b5f").light.accent == "#0b6b5f"


def test_a_yellow_becomes_a_darker_yellow_on_white():
    red, green, blue = (int(colours.palette("#ffdd00").light.accent[at : at + 2], 16) for at in (1, 3, 5))

    assert red > green > blue
    assert red < 0xC0


def test_three_digits_say_the_same_as_six():
    assert colours.palette("#06f") == colours.palette("#0066ff")


@pytest.mark.parametrize("grey", ["#fff", "#eeeeee", "#c0c0c0"])
def test_a_pale_grey_is_refused_with_the_reason(grey):
    with pytest.raises(ValueError, match="switched off"):
        colours.palette(grey)


@pytest.mark.parametrize("text", ["green", "#12", "0b6b5f", "#0b6b5g", ""])
def test_what_is_no_colour_is_refused(text):
    with pytest.raises(ValueError, match="not a colour"):
        colours.palette(text)


def test_contrast_is_what_the_standard_says():
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def tokens(theme: str) -> dict[str, str]:
    """The custom properties of one theme, as the style sheet has them."""
    light, dark = TOKENS.read_text(encoding="utf-8").split("@media (prefers-color-scheme: dark)")
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", light if theme == "light" else dark))


@pytest.mark.parametrize(
    ("theme", "grounds", "inks"),
    [
        ("light", colours.LIGHT_GROUNDS, colours.LIGHT_INKS),
        ("dark", colours.DARK_GROUNDS, colours.DARK_INKS),
    ],
)
def test_the_style_sheet_has_the_colours_that_were_reckoned_with(theme, grounds, inks):
    found = tokens(theme)

    assert (found["paper"], found["surface"], found["sunk"]) == grounds
    assert (found["ink"], found["quiet"]) == inks


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_colours_of_stages_and_problems_can_be_read(theme):
    found = tokens(theme)
    written = [name for name in found if name.startswith("stage-")] + ["problem", "late", "ink", "quiet"]
    grounds = [found[name] for name in ("paper", "surface", "sunk", "accent-tint", "problem-tint", "late-tint")]

    too_faint = [
        (name, ground) for name in written for ground in grounds if colours.contrast(found[name], ground) < 4.5
    ]

    assert too_faint == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_edges_of_controls_can_be_seen(theme):
    found = tokens(theme)

    assert min(colours.contrast(found["edge"], found[ground]) for ground in ("paper", "surface", "sunk")) >= 3
