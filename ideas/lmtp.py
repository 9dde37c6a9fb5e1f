"""A door for mail beside a mail server on the same machine: LMTP (RFC 2033), by the extra `lmtp`.

A mail is answered with 250 only once it was dealt with, so a process that is killed loses nothing: the mail server
hands it over again, and the second time changes nothing.
"""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask

from ideas import mail_doors, mail_tokens
from ideas.db import db
from ideas.settings import current

log = structlog.get_logger()

TAKEN = "250 2.0.0 Taken"
NOBODY = "550 5.1.1 There is nobody at this address"
ONE_AT_A_TIME = "452 4.5.3 One recipient at a time"
LATER = "451 4.3.0 Something went wrong here; try again later"


class _Door:
    """What is answered to each command. The names of the methods are aiosmtpd's."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if envelope.rcpt_tos:
            return ONE_AT_A_TIME
        with self.app.app_context():
            if mail_tokens.read(address) is None and not _is_our_own(address):
                return NOBODY
        envelope.rcpt_tos.append(address)
        return TAKEN

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content or b""
        handed = mail_doors.Handed(
            content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"),
            tuple(envelope.rcpt_tos),
        )
        return await asyncio.to_thread(self._take, handed)

    def _take(self, handed: mail_doors.Handed) -> str:
        with self.app.app_context():
            try:
                mail_doors.take(handed)
            except Exception:  # the mail server keeps it and comes again
                db.session.rollback()
                log.exception("mail_not_taken")
                return LATER
        return TAKEN


def _is_our_own(address: str) -> bool:
    """To the address without anything after a “+” come complaints, which quote the mail that they are about."""
    return address.casefold() == current().bounce_address


def serve(app: Flask, host: str, port: int) -> None:
    """Take mail on `host`:`port` until told to end by SIGTERM or SIGINT; what is in hand is dealt with first."""
    asyncio.run(_serve(app, host, port))


async def _serve(app: Flask, host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)

    def door() -> Any:
        return LMTP(_Door(app), data_size_limit=mail_doors.LARGEST, enable_SMTPUTF8=True, loop=loop)

    server = await loop.create_server(door, host, port)
    log.info("lmtp_started", host=host, port=server.sockets[0].getsockname()[1])
    await ending.wait()
    server.close()
    # whatever a thread has begun is finished by asyncio.run, which waits for its threads
    log.info("lmtp_ended")
