"""What the description of the API shows of companies and people. Tests send and compare every one of these."""

from __future__ import annotations

from typing import Any

Example = dict[str, Any]

COMPANY_SAID: Example = {
    "name": "Riverside Allotments",
    "plan": "community",
    "monthly_revenue": 19_000,
    "renews_on": "2027-03-01",
    "attributes": {"beds": 120, "region": "south"},
}

COMPANY: Example = {
    "id": 4,
    "external_id": "acct-17",
    "name": "Riverside Allotments",
    "plan": "community",
    "monthly_revenue": 19_000,
    "currency": "EUR",
    "renews_on": "2027-03-01",
    "attributes": {"beds": "120", "region": "south"},
}

PERSON_SAID: Example = {
    "email": "ole@example.org",
    "name": "Ole",
    "company": "acct-17",
    "attributes": {"role": "gardener"},
}

PERSON: Example = {
    "id": 9,
    "external_id": "user-88",
    "name": "Ole",
    "email": "ole@example.org",
    "company": {"id": 4, "external_id": "acct-17", "name": "Riverside Allotments"},
    "attributes": {"role": "gardener"},
    "has_account": True,
}

COMPANIES: Example = {"data": [{"external_id": "acct-18", **COMPANY_SAID, "name": "Brick Lane Growers"}]}
PEOPLE: Example = {"data": [{"external_id": "user-89", "email": "ada@example.org", "name": "Ada", "company": None}]}
PUT: Example = {"added": 1, "changed": 0, "same": 0}
