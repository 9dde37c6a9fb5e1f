"""The documentation is true: its settings, commands, links, reasons and kinds of news are held against the code."""

import importlib
import re
import shlex
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import click
import pytest

from config import Config
from ideas import ROOT, api, api_limits, setting_openid
from ideas.accounts import limits, tidying
from ideas.boards import demo, labels, models, notices, policy, schemas
from ideas.db import Base
from ideas.ledger.models import Failed, State, Suppressed
from ideas.paging import PAGE_MOST

DOCUMENTS = sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])

# Written like settings and are none: of the shell, of make, of tests.
NO_SETTINGS = {"CRASHPOINT", "DATA", "JOBS", "PYTHON", "TEST_DATABASE_URL"}

# Their capitals are names in the code, and methods of HTTP.
ABOUT_CODE = {"docs/engineers.md", "docs/api.md", "docs/embed.md"}

SHELL = {"sh", "ini"}  # languages of the blocks that hold commands
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def prose(document: str) -> str:
    """The document without its blocks of code."""
    return FENCE.sub("", read(document))


def blocks(document: str, languages: set[str]) -> list[str]:
    return [body for language, body in FENCE.findall(read(document)) if language in languages]


def table(document: str, heading: str, *, number: int = 0) -> list[list[str]]:
    """The rows, without its head, of a table under that heading: of the first, or the `number`th after it."""
    part = re.split(rf"^#+ {re.escape(heading)}$", read(document), maxsplit=1, flags=re.MULTILINE)[1]
    part = re.split(r"^## ", part, maxsplit=1, flags=re.MULTILINE)[0]
    found = re.findall(r"(?:^\|.*\n)+", part, flags=re.MULTILINE)[number]
    return [[cell.strip() for cell in line.strip().strip("|").split(" |")] for line in found.splitlines()[2:]]


def codes(cell: str) -> list[str]:
    return CODE.findall(cell)


def anchors(document: str) -> set[str]:
    """What GitHub calls the headings of a document in addresses."""
    heads = re.findall(r"^#+ (.+)$", prose(document), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


# --- Links ---


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document):
    here = (ROOT / document).parent

    for target in LINK.findall(prose(document)):
        if re.match(r"(https?|mailto):", target):
            continue
        path, _, anchor = target.partition("#")
        file = (here / path).resolve() if path else ROOT / document
        assert file.is_relative_to(ROOT), f"{target} leads out of the project"
        assert file.is_file(), f"{target} is not there"
        if anchor:
            assert anchor in anchors(file.relative_to(ROOT).as_posix()), f"{target} has no such heading"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_picture_says_in_words_what_it_shows(document):
    assert [path for words, path in PICTURE.findall(prose(document)) if len(words) < 10] == []


def test_every_guide_is_on_the_readmes_map():
    linked = {target.partition("#")[0] for target in LINK.findall(read("README.md"))}

    assert {document for document in DOCUMENTS if document != "README.md"} <= linked


# --- Settings ---


def test_the_settings_page_is_what_the_code_says():
    said = [f"| `{name}` | {kind} | {default} | {about} |" for name, kind, default, about in Config.documentation()]

    written = [line for line in read("docs/settings.md").splitlines() if line.startswith("| `")]

    assert written == said


def test_what_operators_read_of_providers_is_what_the_code_says(tmp_path):
    said = [(f"`OPENID_…_{part}`", default, about) for part, (default, about) in setting_openid.PARTS.items()]
    example = next(block for block in blocks("docs/operators.md", {"sh"}) if block.startswith("OPENID="))
    environ = dict(line.split("=", 1) for line in shlex.split(example))

    assert list(map(tuple, table("docs/operators.md", "Signing in with another account"))) == said
    (provider,) = Config.from_env(environ | {"INSTANCE_PATH": str(tmp_path)}).openid_providers
    assert provider.name == "Acme"


def test_the_readmes_settings_have_their_true_defaults():
    defaults = {name: default for name, _kind, default, _about in Config.documentation()}

    for names, default, _about in table("README.md", "Running it for real"):
        assert ", ".join(defaults[name] for name in codes(names)) == default


