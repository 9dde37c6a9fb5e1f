"""Files that somebody might send in place of a picture, made in code: scripts, bombs, two formats in one, lies.

Each carries TOKEN where it can; nothing of it may ever come out again.
"""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from PIL import Image

TOKEN = b"PLANTED-7f3a-TOKEN"
SCRIPT = b"<script>document.title='" + TOKEN + b"'</script>"
PNG_HEAD = b"\x89PNG\r\n\x1a\n"


class Hostile(NamedTuple):
    """One upload. name: as the browser would say it; may_be_taken: it is a picture too, so it may be encoded anew."""

    what: str
    content: bytes
    name: str = "picture.png"
    kind: str = "image/png"
    may_be_taken: bool = False


def files() -> Iterator[Hostile]:
    """All of them, one at a time: some are large."""
    yield from _no_pictures()
    yield from _two_in_one()
    yield from _broken()
    yield from _too_many_pixels()
    yield from _bombs_beside_the_pixels()
    yield from _what_cameras_write()
    yield from _lies_about_names()


# --- Small builders ---


def drawn(kind: str = "PNG", size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: Any) -> bytes:
    picture = Image.new("RGB", size, (180, 40, 40))
    picture.paste((40, 40, 180), (size[0] // 2, 0, size[0], size[1]))
    out = io.BytesIO()
    picture.convert(mode).save(out, kind, **options)
    return out.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, *, pixels: bytes | None = None, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG that says it is that large, whatever its pixels are."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return PNG_HEAD + head + chunk(b"IDAT", zlib.compress(pixels or b"\0" * 100)) + chunk(b"IEND", b"")


def with_chunk(kind: bytes, content: bytes) -> bytes:
    """A good PNG with one chunk more, right after its header."""
    good = drawn()
    end_of_head = 8 + 25
    return good[:end_of_head] + chunk(kind, content) + good[end_of_head:]


def with_segment(marker: int, content: bytes) -> bytes:
    """A good JPEG with one segment more, right after its start."""
    return b"\xff\xd8\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content + drawn("JPEG")[2:]


def in_many_scans(times: int) -> bytes:
    """A progressive JPEG whose last scan, a few bytes long, stands there over and over."""
    good = drawn("JPEG", (4_000, 3_000), progressive=True)
    last = good.rindex(b"\xff\xda")
    return good[:last] + good[last:-2] * times + good[-2:]


def zeros(megabytes: int) -> bytes:
    """That many megabytes of nothing, compressed."""
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(megabytes)) + packer.flush()


def zipped(name: str = "x.html", content: bytes = SCRIPT) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def tarred(make: Callable[[tarfile.TarFile], None]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        make(archive)
    return out.getvalue()


def _link(archive: tarfile.TarFile) -> None:
    link = tarfile.TarInfo("picture.png")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    archive.addfile(link)


# --- What is no picture ---


def _no_pictures() -> Iterator[Hostile]:
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'>" + SCRIPT + b"</svg>"
    yield Hostile("SVG with a script", svg, "x.svg", "image/svg+xml")
    yield Hostile("SVG that says it is PNG", svg)
    yield Hostile("SVG, compressed", gzip.compress(svg), "x.svgz", "image/svg+xml")
    yield Hostile(
        "SVG that reads a file",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><svg>&e;</svg>' + TOKEN,
        "x.png",
    )
    yield Hostile("HTML named PNG", b"<!doctype html>" + SCRIPT)
    yield Hostile("HTML that says it is HTML", b"<!doctype html>" + SCRIPT, "x.html", "text/html")
    yield Hostile("XML with a style sheet", b"<?xml-stylesheet href='x.xsl'?><x/>" + SCRIPT, "x.xml", "text/xml")
    yield Hostile("JavaScript", b"/*" + TOKEN + b"*/alert(1)", "x.js", "text/javascript")
    yield Hostile("PHP", b"<?php echo '" + TOKEN + b"'; ?>", "x.php.png")
    yield Hostile("a PDF with a script", b"%PDF-1.4 1 0 obj<</S/JavaScript/JS(app.alert(1))>>" + TOKEN, "x.pdf")
    yield Hostile("PostScript that runs a program", b"%!PS\n(%pipe%id) (r) file\n" + TOKEN, "x.eps", "image/jpeg")
    yield Hostile("a picture of another program (PSD)", b"8BPS\0\1" + bytes(40) + TOKEN)
    yield Hostile("a TIFF", drawn("TIFF"), "x.tif", "image/jpeg")
    yield Hostile("a BMP", drawn("BMP"), "x.bmp", "image/png")
    yield Hostile("an icon", drawn("ICO", (32, 32)), "x.ico", "image/png")
    yield Hostile("a program", b"\x7fELF" + bytes(200) + TOKEN)
    yield Hostile("nothing at all", b"")
    yield Hostile("one byte", b"\xff")
    yield Hostile("NULs", bytes(10_000))
    yield Hostile("UTF-7 that some take for HTML", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-" + TOKEN)


# --- Two formats in one file ---


def _two_in_one() -> Iterator[Hostile]:
    script = b"GIF89a/*" + bytes(20) + b"*/=1;alert('" + TOKEN + b"')"
    yield Hostile("GIF that is JavaScript", script, "x.gif", "image/gif", may_be_taken=True)
    yield Hostile("JPEG with HTML behind it", drawn("JPEG") + SCRIPT, "x.jpg", "image/jpeg", may_be_taken=True)
    yield Hostile("JPEG with HTML in a comment", with_segment(0xFE, SCRIPT), "x.jpg", "image/jpeg", may_be_taken=True)
    yield Hostile("PNG with a zip behind it", drawn() + zipped("x.html", SCRIPT) + TOKEN, may_be_taken=True)
    yield Hostile("PNG with a script behind it", drawn() + SCRIPT, may_be_taken=True)
    yield Hostile("GIF with a script behind it", drawn("GIF") + SCRIPT, "x.gif", "image/gif", may_be_taken=True)
    riff = b"WebP" + TOKEN
    webp = drawn("WEBP") + b"JUNK" + struct.pack("<I", len(riff)) + riff
    yield Hostile("WebP with a chunk of its own", webp, "x.webp", "image/webp", may_be_taken=True)
    yield Hostile("a PDF in front of a JPEG", b"%PDF-1.4\n" + TOKEN + drawn("JPEG"), "x.jpg", "image/jpeg")
    yield Hostile("a zip", zipped(), "x.zip", "image/png")


# --- Cut short, or wrong inside ---


def _broken() -> Iterator[Hostile]:
    noise = io.BytesIO()
    Image.effect_noise((300, 300), 80).save(noise, "PNG")
    yield Hostile("PNG cut in the middle", noise.getvalue()[: len(noise.getvalue()) // 2])
    yield Hostile("PNG of a header alone", drawn()[:33])
    yield Hostile("PNG with a wrong checksum", drawn().replace(b"IDAT", b"IDAX", 1))
    photo = drawn("JPEG", (400, 300))
    yield Hostile("JPEG cut in the middle", photo[: len(photo) // 2], "x.jpg", "image/jpeg")
    yield Hostile("JPEG without its tables", b"\xff\xd8\xff\xc0\x00\x11\x08" + bytes(60) + TOKEN, "x.jpg", "image/jpeg")
    yield Hostile("GIF cut in the middle", drawn("GIF")[:40], "x.gif", "image/gif")
    yield Hostile("WebP cut in the middle", drawn("WEBP")[:30], "x.webp", "image/webp")
    length = PNG_HEAD + struct.pack(">I", 0x7FFFFFFF) + b"IHDR" + bytes(13) + TOKEN
    yield Hostile("PNG whose header says it is two gigabytes long", length)
    good = bytearray(drawn())
    for place in range(60, len(good) - 20, 7):
        good[place] ^= 0x55
    yield Hostile("PNG with its bits flipped", bytes(good), may_be_taken=True)


# --- More pixels than fit into a memory ---


def _too_many_pixels() -> Iterator[Hostile]:
    yield Hostile("PNG that says 100 million pixels", png(10_000, 10_000))
    rows = zeros(300)  # 10,000 rows of 30,001 bytes: a hundred million pixels for 300 kB
    whole = chunk(b"IHDR", struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0))
    yield Hostile("PNG of 100 million true pixels", PNG_HEAD + whole + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    yield Hostile("PNG that says 2 billion by 2 billion", png(0x7FFFFFFF, 0x7FFFFFFF))
    yield Hostile("PNG of no width", png(0, 100))
    yield Hostile("PNG one pixel high and 65,000 wide", drawn(size=(65_000, 1)), may_be_taken=True)
    yield Hostile("PNG one pixel wide and 65,000 high", drawn(size=(1, 65_000)), may_be_taken=True)
    large = drawn("JPEG", (12_000, 9_000), "L", quality=5)
    yield Hostile("JPEG of 108 million pixels", large, "x.jpg", "image/jpeg")
    large = drawn("JPEG", (11_500, 8_600), quality=90, subsampling="4:4:4")
    yield Hostile("a photograph of 99 million pixels", large, "x.jpg", "image/jpeg", may_be_taken=True)
    large = drawn("JPEG", (65_000, 1_500), quality=90, subsampling="4:4:4")
    yield Hostile("JPEG 65,000 wide and 1,500 high", large, "x.jpg", "image/jpeg", may_be_taken=True)
    large = drawn("JPEG", (11_500, 8_600), quality=20, progressive=True, subsampling="4:4:4")
    yield Hostile("progressive JPEG of 99 million pixels", large, "x.jpg", "image/jpeg")
    large = drawn("JPEG", (11_500, 8_600), quality=20, subsampling="4:4:4")
    place = large.index(b"\xff\xda") + 4
    apart = large[:place] + b"\1" + large[place + 1 :]
    yield Hostile("JPEG of 99 million pixels whose colours come apart", apart, "x.jpg", "image/jpeg")
    large = drawn("JPEG", (7_400, 5_600), quality=20, progressive=True, subsampling="4:2:0")
    yield Hostile("progressive photograph of 41 million pixels", large, "x.jpg", "image/jpeg", may_be_taken=True)
    yield Hostile("JPEG in 20,000 scans", in_many_scans(20_000), "x.jpg", "image/jpeg")
    lying = drawn("JPEG")
    place = lying.index(b"\xff\xc0") + 5
    yield Hostile(
        "JPEG that says 65,535 by 65,535",
        lying[:place] + b"\xff\xff\xff\xff" + lying[place + 4 :],
        "x.jpg",
        "image/jpeg",
    )
    screen = b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + drawn("GIF")[10:]
    yield Hostile("GIF with a canvas of four billion pixels", screen, "x.gif", "image/gif")
    yield Hostile("WebP of 36 million pixels", drawn("WEBP", (6_000, 6_000)), "x.webp", "image/webp")
    yield Hostile("PNG just within the limit", drawn(size=(4_000, 4_000)), may_be_taken=True)
    within = drawn("JPEG", (4_000, 4_000), "CMYK", progressive=True)
    yield Hostile("JPEG in four colours just within it", within, "x.jpg", "image/jpeg", may_be_taken=True)


# --- Bombs that are not pixels ---


def _bombs_beside_the_pixels() -> Iterator[Hostile]:
    bomb = zeros(200)
    yield Hostile("text of 200 MB in 200 kB (zTXt)", with_chunk(b"zTXt", b"k\0\0" + bomb), may_be_taken=True)
    yield Hostile("text of 200 MB in 200 kB (iTXt)", with_chunk(b"iTXt", b"k\0\1\0\0\0" + bomb), may_be_taken=True)
    yield Hostile("a colour profile of 200 MB in 200 kB", with_chunk(b"iCCP", b"p\0\0" + bomb), may_be_taken=True)
    many = b"".join(chunk(b"tEXt", b"k%d\0" % n + TOKEN) for n in range(20_000))
    good = drawn()
    yield Hostile("twenty thousand texts", good[:33] + many + good[33:], may_be_taken=True)
    profile = with_segment(0xE2, b"ICC_PROFILE\0\1\1" + TOKEN * 3000)
    yield Hostile("a broken colour profile", profile, "x.jpg", "image/jpeg", may_be_taken=True)
    frames = [Image.new("P", (40, 40), n % 250) for n in range(1_500)]
    film = io.BytesIO()
    frames[0].save(film, "GIF", save_all=True, append_images=frames[1:], comment=TOKEN)
    yield Hostile("GIF with 1,500 frames", film.getvalue(), "x.gif", "image/gif", may_be_taken=True)
    moving = io.BytesIO()
    frames[0].convert("RGB").save(
        moving, "WEBP", save_all=True, append_images=[each.convert("RGB") for each in frames[1:60]]
    )
    yield Hostile("WebP with 60 frames", moving.getvalue(), "x.webp", "image/webp", may_be_taken=True)
    dancing = io.BytesIO()
    frames[0].convert("RGB").save(
        dancing, "PNG", save_all=True, append_images=[each.convert("RGB") for each in frames[1:60]]
    )
    yield Hostile("PNG with 60 frames", dancing.getvalue(), may_be_taken=True)
    nested = zipped("2.zip", zipped("1.zip", zlib.decompress(zeros(5))))
    yield Hostile("a zip in a zip", nested, "x.zip")
    yield Hostile("gzip of 100 MB", gzip.compress(bytes(100_000_000), 9), "x.png.gz")
    yield Hostile("nine megabytes of a picture and nothing", drawn() + bytes(8_500_000), may_be_taken=True)
    yield Hostile("thirty megabytes", drawn() + bytes(30_000_000))


# --- What cameras and programs write beside the pixels ---


def _what_cameras_write() -> Iterator[Hostile]:
    exif = Image.Exif()
    exif[0x010E] = TOKEN.decode()
    exif[0x0112] = 6
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (52.0, 31.0, 12.0), "E", (13.0, 24.0, 18.0)
    photo = drawn("JPEG", exif=exif)
    yield Hostile("where a photograph was taken", photo, "x.jpg", "image/jpeg", may_be_taken=True)
    yield Hostile("the same in a PNG", drawn("PNG", exif=exif), may_be_taken=True)
    yield Hostile("the same in a WebP", drawn("WEBP", exif=exif), "x.webp", "image/webp", may_be_taken=True)
    xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + TOKEN + b"</x:xmpmeta>"
    yield Hostile("what a program wrote (XMP)", with_segment(0xE1, xmp), "x.jpg", "image/jpeg", may_be_taken=True)
    press = b"Photoshop 3.0\x008BIM\x04\x04" + TOKEN
    yield Hostile("what the press writes (IPTC)", with_segment(0xED, press), "x.jpg", "image/jpeg", may_be_taken=True)
    broken = with_segment(0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff" + TOKEN)
    yield Hostile("EXIF that points nowhere", broken, "x.jpg", "image/jpeg", may_be_taken=True)
    loop = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\0\0\0\0" + TOKEN
    yield Hostile("EXIF that points to itself", with_segment(0xE1, loop), "x.jpg", "image/jpeg", may_be_taken=True)
    inner = with_segment(0xE1, b"Exif\0\0" + drawn("JPEG") + TOKEN)
    yield Hostile("a small picture of another inside", inner, "x.jpg", "image/jpeg", may_be_taken=True)


# --- Names that lead elsewhere; the file itself is good ---


def _lies_about_names() -> Iterator[Hostile]:
    good = drawn()
    for what, name in {
        "a name that climbs": "../../../../etc/cron.d/x.png",
        "a name that climbs on Windows": "..\\..\\boot.ini",
        "a full path": "/etc/passwd",
        "a name with a NUL": "x.php\0.png",
        "a name with line breaks": "x.png\r\nSet-Cookie: a=b",
        "a name of markup": '"><script>alert(1)</script>.png',
        "a name of 60,000 characters": "x" * 60_000 + ".png",
        "a name that turns around": "x\u202egnp.exe",
        "no name but an ending": ".png",
        "a name of dots": "..",
        "a device's name": "CON.png",
    }.items():
        yield Hostile(what, good, name, may_be_taken=True)
    yield Hostile("PNG that says it is JPEG", good, "x.jpg", "image/jpeg", may_be_taken=True)
    yield Hostile("PNG that says it is anything", good, "x.png", "application/octet-stream", may_be_taken=True)
    yield Hostile("PNG that says it is HTML", good, "x.html", "text/html", may_be_taken=True)
    yield Hostile("an archive with a link", tarred(_link), "x.tar.gz", "image/png")
