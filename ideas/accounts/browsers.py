"""A browser's own words for itself, as people would say them."""

from __future__ import annotations

# the first that is found counts: nearly every browser also claims to be those after it
_NAMES = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
]
_SYSTEMS = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
]


def said(user_agent: str) -> str:
    """ "Firefox, Windows"; the beginning of what it says when that is unknown, "" for nothing."""
    found = [next((words for sign, words in signs if sign in user_agent), "") for signs in (_NAMES, _SYSTEMS)]
    return ", ".join(filter(None, found)) or user_agent[:40]
