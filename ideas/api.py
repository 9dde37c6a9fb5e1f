"""The frame of the JSON API: who asks by which key, how lists, tags and caching look, and what describes it all.

Rooms hang their blueprints into `api`. It knows no room: what a key stands for, the people room tells it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import urlencode

import flask_smorest
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response, current_app, g, json, request, session
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from ideas import api_limits, api_match, api_memory, api_origins, api_repeats, repeats, wrong
from ideas.api_addresses import CONVERTERS
from ideas.api_input import JSON_TYPES, Parser, read_json, read_query
from ideas.errors import SignInNeeded
from ideas.http import csrf
from ideas.paging import PAGE, PAGE_MOST, Page
from ideas.problems import KeyUnknown, ScopeMissing
from ideas.schemas import AppSchema
from ideas.settings import absolute, rooms
from ideas.words import _

PREFIX = "/api/v1"
MCP = "/mcp"  # another way to the same services, by the same keys and under the same limits
READ = "ideas:read"
ON_PAGES = "page"  # no scope: what is asked with a publishable key, or with the token of somebody signed in on a page

SCOPES = {
    READ: "Read what your account may read: boards, ideas, comments, answers, your votes and receipts.",
    "ideas:write": "Post ideas and edit your own.",
    "votes:write": "Vote, and take votes back.",
    "votes:on_behalf": "Note what customers said elsewhere, and vote on their behalf. For the team.",
    "comments:write": "Comment, and edit or delete your own comments.",
    "pictures:write": "Upload pictures for your ideas and comments.",
    "flags:write": "Point out what should not stand there, and appeal when something of yours was hidden.",
    "moderation:write": "Hide, restore and see what waits for a look. For the team.",
    "answers:write": "Answer ideas and announce answers, merge ideas, publish releases, ask who wants an idea, keep "
    "estimates and snippets. For the team.",
    "notifications:write": "Choose what you hear of, how and when, and mute ideas.",
    "account:write": "Change your profile, and sign browsers out.",
    "keys:write": "Make, rotate and revoke keys of yours, with no more than the key that asks may.",
    "feeds:write": "Make and revoke your private feeds.",
    "people:read": "Read companies, people, the scores of ideas, who was told of what, and loop health. For the team.",
    "people:write": "Put in companies and people, say who belongs where, keep segments, and let mail go again to "
    "addresses that were held back. For administrators.",
    "webhooks:manage": "Have other systems told what happens: endpoints, secrets and their log. For the team.",
    "audit:read": "Read what was done with privilege. For administrators.",
    "boards:write": "Make and change boards: who sees them, statuses, tags, people, invitations. For administrators.",
    "embed:manage": "The widget on other sites: who is signed in there by whose word, its keys and its secret, which "
    "signs in as any customer. For administrators.",
    "site:write": "Change the site's name, colour and logo, and the words of its mails. For administrators.",
    "roles:write": "Give and take roles, invite people to them, suspend people, and say whether the team must have a "
    "second factor. For administrators.",
    "imports:write": "Import what other systems exported, and see how it goes. For administrators.",
    "export:read": "Take everything along. For administrators.",
}

# What everybody may see may be kept for a moment by whoever stands in between, and shown a while longer while asking.
PUBLIC = "public, max-age=5, stale-while-revalidate=30"

# What may be wrong with whatever is to be done, and with any body.
OF_WRITES = {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
OF_BODIES = {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE}

_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,200}")

T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., Any])


class Decorator(Protocol):
    """Gives a view back as the kind of function it was."""

    def __call__(self, view: View, /) -> View: ...


class Key(Protocol):
    """What the people room finds behind a token: a key that is valid now, whose it is, and what it is for."""

    @property
    def id(self) -> int: ...

    @property
    def name(self) -> str:
        """By which its requests are counted, and what was sent again is known."""
        ...

    @property
    def user(self) -> Any:
        """None: it opens what visitors may see."""
        ...

    @property
    def scopes(self) -> frozenset[str]: ...

    @property
    def board_id(self) -> int | None:
        """The one board that it opens; None: whatever its person may see."""
        ...

    @property
    def sites(self) -> Collection[str] | None:
        """The origins of the pages that may ask with it; None: it is none for pages."""
        ...


class OutSchema(Schema):
    """Describes what goes out. Every field is always there unless its metadata says `sometimes`; new ones may join.

    It does not make it: rows come in shape already, from the functions beside the schemas, because dumping twenty of
    them field by field took as long as reading them. Tests hold every answer against its schema.
    """

    class Meta:
        unknown = EXCLUDE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        field_obj.required = not field_obj.metadata.get("sometimes", False)

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        return obj


class ProblemLine(OutSchema):
    """One thing that is wrong, and where."""

    pointer = fields.String(metadata={"description": "JSON pointer (RFC 6901) into what was sent; “” is all of it."})
    code = fields.String(metadata={"description": wrong.CODES})
    detail = fields.String()


class ProblemOut(OutSchema):
    """What is wrong (RFC 9457)."""

    type = fields.URL(metadata={"description": "A page that explains this kind of problem."})
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    instance = fields.String()
    code = fields.String(metadata={"description": "The same for the same cause for ever."})
    errors = fields.List(fields.Nested(ProblemLine), metadata={"sometimes": True})
    request_id = fields.String()


class ListQuery(AppSchema):
    """How much of a list, from where."""

    limit = fields.Integer(
        load_default=PAGE, validate=validate.Range(1, PAGE_MOST), metadata={"description": "Rows on a page."}
    )
    cursor = fields.String(
        validate=validate.Length(max=1000),
        metadata={"description": "Where the page begins: take the address in “next” as it is."},
    )


class Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest with our errors, our parser and our caching."""

    def _register_error_handlers(self) -> None:
        """Errors are `http.py`'s: smorest's own handler would drop Allow from a 405."""

    def _register_pagination_header(self) -> None:
        """Lists are paged by our own cursors."""

    def _register_responses(self) -> None:
        for name, description in [
            *((status.name, status.phrase) for status in HTTPStatus if status >= 300),
            ("DEFAULT_ERROR", "Something else is wrong: the code says what."),
        ]:
            answer: dict[str, Any] = {"description": description}
            if name != "NOT_MODIFIED":
                answer["content"] = {"application/problem+json": {"schema": ProblemOut}}
            self.spec.components.response(name, answer, lazy=True)

    def register_blueprint(self, blp: Any, **options: Any) -> None:
        """As smorest does it, but pages of a room have its name already, so its API goes by its tag."""
        csrf.exempt(blp)  # a key is not sent by itself, as a cookie is
        self._app.register_blueprint(blp, **options)
        blp.register_views_in_doc(self, self._app, self.spec, name=blp.name, parameters=None)
        self.spec.tag({"name": blp.tag, "description": blp.description})


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """A room's part of the API, below PREFIX. The typed door to flask-smorest."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, import_name: str, *, about: str) -> None:
        super().__init__(f"api_{name}", import_name, url_prefix=PREFIX, description=about)
        self.tag = name

    def route(self, rule: str, *, method: str = "GET") -> Decorator:
        codes = {HTTPStatus.TOO_MANY_REQUESTS} | ({HTTPStatus.NOT_MODIFIED} if method == "GET" else OF_WRITES)
        if method != "GET":
            codes.add(HTTPStatus.BAD_REQUEST)  # of its Idempotency-Key, or of an If-Match that it does not know
        hung = super().route(rule, methods=[method], tags=[self.tag])

        def decorate(view: View) -> View:
            if method == "POST" and not getattr(view, "only_looks", False):
                _also_takes(view, api_repeats.PARAMETER)
            named = {HTTPStatus.NOT_FOUND} if "<" in rule or _arguments_of(view) else set()
            all_codes = codes | named | (OF_BODIES if _takes_body(view) else set())
            described = self.doc(responses={code.value: code.name for code in sorted(all_codes)})
            return cast(View, hung(described(view)))

        return decorate

    def takes(self, schema: type[Schema], *, example: dict[str, Any] | None = None) -> Decorator:
        """The body, judged by `schema` (made once, for all requests), is the view's next argument."""
        return cast(Decorator, self.arguments(schema(), example=example))

    def asks(self, schema: type[Schema]) -> Decorator:
        """The query, judged by `schema`, is the view's next argument."""
        return cast(Decorator, self.arguments(schema(), location="query"))

    def takes_file(self, body: dict[str, Any]) -> Decorator:
        """The view reads the body itself; `body` describes it."""
        return cast(Decorator, self.doc(requestBody=body))

    def gives(self, schema: type[Schema] | None, *, status: int = 200, example: Any = None) -> Decorator:
        """What the view returns is shown by `schema`, or with None not at all."""
        return cast(Decorator, self.response(status, schema, example=example))

    def gives_file(self, *kinds: str) -> Decorator:
        """The view returns a file of one of these content types."""

        def decorate(view: View) -> View:
            made: Any = view
            for kind in kinds:
                made = self.response(HTTPStatus.OK, {"type": "string", "format": "binary"}, content_type=kind)(made)
            return cast(View, made)

        return decorate

    def may_answer(self, status: HTTPStatus) -> Decorator:
        """Say in the description that the view refuses some with this status, beside those that all may."""
        return cast(Decorator, self.doc(responses={status.value: status.name}))

    def gives_nothing(self, view: View) -> View:
        """The view returns nothing, and the answer has no body."""

        @functools.wraps(view)
        def silent(*args: Any, **values: Any) -> Response:
            view(*args, **values)
            return Response(status=HTTPStatus.NO_CONTENT)

        return cast(View, self.response(HTTPStatus.NO_CONTENT)(silent))

    def only_looks(self, view: View) -> View:
        """Mark a POST that changes nothing: it may ask elsewhere, so no transaction is open, and nothing repeats."""
        view.only_looks = True  # type: ignore[attr-defined]  # functions take attributes
        return view

    def matched(self, view: View) -> View:
        """Say in the description that the view asks `api_match.require`."""
        code = HTTPStatus.PRECONDITION_FAILED
        view.is_matched = True  # type: ignore[attr-defined]  # functions take attributes
        _also_takes(view, api_match.PARAMETER)
        return cast(View, self.doc(responses={code.value: code.name})(view))

    def needs(self, scope: str, *, or_nobody: bool = False) -> Decorator:
        """Refuse keys without `scope`, and visitors without a key unless `or_nobody`. ON_PAGES: refuse all but pages.

        Stands right below `route`: nothing is read of a request that may not be made.
        """

        def decorate(view: View) -> View:
            asks_query = any(part["in"] == "query" for part in _arguments_of(view))
            is_matched = getattr(view, "is_matched", False)

            @functools.wraps(view)
            def guarded(*args: Any, **values: Any) -> Any:
                _confine(view.__name__, values)
                api_match.begin(is_matched=is_matched)
                if scope == ON_PAGES:
                    page_key()
                elif not (or_nobody and _is_visitor()):
                    require_scope(scope)
                if not asks_query and read_query(request.args):
                    raise ValidationError({name: [wrong.unknown_field()] for name in request.args})
                if _is_visitor() and request.method in ("GET", "HEAD"):
                    return api_memory.recall(lambda: view(*args, **values))
                may_repeat = request.method == "POST" and not getattr(view, "only_looks", False)
                if may_repeat and (key := _key()) is not None and key.user is not None:
                    return api_repeats.once(key.user.id, key.name, lambda: view(*args, **values))
                return view(*args, **values)

            ways: list[dict[str, list[str]]] = [{"page": []} if scope == ON_PAGES else {"key": [scope]}]
            described = self.doc(
                operationId=view.__name__,
                security=[{}, *ways] if or_nobody else ways,
                responses={code.value: code.name for code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)},
            )(guarded)
            described.needed_scope = scope
            described.open_to_nobody = or_nobody
            return cast(View, described)

        return decorate


