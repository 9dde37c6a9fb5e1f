"""Files in the shapes in which other systems write theirs: one small story, told by each in its own words.

Mia asked for benches, and later for seats in the shade, which became part of the benches. Ole backs the benches; Petra
of the team answered: planned. Somebody asked for a pond, which was declined.
"""

from __future__ import annotations

from typing import Any

DAY = "2024-03-0{}T10:00:00.000Z"


def _canny_user(key: str, name: str, *, admin: bool = False) -> dict[str, Any]:
    return {
        "id": key,
        "created": DAY.format(1),
        "email": f"{name.lower()}@example.test",
        "isAdmin": admin,
        "name": name,
        "url": f"https://garden.canny.io/admin/users/{name.lower()}",
        "userID": f"crm-{name.lower()}",
    }


MIA, OLE, PETRA = (
    _canny_user("5f1", "Mia"),
    _canny_user("5f2", "Ole"),
    _canny_user("5f3", "Petra", admin=True),
)


def _canny_post(key: str, title: str, **more: Any) -> dict[str, Any]:
    return {
        "id": key,
        "author": MIA,
        "board": {"id": "b1", "name": "Garden", "postCount": 3},
        "category": None,
        "commentCount": 1,
        "created": DAY.format(2),
        "details": f"{title}, please.",
        "eta": None,
        "imageURLs": [],
        "mergeHistory": [],
        "owner": None,
        "score": 1,
        "status": "open",
        "tags": [],
        "title": title,
        "url": f"https://garden.canny.io/admin/board/garden/p/{key}",
        **more,
    }


_BENCHES = _canny_post(
    "p1",
    "Benches",
    status="planned",
    tags=[{"id": "t1", "name": "Seats", "postCount": 1}],
    imageURLs=["https://cdn.example.test/bench.png"],
    mergeHistory=[{"created": DAY.format(5), "post": _canny_post("p3", "Seats in the shade", author=None)}],
)

CANNY: dict[str, Any] = {
    "posts.json": {"hasMore": False, "posts": [_BENCHES, _canny_post("p2", "A pond", status="closed")]},
    "votes.json": {
        "hasMore": False,
        "votes": [{"id": "v1", "by": None, "created": DAY.format(3), "post": {"id": "p1"}, "voter": OLE}],
    },
    "comments.json": {
        "hasMore": False,
        "comments": [
            {
                "id": "c2",
                "author": PETRA,
                "created": DAY.format(4),
                "imageURLs": [],
                "parentID": "c1",
                "post": {"id": "p1"},
                "private": False,
                "value": "Where?",
            },
            {
                "id": "c1",
                "author": OLE,
                "created": DAY.format(3),
                "imageURLs": [],
                "parentID": None,
                "post": {"id": "p1"},
                "private": False,
                "value": "By the pond.",
            },
        ],
    },
    "status_changes.json": {
        "hasMore": False,
        "statusChanges": [
            {
                "id": "s1",
                "changer": PETRA,
                "changeComment": {"value": "We build them in spring.", "imageURLs": []},
                "created": DAY.format(6),
                "post": {"id": "p1"},
                "status": "planned",
            },
            {
                "id": "s2",
                "changer": PETRA,
                "changeComment": {"value": "", "imageURLs": []},
                "created": DAY.format(6),
                "post": {"id": "p2"},
                "status": "closed",
            },
        ],
    },
    "companies.json": {"companies": [{"id": "acme", "name": "Acme", "monthlySpend": 120.5, "created": DAY.format(1)}]},
    "users.json": [{**OLE, "companies": [{"id": "acme", "name": "Acme", "monthlySpend": 120.5}]}],
}

