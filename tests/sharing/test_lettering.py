"""Words on pictures: whatever the script, nothing is written as a box, and no line leaves the picture."""

from __future__ import annotations

from PIL import Image, ImageDraw, features

from ideas.sharing import cards, lettering

WIDE = cards.WIDTH - 144
TITLES = {
    "latin": "Let me share a bed plan with my neighbours, so that they water while I am away for a week",
    "greek and cyrillic": "Ελληνικά και Русский вместе",
    "arabic": "أريد مشاركة خطة الحديقة مع جيراني in Berlin 2026 حتى يتمكنوا من سقي النباتات",
    "japanese": "庭に自転車小屋、屋根、雨どい、そして水道の蛇口もほしいです。冬の間に濡れないようにするためです。",
    "chinese and korean": "请让我和邻居分享花园计划 정원에 자전거 보관소",
    "one long word": "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnungsentwurfsfassung",
}


def boxes(text):
    """Characters that would come out as the sign for what a font lacks."""
    return [
        each for run in lettering._runs(text) for each in run.text if each != " " and not lettering._has(run.face, each)
    ]


def test_the_fonts_are_here_and_languages_of_the_product_are_written():
    assert len(lettering.known()) == len(lettering.FACES)
    assert features.check("raqm")
    for title in TITLES.values():
        assert lettering.writable(title) == title
        assert boxes(title) == []


def test_signs_that_no_font_has_are_left_out_and_a_title_with_such_letters_whole():
    assert lettering.writable("Dark 🌙 mode 👩‍🌾 please") == "Dark mode please"
    for unwritable in ("תכנית לגינה", "สวน", "A plan: תכנית"):
        assert lettering.writable(unwritable) == ""
    assert lettering.writable("") == lettering.writable("🌙") == ""
    assert boxes("תכנית") == []


def test_without_shaping_what_needs_it_is_left_out(monkeypatch):
    lettering.writable.cache_clear()
    monkeypatch.setattr(features, "check", lambda _name: False)

    assert lettering.writable(TITLES["arabic"]) == ""
    assert lettering.writable(TITLES["japanese"]) == TITLES["japanese"]
    lettering.writable.cache_clear()


def test_lines_fit_break_where_they_may_and_lose_nothing():
    for title in TITLES.values():
        lines = lettering.lines(title, 50, WIDE, bold=True)

        assert all(0 < lettering.width(line, 50, bold=True) <= WIDE for line in lines)
        assert "".join(lines).replace(" ", "") == title.replace(" ", "")
    assert not [line for line in lettering.lines(TITLES["japanese"], 50, WIDE) if line[0] in "、。"]
    cut = lettering.lines(TITLES["latin"], 50, WIDE, most=2)
    assert len(cut) == 2
    assert cut[-1].endswith("…")
    assert lettering.width(cut[-1], 50) <= WIDE
    assert lettering.lines("", 50, WIDE) == []


def test_what_is_read_from_the_right_is_told_by_its_first_letter():
    assert lettering.is_from_right("12 خطة in Berlin")
    assert not lettering.is_from_right("In Berlin خطة")
    assert not lettering.is_from_right("2026")


def test_every_line_stays_within_the_picture(monkeypatch):
    write = lettering.write
    for title in (*TITLES.values(), "W" * 120, "ゐ" * 120, "تكنية"):
        card = cards.Card(
            *(
                "A site with a very long name indeed, for everybody",
                "#0b6b5f",
                "A board with a long name as well",
                title,
            ),
            votes="1,000,000",
            votes_said="people want this",
            status="Under review by all of the team",
            stage="considering",
        )
        reached = []

        def noted(draw, at, text, size, colour, *, bold=False, reached=reached):
            reached.append((at[0], write(draw, at, text, size, colour, bold=bold), at[1] + size))
            return reached[-1][1]

        monkeypatch.setattr(lettering, "write", noted)
        cards.drawn.__wrapped__(card)
        assert reached
        for start, end, bottom in reached:
            assert start >= 71
            assert end <= cards.WIDTH - 71
            assert bottom <= cards.HEIGHT


def test_writing_marks_the_picture_where_it_says():
    picture = Image.new("L", (400, 100), 0)
    end = lettering.write(ImageDraw.Draw(picture), (10, 20), "Dark 庭 mode", 40, "#ffffff")

    left, _top, right, bottom = picture.getbbox()
    assert 10 <= left < 20
    assert right <= end + 1
    assert bottom <= 20 + 40 * lettering.LINE
