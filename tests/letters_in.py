"""Sixty-odd mails written by us in the shapes of the programs and servers that send them, each with how it is read."""

from __future__ import annotations

import base64
from typing import NamedTuple

from ideas.mail_in import Kind

SAID = "Yes, please. We need this for the audit in May."
QUOTED = ["An answer to “Dark mode”", "", "Planned for spring. You voted for this on 3 March."]
OURS = "no-reply@ideas.example"


class Letter(NamedTuple):
    """A mail as it comes in, and how it has to be read."""

    name: str
    content: bytes
    kind: Kind
    said: str


def _head(headers: dict[str, str]) -> str:
    usual = {
        "Return-Path": "<ada@firm.example>",
        "From": "Ada Wong <ada@firm.example>",
        "To": "reply+abc@in.ideas.example",
        "Subject": "Re: An answer to “Dark mode”".encode().decode("ascii", "ignore"),
        "Message-ID": "<1@firm.example>",
        "Date": "Tue, 3 Mar 2026 10:12:00 +0100",
        "MIME-Version": "1.0",
    }
    return "".join(f"{name}: {value}\r\n" for name, value in {**usual, **headers}.items() if value)


def _plain(text: str, *, charset: str = "utf-8", flow: str = "", **headers: str) -> bytes:
    body = base64.encodebytes(text.replace("\n", "\r\n").encode(charset)).decode()
    more = {
        "Content-Type": f"text/plain; charset={charset}{flow}",
        "Content-Transfer-Encoding": "base64",
    }
    return (
        _head({**more, **{name.replace("_", "-"): value for name, value in headers.items()}}) + "\r\n" + body
    ).encode()


