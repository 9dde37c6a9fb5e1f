"""Companies and people come in from CSV files and go out as such: with a dry run, line by line, in bounded memory."""

import csv
import gzip
import io
import tracemalloc

import pytest
import sqlalchemy as sa

from ideas import csv_in
from ideas.accounts import spreadsheets
from ideas.accounts.models import Company, User
from ideas.accounts.spreadsheets import Kind
from ideas.csv_in import FileRefused
from ideas.db import db, unit_of_work
from tests.accounts.arranging import a_person, an_admin, enter
from tests.factories import CompanyFactory, UserFactory

pytestmark = pytest.mark.usefixtures("app")

COMPANIES = "external_id,name,plan,revenue,renews_on,attributes.seats,owner\na1,Shed Ltd,pro,190.50,2027-03-01,12,Ada\n"


@pytest.fixture
def file(tmp_path):
    def write(content: str | bytes):
        path = tmp_path / "sent.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def take(kind, path, **options):
    with unit_of_work():
        return spreadsheets.take(None, kind, path, **options)


def refused(kind, path):
    with pytest.raises(FileRefused) as error:
        take(kind, path)
    return error.value


def out(kind):
    with unit_of_work():
        return "".join(spreadsheets.lines_of(None, kind))


def test_a_file_of_companies_is_taken(file):
    taken = take(Kind.COMPANIES, file(COMPANIES))

    shed = db.session.scalars(sa.select(Company)).one()
    assert (taken.added, taken.ignored) == (1, ("owner",))
    assert (shed.external_id, shed.plan, shed.monthly_revenue, shed.attributes) == (
        "a1",
        "pro",
        19_050,
        {"seats": "12"},
    )


def test_what_changes_is_named_by_line_and_field(file):
    take(Kind.COMPANIES, file(COMPANIES))

    taken = take(Kind.COMPANIES, file("external_id;name;plan\na2;Rake Ltd;free\na1;;\n"))

    assert [(change.line, change.is_new) for change in taken.changes] == [(2, True), (3, False)]
    assert taken.changes[1].fields == {"plan": ("pro", None)}


def test_people_belong_to_companies_by_id_or_name(file):
    CompanyFactory(name="Shed Ltd", external_id="a1")

    take(Kind.PEOPLE, file("email\tname\tcompany\nole@example.test\tOle\ta1\nada@example.test\tAda\tShed Ltd\n"))

    assert len({person.company_id for person in db.session.scalars(sa.select(User))}) == 1


def test_what_goes_out_comes_in_again_unchanged_and_runs_nowhere(file):
    CompanyFactory(name="=1+1", plan="@pro", monthly_revenue=5, attributes={"tel": "+49 30"})
    UserFactory(name="-Ole", external_id="u1", email="ole@example.test", verified_at=None, attributes={"x": "＝1"})

    for kind in Kind:
        text = out(kind)
        cells = [cell for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "＝"))]
        again = take(kind, file(text))
        assert (again.added, again.changed, again.refused) == (0, 0, ())


def test_rows_that_cannot_be_taken_are_named_and_nothing_is_kept(file):
    path = file(
        "external_id,name,revenue,renews_on,attributes.seats\n"
        "a1,Shed Ltd,12.345,2027-03-01,1\n"
        "a2,Rake Ltd,1,soon,1\n"
        "a2,Rake Ltd,1\n"
        ",,1,,\n"
        "a3,Hoe Ltd,1,,1\n"
        "a4,Hoe Ltd,1,,1\n"
    )

    error = refused(Kind.COMPANIES, path)

    assert [row.line for row in error.refused] == [2, 3, 4, 5, 7]
    assert [row.reason.partition(":")[0] for row in error.refused if ":" in row.reason] == [
        *("revenue", "renews_on", "external_id", "name")
    ]
    assert db.session.scalars(sa.select(Company)).all() == []
    assert take(Kind.COMPANIES, path, skip_refused=True).added == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no column"),
        (b"plan\npro\n", "Line 1: the file has no column"),
        (b"name,name\na,b\n", "stands there twice"),
        ("name\nSch\u00fcppe\n".encode("latin-1"), "Line 2: this is not UTF-8"),
        ("name\nShed\n".encode("utf-16"), "Line 1: this is not UTF-8"),
        (b'name\n"Shed Ltd', "the quotes do not match"),
        (b"name," * 100_000 + b"\n", "more than 500 columns"),
        (b"," * 1_000_000 + b"\n", "more than 500 columns"),
        (b"x" * (csv_in.LINE_MOST_BYTES + 1), "the line is too long"),
        (gzip.compress(b"name\nShed\n")[:-6], "the archive is damaged"),
    ],
)
def test_a_hostile_file_ends_in_a_clear_refusal(file, content, message):
    assert message in refused(Kind.COMPANIES, file(content)).message


