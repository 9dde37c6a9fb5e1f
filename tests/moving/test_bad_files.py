"""Files that nobody should read: each is refused with a word, and takes no memory to speak of."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
import zipfile

import pytest

from ideas import json_in
from ideas.csv_in import FileRefused
from ideas.moving import readers_records, writing
from ideas.moving.fields import Wrong
from ideas.moving.records import Kind, Record, from_cells
from ideas.moving.writing import harmless, said

BOARD = '{"kind": "board", "slug": "garden", "name": "Garden"}'


def zipped(members, *, cut=0):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()[: -cut or None]


def nested():
    return "[" * 100_000 + "]" * 100_000


BAD = {
    "a zip bomb": ("x.zip", lambda: zipped({"ideas.ndjson": b" " * 2**25}), "unpacks to"),
    "a zip of one endless line": (
        "x.zip",
        lambda: zipped({"ideas.csv": b"id,title\n" + bytes(range(32, 127)) * 2**17}),
        "too long",
    ),
    "a gzip bomb": ("ideas.csv.gz", lambda: gzip.compress(b"id," * 2**23), "too long|columns"),
    "a million columns": ("ideas.csv", lambda: b"," * 1_000_000 + b"\n", "more than 500 columns"),
    "UTF-16": ("x.ndjson", lambda: BOARD.encode("utf-16"), "not UTF-8"),
    "Latin-1": ("x.ndjson", lambda: BOARD.replace("Garden", "Gärten").encode("latin-1"), "Line 1: this is not UTF-8"),
    "Latin-1 in a list": ("x.json", lambda: f"[{BOARD}]".replace("Garden", "Gärten").encode("latin-1"), "not UTF-8"),
    "a zip cut off": ("x.zip", lambda: zipped({"boards.ndjson": BOARD}, cut=30), "cut off|damaged"),
    "a gzip cut off": ("x.ndjson.gz", lambda: gzip.compress(BOARD.encode() * 99)[:-9], "damaged"),
    "a line cut off": ("x.ndjson", lambda: (BOARD + "\n" + BOARD[:-9]).encode(), "Line 2: this is no JSON"),
    "a list cut off": ("x.json", lambda: f"[{BOARD}, {BOARD[:-9]}".encode(), "After entry 1: the JSON was cut off"),
    "a list that nobody ends": ("x.json", lambda: f"[{BOARD},".encode(), "cut off"),
    "too deep a list": ("x.json", lambda: f"[{nested()}]".encode(), "nested too deeply|too long"),
    "a number like no other": ("x.ndjson", lambda: b'{"kind": "board", "x": ' + b"9" * 9_999 + b"}", "no JSON"),
    "something else": ("x.json", lambda: b"<html>", "a list or an object"),
    "a table of nobody knows what": ("wishes.csv", lambda: b"a,b\n1,2\n", "called like no kind"),
    "a picture": ("x.zip", lambda: zipped({"cat.png": b"\x89PNG"}), "nothing in it that can be read"),
    "too many files": ("x.zip", lambda: zipped({f"{n}.csv": b"" for n in range(2_001)}), "more than 2,000 files"),
}


@pytest.mark.parametrize("what", BAD)
def test_it_is_refused_with_a_word_and_without_memory(tmp_path, what):
    name, content, words = BAD[what]
    path = tmp_path / name
    path.write_bytes(content())
    tracemalloc.start()

    with pytest.raises(FileRefused, match=words):
        for _record in readers_records.read(path, set()):
            pass

    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 32 * 2**20


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        (Kind.IDEA, {"id": "1", "author": "7"}, "“title” is missing"),
        (Kind.IDEA, {"id": "1", "author": "7", "title": "Ben\x00ches"}, "“title”: Character 4"),
        (Kind.IDEA, {"id": "1", "author": "7", "title": "x" * 121}, "“title”: it is 121 characters long"),
        (Kind.IDEA, {"id": "1", "author": "7", "title": "x", "created_at": "soon"}, "“created_at”: “soon” is no time"),
        (Kind.IDEA, {"id": ["1"], "author": "7", "title": "x"}, "“id”: it is no id"),
        (Kind.IDEA, {"id": "1", "author": "7", "title": "x", "revisions": [{"title": "x"}]}, "revisions: “author”"),
        (Kind.PERSON, {"id": "1", "name": "Mia", "email": "mia at home"}, "“email”: “mia at home” is no e-mail"),
        (Kind.ANSWER, {"id": "1", "idea": "1", "by": "1", "status": "x", "reason": "mood"}, "“reason”: it is none of"),
    ],
)
def test_a_record_that_cannot_be_taken_says_which_field(tmp_path, kind, values, words):
    path = tmp_path / "x.ndjson"
    path.write_text(f"{BOARD}\n{json.dumps({'kind': kind.value, **values})}\n", "utf-8")

    first, second = readers_records.read(path, set())

    assert isinstance(first, Record)
    assert isinstance(second, Wrong)
    assert second.at.line == 2
    assert words in str(second)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "'=x", "''=x", "'x", "＝x", "x", "", "'"])
def test_no_cell_is_run_and_every_cell_comes_back(text):
    cell = harmless(text)

    assert not cell.startswith(("=", "+", "-", "@", "＝"))
    assert said(cell) == text


def test_a_table_is_harmless_and_says_what_it_said(tmp_path):
    rows = [
        {"id": "1", "idea": "2", "author": "3", "body": '=HYPERLINK("http://x")', "versions": [], "is_official": False}
    ]

    lines = list(writing._as_table(("id", "idea", "author", "body", "is_official", "versions"), iter(rows)))

    assert lines[1] == '1,2,3,"\'=HYPERLINK(""http://x"")",false,\r\n'
    path = tmp_path / "comments.csv"
    path.write_text("".join(lines), "utf-8")
    (record,) = readers_records.read(path, set())
    assert isinstance(record, Record)
    assert record.values == from_cells(Kind.COMMENT, {**rows[0], "versions": "", "is_official": "false"})


def test_a_file_may_be_long_whose_lines_are_short(app):
    many = b'{"id": 1}\n' * 50

    assert len(list(json_in.lines(io.BytesIO(many), line_most=20))) == 50
    with pytest.raises(FileRefused, match="Line 2: the line is too long"):
        list(json_in.lines(io.BytesIO(b'1\n"' + b"x" * 30 + b'"\n'), line_most=20))
