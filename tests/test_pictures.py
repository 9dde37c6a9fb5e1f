"""What is sent as a picture comes out as one of ours, without anything of what came in, or not at all."""

from __future__ import annotations

import io

import pytest
from marshmallow import ValidationError
from PIL import Image, ImageCms

from bench import hostile_files, uploads
from bench.hostile_files import TOKEN, Hostile
from ideas import pictures
from tests.pictures import encoded, opened

MOST = 5_000_000

pytestmark = pytest.mark.usefixtures("app")


def taken(sent):
    return pictures.taken(sent, most_bytes=MOST)


def refusal(sent):
    with pytest.raises(ValidationError) as refused:
        taken(sent)
    assert list(refused.value.messages_dict) == ["picture"]
    return refused.value.messages_dict["picture"][0]


def near(pixel, colour):
    return all(abs(a - b) < 40 for a, b in zip(pixel[:3], colour, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_every_usual_kind_becomes_a_webp_of_the_same_size(kind):
    made = taken(encoded(kind))

    image = opened(made.content)
    assert (image.format, image.size) == ("WEBP", (60, 40))
    assert (made.width, made.height) == (60, 40)
    assert pictures.is_name(made.name)
    assert "-60x40.webp" in made.name
    assert near(image.convert("RGB").getpixel((5, 20)), (200, 30, 30))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "I;16"])
def test_every_way_of_writing_pixels_is_read(mode):
    assert opened(taken(encoded("PNG", mode=mode)).content).size == (60, 40)


def test_four_colours_of_printers_become_three_of_screens():
    assert opened(taken(encoded("JPEG", mode="CMYK")).content).mode == "RGB"


def test_what_is_transparent_stays_so():
    clear = Image.new("RGBA", (20, 20), (10, 20, 30, 0))
    clear.paste((200, 30, 30, 255), (0, 0, 10, 20))
    sent = io.BytesIO()
    clear.save(sent, "PNG")

    image = opened(taken(sent.getvalue()).content)

    assert [image.getpixel((x, 5))[3] for x in (2, 15)] == [255, 0]


def test_a_photograph_taken_sideways_stands_upright_and_says_nothing_of_where():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned to the right
    exif[0x010F] = "SECRET CAMERA"
    exif.get_ifd(0x8825)[1] = "N"

    made = taken(encoded("JPEG", size=(60, 40), exif=exif, quality=95))

    image = opened(made.content)
    assert image.size == (40, 60)
    assert near(image.convert("RGB").getpixel((20, 5)), (200, 30, 30))
    assert not image.getexif()
    assert b"SECRET" not in made.content


def test_nothing_that_was_written_beside_the_pixels_goes_out():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    made = taken(encoded("PNG", icc_profile=profile) + b"SECRET TAIL")

    assert b"SECRET" not in made.content
    assert not {"icc_profile", "exif", "xmp"} & set(opened(made.content).info)


def test_a_large_picture_is_scaled_down():
    made = taken(encoded("JPEG", size=(3200, 1600)))

    assert (made.width, made.height) == (1600, 800)


def test_too_many_pixels_are_refused_before_they_are_decoded():
    assert "16 million fit. As a JPEG 100 million do." in refusal(encoded("PNG", size=(5000, 5000)))
    assert "9 million fit" in refusal(encoded("GIF", size=(4000, 4000)))
    assert "100 million fit." in refusal(encoded("JPEG", size=(12_000, 9_000), mode="L", quality=5))


@pytest.mark.parametrize(("size", "becomes"), [((8160, 6120), (1600, 1200)), ((65_000, 760), (1600, 19))])
def test_a_photograph_of_fifty_million_pixels_is_taken_and_scaled(size, becomes):
    made = taken(encoded("JPEG", size=size, mode="L", quality=20))

    assert opened(made.content).size == becomes


@pytest.mark.parametrize(("size", "part"), [((8000, 3000), 4), ((65_000, 760), 8), ((1600, 1600), 1)])
def test_a_large_photograph_is_decoded_at_a_fraction_of_its_size(size, part):
    with Image.open(io.BytesIO(encoded("JPEG", size=size, mode="L"))) as photograph:
        pictures._plain(photograph, pictures.LONGEST_SIDE)

        assert photograph.decoderconfig[0] == part