def _parts(kind: str, *parts: tuple[str, str], **headers: str) -> bytes:
    lines = []
    for content_type, body in parts:
        encoded = base64.encodebytes(body.encode()).decode()
        lines.append(f"--b1\r\nContent-Type: {content_type}\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    head = _head({"Content-Type": f'{kind}; boundary="b1"', **named})
    return (head + "\r\n" + "\r\n".join(lines) + "\r\n--b1--\r\n").encode()


def _quote(lines: list[str] = QUOTED, mark: str = "> ") -> str:
    return "\n".join(f"{mark}{line}".rstrip() for line in lines)


def _written(name: str, text: str, said: str = SAID, **more: str) -> Letter:
    return Letter(name, _plain(text, **more), Kind.WRITTEN, said)


def _html(name: str, html: str, said: str = SAID, **headers: str) -> Letter:
    content = _parts("multipart/alternative", ("text/html; charset=utf-8", html), **headers)
    return Letter(name, content, Kind.WRITTEN, said)


def _both(name: str, text: str, html: str, said: str = SAID) -> Letter:
    parts = (("text/plain; charset=utf-8", text), ("text/html; charset=utf-8", html))
    return Letter(name, _parts("multipart/alternative", *parts), Kind.WRITTEN, said)


def _machine(name: str, text: str, kind: Kind = Kind.AUTOMATIC, **headers: str) -> Letter:
    return Letter(name, _plain(text, **headers), kind, "")


_OUTLOOK_LINE = "_" * 32

PEOPLE = [
    # --- Gmail ---
    _both(
        "Gmail in a browser",
        f"{SAID}\n\nOn Tue, Mar 3, 2026 at 10:12 AM Mara from Ideas <{OURS}> wrote:\n\n{_quote()}\n",
        f'<div dir="ltr">{SAID}</div><br><div class="gmail_quote"><div dir="ltr">On Tue…</div>'
        "<blockquote>Planned for spring.</blockquote></div>",
    ),
    _written(
        "Gmail, its line of introduction broken in two",
        f"{SAID}\n\nOn Tue, Mar 3, 2026 at 10:12 AM Mara from the team of Ideas <\n{OURS}> wrote:\n\n{_quote()}\n",
    ),
    _written("Gmail, the quote taken out", f"{SAID}\n"),
    _html(
        "Gmail, HTML alone",
        f'<div dir="ltr"><div>{SAID}</div></div><br><div class="gmail_quote gmail_quote_container">'
        '<div class="gmail_attr">On Tue, Mar 3, 2026 wrote:<br></div><blockquote>Planned</blockquote></div>',
    ),
    _written(
        "Gmail with a signature",
        f"{SAID}\n\n-- \nAda Wong\nHead of Audit\n+44 20 7946 0000\n\n"
        f"On Tue, Mar 3, 2026 at 10:12 AM Mara <{OURS}> wrote:\n{_quote()}\n",
    ),
    _written(
        "Gmail on Android",
        f"{SAID}\n\nOn Tue, 3 Mar 2026, 10:12 Mara from Ideas, <{OURS}> wrote:\n\n{_quote()}\n",
    ),
    _written(
        "Gmail, two paragraphs and a list",
        f"{SAID}\n\nWhat would help:\n- a switch in the menu\n- the system's own setting\n\n"
        f"On Tue, Mar 3, 2026 at 10:12 AM Mara <{OURS}> wrote:\n{_quote()}\n",
        f"{SAID}\n\nWhat would help:\n- a switch in the menu\n- the system's own setting",
    ),
    # --- Outlook ---
    _written(
        "Outlook on Windows",
        f"{SAID}\n\nFrom: Mara from Ideas <{OURS}>\nSent: Tuesday, March 3, 2026 10:12 AM\n"
        f"To: Ada Wong <ada@firm.example>\nSubject: An answer to “Dark mode”\n\n" + "\n".join(QUOTED),
    ),
    _written(
        "Outlook in a browser, a line above the quote",
        f"{SAID}\n\n{_OUTLOOK_LINE}\nFrom: Mara from Ideas <{OURS}>\nSent: 03 March 2026 10:12\n"
        f"To: Ada Wong <ada@firm.example>\nSubject: An answer\n\n" + "\n".join(QUOTED),
    ),
    _html(
        "Outlook, HTML alone",
        f'<html><head><style>p {{margin:0}}</style></head><body><div class="WordSection1"><p>{SAID}</p></div>'
        '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Mara</div><div>Planned</div></body>',
    ),
    _written(
        "Outlook on an iPhone",
        f"{SAID}\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n{_OUTLOOK_LINE}\nFrom: Mara from Ideas <{OURS}>\n"
        "Sent: Tuesday, March 3, 2026 10:12:00 AM\nTo: Ada Wong <ada@firm.example>\nSubject: An answer\n\nPlanned.",
    ),
    _written(
        "Outlook with a greeting at its end",
        f"{SAID}\n\nBest regards,\nAda Wong\n\nFrom: Mara from Ideas <{OURS}>\nSent: Tuesday, March 3, 2026 10:12 AM\n"
        "To: Ada Wong <ada@firm.example>\nSubject: An answer\n\nPlanned for spring.",
    ),
    _written(
        "Outlook with the old line of dashes",
        f"{SAID}\n\n-----Original Message-----\nFrom: Mara from Ideas <{OURS}>\nSent: Tuesday, March 3, 2026 10:12 AM\n"
        "To: Ada Wong\nSubject: An answer\n\nPlanned for spring.",
    ),
    # --- Apple ---
    _written(
        "Apple Mail",
        f"{SAID}\n\n> On 3 Mar 2026, at 10:12, Mara from Ideas <{OURS}> wrote:\n>\n{_quote()}\n",
    ),
    _written(
        "Apple Mail, the introduction not quoted",
        f"{SAID}\n\nOn 3 Mar 2026, at 10:12, Mara from Ideas <{OURS}> wrote:\n\n{_quote()}\n",
    ),
    _written(
        "iPhone",
        f"{SAID}\n\nSent from my iPhone\n\n> On 3 Mar 2026, at 10:12, Mara from Ideas <{OURS}> wrote:\n>\n> Planned\n",
    ),
    _html(
        "Apple Mail, HTML alone",
        f'<html><body dir="auto">{SAID}<br><blockquote type="cite"><div>On 3 Mar 2026 wrote:</div>'
        "<div>Planned</div></blockquote></body></html>",
    ),
    # --- Telephones ---
    _written(
        "Samsung",
        f"{SAID}\n\nSent from my Galaxy\n\n-------- Original message --------\nFrom: Mara from Ideas <{OURS}>\n"
        "Date: 03/03/2026 10:12 (GMT+00:00)\nTo: ada@firm.example\nSubject: An answer\n\nPlanned.",
    ),
    _written("a telephone, the quote taken out", f"{SAID}\n\nSent from my Android phone\n"),
    # --- Others ---
    _written(
        "Thunderbird",
        f"{SAID}\n\nOn 03/03/2026 10:12, Mara from Ideas wrote:\n{_quote()}\n",
    ),
    _written(
        "Thunderbird, written below the quote",
        f"On 03/03/2026 10:12, Mara from Ideas wrote:\n{_quote()}\n\n{SAID}\n",
    ),
    _written(
        "Thunderbird, lines broken to the window",
        f"Yes, please. We need this \nfor the audit in May.\n\nOn 03/03/2026 10:12, Mara wrote:\n{_quote()}\n",
        flow="; format=flowed",
    ),
    _written(
        "written between the lines of the quote",
        "On 03/03/2026 10:12, Mara wrote:\n> Planned for spring.\n\nToo late for us.\n\n> Would summer do?\n\nNo.\n",
        "Too late for us.\n\nNo.",
    ),
    _written(
        "mutt, with a signature of its own",
        f"{SAID}\n\n-- \nada\n",
    ),
    _written(
        "Proton",
        f"{SAID}\n\nSent with Proton Mail secure email.\n\n"
        f"On Tuesday, March 3rd, 2026 at 10:12, Mara <{OURS}> wrote:\n\n{_quote()}\n",
    ),
    _html(
        "Yahoo, HTML alone",
        f'<div class="ydp1"><div>{SAID}</div></div><div id="ydp2yahoo_quoted_1" class="ydp2yahoo_quoted">'
        "<div>On Tuesday, Mara wrote:</div><div>Planned</div></div>",
    ),
    _html("HTML whose elements nobody closed", f"<p>{SAID}<blockquote><p>Planned<p>for spring"),
    # --- German ---
    _written(
        "Gmail in German",
        f"Ja, bitte.\n\nAm Di., 3. März 2026 um 10:12 Uhr schrieb Mara von Ideen <{OURS}>:\n\n{_quote()}\n",
        "Ja, bitte.",
    ),
    _written(
        "Outlook in German",
        f"Ja, bitte.\n\nVon: Mara <{OURS}>\nGesendet: Dienstag, 3. März 2026 10:12\nAn: Ada Wong <ada@firm.example>\n"
        "Betreff: Eine Antwort\n\nGeplant.",
        "Ja, bitte.",
    ),
    _written(
        "Apple Mail in German",
        "Ja, bitte.\n\nMit freundlichen Grüßen\nAda Wong\n\n"
        f"> Am 03.03.2026 um 10:12 schrieb Mara <{OURS}>:\n> \n> Geplant.\n",
        "Ja, bitte.",
    ),
    _written(
        "iPhone in German",
        "Ja, bitte.\n\nVon meinem iPhone gesendet\n\n"
        f"> Am 03.03.2026 um 10:12 schrieb Mara <{OURS}>:\n> \n> Geplant.\n",
        "Ja, bitte.",
    ),
    _written(
        "Thunderbird in German, in the letters of Windows",
        f"Schön wäre es schon.\n\nAm 03.03.26 um 10:12 schrieb Mara:\n{_quote(['Geplant für März.'])}\n",
        "Schön wäre es schon.",
        charset="windows-1252",
    ),
    # --- French ---
    _written(
        "Gmail in French",
        f"Oui, avec plaisir.\n\nLe mar. 3 mars 2026 à 10:12, Mara des Idées <{OURS}> a écrit :\n\n{_quote()}\n",
        "Oui, avec plaisir.",
    ),
    _written(
        "Outlook in French",
        f"Oui, avec plaisir.\n\nDe : Mara <{OURS}>\nEnvoyé : mardi 3 mars 2026 10:12\nÀ : Ada Wong <ada@firm.example>\n"
        "Objet : Une réponse\n\nPrévu.",
        "Oui, avec plaisir.",
    ),
    _written(
        "iPhone in French",
        "Oui, avec plaisir.\n\nEnvoyé de mon iPhone\n\n"
        f"> Le 3 mars 2026 à 10:12, Mara <{OURS}> a écrit :\n> \n> Prévu.\n",
        "Oui, avec plaisir.",
    ),
    _written(
        "French with a greeting at its end",
        "Oui, avec plaisir.\n\nCordialement,\nAda Wong\n\n"
        f"Le mar. 3 mars 2026 à 10:12, Mara <{OURS}> a écrit :\n{_quote()}\n",
        "Oui, avec plaisir.",
    ),
    # --- Japanese ---
    _written(
        "Gmail in Japanese",
        f"お願いします。\n\n2026年3月3日(火) 10:12 Mara <{OURS}>:\n\n{_quote(['計画中です。'])}\n",
        "お願いします。",
    ),
    _written(
        "Outlook in Japanese",
        f"お願いします。\n\n差出人: Mara <{OURS}>\n送信日時: 2026年3月3日 10:12\n宛先: Ada Wong <ada@firm.example>\n"
        "件名: 回答\n\n計画中です。",
        "お願いします。",
    ),
    _written(
        "Apple Mail in Japanese, in the letters of old",
        f"お願いします。\n\n2026/03/03 10:12、Mara <{OURS}>のメール:\n\n{_quote(['計画中です。'])}\n",
        "お願いします。",
        charset="iso-2022-jp",
    ),
    _written(
        "iPhone in Japanese",
        f"お願いします。\n\niPhoneから送信\n\n2026/03/03 10:12、Mara <{OURS}>のメール:\n\n{_quote(['計画中です。'])}\n",
        "お願いします。",
    ),
    # --- Short ones ---
    _written("+1 and nothing else", "+1\n", "+1"),
    _written("+1 above a quote", f"+1\n\nOn Tue, Mar 3, 2026 at 10:12 AM Mara <{OURS}> wrote:\n{_quote()}\n", "+1"),
    _written(
        "a thumb above a quote", f"👍\n\nOn Tue, Mar 3, 2026 at 10:12 AM Mara <{OURS}> wrote:\n{_quote()}\n", "👍"
    ),
    _written("nothing but the quote", f"\n\nOn Tue, Mar 3, 2026 at 10:12 AM Mara <{OURS}> wrote:\n{_quote()}\n", ""),
    Letter(
        "a picture and no word",
        _parts("multipart/mixed", ("image/png", "not a picture")),
        Kind.WRITTEN,
        "",
    ),
    Letter(
        "a text and a file beside it",
        _parts("multipart/mixed", ("text/plain; charset=utf-8", SAID), ("application/pdf", "%PDF")),
        Kind.WRITTEN,
        SAID,
    ),
    # --- What no program can tell ---
    Letter(
        "sealed for somebody else",
        _parts("multipart/encrypted", ("application/pgp-encrypted", "Version: 1"), ("application/octet-stream", "…")),
        Kind.UNREADABLE,
        "",
    ),
    Letter(
        "letters that nobody knows",
        _head({"Content-Type": "text/plain; charset=x-klingon"}).encode() + b"\r\n\xff\xfe\xfd\xfc\r\n",
        Kind.UNREADABLE,
        "",
    ),
    Letter(
        "bytes that are no letters",
        _head({"Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": "8bit"}).encode()
        + b"\r\n"
        + bytes(range(128, 256)) * 4,
        Kind.UNREADABLE,
        "",
    ),
]

MACHINES = [
    _machine("out of office, as the standard has it", "I am away.", Auto_Submitted="auto-replied"),
    _machine("out of office by Exchange", "I am away.", Subject="Automatic reply: An answer", Auto_Submitted=""),
    _machine("out of office in German", "Ich bin verreist.", Subject="Abwesenheitsnotiz: Eine Antwort"),
    _machine("out of office in French", "Je suis absente.", Subject="=?utf-8?q?R=C3=A9ponse_automatique_=3A_absence?="),
    _machine(
        "out of office in Japanese",
        "不在です。",
        Subject="=?utf-8?b?" + base64.b64encode("自動応答: 回答".encode()).decode() + "?=",
    ),
    _machine("an answering program of old", "Thank you for your mail.", X_Autoreply="yes"),
    _machine("a ticket system", "We got your request #4711.", Precedence="auto_reply"),
    _machine("a list that hands it round", SAID, List_Id="<staff.firm.example>", Precedence="list"),
    _machine("from nobody", "Your mail waits to be let in.", Return_Path="<>", Subject="Please confirm"),
    Letter(
        "an invitation taken",
        _plain("Accepted").replace(b"text/plain", b"text/calendar"),
        Kind.AUTOMATIC,
        "",
    ),
    Letter(
        "a report that it could not be delivered",
        _parts(
            'multipart/report; report-type="delivery-status"',
            ("text/plain", "It could not be delivered."),
            ("message/delivery-status", "Final-Recipient: rfc822; ada@firm.example\nAction: failed\nStatus: 5.1.1"),
            From="Mail Delivery System <MAILER-DAEMON@firm.example>",
            Return_Path="<>",
        ),
        Kind.REPORT,
        "",
    ),
    Letter(
        "a report that it was read",
        _parts(
            'multipart/report; report-type="disposition-notification"',
            ("text/plain", "Your message was read."),
            ("message/disposition-notification", "Disposition: manual-action/MDN-sent-manually; displayed"),
        ),
        Kind.REPORT,
        "",
    ),
    _machine("a server in words of its own", "550 no such user", Kind.REPORT, From="postmaster@firm.example"),
    _machine(
        "Exim in words of its own",
        "A message that you sent could not be delivered.",
        Kind.REPORT,
        Return_Path="<>",
        From="Mail System <system@firm.example>",
        Subject="Mail delivery failed: returning message to sender",
    ),
    _machine("a server that still tries", "Will retry.", Kind.REPORT, From="mailer-daemon@googlemail.example"),
]

LETTERS = [*PEOPLE, *MACHINES]