@pytest.mark.parametrize("document", sorted(set(DOCUMENTS) - ABOUT_CODE))
def test_what_is_written_like_a_setting_is_one(document):
    settings = {name for name, *_rest in Config.documentation()}
    settings |= {setting_openid.variable("acme", part) for part in setting_openid.PARTS}
    written = {
        found[1] for code in CODE.findall(prose(document)) if (found := re.match(r"([A-Z][A-Z_]{2,})(=|$)", code))
    }
    for block in blocks(document, {"sh"}):
        written |= set(re.findall(r"^(?:export )?([A-Z][A-Z_]{2,})=", block, flags=re.MULTILINE))

    assert written <= settings | NO_SETTINGS | set(makefile_variables())


def test_the_example_of_settings_is_accepted_in_production(tmp_path):
    example = next(block for block in blocks("docs/operators.md", {"sh"}) if block.startswith("ENVIRONMENT="))
    environ = dict(line.split("=", 1) for line in shlex.split(example))

    config = Config.from_env(environ | {"INSTANCE_PATH": str(tmp_path)})

    assert config.is_production
    assert config.advice() == []


# --- Commands ---


class Command(NamedTuple):
    document: str
    words: list[str]


def commands(program: str) -> Iterator[Command]:
    """Every call of `program` in a document: in blocks of shell and units, and in code that begins with its name."""
    call = re.compile(rf"(?:^|[\s/=]){program} ((?:[^\s#|;&>]|[ ](?!#))*)")
    for document in DOCUMENTS:
        lines = [line for block in blocks(document, SHELL) for line in block.splitlines()]
        lines += [code for code in CODE.findall(prose(document)) if code.startswith(f"{program} ")]
        lines += re.findall(rf"^ {{4}}({program} .*)$", prose(document), flags=re.MULTILINE)
        for line in lines:
            if not line.lstrip().startswith(("#", "Description=")) and (found := call.search(line)):
                yield Command(document, shlex.split(found[1]))


def test_every_command_in_the_documents_exists_with_its_options() -> None:
    from ideas.cli import program

    found = list(commands("ideas"))
    assert len(found) > 30
    for document, words in found:
        command: click.Command = program()
        rest = [word for word in words if word not in ("…", "$@")]
        while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
            assert rest[0] in command.commands, f"{document}: ideas {' '.join(words)}"
            command = command.commands[rest.pop(0)]
        known = {name for each in command.params for name in each.opts} | {"--help"}
        options = {word.partition("=")[0] for word in rest if word.startswith("--")}
        assert options <= known, f"{document}: ideas {' '.join(words)}"


def test_every_scope_in_a_command_exists():
    given = [words[words.index("--scopes") + 1] for _document, words in commands("ideas") if "--scopes" in words]

    assert given
    for scopes in given:
        assert set(scopes.split(",")) <= {*api.SCOPES, "a", "b"}


def makefile_variables() -> list[str]:
    return re.findall(r"^([A-Z]+) \?=", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_every_make_target_in_the_documents_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))

    found = list(commands("make"))
    assert len(found) > 5
    for document, words in found:
        for word in words:
            name, is_variable, _value = word.partition("=")
            if is_variable:
                assert f"$({name})" in makefile, f"{document}: make {' '.join(words)}"
            else:
                assert word in targets, f"{document}: make {' '.join(words)}"


def test_every_make_target_with_an_explanation_is_documented():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    explained = set(re.findall(r"^([a-z-]+):.*##", makefile, flags=re.MULTILINE))

    assert explained <= {words[0] for _document, words in commands("make")}


def test_the_readme_lets_one_into_the_demo():
    written = [
        (codes(address)[0], codes(password)[0], who) for address, password, who in table("README.md", "Two commands")
    ]

    assert written == [(each.email, each.password, each.role) for each in demo.sign_ins()]


# --- What the product is ---


def test_the_table_of_reasons_is_the_policy():
    written = {codes(row[0])[0]: row[1:] for row in table("docs/product-managers.md", "Reasons")}

    assert set(written) == set(policy.REASONS)
    for reason, rule in policy.REASONS.items():
        words, stages, text, needs, told_as = written[reason]
        assert words == str(labels.REASON_WORDS[reason])
        assert set(stages.split(", ")) == ({str(stage) for stage in rule.stages} if rule.stages else {"any"})
        assert text == f"{rule.shortest} characters"
        assert bool(needs) == rule.needs_review_by
        assert told_as == (rule.owed_as or "declined if the stage is final, else moved")


def test_the_table_of_stages_is_the_models():
    written = {codes(row[0])[0]: row[2] for row in table("docs/product-managers.md", "Boards")}

    assert written == {stage.value: "no" if stage.is_final else "yes" for stage in models.Stage}


