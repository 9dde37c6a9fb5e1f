"""How mail leaves: what a relay answers, told apart by whom it concerns."""

import asyncio
import email
import email.policy
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from config import Config
from ideas import mail
from ideas.db import utcnow
from ideas.mail import FolderTransport, Message, PermanentFailure, RelayDown, SmtpTransport, TemporaryFailure, TooLate
from tests.servers import DROP, HANG, Reply, SmtpSink, free_port

FROM = "Answerback <no-reply@ideas.example.test>"
MESSAGE = Message(
    to="mia@example.test",
    to_name="Mia",
    sender_name="Petra",
    subject="It is planned",
    text="You voted for this.\n.\nA line with one dot above.\n",
    html="<p>You voted for this.</p>",
    message_id="<delivery-1@ideas.example.test>",
    headers={"List-Id": "<planned.ideas.example.test>"},
)


def to(address: str) -> Message:
    return replace(MESSAGE, to=address)


def transport(url: str, **seconds: float) -> SmtpTransport:
    return SmtpTransport(url, FROM, **({"command_seconds": 1, "after_data_seconds": 1} | seconds))


def test_a_message_arrives_as_it_was_written():
    with SmtpSink() as sink:
        way = transport(sink.url)
        way.send(MESSAGE)
        way.close()

        [received] = sink.messages

    assert received.sender == "no-reply@ideas.example.test"
    assert received.recipients == ("mia@example.test",)
    assert received.message["Message-ID"] == MESSAGE.message_id
    assert received.message["List-Id"] == "<planned.ideas.example.test>"
    body = received.message.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == MESSAGE.text


def test_one_connection_carries_many_messages():
    with SmtpSink() as sink:
        way = transport(sink.url)
        for number in range(5):
            way.send(to(f"p{number}@example.test"))
        way.close()

        assert len(sink.messages) == 5
        assert len(sink._sessions) == 1


REFUSALS: list[tuple[str | Reply, type[Exception]]] = [
    ("421 4.3.2 Closing", TemporaryFailure),
    ("450 4.2.1 Try again", TemporaryFailure),
    ("452 4.2.2 Full", TemporaryFailure),
    ("550 5.1.1 No such user", PermanentFailure),
    ("552 5.3.4 Too big", PermanentFailure),
    (DROP, TemporaryFailure),
    (HANG, TemporaryFailure),
    (Reply("451 4.3.0 Later", at_data=True), TemporaryFailure),
    (Reply("554 5.7.1 Spam", at_data=True), PermanentFailure),
    (Reply(DROP, at_data=True), TemporaryFailure),
    (Reply(HANG, at_data=True), TemporaryFailure),
]


@pytest.mark.parametrize("reads_ahead", [True, False])
@pytest.mark.parametrize(("reply", "failure"), REFUSALS, ids=str)
def test_what_is_refused_for_one_recipient_concerns_that_one_alone(
    reply: str | Reply, failure: type[Exception], *, reads_ahead: bool
):
    with SmtpSink({"bad@example.test": reply}, reads_ahead=reads_ahead) as sink:
        way = transport(sink.url)
        way.send(to("before@example.test"))

        began = time.monotonic()
        with pytest.raises(failure) as raised:
            way.send(to("bad@example.test"))
        way.send(to("after@example.test"))

        assert time.monotonic() - began < 20
        if isinstance(raised.value, mail.Undecided):
            with pytest.raises(TemporaryFailure):
                raised.value.wait()
        assert [message.recipients for message in sink.messages] == [("before@example.test",), ("after@example.test",)]
        way.close()


@pytest.mark.parametrize(
    ("reply", "failure"), [("250 OK", None), ("451 Later", TemporaryFailure), ("554 Spam", PermanentFailure)]
)
def test_a_relay_that_thinks_about_a_message_keeps_nobody_else_waiting(reply: str, failure: type[Exception] | None):
    """Sending it again at once would double what the relay takes in the end."""
    with SmtpSink() as sink:
        way = transport(sink.url, command_seconds=0.3, after_data_seconds=5)
        thinking = threading.Event()

        async def think(*arguments: Any) -> str:
            envelope = arguments[2]
            if "slow@example.test" in envelope.rcpt_tos:
                while not thinking.is_set():
                    await asyncio.sleep(0.01)
                return reply
            return "250 OK"

        sink.handle_DATA = think  # type: ignore[assignment]  # the one thing this test changes of the world
        with pytest.raises(mail.Undecided) as undecided:
            way.send(to("slow@example.test"))
        way.send(to("quick@example.test"))

        thinking.set()
        if failure is None:
            undecided.value.wait()
        else:
            with pytest.raises(failure):
                undecided.value.wait()
        way.close()


