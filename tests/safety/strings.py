"""Hostile strings of our own making: what breaks parsers, databases, templates, terminals, spreadsheets and eyes."""

from __future__ import annotations

import itertools

_CONTROLS = [*range(0x20), 0x7F, *range(0x80, 0xA0)]
_INVISIBLE = [0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F)]
_INVISIBLE += [*range(0x2060, 0x2070), 0x3164, 0xFEFF, 0xFFA0, 0xFFF9, 0xFFFA, 0xFFFB, 0xFFFC, 0xFFFD]
_SPACES = [0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
_ODD = [0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xFDD0, 0xFDEF, 0xFFFE, 0xFFFF, 0x1FFFE, 0x1FFFF, 0x10FFFE, 0x10FFFF]
_ODD += [0x378, 0x1F1FF, 0x2FE0, 0xE000, 0xF8FF, 0xE0001, 0xE007F, 0xF0000, 0x100000, 0x1D173, 0x13430]

_LETTERS = (
    "ß", "ẞ", "ſ", "ı", "İ", "K", "Å", "ﬁ", "ﬃ", "Ⅻ", "㎏", "㍿", "①", "½", "²", "ª", "ʼn", "ǰ", "ΐ", "և", "ﬄ", "ﷺ",
    "ﷻ", "e\u0301", "é", "\u0301", "a\u0323\u0307", "a\u0307\u0323", "각", "\u1100\u1161\u11a8", "क्ष", "ক্ষ", "ไทย",
    "中文字", "日本語", "ｶﾞ", "ガ", "한국어", "עברית", "العربية",
    "\u0627\u0644\u0644\u0647", "ᚠᛇᚻ", "𝕬𝖑𝖑", "𝓁𝑒𝓉", "Ａｂｃ", "ｱｲｳ",
    "раураl", "gооgle", "аdmin", "ⅰⅱ", "ℂℝ", "😀", "👩‍👩‍👧‍👦", "👍🏽", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇩🇪", "🇩", "❤️", "1️⃣", "\ufe0f",
    "🏳️‍🌈", "\U0001f3fb",
)  # fmt: skip

_QUERIES = (
    "' OR 1=1 --", '" OR ""="', "'; DROP TABLE idea; --", "1; SELECT pg_sleep(9)", "' UNION SELECT NULL,NULL --",
    "\\' OR 1=1 --", "%' AND 1=0 UNION ALL SELECT 1 --", "'||(SELECT 1)||'", "1' AND SLEEP(5)#", "admin'/*", "$$;$$",
    "E'\\x41'", "x' AND email LIKE '%", "%", "_", "%%", "\\%", "\\_", "'", "''", '"', "`", "\\", "\\\\", ";", "--",
    "/* */", "NULL", "null", "None", "nil", "undefined", "true", "false", "NaN", "Infinity", "-Infinity", "'&'|'!",
    "a & b | !c:*", "foo:*", "<->", "((((", "))))", "to_tsquery('", "MATCH *", "NEAR/3", "^a", "col:a", '"unclosed',
    "*)(uid=*))(|(uid=*", "*)(&", "admin)(|(password=*)", "(cn=*)", "\\2a\\28\\29", "{$gt: ''}", '{"$where": "1"}',
    "[$ne]=1", "{{7*7}}", "{% raw %}", "{{ config }}", "{{ ''.__class__.__mro__ }}", "${7*7}", "#{7*7}", "<%= 7*7 %>",
    "%s", "%d", "%n%n%n", "%(name)s", "%(num)d", "{0}", "{name}", "{0.__class__}", "{", "}", "{}", "{{", "%%s",
    "%1$s",
    "$HOME", "$(id)", "`id`", "; id", "| id", "&& id", "|| id", "\n/bin/id", "> x", "< /etc/passwd", "-rf", "--help",
    "-", "=1+1", "+1+1", "-1+1", "@SUM(1)", "=cmd|'/C calc'!A0", "\t=1+1", "\r=1+1", "＝1+1", "＋1", "－1", "＠x",
    '=HYPERLINK("http://x","y")', "=IMPORTXML(1,2)", '"=1+1"', ";=1", "<!--", "-->", "<![CDATA[x]]>", "]]>",
    "<?xml ?>",
    '<!DOCTYPE x [<!ENTITY a "b">]>', "&a;", "&amp;", "&lt;b&gt;", "&#0;", "&#x0;", "&#xD800;", "&#1114112;",
    "&notit;",
)  # fmt: skip

_MARKUP = (
    "<b>", "</b>", "<", ">", "<>", "</textarea>", "</title>", "</script>", "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>", "javascript:alert(1)", "[a](javascript:alert(1))", "![a](x 'y')", "[a](<x\ny>)",
    "[a][b]\n\n[b]: data:x",
    "```\n", "    code", "> > > > > >", "- - - - -", "1. 1. 1.", "***", "___", "===", "---\n", "# # # #",
    "|a|b|\n|-|-|\n|1|2|",
    "\\\n\\\n", "![[[[[", "[" * 400, "*a_" * 300, "`" * 500, "<" * 900, "&" * 900, "((" * 300, ">" * 800,
    "~" * 600, "\\" * 700,
    "@" * 900, "@a " * 200, "#" * 900, ":" * 900, "http://" * 60, "www." * 100, "!" * 900, "| " * 400, "\t" * 500,
)  # fmt: skip

_NUMBERS = (
    "0", "-0", "00", "01", "1.0", "1e3", "1e400", "-1e400", "0x10", "0b1", "1_000", "1,000", "١٢٣", "１２３", "½",
    "²", "+1",
    "2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807", "9223372036854775808",
    "-9223372036854775809", "1" * 30, "9" * 400, "3.141592653589793238", ".5", "5.", "1/0", "١", "Ⅷ", "①", "inf",
    "-inf",
    "0000-00-00", "2026-02-30", "9999-12-31", "10000-01-01", "-0001-01-01", "2026-11-22T25:61:61Z", "2026-W01",
    "1970-01-01",
    "24:00", "2026-11-22T10:00:00+99:99", "on", "off", "yes", "y", "1\n", " 1", "1 ",
)  # fmt: skip

_PLACES = (
    "../../../../etc/passwd", "..\\..\\win.ini", "/etc/passwd", "C:\\x", "file:///etc/passwd", "CON", "NUL",
    "aux.txt", "a/b", "a\\b",
    ".", "..", "...", "/", "//", "///x", "\\\\host\\share", "~root", "~", "%2e%2e%2f", "%00", "%0d%0aX: y",
    "%252e", "%c0%ae",
    "\r\nX-Injected: yes", "\nBcc: x@example.test", "x\r\n\r\n<p>", "x\n.\nQUIT", "//evil.test",
    "https://evil.test", "http:evil.test",
    "///evil.test", "/\\evil.test", "\\/evil.test", "https:/evil.test", "http://127.0.0.1", "http://[::1]",
    "http://0x7f.1",
    "http://user:pass@evil.test", "ftp://x", "data:text/html,x", "vbscript:x", "mailto:a@b?bcc=c", "tel:1",
    "blob:x", "about:blank",
    "http://" + "a" * 300, "http://xn--", "http://例え.テスト", "http://a..b", "http://-a", "?next=//x", "#x", "a@b",
    "@", "a@b@c",
    '"a b"@example.test', "a@[127.0.0.1]", "a+b@example.test", "<a@example.test>", "A <a@example.test>",
    "a@example.test,b@example.test",
    "a@example.test\n", "é@example.test", "a@exämple.test", "a@" + "b" * 260 + ".test", "x" * 65 + "@example.test",
    "a@localhost",
)  # fmt: skip

_LONG = (
    "a" * 41,
    "a" * 81,
    "a" * 120,
    "a" * 121,
    "ä" * 121,
    "😀" * 121,
    "a b " * 60,
    "a" * 301,
    "a" * 20_000,
    "a" * 20_001,
    "中" * 20_001,
)
_HUGE = (
    "a" * 1_000_000,
    "\u0301" * 100_000,
    "é" * 400_000,
    "<b>" * 100_000,
    "\n" * 300_000,
    " " * 500_000,
    "a " * 200_000,
)


def strings() -> list[str]:
    """All of them, each once."""
    alone = [chr(code) for code in (*_CONTROLS, *_INVISIBLE, *_SPACES, *_ODD)]
    inside = [f"before{chr(code)}after and more words" for code in (*_CONTROLS[:33], *_INVISIBLE, *_ODD)]
    zalgo = "".join(letter + "".join(map(chr, range(0x300, 0x330))) for letter in "words")
    turned = [
        "\u202etxt.exe",
        "\u2067abc\u2066def\u2069",
        "a\u202eb\u202cc",
        "\u200fאב\u200e",
        "\u061cא",
        "\u202a" * 200,
    ]
    mixed = [f"{one} {other}" for one, other in itertools.pairwise(_LETTERS[:20])]
    blank = ["", " ", "\n", "\t", "\u3000", "\u200b", "   \n\t  ", "\ufeff", "\u2800", "\u115f"]
    every = [
        *alone, *inside, zalgo, zalgo * 4, *turned, *_LETTERS, *mixed, *blank,
        *_QUERIES, *_MARKUP, *_NUMBERS, *_PLACES, *_LONG, *_HUGE,
    ]  # fmt: skip
    return list(dict.fromkeys(every))


def sample() -> list[str]:
    """Some of each kind, for the tests."""
    some = strings()
    light = [each for each in some if len(each) < 30_000]
    return [*light[::23], "\x00", "\ud800", "a\x00b", "\u0301" * 30_000]