def in_two_scans():
    """A JPEG that says it has three colours and brings one in its first scan; the decoder waits for the others."""
    sent = bytearray(encoded("JPEG", size=(400, 400)))
    sent[sent.index(b"\xff\xda") + 4] = 1
    return bytes(sent)


def test_a_photograph_that_is_kept_whole_while_it_is_decoded_has_the_bounds_of_memory():
    """Those that come in several scans need two bytes for each sample of the picture."""
    plain, fine = {"quality": 5, "subsampling": "4:2:0"}, {"quality": 5, "subsampling": "4:4:4"}

    assert "42 million fit." in refusal(encoded("JPEG", size=(7000, 7000), progressive=True, **plain))
    assert "21 million fit." in refusal(encoded("JPEG", size=(5000, 5000), progressive=True, **fine))
    assert "16 million fit." in refusal(encoded("JPEG", size=(4200, 4200), mode="CMYK", progressive=True, **fine))
    assert pictures._comes_in_one_scan(encoded("JPEG"))
    assert not pictures._comes_in_one_scan(encoded("JPEG", progressive=True))
    assert not pictures._comes_in_one_scan(in_two_scans())
    assert not pictures._comes_in_one_scan(b"\xff\xd8\xff\xe0\x00\x00")


def test_a_photograph_in_a_thousand_scans_is_refused():
    assert refusal(hostile_files.in_many_scans(1000))
    assert taken(encoded("JPEG", progressive=True)).width == 60


def test_of_a_film_the_first_picture_is_taken():
    frames = [Image.new("RGB", (20, 20), (n, 0, 0)) for n in (0, 100, 200)]

    made = taken(encoded("GIF", size=(20, 20), save_all=True, append_images=frames))

    assert getattr(opened(made.content), "n_frames", 1) == 1


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><script>alert(1)</script>",
        b"GIF89a/*",
        encoded("PNG")[:60],
        encoded("JPEG", size=(300, 300))[:-200],
        encoded("BMP"),
        encoded("TIFF"),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
    ],
)
def test_what_is_no_picture_is_refused(sent):
    assert refusal(sent)


def test_too_large_a_file_is_refused_with_what_fits():
    with pytest.raises(ValidationError, match="larger than 1 MB"):
        pictures.taken(b"x" * 1_000_001, most_bytes=1_000_000)


def test_a_name_is_unguessable_and_nobody_s_else():
    sent = encoded()

    assert taken(sent).name != taken(sent).name


@pytest.mark.parametrize("name", ["", "../secret", "a.webp", "x" * 24 + "-" + "0" * 16 + "-1x1.webp", "\0"])
def test_what_is_no_name_of_ours_is_none(name):
    assert not pictures.is_name(name)


# --- What the evidence command sends in full ---


@pytest.mark.parametrize("part", ["_no_pictures", "_two_in_one", "_broken", "_what_cameras_write"])
def test_hostile_files_are_refused_or_encoded_anew(part):
    for file in getattr(hostile_files, part)():
        if file.may_be_taken:
            try:
                assert TOKEN not in taken(file.content).content
            except ValidationError:
                continue
        else:
            assert refusal(file.content), file.what


class Way:
    """Serves a picture with something planted in it."""

    def __init__(self, content, **headers):
        self.content, self.headers = content, headers

    def names_the_field(self, answered):
        return "picture" in answered.text

    def fetch(self, url):
        return self.content, self.headers


def test_what_is_planted_is_found_by_the_evidence():
    file = Hostile("a picture", b"", may_be_taken=True)
    good = encoded("WEBP")
    took = uploads.Answered(201, '{"url": "/pictures/x"}', 0)

    assert uploads.judge(Way(good + TOKEN), file, took) == "what was planted came out"
    assert uploads.judge(Way(encoded("PNG")), file, took).startswith("came out as PNG")
    assert uploads.judge(Way(good), file, took) == "served with another Content-Type"
    assert uploads.judge(Way(good), file._replace(may_be_taken=False), took) == "was taken"
    assert uploads.judge(Way(b""), file, uploads.Answered(500, "", 0)) == "answered 500"
    assert uploads.judge(Way(b""), file, uploads.Answered(422, "no", 0)) == "422 does not name the field"
