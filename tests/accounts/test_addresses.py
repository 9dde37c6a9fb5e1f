import pytest

from ideas.accounts import addresses


@pytest.mark.parametrize(
    ("typed", "known_as"),
    [
        ("Mia@Example.TEST", "mia@example.test"),
        ("  mia@example.test ", "mia@example.test"),
        ("o'neill+ideas@sub.example.org", "o'neill+ideas@sub.example.org"),
        ("mia@bücher.example", "mia@xn--bcher-kva.example"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_an_address_has_one_spelling(typed, known_as):
    assert addresses.email(typed) == known_as


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "mia",
        "@example.org",
        "mia@",
        "mia@example",
        "mia@-example.org",
        "mia@example..org",
        "mia example@example.org",
        "mia@example.org\r\nBcc: all@example.org",
        "mia@example.org\x00",
        "Mia <mia@example.org>",
        "a@example.org,b@example.org",
        "mıa@example.org",  # a dotless i: looks like mia, is another mailbox
        "ｍia@example.org",  # full-width
        "groß@example.org",  # would fold into gross@
        "a" * 65 + "@example.org",
        "mia@" + "a." * 130 + "org",
        "mia@\ud800.org",
        "=?utf-8?q?=61=62=40evil.test=3e?=@example.org",
    ],
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(ValueError, match="not an e-mail address"):
        addresses.email(typed)


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::"),
        (None, "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_a_household_counts_as_one_network(address, counted_as):
    assert addresses.network(address) == counted_as


@pytest.mark.parametrize(
    "path", ["/", "/ideas/7-a-shed", "/boards/garden?sort=top&q=a%20b", "/ideas/7#comment-3", "/a/b:c"]
)
def test_a_path_of_this_site_is_kept(path):
    assert addresses.local_path(path) == path


SLASHES = [
    "//",
    "\\\\",
    "/\\",
    "\\/",
    "///",
    "/\\/",
    "//\\",
    "\\/\\/",
    "/ /",
    "/\t/",
    "/\n/",
    "/\r/",
    "/\x00/",
    "/\x0b/",
]
HOSTS = [
    "evil.test",
    "evil.test/ideas",
    "user@evil.test",
    "localhost@evil.test",
    "evil。test",
    "[::1]",
    "evil.test:80",
    "",
]
SCHEMES = [
    "http:",
    "https:",
    "HTTPS:",
    "javascript:",
    "data:",
    "ftp:",
    "x:",
    " http:",
    "\thttps:",
    "ht\ntp:",
    "java\tscript:",
]
ODD = [
    None,
    "",
    " ",
    "ideas/7",
    "?next=/",
    "#top",
    ".",
    "..//evil.test",
    " /ideas",
    "/ideas ",
    "/ideas\r\nLocation: https://evil.test",
    "/ideas\x00",
    "\ufeff//evil.test",
    "\u200b//evil.test",
    "\u2028//evil.test",
    "/\u200b/evil.test",
    "/\u00a0/evil.test",
    "/\u3000/evil.test",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "//%2Fevil.test",
    "https:evil.test",
    "http:///evil.test",
    "/" + "a" * 3000,
    "/ideas\\..\\..\\evil.test",
    "//[evil",
]
HOSTILE = [
    *(slashes + host for slashes in SLASHES for host in HOSTS),
    *(scheme + slashes + host for scheme in SCHEMES for slashes in SLASHES[:6] for host in HOSTS[:2]),
    *ODD,
]


def test_nobody_is_sent_to_another_site():
    assert len(HOSTILE) > 200

    assert {target: addresses.local_path(target) for target in HOSTILE} == dict.fromkeys(HOSTILE, "/")
