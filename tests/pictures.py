"""Pictures for tests, drawn in code."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image


def encoded(kind: str = "PNG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: Any) -> bytes:
    """A picture: red on the left, blue on the right."""
    width, height = size
    drawn = Image.new("RGB", size, (200, 30, 30))
    drawn.paste((30, 30, 200), (width // 2, 0, width, height))
    out = io.BytesIO()
    drawn.convert(mode).save(out, kind, **options)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image