api = Api()


def init_app(app: Flask) -> None:
    """Open the frame; rooms register their blueprints afterwards."""
    from ideas import api_docs

    cast(Any, app.json).sort_keys = False  # fields come in the order in which people read them
    app.url_map.converters |= CONVERTERS
    app.before_request(_read_key)
    app.before_request(_answer_preflight)  # before the limits: a browser asks it for each address
    api_limits.init_app(app, _is_ours)
    api_memory.init_app(app)
    cast(Any, app.extensions["answerback"]).sweeps.append(repeats.sweep)
    app.before_request(_refuse_bad_key)
    app.after_request(_finish)
    config = app.config["ANSWERBACK"]
    app.config.update(API_TITLE=f"{config.site_name} API", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    api.init_app(
        app,
        spec_kwargs={
            "info": api_docs.INFO,
            "servers": [{"url": config.base_url}],
            "marshmallow_plugin": MarshmallowPlugin(schema_name_resolver=_name_of),
        },
    )
    api.spec.components.security_scheme("key", api_docs.KEY_SCHEME)
    api.spec.components.security_scheme("page", api_docs.PAGE_SCHEME)
    app.register_blueprint(api_docs.bp)
    api_docs.describe_itself(api.spec, app)


def reader() -> Any:
    """Whose key this is, suspended or not; None for a visitor without one."""
    key = _key()
    return None if key is None else key.user


def member() -> Any:
    """Whose key this is. Raises SignInNeeded for a visitor, with a key for pages or without any."""
    if (key := _key()) is None or key.user is None:
        raise SignInNeeded(_("Send an API key: Authorization: Bearer ab_sk_…"))
    return key.user


def page_key() -> Any:
    """The key of the page that asks. Raises SignInNeeded for anything that is no page."""
    if (key := _key()) is None or key.board_id is None:
        raise SignInNeeded(_("Send the publishable key of a board: Authorization: Bearer ab_pk_…"))
    return key


def is_on_page() -> bool:
    """Whether a page of another site asks, with a key for pages or in the name of somebody signed in there."""
    return (key := _key()) is not None and key.board_id is not None


def asking() -> Any:
    """The key with which this is asked. Raises SignInNeeded for a visitor without one."""
    member()
    return _key()


def require_scope(scope: str) -> None:
    """Raises SignInNeeded without a key, ScopeMissing for one without `scope`."""
    member()
    if (key := _key()) is not None and scope not in key.scopes:
        raise ScopeMissing(_("This key lacks the scope %(scope)s.", scope=scope), scope=scope)


def listed(page: Page[T], show: Callable[[T], Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """A page as a list answers it: each row as `show` shapes it, and where the next are, also as a Link (RFC 8288)."""
    rows = [show(row) for row in page.rows]
    if page.next is None:
        return {"data": rows, "next": None}, {}
    following = absolute(f"{request.path}?{urlencode({**request.args, 'cursor': page.next})}")
    return {"data": rows, "next": following}, {"Link": f'<{following}>; rel="next"'}


def list_of(row: type[Schema], *, paged: bool = True) -> type[Schema]:
    """The schema of what `listed` gives."""
    parts: dict[str, Any] = {"data": fields.List(fields.Nested(row))}
    if paged:
        parts["next"] = fields.URL(allow_none=True, metadata={"description": "The next page; null on the last."})
    name = row.__name__.removesuffix("Out")
    return cast(type[Schema], type(f"{name}List", (OutSchema,), parts))


def created(thing: Any, path: str) -> tuple[Any, dict[str, str]]:
    """Something new, as 201 answers it, with its address in the API."""
    return thing, {"Location": absolute(PREFIX + path)}


def openapi() -> str:
    """The description of the API as JSON, made once for an application."""
    made: dict[str, str] = current_app.extensions["flask-smorest"]
    if "openapi" not in made:
        made["openapi"] = json.dumps(api.spec.to_dict())
    return made["openapi"]


def _key() -> Key | None:
    return cast("Key | None", g.get("api_key"))


def _is_ours() -> bool:
    return request.path.startswith(PREFIX + "/") or request.path == MCP


def _read_key() -> None:
    """Find who asks. Session cookies are not looked at: a page elsewhere could make a browser send them."""
    if not _is_ours() or (given := request.headers.get("Authorization")) is None:
        return
    kind, _blank, token = given.partition(" ")
    token = token.strip()
    find = next((find for begin, find in rooms().key_finders.items() if token.startswith(begin)), None)
    if find and kind.lower() == "bearer" and _TOKEN.fullmatch(token):
        g.api_key = key = find(token)
        g.person_id = key.user.id if key and key.user else None  # for the log
    g.api_key_refused = g.get("api_key") is None


def _is_visitor() -> bool:
    """Whether what visitors may see is all that is asked for, with a key for pages or without any."""
    return (key := _key()) is None or key.user is None


def _confine(operation: str, values: Mapping[str, Any]) -> None:
    if (key := _key()) is not None and key.board_id is not None and (confine := rooms().confine):
        body = read_json() if request.mimetype in JSON_TYPES and request.get_data() else None
        confine(key, operation, values, request.args, body)


def _answer_preflight() -> Response | None:
    return api_origins.preflight() if _is_ours() else None


def _refuse_bad_key() -> None:
    # after the limits, so that guessing keys is counted by address
    if g.get("api_key_refused"):
        raise KeyUnknown(_("This key does not work. Send it as Authorization: Bearer ab_sk_…"))
    if (key := _key()) is not None:
        api_origins.require_listed(key.sites)


def _finish(answer: Response) -> Response:
    """Tags, caching and limits, the same for every answer of the API."""
    if not _is_ours():
        return answer
    # flask_login looks at every request's session, and Flask then says Vary: Cookie; our answers never depend on it
    session.accessed = False
    if request.method in ("GET", "HEAD") and answer.status_code == HTTPStatus.OK:
        if _is_visitor():
            answer.headers.setdefault("Cache-Control", PUBLIC)
        answer.vary.add("Authorization")
        if not answer.is_streamed:  # what is made while it is sent has no tag, and must not be gathered for one
            api_match.tag(answer)
            answer.make_conditional(request)
    elif api_match.is_matched() and answer.status_code == HTTPStatus.OK:
        api_match.tag(answer)  # as GET would give it now
    api_limits.tell(answer)
    key = _key()
    api_origins.tell(answer, key.sites if key else None, refused=bool(g.get("api_key_refused")))
    return answer


def _name_of(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return str(kind.__name__).removesuffix("Out")


def _also_takes(view: Any, parameter: dict[str, Any]) -> None:
    """Describe a header beside what `takes` and `asks` say: parameters given to `doc` would stand in their place."""
    described: dict[str, Any] = getattr(view, "_apidoc", {})
    view._apidoc = described
    described.setdefault("arguments", {}).setdefault("parameters", []).append(parameter)


def _takes_body(view: Any) -> bool:
    described: dict[str, Any] = getattr(view, "_apidoc", {})
    return "requestBody" in described.get("manual_doc", {}) or any(each["in"] == "json" for each in _arguments_of(view))


def _arguments_of(view: Any) -> Sequence[dict[str, Any]]:
    described: dict[str, Any] = getattr(view, "_apidoc", {})
    return cast(Sequence[dict[str, Any]], described.get("arguments", {}).get("parameters", []))
