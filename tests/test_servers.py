"""The tests' own servers do what tests rely on."""

import smtplib
from email.message import EmailMessage

import psycopg
import pytest

from tests.servers import DROP, HANG, PostgresServer, Reply, SmtpSink


def send(sink: SmtpSink, to: str) -> None:
    message = EmailMessage()
    message["To"] = to
    message["Subject"] = "Grüße"
    message.set_content("Hello")
    with smtplib.SMTP("127.0.0.1", sink.port, timeout=1) as smtp:
        smtp.send_message(message, "from@example.test", to)


def test_the_mail_server_keeps_what_it_accepts():
    with SmtpSink() as sink:
        send(sink, "mia@example.test")

        (mail,) = sink.wait_for(1)

    assert (mail.sender, mail.recipients) == ("from@example.test", ("mia@example.test",))
    assert mail.message["Subject"] == "Grüße"


def test_the_mail_server_answers_by_script():
    script = {
        "gone@example.test": "550 5.1.1 No such user",
        "full@example.test": Reply("452 4.2.2 Full", at_data=True),
        "hang@example.test": HANG,
        "drop@example.test": DROP,
        "kept@example.test": Reply(DROP, at_data=True, kept=True),
    }
    with SmtpSink(script) as sink:
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            send(sink, "gone@example.test")
        with pytest.raises(smtplib.SMTPDataError, match="452"):
            send(sink, "full@example.test")
        with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
            send(sink, "hang@example.test")
        with pytest.raises(smtplib.SMTPServerDisconnected):
            send(sink, "drop@example.test")
        with pytest.raises(smtplib.SMTPServerDisconnected):
            send(sink, "kept@example.test")

    assert [mail.recipients for mail in sink.messages] == [("kept@example.test",)]


@pytest.mark.postgresql
def test_postgresql_recovers_from_a_crash():
    with PostgresServer(fsync=True) as server:
        url = server.create_database("shop")
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE word (text text)")
            connection.execute("INSERT INTO word VALUES ('日本語')")

        server.crash()
        server.start()

        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT text FROM word").fetchall() == [("日本語",)]
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
