"""Examples in the description of the API."""

from __future__ import annotations

KEY = {
    "id": 4,
    "key": "ab_pk_3q2-7wAbCdEfGhIjKlMnOpQrStUvWxYz0123456789AB",
    "created_at": "2026-11-22T10:00:00Z",
}
