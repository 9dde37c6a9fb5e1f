"""A conversation with a relay in which each reply has its time.

smtplib waits anew for every byte: a relay that says one in ten seconds would hold everybody's mail for hours.
"""

from __future__ import annotations

import re
import smtplib
import socket
import time
from collections.abc import Iterator, Sequence

LONGEST = 65_536  # bytes of one reply; more is no reply

_LAST_LINE = re.compile(rb"(?:^|\n)(?!\d{3}-)[^\n]*\n")  # of a reply, which may have many


class Replies:
    """What a relay says, a line at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._held = bytearray()
        self._until = 0.0
        self._left = LONGEST

    def begin(self, seconds: float) -> None:
        """The reply that is read now must be there within so long."""
        self._until = time.monotonic() + seconds
        self._left = LONGEST

    def readline(self, size: int = -1) -> bytes:
        """The next line; b"" when there will be none. Raises TimeoutError once the time of the reply is over."""
        while (end := self._held.find(b"\n")) < 0 and len(self._held) < LONGEST:
            if not self._read():
                end = len(self._held) - 1
                break
        length = end + 1 if end >= 0 else len(self._held)
        if size >= 0:
            length = min(length, size)
        line = bytes(self._held[:length])
        del self._held[:length]
        self._left -= len(line)
        if self._left <= 0:
            raise ConnectionError("The relay says too much.")
        return line

    def has_whole_reply(self, seconds: float) -> bool:
        """Whether a whole reply is there within so long, or the end of the conversation; nothing of it is taken."""
        self.begin(seconds)
        try:
            while not _LAST_LINE.search(self._held) and len(self._held) < LONGEST:
                if not self._read():
                    return True
        except TimeoutError:
            return False
        except OSError:
            return True  # that it is gone
        return True

    def close(self) -> None:
        """The socket is somebody else's to close."""

    def _read(self) -> bool:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("The relay fell silent.")
        former = self._sock.gettimeout()
        self._sock.settimeout(left)
        try:
            piece = self._sock.recv(4096)
        except TimeoutError:
            raise TimeoutError("The relay fell silent.") from None
        finally:
            self._sock.settimeout(former)
        self._held += piece
        return bool(piece)


class Conversation(smtplib.SMTP):
    """SMTP; `timeout` is what a whole reply may take."""

    @property
    def reads_ahead(self) -> bool:
        """Whether several commands may be sent before the first is answered (RFC 2920)."""
        return self.has_extn("pipelining")

    def announce(self, sender: str, recipient: str, options: Sequence[str]) -> Iterator[tuple[int, bytes]]:
        """Say from which address to which the next mail goes, and that it comes: the replies to each of the three.

        Where the relay reads ahead all are said at once, so whoever stops listening early has replies left to read.
        """
        commands = [
            f"MAIL FROM:{' '.join([f'<{sender}>', *options])}\r\n".encode(),
            f"RCPT TO:<{recipient}>\r\n".encode(),
            b"DATA\r\n",
        ]
        if self.reads_ahead:
            self.send(b"".join(commands))
        for command in commands:
            if not self.reads_ahead:
                self.send(command)
            yield self.getreply()

    def getreply(self) -> tuple[int, bytes]:
        if self.sock is not None:
            self.replies().begin(float(self.timeout))
        return super().getreply()

    def replies(self) -> Replies:
        """What is said on the connection as it is now: after STARTTLS another one begins."""
        if not isinstance(self.file, Replies):
            assert self.sock is not None  # noqa: S101 asked while it is open
            self.file = Replies(self.sock)
        return self.file


class EncryptedConversation(Conversation, smtplib.SMTP_SSL):
    """The same, encrypted from the start."""
