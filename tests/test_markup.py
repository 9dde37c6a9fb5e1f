"""Markdown becomes HTML that is safe in every page and mail, and plain words where those are wanted."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from ideas import markup, text

TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title", "rel"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto", ""}

# What people try, from the cheat sheets everybody knows: as Markdown, as HTML, as both at once.
ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.test/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\x0a>alert(1)</script\x0a>",
    "<script/x>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src='x' onerror='alert(1)' />",
    '<img """><script>alert(1)</script>">',
    "<img src=javascript:alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><foreignObject><body onload=alert(1)></foreignObject></svg>",
    "<math><mtext><table><mglyph><style><img src onerror=alert(1)>",
    "<math href='javascript:alert(1)'>click</math>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='javascript:alert(1)'></object>",
    "<embed src='javascript:alert(1)'>",
    "<link rel=stylesheet href='javascript:alert(1)'>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href='//evil.test/'>",
    "<form action='javascript:alert(1)'><input type=submit></form>",
    "<button formaction='javascript:alert(1)'>x</button>",
    "<input onfocus=alert(1) autofocus>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src onloadstart=alert(1)>",
    "<body onload=alert(1)>",
    "<style>@import '//evil.test/x.css';</style>",
    "<div style='background:url(javascript:alert(1))'>x</div>",
    "<p style='position:fixed;inset:0'>over everything</p>",
    "<p class='button' id='main'>x</p>",
    "<p data-vote='1'>x</p>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='x' onclick='alert(1)'>x</a>",
    "<a href='x' target='_blank' ping='//evil.test'>x</a>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'>",
    "<textarea><p title='</textarea><img src=x onerror=alert(1)>'>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<marquee onstart=alert(1)>x</marquee>",
    "</p></div></main><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](JAVASCRIPT:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](java%0ascript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;avascript&colon;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](ftp://evil.test/)",
    "[x](intent://evil.test/#Intent;scheme=https;end)",
    "[x](blob:https://example.test/1)",
    '[x](https://example.test "><img src=x onerror=alert(1)>")',
    "[x](https://example.test 'a\" onmouseover=\"alert(1)')",
    '[x](https://example.test/"onmouseover="alert(1))',
    "![x](javascript:alert(1))",
    "![x](https://evil.test/pixel.png)",
    '![x" onerror="alert(1)](x)',
    "<javascript:alert(1)>",
    "<https://example.test/<script>alert(1)</script>>",
    "[x]: javascript:alert(1)\n\n[x]",
    "`<script>alert(1)</script>`",
    "```\n</code></pre><script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    "    <script>alert(1)</script>",
    "| a |\n|---|\n| <script>alert(1)</script> |",
    "# <script>alert(1)</script>",
    "* <img src=x onerror=alert(1)>",
    "> <svg/onload=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&amp;lt;script&amp;gt;",
    "\u003cscript\u003ealert(1)\u003c/script\u003e",
    "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk=alert() )//%0D%0A"
    "//</stYle/</titLe/</scRipt/--!>\\x3csVg/oNloAd=alert()//>",
    "{{7*7}} ${7*7} <%= 7*7 %>",
]


class Seen(HTMLParser):
    """Every tag and attribute of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_but_what_is_allowed_comes_out(attack):
    for tag, attributes in Seen(markup.render(attack)).tags:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES.get(tag, set())
        assert urlsplit(attributes.get("href") or "").scheme in SCHEMES


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_stays_readable_as_words_in_plain_text(attack):
    # plain text is escaped where it is shown; here it matters that it is text, on one line
    assert "\n" not in markup.excerpt(markup.render(attack))


def test_there_are_enough_attacks():
    assert len(set(ATTACKS)) >= 60


@pytest.mark.parametrize(
    ("written", "html"),
    [
        ("*so* **very**", "<p><em>so</em> <strong>very</strong></p>\n"),
        ("one\ntwo", "<p>one<br>\ntwo</p>\n"),
        ("~~gone~~", "<p><s>gone</s></p>\n"),
        ("# Mine", "<h3>Mine</h3>\n"),
        ("#### Small", "<h6>Small</h6>\n"),
        ("3. three", '<ol start="3">\n<li>three</li>\n</ol>\n'),
        ("a < b & c", "<p>a &lt; b &amp; c</p>\n"),
        ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>\n"),
        (
            "[shop](https://example.test/)",
            '<p><a href="https://example.test/" rel="nofollow noopener ugc">shop</a></p>\n',
        ),
    ],
)
def test_markdown_reads_as_people_mean_it(written, html):
    assert markup.render(written) == html


def test_a_heading_of_any_depth_stays_under_those_of_the_page():
    found = {tag for depth in range(1, 7) for tag, _ in Seen(markup.render("#" * depth + " Mine")).tags}

    assert found <= {"h3", "h4", "h5", "h6"}


def test_a_table_is_a_table():
    assert "<td>1</td>" in markup.render("| a |\n|---|\n| 1 |")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("**Dry** bicycles", "Dry bicycles"),
        ("one\n\ntwo", "one two"),
        ("* one\n* two", "one two"),
        ("5 < 6 & 7 > 3", "5 < 6 & 7 > 3"),
        ('[shop](https://example.test "5 > 3") opens', "shop opens"),
        ("`<b>`", "<b>"),
    ],
)
def test_an_excerpt_is_words_without_tags(written, words):
    assert markup.excerpt(markup.render(written)) == words


@pytest.mark.parametrize("longest", [40, 160])
@pytest.mark.parametrize(
    "written",
    [
        "[here](https://example.test/" + "x" * 4000 + ") it is",
        "[here](https://example.test/ '" + "x > y " * 700 + "') it is",
        " ".join(f"[w{n}](https://example.test/{'x' * 90})" for n in range(60)),
        "&" * 4000,
    ],
)
def test_an_excerpt_of_long_addresses_shows_no_piece_of_a_tag(written, longest):
    words = markup.excerpt(markup.render(written), longest)

    assert len(words) <= longest
    assert "href" not in words
    assert "<" not in words
    assert "&a" not in words


@pytest.mark.parametrize("number", [*range(0x20), 0x7F, 0x85, 0xD800, 0xFFFE, 0x110000])
def test_an_entity_is_no_way_around_the_one_way_in(number):
    html = markup.render(f"a&#{number};b")

    assert text.clean(html) == html.strip()
    assert markup.excerpt(html)


def test_deep_nesting_costs_little():
    html = markup.render(">" * 5_000 + "[" * 5_000 + "*" * 5_000)

    assert len(html) < 200_000
