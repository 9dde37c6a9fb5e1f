"""Markup that would run a script if any page let it: composed of what closes a context and what runs in the next.

Each calls `hit()`, which the browser that looks for it defines.
"""

from __future__ import annotations

BREAKERS = (
    "", '">', "'>", "</title>", "</textarea>", "</script>", "-->", "]]>", "</p>\n\n", "\\\"><",
)  # fmt: skip

VECTORS = (
    "<script>hit()</script>",
    "<ScRiPt/x>hit()</sCrIpT >",
    "<img src=x onerror=hit()>",
    "<img/src=`x`onerror=hit()>",
    "<IMG SRC=x OnErRoR=\thit()>",
    "<svg onload=hit()>",
    "<svg/onload=hit()//",
    "<svg><script>hit()</script></svg>",
    "<svg><animate onbegin=hit() attributeName=x dur=1s>",
    "<svg><a xlink:href='javascript:hit()'><text y=9>x</text></a></svg>",
    "<svg><style><img src=x onerror=hit()></style></svg>",
    "<svg><foreignObject><img src=x onerror=hit()></foreignObject></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=hit()>",
    "<math><maction actiontype=statusline xlink:href=javascript:hit()>x</maction></math>",
    "<math href='javascript:hit()'>x</math>",
    "<body onload=hit()>",
    "<details open ontoggle=hit()>x",
    "<input autofocus onfocus=hit()>",
    "<select autofocus onfocus=hit()>",
    "<video><source onerror=hit()></video>",
    "<audio src=x onerror=hit()>",
    "<iframe srcdoc='<script>parent.hit()</script>'>",
    "<iframe src=javascript:parent.hit()>",
    "<object data=javascript:hit()>",
    "<embed src=javascript:hit()>",
    "<form action=javascript:hit()><button>x</button></form>",
    "<button formaction=javascript:hit() form=x>x</button>",
    "<a href=javascript:hit()>x</a>",
    "<a href='java\tscript:hit()'>x</a>",
    "<a href='&#106;avascript&colon;hit()'>x</a>",
    "<base href=javascript:/a/+hit()//>",
    "<meta http-equiv=refresh content='0;url=javascript:hit()'>",
    "<link rel=stylesheet href=javascript:hit()>",
    "<style>@import 'javascript:hit()';</style>",
    "<noscript><p title='</noscript><img src=x onerror=hit()>'>",
    "<template><img src=x onerror=hit()></template>",
    "<xmp><p title='</xmp><img src=x onerror=hit()>'>",
    "<p style='animation:x' onanimationstart=hit()>x",
    "<marquee onstart=hit()>x</marquee>",
    "<x contenteditable onfocus=hit() autofocus tabindex=1>",
    "autofocus onfocus=hit() x=",
    "onmouseover=hit() style=position:fixed;inset:0 x=",
    "{{constructor.constructor('hit()')()}}",
    "${hit()}",
    "javascript:hit()",
    "';hit();//",
    "\\u003cimg src=x onerror=hit()\\u003e",
    "&lt;img src=x onerror=hit()&gt;",
    "%3Cimg%20src%3Dx%20onerror%3Dhit()%3E",
    "＜img src=x onerror=hit()＞",
    "<\x0bimg src=x onerror=hit()>".replace("\x0b", "\u00a0"),
)

MARKDOWN = (
    "[x](javascript:hit())",
    "[x](JaVaScRiPt:hit())",
    "[x](java&#x73;cript:hit())",
    "[x](&#x6A;avascript:hit())",
    "[x](<javascript:hit()>)",
    "[x]( javascript:hit())",
    "[x](data:text/html,<script>hit()</script>)",
    "[x](vbscript:hit())",
    "[x](//x onmouseover=hit())",
    '[x](http://x "t" onmouseover=hit())',
    '[x](http://x"onmouseover="hit())',
    "[x](http://x'onmouseover='hit())",
    '![x](x"onerror="hit())',
    "![x](javascript:hit())",
    '!["onerror="hit()](x)',
    '![x](/pictures/x.webp"onerror="hit())',
    "<javascript:hit()>",
    "<http://x/onmouseover=hit()>",
    "[x]: javascript:hit()\n\n[x]",
    "[x][y]\n\n[y]: <javascript:hit()> 'x'",
    "`<img src=x onerror=hit()>`",
    '```"onload=hit()\n<img src=x onerror=hit()>\n```',
    "    <img src=x onerror=hit()>",
    "> <img src=x onerror=hit()>",
    "* <svg onload=hit()>",
    "# <svg onload=hit()>",
    "|<svg onload=hit()>|\n|-|\n|x|",
    "\\<svg onload=hit()>",
    "<!--><svg onload=hit()>-->",
    "<svg\nonload=hit()>",
    "@<svg onload=hit()>",
    "http://x/<svg onload=hit()>",
    'http://x/"onmouseover="hit()',
)


def payloads() -> list[str]:
    """All of them, each once."""
    composed = [f"{breaker}{vector}" for vector in VECTORS for breaker in BREAKERS]
    return list(dict.fromkeys([*MARKDOWN, *composed]))


def sample() -> list[str]:
    """Some of each kind, for the tests."""
    return [*MARKDOWN[::3], *payloads()[len(MARKDOWN) :: 13]]