_FIDER_POST = {"slug": "x", "tenant_id": 1, "language": "english", "response": None, "original_id": None}
FIDER: dict[str, Any] = {
    "users.json": [
        {"id": 1, "name": "Mia", "email": "mia@example.test", "created_at": DAY.format(1), "role": 1, "tenant_id": 1},
        {"id": 2, "name": "Ole", "email": "ole@example.test", "created_at": DAY.format(1), "role": 1, "tenant_id": 1},
        {"id": 3, "name": "Petra", "email": "petra@example.test", "created_at": DAY.format(1), "role": 3},
    ],
    "tags.json": [{"id": 7, "name": "Seats", "slug": "seats", "color": "00FF00", "is_public": True}],
    "post_tags.json": [{"tag_id": 7, "post_id": 11, "created_by_id": 3, "created_at": DAY.format(2)}],
    "posts.json": [
        {
            **_FIDER_POST,
            "id": 11,
            "number": 1,
            "title": "Benches",
            "description": "Benches, please.",
            "user_id": 1,
            "created_at": DAY.format(2),
            "status": 4,
            "response": "We build them in spring.",
            "response_user_id": 3,
            "response_date": DAY.format(6),
        },
        {
            **_FIDER_POST,
            "id": 12,
            "number": 2,
            "title": "A pond",
            "description": "",
            "user_id": 1,
            "created_at": DAY.format(2),
            "status": 3,
        },
        {
            **_FIDER_POST,
            "id": 13,
            "number": 3,
            "title": "Seats in the shade",
            "description": "",
            "user_id": 1,
            "created_at": DAY.format(2),
            "status": 5,
            "original_id": 11,
            "response": "",
            "response_user_id": 3,
            "response_date": DAY.format(5),
        },
    ],
    "post_votes.json": [{"user_id": 2, "post_id": 11, "created_at": DAY.format(3), "tenant_id": 1}],
    "post_subscribers.json": [{"user_id": 2, "post_id": 11, "status": 1, "created_at": DAY.format(3)}],
    "comments.json": [
        {"id": 21, "content": "By the pond.", "post_id": 11, "user_id": 2, "created_at": DAY.format(3)},
    ],
}

USERVOICE: dict[str, Any] = {
    "suggestions.json": {
        "suggestions": [
            {
                "id": 101,
                "title": "Benches",
                "body": "Benches, please.",
                "state": "published",
                "created_at": DAY.format(2),
                "updated_at": DAY.format(6),
                "supporters_count": 1,
                "links": {"created_by": 1, "forum": 9, "status": 5, "category": None, "parent": None, "labels": [7]},
            },
            {
                "id": 102,
                "title": "A pond",
                "body": None,
                "created_at": DAY.format(2),
                "links": {"created_by": 1, "forum": 9, "status": 6},
            },
            {
                "id": 103,
                "title": "Seats in the shade",
                "body": None,
                "created_at": DAY.format(2),
                "updated_at": DAY.format(5),
                "links": {"created_by": 1, "forum": 9, "status": None, "parent": 101},
            },
        ],
        "pagination": {"page": 1, "total_records": 3},
    },
    "users.json": {
        "users": [
            {"id": 1, "name": "Mia", "email_address": "mia@example.test", "created_at": DAY.format(1)},
            {"id": 2, "name": "Ole", "email_address": "ole@example.test", "created_at": DAY.format(1)},
            {"id": 3, "name": "Petra", "email_address": "petra@example.test", "created_at": DAY.format(1)},
        ]
    },
    "statuses.json": {"statuses": [{"id": 5, "name": "Planned", "is_open": True}, {"id": 6, "name": "Declined"}]},
    "labels.json": {"labels": [{"id": 7, "name": "Seats", "full_name": "Seats"}]},
    "supporters.json": {
        "supporters": [{"id": 31, "created_at": DAY.format(3), "links": {"suggestion": 101, "user": 2}}]
    },
    "comments.json": {
        "comments": [
            {
                "id": 41,
                "body": "By the pond.",
                "created_at": DAY.format(3),
                "links": {"suggestion": 101, "created_by": 2},
            }
        ]
    },
    "status_updates.json": {
        "status_updates": [
            {
                "id": 51,
                "body": "We build them in spring.",
                "created_at": DAY.format(6),
                "links": {"suggestion": 101, "status": 5, "created_by": 3},
            }
        ]
    },
}


