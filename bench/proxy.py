"""A real nginx in front of a site, with the very lines that docs/operators.md gives to whoever runs one."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ideas.db import utcnow
from tests.servers import ROOT, RunningApp, free_port

HOST = "ideas.example.org"
_WITHOUT = "    location / {\n        proxy_pass http://answerback;\n    }\n"


class Proxy(NamedTuple):
    """Where nginx and the site listen, on loopback, and where nginx keeps answers."""

    port: int
    site_port: int
    kept: Path


@contextmanager
def nginx(site: RunningApp) -> Iterator[Proxy]:
    """One with an empty cache, alive until the block ends. Ends the command with a clear word where there is none."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        sys.exit("There is no nginx to show this with. Install it (Debian: apt-get install nginx-light).")
    with tempfile.TemporaryDirectory(prefix="answerback-nginx-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        proxy = Proxy(free_port(), urlsplit(site.url).port or 0, folder / "kept")
        (folder / "nginx.conf").write_text(_whole(folder, proxy), encoding="utf-8")
        _certify(folder)
        log = folder / "error.log"
        process = subprocess.Popen(
            [program, "-p", str(folder), "-e", str(log), "-c", str(folder / "nginx.conf")], stdin=subprocess.DEVNULL
        )
        try:
            deadline = time.monotonic() + 30
            while not _listens(proxy.port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"nginx does not start:\n{log.read_text(errors='replace')}")
                time.sleep(0.02)
            yield proxy
        finally:
            process.terminate()
            process.wait(30)


def lines() -> str:
    """What the documentation says to put into nginx, with a cache."""
    text = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    section = text.partition("\n## nginx\n")[2].partition("\n## ")[0]
    found = re.findall(r"```nginx\n(.*?)```", section, re.DOTALL)
    site, above, inside = found
    if _WITHOUT not in site:
        raise ValueError("docs/operators.md has no “location /” that the cache's could stand in place of.")
    return f"{above}\n{site.replace(_WITHOUT, inside)}"


def _whole(folder: Path, proxy: Proxy) -> str:
    """The lines, with places and ports of this machine in place of those in the documentation."""
    text = lines()
    for said, here in (
        ("/var/cache/nginx/answerback", str(proxy.kept)),
        (f"/etc/letsencrypt/live/{HOST}/fullchain.pem", f"{folder}/certificate.pem"),
        (f"/etc/letsencrypt/live/{HOST}/privkey.pem", f"{folder}/key.pem"),
        ("127.0.0.1:8000", f"127.0.0.1:{proxy.site_port}"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{proxy.port} ssl;"),
        ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
        ("listen [::]:443 ssl http2;", ""),
        ("listen [::]:80;", ""),
    ):
        if said not in text:
            raise ValueError(f"docs/operators.md says nothing of {said} to nginx any more.")
        text = text.replace(said, here)
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    everywhere = f"pid {folder}/pid;\ndaemon off;\nworker_processes 1;\nevents {{}}\n"
    return f"{everywhere}http {{\naccess_log off;\n{places}{text}}}\n"


def _certify(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(utcnow() - timedelta(days=1))
    made = made.not_valid_after(utcnow() + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, *plain))


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True