def test_the_table_of_credits_has_every_kind():
    assert len(table("docs/product-managers.md", "Credits")) == len(models.CreditKind)


def test_who_is_told_what_lists_every_kind_of_news():
    written = [codes(row[0])[0] for row in table("docs/product-managers.md", "Who is told what")]

    assert sorted(written) == sorted(kind.name for kind in notices.NEWS)


def test_members_read_every_kind_of_news_by_the_name_it_has_on_their_page():
    written = [row[0].strip("*") for row in table("docs/members.md", "What you will be told")]

    assert sorted(written) == sorted(str(kind.label) for kind in notices.NEWS)


def test_what_became_of_a_delivery_is_explained_in_every_case():
    heading = "Who was told, and who was left out"
    states = [codes(row[0])[0] for row in table("docs/product-managers.md", heading)]
    reasons = {
        codes(row[0])[0]: row[1].partition(",")[0] for row in table("docs/product-managers.md", heading, number=1)
    }

    assert states == list(State)
    assert reasons == dict.fromkeys(Suppressed, "suppressed") | dict.fromkeys(Failed, "failed")


def test_the_limits_that_operators_read_are_the_codes():
    written = dict(table("docs/operators.md", "Limits"))

    title, text, per_key, per_address = (
        models.TITLE_LONGEST,
        models.TEXT_LONGEST,
        api_limits.KEY_PER_MINUTE,
        api_limits.ADDRESS_PER_MINUTE,
    )
    assert written["title, text, comment"] == f"{title}, {text:,} and {text:,} characters"
    assert written["API with a key"].startswith(f"{per_key} requests a minute")
    assert written["API without"].startswith(f"{per_address} requests a minute")
    assert written["wrong passwords"] == _in_words(limits.SIGN_IN, "in 15 minutes")
    assert written["links by mail, signing up"] == _in_words(limits.MAIL, "an hour")
    assert written["list pages of the API"] == f"{PAGE_MOST} rows"
    assert written["credits of one answer"] == str(schemas.CREDITS_MOST)


def _in_words(limit: limits.Limit, within: str) -> str:
    there = f"{limit.per_person} {within} for an e-mail address from one network address"
    return f"{there}; in all {limit.from_everywhere} for an e-mail address, {limit.per_network} for a network address"


def test_how_long_things_are_kept_is_what_the_sweep_does():
    written = dict(table("docs/operators.md", "What is kept, and how long"))

    assert written["what a visitor began before signing in"] == f"{tidying.UNFINISHED.days} days"
    assert written["that a sign-in mail was sent, and to whom"].startswith(f"{tidying.LETTERS.days} days")


# --- The map of the code ---


def test_every_table_has_its_writer_on_the_map():
    for file in (ROOT / "ideas").rglob("models*.py"):
        importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    written = [name for row in table("docs/engineers.md", "Who writes which table") for name in codes(row[0])]

    assert sorted(written) == sorted(Base.metadata.tables)


@cache
def python_files() -> set[str]:
    return {path.relative_to(ROOT / "ideas").as_posix() for path in (ROOT / "ideas").rglob("*.py")}


def test_every_file_that_engineers_are_sent_to_is_there():
    for code in CODE.findall(prose("docs/engineers.md")):
        if not re.fullmatch(r"[\w/]+\.py", code):
            continue
        exists = (ROOT / code).is_file() or any(file == code or file.endswith(f"/{code}") for file in python_files())
        assert exists, code


def test_the_ground_is_on_the_map():
    chart = blocks("docs/engineers.md", {""})[0]

    assert {file for file in python_files() if "/" not in file} <= set(re.findall(r"\w+\.py", chart))


def test_every_evidence_command_is_on_the_map():
    commands = {
        f"bench.{path.stem}"
        for path in (ROOT / "bench").glob("*.py")
        if "def main(" in path.read_text(encoding="utf-8")
    }

    assert commands == set(re.findall(r"`(bench\.\w+)`", read("docs/engineers.md")))


def test_the_crash_points_that_engineers_read_of_exist():
    source = "".join((ROOT / "ideas" / file).read_text(encoding="utf-8") for file in python_files())

    for name in re.findall(r"CRASHPOINT=([\w.]+)", read("docs/engineers.md")):
        assert f'crashpoint("{name}")' in source
