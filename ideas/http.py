"""The edge that all rooms share: errors become pages or problem+json, every answer gets its headers."""

from __future__ import annotations

import functools
import re
import time
import uuid
from collections.abc import Callable, Iterable
from typing import IO, TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import sqlalchemy as sa
import structlog
from flask import Flask, Response, abort, current_app, g, jsonify, make_response, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.http import HTTP_STATUS_CODES

from ideas import pictures, storage
from ideas.db import db
from ideas.errors import Conflict, DomainError, NotAllowed, NotFound, SignInNeeded, TooMany
from ideas.settings import absolute, current, rooms
from ideas.words import _
from ideas.wrong import code_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger()
View = TypeVar("View", bound=Callable[..., Any])
csrf = CSRFProtect()

STATUS = {SignInNeeded: 401, NotAllowed: 403, NotFound: 404, Conflict: 409, TooMany: 429}
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)


class _InChunks:
    """A body without a length, which the server puts together as it is read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream

    def read(self, size: int = -1) -> bytes:
        """Raises OSError for a body that makes no sense: werkzeug answers that with 400."""
        try:
            return self.stream.read(size)
        except OSError:
            raise
        except Exception as error:  # each server has exceptions of its own for it, and none is our fault
            raise OSError(f"The body cannot be read: {error}") from error


def guarded(wsgi: WSGIApplication) -> WSGIApplication:
    """The same application, for which a malformed body is its sender's mistake."""

    def ask(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if "HTTP_TRANSFER_ENCODING" in environ:
            environ["wsgi.input"] = _InChunks(environ["wsgi.input"])
        return wsgi(environ, start_response)

    return ask


def init_app(app: Flask) -> None:
    app.wsgi_app = guarded(app.wsgi_app)  # type: ignore[assignment, method-assign]  # as Flask's documentation has it
    # The token ends with the session it is bound to. By default it would end after an hour, and with it a long text.
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    app.before_request(_name_request)  # before anybody refuses anything: refusals are answered and logged by name too
    app.before_request(_allow_a_picture)  # before anybody reads the body
    csrf.init_app(app)
    app.before_request(_refuse_nul)
    app.before_request(_refuse_foreign_origin)
    app.after_request(_add_headers)
    app.after_request(_log)
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(ValidationError, _bad_input)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(sa.exc.OperationalError, _database_down)
    app.register_error_handler(storage.Unavailable, _storage_down)
    app.register_error_handler(Exception, _our_fault)


def seconds_so_far() -> float:
    """How long the present request has taken until now."""
    now = time.perf_counter()
    return now - float(g.get("begun_at", now))


def wants_json() -> bool:
    """Is a program asking."""
    path = request.path
    return path == "/mcp" or (path.startswith("/api/") and not path.startswith("/api/docs"))


def wants_part() -> bool:
    """Is one of our own scripts asking for the part of the page that changes."""
    return request.headers.get("X-Requested-With") == "fetch"


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """An error for programs (RFC 9457); `code` is the same for the same cause for ever."""
    body: dict[str, Any] = {
        "type": absolute(f"/problems/{code}"),
        "title": HTTP_STATUS_CODES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "instance": request.path,
        "code": code,
        "request_id": g.get("request_id", ""),
    }
    if errors:
        body["errors"] = errors
    answer = jsonify(body)
    answer.status_code = status
    answer.content_type = "application/problem+json"
    answer.headers.update(headers or {})
    return answer


def pointers(messages: Any, path: str = "") -> list[dict[str, str]]:
    """marshmallow's messages as a flat list of RFC 6901 pointers."""
    if isinstance(messages, dict):
        return [
            line
            for name, inner in messages.items()
            for line in pointers(inner, path if name == "_schema" else f"{path}/{_escaped(name)}")
        ]
    if isinstance(messages, list):
        return [line for inner in messages for line in pointers(inner, path)]
    return [{"pointer": path, "code": code_of(messages), "detail": str(messages)}]


def _escaped(name: object) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")


def show_problem(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    """The error in the form the asker understands."""
    if wants_json():
        return problem(status, code, detail, headers=headers)
    answer = make_response(render_template("problem.html", status=status, code=code, detail=detail), status)
    answer.headers.update(headers or {})
    return answer


def _domain_error(error: DomainError) -> ResponseReturnValue:
    status = STATUS[next(kind for kind in type(error).__mro__ if kind in STATUS)]
    ask = rooms().ask_to_sign_in
    if isinstance(error, SignInNeeded) and ask is not None and not wants_json():
        answer: ResponseReturnValue = ask()
        return answer
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooMany) else {}
    challenge = getattr(error, "challenge", None)
    if challenge or status == 401:
        headers["WWW-Authenticate"] = challenge or "Bearer"
    lines: list[dict[str, str]] | None = getattr(error, "lines", None)
    if lines and wants_json():
        return problem(status, error.code, error.message, errors=lines, headers=headers)
    return show_problem(status, error.code, error.message, headers)


def _bad_input(error: ValidationError) -> ResponseReturnValue:
    lines = pointers(error.messages_dict)
    if wants_json():
        return problem(422, "invalid-input", _("Some of what was sent cannot be used."), errors=lines)
    return show_problem(422, "invalid-input", " ".join(line["detail"] for line in lines))


def _stale_form(error: CSRFError) -> ResponseReturnValue:
    return show_problem(
        400,
        "stale-form",
        _("This form was open for too long or came from elsewhere. Go back, reload and send it again."),
    )


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error.response
    if isinstance(error, SecurityError):
        # somebody else's host: no address of ours can be built for it, so no page can be drawn
        return Response(_("This site does not answer to that name.") + "\n", 400, mimetype="text/plain")
    status = error.code or 500
    code, detail = {
        404: ("not-found", _("There is nothing here, or you may not see it.")),
        405: ("method-not-allowed", _("This address does not take that kind of request.")),
        413: ("too-large", _("This is more than can be taken in at once.")),
        415: ("unsupported-media-type", _("Send JSON, and say so: Content-Type: application/json.")),
    }.get(status, (f"http-{status}", error.description or HTTP_STATUS_CODES.get(status, "")))
    code = getattr(error, "problem", code)  # our own kinds, see problems.py
    is_long = request.content_length is None or request.content_length > current().picture_bytes
    if status == 413 and is_long and getattr(_view(), "takes_picture", False):
        return _bad_input(pictures.too_large(current().picture_bytes))
    # werkzeug knows headers that belong to the error, such as Allow
    headers = {
        name: value for name, value in error.get_headers() if name.lower() not in ("content-type", "content-length")
    }
    return show_problem(status, code, detail, headers)


def _database_down(error: sa.exc.OperationalError) -> ResponseReturnValue:
    log.error("database_unavailable", error=str(error.orig))
    db.session.rollback()
    return show_problem(
        503,
        "unavailable",
        _("The site cannot be reached at the moment. Nothing is lost; try again shortly."),
        {"Retry-After": "5"},
    )


def _storage_down(error: storage.Unavailable) -> ResponseReturnValue:
    log.error("storage_unavailable", error=str(error))
    db.session.rollback()
    return show_problem(
        503, "unavailable", _("Pictures cannot be reached at the moment. Try again shortly."), {"Retry-After": "30"}
    )


def _our_fault(error: Exception) -> ResponseReturnValue:
    log.exception("unexpected_error")
    db.session.rollback()
    if current_app.testing and not current_app.config.get("SHOW_500"):
        raise error
    return show_problem(500, "our-fault", _("Something went wrong on our side. It was noted; try again in a moment."))


def _name_request() -> None:
    g.begun_at = time.perf_counter()
    asked = request.headers.get("X-Request-Id", "")
    g.request_id = asked if re.fullmatch(r"[A-Za-z0-9._-]{8,64}", asked) else uuid.uuid4().hex
    structlog.contextvars.clear_contextvars()
    # an address with a token in it opens something: the log has only its pattern
    path = str(request.url_rule) if "token" in (request.view_args or {}) else request.path
    structlog.contextvars.bind_contextvars(request_id=g.request_id, method=request.method, path=path)


def takes_picture(view: Any) -> Any:
    """Mark a view whose requests may bring a picture, and so be larger than others."""
    view.takes_picture = True
    return view


def takes_file(most: int) -> Callable[[View], View]:
    """Mark a view whose requests may bring a file of so many bytes."""

    def mark(view: View) -> View:
        view.takes_file = most  # type: ignore[attr-defined]  # functions take attributes
        return view

    return mark


def _allow_a_picture() -> None:
    if most := getattr(_view(), "takes_file", 0):
        request.max_content_length = most + (current_app.config["MAX_CONTENT_LENGTH"] or 0)
    if getattr(_view(), "takes_picture", False):
        # more than is taken, so that most of what is too large is still read and refused in words: whoever is hung up
        # on while sending does not read the answer
        request.max_content_length = 2 * current().picture_bytes + (current_app.config["MAX_CONTENT_LENGTH"] or 0)


def _refuse_nul() -> None:
    """No address of ours has a NUL in it, and PostgreSQL fails when it is asked for one."""
    if "\0" in request.path:
        abort(404)


def _refuse_foreign_origin() -> None:
    """The second guard beside CSRF tokens: browsers say where a request comes from, programs with a key are none."""
    if request.method in SAFE_METHODS or wants_json() or getattr(_view(), "open_to_all_origins", False):
        return
    origin = request.headers.get("Origin")
    # "null" is what a page without referrer policy, or a sandbox, sends: it is not us
    if origin and origin != _origin(current().base_url) and origin != _origin(request.host_url):
        abort(403, _("This form came from another site."))
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        abort(403, _("This form came from another site."))


def open_to_all_origins(view: Any) -> Any:
    """Mark a view that mail programs call without cookie or token (RFC 8058 one-click)."""
    view.open_to_all_origins = True
    return csrf.exempt(view)


def without_referrer(view: Any) -> Any:
    """Mark a view whose address is a secret: no page that is gone to from there learns it."""

    @functools.wraps(view)
    def shown(*args: Any, **values: Any) -> Response:
        answer = make_response(view(*args, **values))
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer

    return shown


def _view() -> Any:
    return current_app.view_functions.get(request.endpoint or "")


def _log(answer: Response) -> Response:
    """One line for each request: what, how it ended, how long it took, and by whom, as a number."""
    if request.endpoint == "static":
        return answer
    log.info(
        "request",
        route=str(request.url_rule) if request.url_rule else None,
        status=answer.status_code,
        ms=round(seconds_so_far() * 1000, 1),
        person=g.get("person_id"),
    )
    return answer


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _add_headers(answer: Response) -> Response:
    headers = answer.headers
    headers["X-Request-Id"] = g.get("request_id", "")
    headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if current().is_https:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    # pages differ by reader: nobody in between may keep them; what is public says so itself
    headers.setdefault("Cache-Control", "private, no-store")
    if g.get("same_for_everybody"):
        # Flask-Login looks at every request's session, and Flask would then say Vary: Cookie
        session.accessed = False
    return answer
