"""What the API refuses although its description allows it, because no description can say it: each with its reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ideas.text import clean, one_line


class Reason(NamedTuple):
    """said: the words at a field; holds: whether the value that was sent is so; why: for whoever reads the figures."""

    why: str
    said: str
    holds: Callable[[Any], bool] = lambda _value: True


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and value != "" and not value.strip()


def _is_unclean(value: Any) -> bool:
    try:
        clean(value)
    except ValueError:
        return True
    return False


def _shrinks(value: Any) -> bool:
    return isinstance(value, str) and len(one_line(value)) < len(value)


# JSON Schema counts characters as they are sent; here they count once they are normalised.
EVERYWHERE = (
    Reason("a place in a list that was never given", r"This place in the list is not known\..*"),
    Reason(
        "names what is not there",
        r"There is no .*|None of these boards has a tag “.*”\.|This board has no (tag|status) “.*”\."
        r"|The board has no such status\.",
    ),
    Reason("no address that mail goes to", r"This is not an e-mail address.*|Please enter your e-mail address\."),
    Reason("the name of an attribute", r"Names of attributes are small letters, digits and .*"),
    Reason("nothing but blanks", r"Please fill this in\.", _is_blank),
    Reason("a control character", r"Character \d+ \(U\+[0-9A-F]{4}\) cannot be used in a text\.", _is_unclean),
    Reason("too short without the blanks at its ends", r"At least \d+ characters; this has \d+\.", _shrinks),
)
# What is said of the shape of a value alone: that, a description can say, so it is never excepted by a field.
SHAPE = (
    r"(Not a valid|Unknown field|Missing data|Must be|Shorter than|Longer than|Length must|Field may not|Invalid|"
    r"This is no day|This is \d+ characters long|This was given twice|This number is too great).*"
)
_ANSWERING = "(answer_idea|correct_answer|preview_answer|put_release_idea)"
_NAMED = "(make_segment|edit_segment|keep_view|edit_view|keep_snippet)"

# operation and pointer, as expressions → why its value may be refused, by what stands in other fields or is there
OF: dict[tuple[str, str], str] = {
    (_ANSWERING, "/(status|reason|text|date|review_by|announce_at)"): "an answer whose parts do not go together",
    (_ANSWERING, "/(credits|left_out)(/N.*)?"): "a credit, or somebody left out, who has nothing to do with the idea",
    ("put_release_idea", "/idea"): "an idea of another board",
    ("(merge_idea|preview_merge)", "/into"): "what cannot become one",
    ("(merge_idea|unmerge_idea)", "/text"): "too few words for what is done",
    ("vote_on_behalf", "/person"): "somebody who is not asked",
    ("add_evidence", "/(person|email|name|words|link)"): "a person named twice or not at all, words without a place",
    ("put_(company|companies|person|people)", "(/data/N)?/(name|email|company|external_id)"): "who is there already",
    ("put_estimate", "/(reach_source|reach)"): "a number without its source",
    ("put_due", "/due_on"): "a day that is past",
    ("put_owner", "/owner"): "somebody who is not of the team",
    ("replay_webhook", "/(since|until)"): "a time that ends before it begins, or is too long",
    (".*webhook", "/(address|board)"): "no address that may be asked",
    (_NAMED, "/name"): "a name that is taken, or one more than may be kept",
    ("(make|edit)_segment", "/question(/.*)?"): "a comparison that makes no sense",
    ("put_notifications", "/(quiet_(to|from)|kinds.*)"): "quiet hours that are none",
    ("invite_to_role", "/role"): "the role that whoever signs up has",
    ("add_comment", "/parent_id"): "a comment of another idea",
    ("(flag_comment|flag_idea)", "/words"): "another reason, without words",
    ("put_mail_words", "/(subject|opening|closing)"): "blanks that are not filled in, a subject that names nothing",
    ("(edit_board|make_board)", "/(embed_sites.*|slug)"): "no site, or a name that is taken",
    ("edit_embed", "/(sites.*|keys_address|issuer|algorithm)"): "a way to sign whose parts do not go together",
    ("check_embed", "/(address|token)"): "neither of what it wants",
    ("sign_in_on_page", "/token"): "a token that no host signed",
    ("(edit_brand|edit_me)", "/(accent|locale|timezone)"): "no colour, language or time zone",
    ("(get_insights|list_counted|get_loop_health)", "/(to|from|begins|ends)"): "a time that ends before it begins",
    (
        "send_import",
        "/(statuses|columns|email_pattern|file|board|format)",
    ): "lines that are no pairs, a file that is none",
    ("(post_picture|put_logo)", "/(picture|logo|file)?"): "a file that is no picture",
}
# the code of a problem that names no field → why
WHOLE = {
    "idempotency-key-reused": "a name that was given to something else before",
    "outdated": "a tag of another state",
}


def reasons(operation: str, case: Any, said: dict[str, Any]) -> Iterator[str]:
    """For each thing that is refused, why that is fine, or "" where it is not."""
    if "errors" not in said:
        yield WHOLE.get(said["code"], "")
    for line in said.get("errors", ()):
        pointer = re.sub(r"/\d+(?=/|$)", "/N", line["pointer"])
        value = _at(case, line["pointer"])
        yield next(
            (each.why for each in EVERYWHERE if re.fullmatch(each.said, line["detail"]) and each.holds(value)),
            "" if re.fullmatch(SHAPE, line["detail"]) else _of(operation, pointer),
        )


def _of(operation: str, pointer: str) -> str:
    for (name, where), why in OF.items():
        if re.fullmatch(name, operation) and re.fullmatch(where, pointer):
            return why
    return ""


def _at(case: Any, pointer: str) -> Any:
    names = [each.replace("~1", "/").replace("~0", "~") for each in pointer.split("/")[1:]]
    found: Any = case.query if names and names[0] in (case.query or {}) else case.body
    for name in names:
        try:
            found = found[int(name)] if isinstance(found, list) else found[name]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return found