def test_a_relay_that_never_ends_thinking_is_given_up():
    with SmtpSink({"slow@example.test": Reply(HANG, at_data=True)}) as sink:
        way = transport(sink.url, command_seconds=0.2, after_data_seconds=0.5)
        with pytest.raises(mail.Undecided) as undecided:
            way.send(to("slow@example.test"))

        with pytest.raises(TemporaryFailure):
            undecided.value.wait()
        way.close()


def test_a_message_whose_time_is_over_is_broken_off_before_it_is_the_relays(tmp_path):
    over, later = utcnow(), utcnow() + timedelta(minutes=1)
    with SmtpSink() as sink:
        way = transport(sink.url)
        with pytest.raises(TooLate):
            way.send(to("late@example.test"), until=over)
        way.send(to("next@example.test"), until=later)
        way.close()

        assert [message.recipients for message in sink.messages] == [("next@example.test",)]

    folder = FolderTransport(tmp_path, FROM)
    with pytest.raises(TooLate):
        folder.send(to("late@example.test"), until=over)
    folder.send(to("next@example.test"), until=later)
    assert len(list(tmp_path.iterdir())) == 1


def test_the_words_of_a_refusal_are_kept():
    with SmtpSink({"bad@example.test": "550 5.1.1 No such user here"}) as sink:
        way = transport(sink.url)
        with pytest.raises(PermanentFailure, match=r"550 5\.1\.1 No such user here"):
            way.send(to("bad@example.test"))
        way.close()


def test_a_connection_that_was_dropped_while_idle_is_opened_anew():
    with SmtpSink() as sink:
        way = transport(sink.url)
        way.send(MESSAGE)
        sink._loop.call_soon_threadsafe(sink._sessions[0].transport.abort)
        time.sleep(0.1)

        way.send(to("next@example.test"))

        assert len(sink.messages) == 2
        way.close()


# --- A relay that reads ahead (RFC 2920) ---


class Trusting:
    """A relay that reads ahead and wants a text whoever it is for; hangs_up: once it refused somebody."""

    def __init__(self, *, hangs_up: bool = False) -> None:
        self.hangs_up = hangs_up
        self.heard: list[bytes] = []  # what came in one piece each
        self.texts: list[list[bytes]] = []  # the lines of each text that came to its end

    def __enter__(self) -> str:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(5)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return f"smtp://127.0.0.1:{self._server.getsockname()[1]}?tls=none"

    def __exit__(self, *_: object) -> None:
        self._thread.join(10)
        self._server.close()

    def _serve(self) -> None:
        connection, _ = self._server.accept()
        with connection:
            connection.sendall(b"220 trusting.test\r\n")
            held = b""
            text: list[bytes] | None = None
            while piece := connection.recv(65_536):
                self.heard.append(piece)
                *lines, held = (held + piece).split(b"\r\n")
                for line in lines:
                    if text is None and line == b"DATA":
                        text = []
                        connection.sendall(b"354 Go on\r\n")
                    elif text is None:
                        connection.sendall(self._answer(line))
                        if self.hangs_up and b"bad@" in line:
                            return
                    elif line == b".":
                        self.texts.append(text)
                        text = None
                        connection.sendall(b"250 OK\r\n")
                    else:
                        text.append(line)

    def _answer(self, line: bytes) -> bytes:
        if line.upper().startswith(b"EHLO"):
            return b"250-trusting.test\r\n250 PIPELINING\r\n"
        return b"550 5.1.1 No such user\r\n" if b"bad@" in line else b"250 OK\r\n"


