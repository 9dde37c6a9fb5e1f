"""Where files that people sent are kept: a folder, or an S3-compatible bucket, behind one interface."""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import parse_qs, unquote, urlsplit

from flask import Flask, current_app

NAME = re.compile(r"[0-9a-z][0-9a-z._-]{8,100}")


class Missing(Exception):
    """There is no file of that name."""


class Unavailable(Exception):
    """The place where files are kept cannot be reached, or is full. Trying again later may help."""


class Storage(Protocol):
    """Keeps files under names that we made. Each of these raises Unavailable when it cannot be done now."""

    def put(self, name: str, content: bytes, content_type: str) -> None:
        """Keep it for good: when this returns it is there, and nobody ever sees half of it."""

    def open(self, name: str) -> bytes:
        """What is kept under the name. Raises Missing."""

    def exists(self, name: str) -> bool: ...

    def delete(self, name: str) -> None:
        """Nothing is kept under the name any more; no error when nothing was."""


def init_app(app: Flask) -> None:
    config = app.config["ANSWERBACK"]
    app.extensions["pictures"] = made(config.pictures_url)


def pictures() -> Storage:
    """Where the pictures of the application at work are."""
    return cast(Storage, current_app.extensions["pictures"])


def made(url: str) -> Storage:
    """The storage that a setting describes: `folder:/path` or `s3://key:secret@host/bucket?region=…&tls=…`."""
    if url.startswith("folder:"):
        return Folder(Path(url.removeprefix("folder:")))
    return Bucket(url)


def _checked(name: str) -> str:
    """The second guard: names are made by us, and a name that could lead elsewhere is nobody's file."""
    if not NAME.fullmatch(name) or ".." in name:
        raise Missing(name)
    return name


class Folder:
    """Files in a folder, spread over subfolders by how their names begin."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, name: str, content: bytes, content_type: str) -> None:
        path = self._path(name)
        half = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            with half.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            half.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                half.unlink(missing_ok=True)
            raise Unavailable(f"The folder of pictures cannot be written: {error.strerror}.") from error

    def open(self, name: str) -> bytes:
        try:
            # a link that somebody laid into the folder leads nowhere
            handle = os.open(self._path(name), os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            raise Missing(name) from None
        with open(handle, "rb") as file:
            return file.read()

    def exists(self, name: str) -> bool:
        return self._path(name).is_file()

    def delete(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.path / _checked(name)[:2] / name


class Bucket:
    """Objects in a bucket that speaks S3. Needs the extra `s3`."""

    def __init__(self, url: str) -> None:
        try:
            import urllib3
            from minio import Minio
        except ImportError:
            raise RuntimeError("PICTURES_URL is a bucket: install the extra, pip install 'answerback[s3]'.") from None
        parts = urlsplit(url)
        options = {name: values[0] for name, values in parse_qs(parts.query).items()}
        host = parts.netloc.rpartition("@")[2]
        self.bucket = parts.path.strip("/")
        self.client: Any = Minio(
            endpoint=host,
            access_key=unquote(parts.username or ""),
            secret_key=unquote(parts.password or ""),
            region=options.get("region", "us-east-1"),
            secure=options.get("tls", "on") != "off",
            # somebody waits for the answer
            http_client=urllib3.PoolManager(
                timeout=urllib3.Timeout(connect=5, read=20),
                retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=[502, 503, 504]),
            ),
        )

    def put(self, name: str, content: bytes, content_type: str) -> None:
        with _reached(name):
            self.client.put_object(
                bucket_name=self.bucket,
                object_name=_checked(name),
                data=io.BytesIO(content),
                length=len(content),
                content_type=content_type,
            )

    def open(self, name: str) -> bytes:
        with _reached(name):
            answer = self.client.get_object(bucket_name=self.bucket, object_name=_checked(name))
            try:
                return cast(bytes, answer.read())
            finally:
                answer.close()
                answer.release_conn()

    def exists(self, name: str) -> bool:
        try:
            with _reached(name):
                self.client.stat_object(bucket_name=self.bucket, object_name=_checked(name))
        except Missing:
            return False
        return True

    def delete(self, name: str) -> None:
        with _reached(name):
            self.client.remove_object(bucket_name=self.bucket, object_name=_checked(name))


@contextlib.contextmanager
def _reached(name: str) -> Iterator[None]:
    """The bucket's errors in our words."""
    from minio.error import MinioException, S3Error
    from urllib3.exceptions import HTTPError

    try:
        yield
    except S3Error as error:
        if error.code in ("NoSuchKey", "NoSuchObject"):
            raise Missing(name) from None
        raise Unavailable(f"The bucket of pictures answers: {error.code}.") from error
    except (MinioException, HTTPError) as error:
        raise Unavailable("The bucket of pictures cannot be reached.") from error
