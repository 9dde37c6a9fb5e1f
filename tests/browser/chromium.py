"""Finds a Chromium for Playwright to drive, and installs one: `python -m tests.browser.chromium`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.servers import Unavailable

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A machine without fonts shows boxes: one plain face, and a small one for Chinese, Japanese and Korean.
PACKAGES = ("chromium", "fonts-liberation", "fonts-wqy-microhei")
FLAGS = [
    "--no-sandbox",  # it refuses root otherwise, and shows only our own pages
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str:
    """The path of a browser. Raises Unavailable."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    if Path(path).exists():
        return path
    raise Unavailable(
        "There is no Chromium to test in. Install it (Debian: apt-get install chromium; elsewhere: "
        "playwright install chromium)."
    )


def install() -> None:
    """Install a browser the way this machine does: the system's packages as root, else Playwright's own."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *PACKAGES]
        if subprocess.run(command, env=quiet, stdin=subprocess.DEVNULL, check=False).returncode:
            subprocess.run(["apt-get", "update", "--quiet"], env=quiet, stdin=subprocess.DEVNULL, check=False)
            subprocess.run(command, env=quiet, stdin=subprocess.DEVNULL, check=False)
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> None:
    try:
        executable()
    except Unavailable:
        install()
        try:
            executable()
        except Unavailable as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