def _login(name: str, number: int) -> dict[str, Any]:
    return {"login": name.lower(), "databaseId": number, "name": name, "email": f"{name.lower()}@example.test"}


GITHUB: dict[str, Any] = {
    "issues.json": [
        {
            "data": {
                "repository": {
                    "issues": {
                        "pageInfo": {"hasNextPage": False, "endCursor": "x"},
                        "nodes": [
                            {
                                "number": 1,
                                "title": "Benches",
                                "body": "Benches, please.",
                                "state": "OPEN",
                                "stateReason": None,
                                "createdAt": DAY.format(2),
                                "author": _login("Mia", 1),
                                "labels": {"nodes": [{"name": "Seats"}]},
                                "reactions": {
                                    "nodes": [
                                        {
                                            "content": "THUMBS_UP",
                                            "createdAt": DAY.format(3),
                                            "user": _login("Ole", 2),
                                        },
                                        {"content": "CONFUSED", "createdAt": DAY.format(3), "user": _login("Pip", 4)},
                                    ]
                                },
                                "comments": {
                                    "nodes": [
                                        {
                                            "databaseId": 61,
                                            "body": "By the pond.",
                                            "createdAt": DAY.format(3),
                                            "author": _login("Ole", 2),
                                            "authorAssociation": "NONE",
                                        },
                                        {
                                            "databaseId": 62,
                                            "body": "Where?",
                                            "createdAt": DAY.format(4),
                                            "author": _login("Petra", 3),
                                            "authorAssociation": "OWNER",
                                        },
                                    ]
                                },
                            },
                            {
                                "number": 2,
                                "title": "A pond",
                                "body": "",
                                "state": "CLOSED",
                                "stateReason": "NOT_PLANNED",
                                "createdAt": DAY.format(2),
                                "author": None,
                            },
                        ],
                    }
                }
            }
        }
    ],
    "rest.json": [
        {
            "id": 9003,
            "node_id": "I_3",
            "number": 3,
            "title": "Seats in the shade",
            "body": None,
            "state": "open",
            "state_reason": None,
            "created_at": DAY.format(2),
            "user": {"login": "mia", "id": 1},
            "labels": [{"id": 5, "name": "Seats"}],
            "comments": 1,
        },
        {
            "id": 9004,
            "number": 4,
            "title": "Fix",
            "state": "open",
            "user": {"login": "mia", "id": 1},
            "pull_request": {},
        },
        {
            "id": 63,
            "issue_url": "https://api.github.com/repos/garden/garden/issues/3",
            "user": {"login": "ole", "id": 2},
            "body": "Yes.",
            "author_association": "NONE",
            "created_at": DAY.format(3),
        },
    ],
    "discussions.json": {
        "data": {
            "repository": {
                "discussions": {
                    "nodes": [
                        {
                            "number": 5,
                            "title": "How do I sit?",
                            "body": "On what?",
                            "closed": False,
                            "createdAt": DAY.format(2),
                            "author": _login("Mia", 1),
                            "comments": {
                                "nodes": [
                                    {
                                        "databaseId": 71,
                                        "body": "On a bench.",
                                        "isAnswer": True,
                                        "createdAt": DAY.format(3),
                                        "author": _login("Petra", 3),
                                        "replies": {
                                            "nodes": [
                                                {
                                                    "databaseId": 72,
                                                    "body": "Thanks.",
                                                    "createdAt": DAY.format(4),
                                                    "author": _login("Mia", 1),
                                                }
                                            ]
                                        },
                                    }
                                ]
                            },
                        }
                    ]
                }
            }
        }
    },
}

SHAPES = {"canny": CANNY, "fider": FIDER, "uservoice": USERVOICE, "github": GITHUB}

USERVOICE_TABLE = """\
suggestion.id,suggestion.title,suggestion.body,suggestion.status.name,suggestion.labels.name,suggestion.parent.id,\
suggestion.created_timestamp,suggestion.forum.name
101,Benches,"Benches, please.",planned,Seats,,2024-03-02 10:00:00 UTC,Garden
103,Seats in the shade,,,,101,2024-03-02 10:00:00,Garden
"""