def test_a_relay_that_reads_ahead_is_told_in_one_breath_whom_a_mail_is_for():
    relay = Trusting()
    with relay as url:
        way = transport(url)
        way.send(to("ole@example.test"))
        way.close()

    assert b"MAIL FROM:<no-reply@ideas.example.test>\r\nRCPT TO:<ole@example.test>\r\nDATA\r\n" in relay.heard


def test_a_relay_that_wants_a_text_for_nobody_gets_none():
    relay = Trusting()
    with relay as url:
        way = transport(url)
        with pytest.raises(PermanentFailure, match=r"550 5\.1\.1"):
            way.send(to("bad@example.test"))
        way.send(to("ole@example.test"))
        way.close()

    assert relay.texts[0] == []
    assert len(relay.texts) == 2


def test_what_a_relay_said_before_it_hung_up_counts():
    with Trusting(hangs_up=True) as url:
        way = transport(url)
        with pytest.raises(PermanentFailure, match=r"550 5\.1\.1"):
            way.send(to("bad@example.test"))
        way.close()


# --- The relay itself ---


def test_nobody_listening_concerns_everybody():
    with pytest.raises(RelayDown):
        transport(f"smtp://127.0.0.1:{free_port()}?tls=none").send(MESSAGE)


@contextmanager
def greets(words: bytes | None) -> Any:
    """A relay that says one thing and nothing else; None: not even that."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def serve() -> None:
            server.settimeout(5)
            connection, _ = server.accept()
            with connection:
                if words is not None:
                    connection.sendall(words)
                ended.wait(5)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"smtp://127.0.0.1:{server.getsockname()[1]}?tls=none"
        ended.set()
        thread.join()


@pytest.mark.parametrize("words", [b"421 4.3.2 Too busy\r\n", b"554 Go away\r\n", None])
def test_a_relay_that_does_not_greet_concerns_everybody(words: bytes | None):
    with greets(words) as url, pytest.raises(RelayDown):
        transport(url).send(MESSAGE)


def test_a_wrong_password_concerns_everybody():
    def refuse(*_: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    with SmtpSink(options={"authenticator": refuse, "auth_require_tls": False}) as sink:
        url = sink.url.replace("smtp://", "smtp://mia:wrong@")
        with pytest.raises(RelayDown):
            transport(url).send(MESSAGE)


def test_starttls_that_is_not_offered_is_never_skipped():
    with SmtpSink() as sink:
        way = transport(sink.url.replace("tls=none", "tls=starttls"))
        with pytest.raises(RelayDown):
            way.send(MESSAGE)

        assert sink.messages == []


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path))
    with SmtpSink(options={"tls_context": context}) as sink:
        with pytest.raises(RelayDown, match="certificate"):
            transport(sink.url.replace("tls=none", "tls=starttls")).send(MESSAGE)

        assert sink.messages == []


def certificate(folder: Path) -> Path:
    """A certificate and its key, signed by itself."""
    import subprocess

    file, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(file)),
        ],
        check=True,
        capture_output=True,
    )
    file.write_text(file.read_text() + key.read_text())
    return file


def test_looking_whether_mail_would_be_taken_sends_none():
    with SmtpSink() as sink:
        transport(sink.url).check()
        assert sink.messages == []
    with pytest.raises(RelayDown):
        transport(sink.url).check()


# --- What may stand in a message ---


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "News\r\nBcc: all@example.test"},
        {"subject": "News\nX"},
        {"subject": "News\0"},
        {"to_name": "Mia\r\nBcc: all@example.test"},
        {"sender_name": "Petra\nX"},
        {"sender_name": "Pétra\r\n\r\nbody"},
        {"to": "mia@example.test\r\nBcc: all@example.test"},
        {"to": "mia@example.test, all@example.test"},
        {"to": "mia@example.test> RCPT TO:<all@example.test"},
        {"to": "=?utf-8?q?all=40evil.test=3e?=@example.test"},
        {"to": "mia"},
        {"to": "@example.test"},
        {"to": ""},
        {"message_id": "<1@x>\r\nBcc: all@example.test"},
        {"headers": {"List-Id": "x\r\n Bcc: all@example.test"}},
        {"headers": {"X\r\nBcc": "all@example.test"}},
        {"headers": {"": "x"}},
        {"text": "\udc80"},
        {"html": "\udc80"},
        {"subject": "\udc80"},
    ],
    ids=str,
)
def test_nothing_breaks_out_of_its_header(change: dict[str, Any]):
    with pytest.raises(mail.Unmailable):
        mail.as_bytes(replace(MESSAGE, **change), FROM)


@pytest.mark.parametrize(
    "subject",
    [
        "Plain",
        "Ein längerer Betreff, der gefaltet werden muss: " * 4,
        "一" * 120,
        "word " * 40,
        "x" * 120,
        "=?utf-8?q?no?=",
        "",
    ],
)
def test_every_subject_is_read_as_it_was_written(subject: str):
    raw = mail.as_bytes(replace(MESSAGE, subject=subject), FROM)

    message = email.message_from_bytes(raw, policy=email.policy.default)

    assert " ".join(str(message["Subject"]).split()) == " ".join(subject.split())
    assert all(not part.defects for part in message.walk())


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a" * 2000, "é" * 1000, "From here\n", "=", "a \n\tb\n", "\n\n\n", "x\r\ny\n"]
)
def test_every_text_is_read_as_it_was_written(text: str):
    raw = mail.as_bytes(replace(MESSAGE, text=text, html=f"<p>{text}</p>"), FROM)

    message = email.message_from_bytes(raw, _class=email.message.EmailMessage, policy=email.policy.default)
    body = message.get_body(("plain",))

    assert body is not None
    assert body.get_content().replace("\r\n", "\n").rstrip("\n") == text.replace("\r\n", "\n").rstrip("\n")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_an_address_in_other_letters_needs_a_relay_that_takes_it():
    with SmtpSink() as sink:
        way = transport(sink.url)
        way.send(to("mia@exämple.test"))
        way.send(to("mía@example.test"))
        way.close()

        assert [message.recipients for message in sink.messages] == [
            ("mia@xn--exmple-cua.test",),
            ("mía@example.test",),
        ]


def test_making_a_message_is_quick():
    """Ten thousand people may be told of one answer: no more than a millisecond each."""
    message = replace(MESSAGE, html="<p>Words</p>\n" * 200, subject="Für Mia")
    began = time.process_time()

    for _ in range(200):
        mail.as_bytes(message, FROM)

    assert (time.process_time() - began) / 200 < 0.001


# --- A folder ---


def test_a_folder_gets_one_file_for_each_message_sorted_by_time(tmp_path: Path):
    way = FolderTransport(tmp_path / "mail", FROM)
    for number in range(3):
        way.send(replace(MESSAGE, message_id=f"<delivery-{number}@x.test>"))

    files = sorted((tmp_path / "mail").iterdir())
    assert [file.name.split("-", 1)[1] for file in files] == [f"delivery-{number}-x.test.eml" for number in range(3)]
    message = email.message_from_bytes(files[0].read_bytes(), policy=email.policy.default)
    assert message["Subject"] == "It is planned"


def test_a_folder_that_cannot_be_written_concerns_everybody(tmp_path: Path):
    (tmp_path / "file").write_text("not a folder")
    way = FolderTransport(tmp_path / "file", FROM)

    with pytest.raises(RelayDown):
        way.send(MESSAGE)
    with pytest.raises(RelayDown):
        way.check()


def test_the_setting_says_which_way(tmp_path: Path):
    def way(url: str, **more: str) -> mail.Transport:
        return mail.transport_for(Config.from_env({"MAIL_URL": url, "INSTANCE_PATH": str(tmp_path), **more}))

    assert isinstance(way("folder:mail"), FolderTransport)
    relay = way("smtp://mia:p%40ss@relay.test?tls=starttls")
    assert isinstance(relay, SmtpTransport)
    assert (relay.host, relay.port, relay.user, relay.password) == ("relay.test", 587, "mia", "p@ss")
    assert relay.starts_tls
    assert (relay.command_seconds, relay.after_data_seconds) == (10, 120)
    secure = way("smtps://relay.test", LEASE_SECONDS="4")
    assert isinstance(secure, SmtpTransport)
    assert (secure.port, secure.is_encrypted) == (465, True)
    assert (secure.command_seconds, secure.after_data_seconds) == (2, 2)