def test_a_cell_with_a_nul_is_refused_at_its_column(file):
    assert "name: Character 5 (U+0000)" in refused(Kind.COMPANIES, file(b"name\nShed\0Ltd\n")).refused[0].reason


def test_a_bomb_is_read_no_further_than_it_may(file, monkeypatch):
    monkeypatch.setattr(spreadsheets, "BYTES_MOST", 2_000_000)
    bomb = gzip.compress(b"name\n" + (b'"' + b"x\n" * 50_000 + b'",\n') * 400)

    tracemalloc.start()
    error = refused(Kind.COMPANIES, file(bomb))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert "too large" in error.message or "too long" in error.message
    assert peak < 40_000_000


def test_a_file_of_too_many_rows_is_to_be_split(file, monkeypatch):
    monkeypatch.setattr(spreadsheets, "ROWS_MOST", 3)

    assert "more than 3 rows" in refused(Kind.COMPANIES, file("name\na\nb\nc\nd\n")).message


# --- The page and the command ---


@pytest.fixture
def petra(client):
    admin = an_admin()
    enter(client, admin)
    return admin


def send(client, content, act="try", kind="companies"):
    data = {"file": (io.BytesIO(content.encode()), "sent.csv"), "act": act}
    return client.post(f"/manage/{kind}/import", data=data, content_type="multipart/form-data")


def test_a_file_is_tried_before_it_is_taken(client, petra):
    tried = send(client, COMPANIES)
    before = db.session.scalars(sa.select(Company)).all()
    taken = send(client, COMPANIES, "take")

    assert "What would change" in tried.text
    assert before == []
    assert "What changed" in taken.text
    assert len(db.session.scalars(sa.select(Company)).all()) == 1


def test_the_page_says_what_is_wrong_and_takes_the_rest_if_asked(client, petra):
    content = COMPANIES + "a2,Rake Ltd,pro,much,,,\n"

    tried, taken, others = (send(client, content, act) for act in ("try", "take", "take-others"))

    assert "Line 3: revenue: This is no amount." in tried.text
    assert (taken.status_code, others.status_code) == (422, 200)
    assert [company.name for company in db.session.scalars(sa.select(Company))] == ["Shed Ltd"]


def test_a_file_larger_than_other_requests_is_taken(client, petra):
    rows = "".join(f"a{number},Company {number},{'x' * 3000}\n" for number in range(400))
    head = '--b\r\nContent-Disposition: form-data; name="file"; filename="sent.csv"\r\n\r\n'
    body = f"{head}external_id,name,story\n{rows}\r\n--b--\r\n".encode()

    answer = client.post("/manage/companies/import", data=body, content_type="multipart/form-data; boundary=b")

    assert len(body) > client.application.config["MAX_CONTENT_LENGTH"]
    assert "400 new" in answer.text


@pytest.mark.parametrize("path", ["/manage/companies/import", "/manage/people/import", "/manage/people.csv"])
def test_files_are_for_administrators_alone(client, path):
    enter(client, a_person())

    assert client.get(path).status_code == 404


def test_the_file_of_people_is_had_on_the_page(client, petra):
    answer = client.get("/manage/people.csv")

    assert answer.mimetype == "text/csv"
    assert "petra@example.test" in answer.text


def test_the_command_says_what_would_change_and_keeps_nothing(ideas_command, file, tmp_path):
    path = str(file(COMPANIES))

    tried = ideas_command("people", "import", "companies", path, "--dry-run")
    taken = ideas_command("people", "import", "companies", path)
    written = ideas_command("people", "export", "companies", str(tmp_path / "out.csv"))

    assert "nothing was kept" in tried.output
    assert "Line 2: Shed Ltd (new)" in tried.output
    assert "1 rows: 1 new" in taken.output
    assert written.exit_code == 0
    assert "Shed Ltd" in (tmp_path / "out.csv").read_text(encoding="utf-8")
