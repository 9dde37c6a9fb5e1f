"""Examples in the description of the API."""

from __future__ import annotations

KEY = {
    "id": 4,
    "key": "ab_pk_3q2-7wAbCdEfGhIjKlMnOpQrStUvWxYz0123456789AB",
    "created_at": "2026-11-22T10:00:00Z",
}

EMBED = {
    "sites": ["https://www.example.org"],
    "issuer": "https://app.example.org",
    "algorithm": "HS256",
    "keys_address": None,
    "has_secret": True,
    "former_secret_until": None,
}

SECRET = {"secret": "ab_es_8s3kQ0…", "former_until": "2026-11-23T10:00:00Z"}

SIGNED_IN = {
    "token": "ab_wt_3q2-7wAbCdEfGhIjKlMnOpQrStUvWxYz0123456789AB",
    "expires_at": "2026-11-22T10:15:00Z",
    "person": {"id": 7, "name": "Mia"},
}

FINDINGS = {
    "data": [
        {"code": "reached", "good": True, "detail": "The page can be read."},
        {"code": "line", "good": True, "detail": "The line is there, for this board."},
        {"code": "key", "good": True, "detail": "Its key works."},
        {"code": "origin", "good": True, "detail": "https://www.example.org is on the list."},
        {"code": "policy", "good": True, "detail": "Its content policy lets the widget through."},
    ]
}
