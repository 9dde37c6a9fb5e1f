"""A folder and a bucket keep files alike."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from minio import Minio
from moto.server import ThreadedMotoServer

from ideas import storage

NAME = "0123456789abcdef-12x34.webp"


@pytest.fixture(scope="module")
def bucket_url():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    Minio(endpoint=f"{host}:{port}", access_key="key", secret_key="se/cret", secure=False).make_bucket(
        bucket_name="pictures"
    )
    yield f"s3://key:se%2Fcret@{host}:{port}/pictures?region=us-east-1&tls=off"
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def kept(request, tmp_path):
    if request.param == "folder":
        return storage.made(f"folder:{tmp_path / 'pictures'}")
    return storage.made(request.getfixturevalue("bucket_url"))


def test_what_is_put_is_there_until_it_is_deleted(kept):
    kept.put(NAME, b"content", "image/webp")
    kept.put(NAME, b"content", "image/webp")

    assert kept.exists(NAME)
    assert kept.open(NAME) == b"content"
    kept.delete(NAME)
    kept.delete(NAME)
    assert not kept.exists(NAME)
    with pytest.raises(storage.Missing):
        kept.open(NAME)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..", "", "a\0b" * 5, "UPPERCASE.webp", "a/b" * 5])
def test_a_name_that_leads_elsewhere_is_nobody_s(kept, name):
    with pytest.raises(storage.Missing):
        kept.open(name)
    with pytest.raises(storage.Missing):
        kept.put(name, b"x", "image/webp")


def test_a_link_in_the_folder_leads_nowhere(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    folder = tmp_path / "pictures" / NAME[:2]
    folder.mkdir(parents=True)
    os.symlink(secret, folder / NAME)

    with pytest.raises(storage.Missing):
        storage.made(f"folder:{tmp_path / 'pictures'}").open(NAME)


def test_a_folder_holds_no_half_written_files(tmp_path):
    kept = storage.made(f"folder:{tmp_path}")

    kept.put(NAME, b"content", "image/webp")

    assert [path.name for path in Path(tmp_path).rglob("*") if path.is_file()] == [NAME]


def test_a_folder_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "pictures").write_text("a file where the folder should be")

    with pytest.raises(storage.Unavailable):
        storage.made(f"folder:{tmp_path / 'pictures'}").put(NAME, b"x", "image/webp")


def test_a_bucket_that_is_not_there_says_so(bucket_url):
    away = storage.made("s3://key:secret@127.0.0.1:9/pictures?tls=off")

    with pytest.raises(storage.Unavailable):
        away.put(NAME, b"x", "image/webp")
    with pytest.raises(storage.Unavailable):
        storage.made(bucket_url.replace("/pictures?", "/nowhere?")).put(NAME, b"x", "image/webp")
