"""Labelled images: idx files whole and broken, folders, downloads from a server of our own."""

from __future__ import annotations

import gzip
import hashlib
import socket
import struct
import threading
import tracemalloc
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spinlearn import SpinlearnValueError
from spinlearn.datasets import (
    binarize,
    digit_images,
    fashion_mnist,
    mnist,
    published_images,
    read_idx,
    read_images,
)

pytestmark = pytest.mark.once

FILES = {
    "train": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
CODES = {"u1": 8, "i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}


def _idx(array: Any, kind: str = "u1") -> bytes:
    numbers = np.asarray(array, kind)
    header = bytes([0, 0, CODES[kind], numbers.ndim])
    return header + struct.pack(f">{numbers.ndim}I", *numbers.shape) + numbers.tobytes()


def _parts(rows: int = 5) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "train": rng.integers(0, 256, (7, rows, 4)).astype(np.uint8),
        "train_labels": rng.integers(0, 10, 7).astype(np.uint8),
        "test": rng.integers(0, 256, (3, rows, 4)).astype(np.uint8),
        "test_labels": rng.integers(0, 10, 3).astype(np.uint8),
    }


def _write(folder: Path, parts: dict[str, np.ndarray], *, packed: bool = True) -> Path:
    folder.mkdir(exist_ok=True)
    for part, array in parts.items():
        content = _idx(array)
        name = f"{FILES[part]}.gz" if packed else FILES[part]
        (folder / name).write_bytes(gzip.compress(content, mtime=0) if packed else content)
    return folder


def _fails(call: Any, *says: str) -> None:
    with pytest.raises(SpinlearnValueError) as caught:
        call()
    for text in says:
        assert text in str(caught.value)
    assert caught.value.fix.endswith(".")


@pytest.mark.parametrize("kind", list(CODES))
@pytest.mark.parametrize("packed", [True, False])
def test_idx_files_of_every_type_and_shape_are_read(
    kind: str, packed: bool, tmp_path: Path
) -> None:
    path = tmp_path / "numbers"  # what it is its first bytes say, not its name
    for shape in ((6,), (2, 3), (2, 1, 3, 2), (0, 4)):
        wanted = (np.arange(np.prod(shape)) * 37 - 5 * (kind != "u1")).astype(kind).reshape(shape)
        content = _idx(wanted, kind)
        path.write_bytes(gzip.compress(content) if packed else content)
        found = read_idx(path)
        assert found.dtype == np.dtype(kind).newbyteorder("=")
        assert found.flags.writeable
        np.testing.assert_array_equal(found, wanted)


WHOLE = _idx(np.arange(24).reshape(2, 3, 4))
PACKED = gzip.compress(WHOLE, mtime=0)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", ("header", "0 bytes", "4 bytes")),
        (b"\x00\x00\x08", ("header", "3 bytes")),
        (b"PK\x03\x04" + WHOLE, ("header", "0x504b", "0x1f8b if gzipped")),
        (b"\x00\x01" + WHOLE[2:], ("header", "0x0001")),
        (WHOLE[:2] + b"\x0a" + WHOLE[3:], ("header", "0x0A", "0x08 uint8")),
        (WHOLE[:3] + b"\x00" + WHOLE[4:], ("header", "0 dimensions", "1 or more")),
        (WHOLE[:11], ("header", "11 bytes", "16 bytes for 3 dimensions")),
        (WHOLE[:-1], ("data", "23 bytes", "24 bytes", "2 × 3 × 4 of uint8")),
        (WHOLE + b"\x00", ("data", "more than 24 bytes", "24 bytes, as")),
        (WHOLE[:4] + b"\xff" * 12 + WHOLE[16:], ("data", "24 bytes", "4294967295 × 4294967295")),
        (gzip.compress(WHOLE[:-1], mtime=0), ("data", "23 bytes")),
        (PACKED[:-9], ("compressed data", "cut off after")),
        (PACKED[:5], ("compressed data", "cut off after")),
        (PACKED[:-8] + b"\x00" * 8, ("compressed data", "checksum")),
        (PACKED[:10] + b"\xff" * 20, ("compressed data", "checksum")),
        (PACKED + b"more", ("compressed data",)),
    ],
)
def test_broken_files_are_named_with_what_they_hold(
    content: bytes, says: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "broken-idx3-ubyte"
    path.write_bytes(content)
    _fails(lambda: read_idx(path), str(path), *says)


def test_files_that_are_none_and_wrong_dimensions_are_refused(tmp_path: Path) -> None:
    _fails(lambda: read_idx(tmp_path / "none"), "none", "No such file")
    _fails(lambda: read_idx(tmp_path), "directory")
    path = tmp_path / "images"
    path.write_bytes(WHOLE)
    assert read_idx(path, dimensions=3).shape == (2, 3, 4)
    _fails(lambda: read_idx(path, dimensions=1), "3 dimensions", "allowed is 1", "exchanged")


@pytest.mark.parametrize("form", ["{}", "{}.gz"])
@pytest.mark.parametrize("mark", ["-idx", ".idx"])
def test_usual_names_are_found(form: str, mark: str, tmp_path: Path) -> None:
    parts = _parts()
    for part, array in parts.items():
        name = form.format(FILES[part].replace("-idx", mark))
        content = _idx(array)
        (tmp_path / name).write_bytes(gzip.compress(content) if "gz" in name else content)
    images = read_images(tmp_path, name="noise")
    assert (images.name, images.white) == ("noise", 255)
    assert images.train.dtype == np.uint8
    assert images.test_labels.dtype == np.int32
    for part, array in parts.items():
        np.testing.assert_array_equal(getattr(images, part), array)


def test_unpacked_files_come_before_packed_ones_and_folders_are_no_files(tmp_path: Path) -> None:
    _write(tmp_path, _parts())
    other = _parts()
    other["train"] = 255 - other["train"]
    _write(tmp_path, other, packed=False)
    (tmp_path / FILES["test"]).unlink()
    (tmp_path / FILES["test"]).mkdir()  # as some archives unpack
    images = read_images(tmp_path)
    assert images.name == tmp_path.name
    np.testing.assert_array_equal(images.train, other["train"])
    np.testing.assert_array_equal(images.test, _parts()["test"])


def test_folders_that_lack_a_file_say_which(tmp_path: Path) -> None:
    _write(tmp_path, _parts())
    (tmp_path / f"{FILES['test_labels']}.gz").unlink()
    _fails(lambda: read_images(tmp_path), "missing: t10k-labels-idx1-ubyte.", "or .gz")
    _fails(lambda: mnist(tmp_path), "missing: t10k-labels-idx1-ubyte.")
    _fails(lambda: fashion_mnist(tmp_path / "none"), "it is no folder")


@pytest.mark.parametrize(
    ("part", "array", "says"),
    [
        ("train_labels", np.zeros(6), ("train-labels", "6", "7, one for every image")),
        ("test_labels", np.zeros(4), ("t10k-labels", "4", "3, one for every image")),
        ("train", np.zeros((7, 4)), ("2 dimensions", "3 (images")),
        ("train_labels", np.zeros((7, 1)), ("2 dimensions", "1 (images")),
        ("test", np.zeros((3, 4, 5)), ("4 × 5 pixels", "5 × 4 pixels")),
        ("train", np.zeros((0, 5, 4)), ("train-images", "one image")),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(
    part: str, array: np.ndarray, says: tuple[str, ...], tmp_path: Path
) -> None:
    _write(tmp_path, {**_parts(), part: array})
    _fails(lambda: read_images(tmp_path), *says)


def test_images_in_other_numbers_than_bytes_are_refused(tmp_path: Path) -> None:
    _write(tmp_path, _parts())
    (tmp_path / f"{FILES['train']}.gz").write_bytes(_idx(_parts()["train"], ">f4"))
    _fails(lambda: read_images(tmp_path), "float32", "uint8 (0x08)")


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """A small set in the place of MNIST's sums, with no mirrors."""
    parts = _parts()
    packed = {k: gzip.compress(_idx(v), mtime=0) for k, v in parts.items()}
    sums = {k: hashlib.md5(v).hexdigest() for k, v in packed.items()}
    content = {k: hashlib.md5(_idx(v)).hexdigest() for k, v in parts.items()}
    small = published_images._MNIST._replace(mirrors=(), packed=sums, content=content)
    monkeypatch.setattr(published_images, "_MNIST", small)
    return parts


def test_known_sets_are_told_from_others(known: dict[str, np.ndarray], tmp_path: Path) -> None:
    images = mnist(_write(tmp_path, known, packed=False))
    np.testing.assert_array_equal(images.train, known["train"])
    assert images.name == "MNIST"
    changed = known["test"].copy()
    changed[0, 0, 0] ^= 1  # a single bit
    _write(tmp_path, {**known, "test": changed}, packed=False)
    _fails(lambda: mnist(tmp_path), "t10k-images", "md5", "that of MNIST", "read_images(folder)")
    np.testing.assert_array_equal(read_images(tmp_path).test, changed)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """A folder, and the address on this machine at which it is served."""
    folder = tmp_path / "served"
    folder.mkdir()
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield folder, f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()
        thread.join()


def _with_mirrors(monkeypatch: pytest.MonkeyPatch, *mirrors: str) -> None:
    known = published_images._MNIST._replace(mirrors=mirrors)
    monkeypatch.setattr(published_images, "_MNIST", known)


def _closed() -> str:
    """An address at which nothing answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


def test_downloads_go_to_the_cache_and_are_not_repeated(
    known: dict[str, np.ndarray],
    server: tuple[Path, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _write(server[0], known)
    _with_mirrors(monkeypatch, _closed(), server[1])  # the first mirror is down
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    for cache in (None, tmp_path / "cache"):
        np.testing.assert_array_equal(mnist(cache=cache).test, known["test"])
    assert len(list((tmp_path / "cache" / "mnist").iterdir())) == 4
    _with_mirrors(monkeypatch)
    np.testing.assert_array_equal(mnist(cache=tmp_path / "cache").test, known["test"])
    np.testing.assert_array_equal(mnist().train, known["train"])


def test_without_a_connection_the_error_says_where_to_put_which_files(
    known: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = _closed()
    _with_mirrors(monkeypatch, address)
    cache = tmp_path / "cache"
    wanted = [f"{name}.gz" for name in FILES.values()]
    _fails(lambda: mnist(cache=cache), "MNIST", address, *wanted, "folder=", str(cache / "mnist"))
    _write(cache / "mnist", known)  # the remedy
    np.testing.assert_array_equal(mnist(cache=cache).train, known["train"])


def test_another_file_at_the_address_is_not_kept(
    known: dict[str, np.ndarray],
    server: tuple[Path, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _write(server[0], {**known, "test": known["test"][::-1]})
    _with_mirrors(monkeypatch, server[1])
    _fails(lambda: mnist(cache=tmp_path), "t10k-images-idx3-ubyte.gz", "another md5")
    assert not any("t10k-images" in path.name for path in (tmp_path / "mnist").iterdir())


def test_a_cache_that_cannot_be_is_named(known: dict[str, np.ndarray], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    _fails(lambda: mnist(cache=tmp_path / "file"), "cache", "written to")


def test_published_sums_are_sums_and_mirrors_have_ends() -> None:
    for known in (published_images._MNIST, published_images._FASHION_MNIST):
        assert set(known.packed) == set(known.content) == set(FILES)
        every = [*known.packed.values(), *known.content.values()]
        assert len(set(every)) == 8
        assert all(len(bytes.fromhex(text)) == 16 for text in every)
        assert all(mirror.endswith("/") for mirror in known.mirrors)


def test_digits_are_split_alike_in_every_class_and_always_alike() -> None:
    digits = digit_images()
    assert (len(digits.train), len(digits.test)) == (1438, 359)
    # Written out: the same ones with every version of numpy.
    assert digits.test_labels[:12].tolist() == [2, 3, 1, 3, 5, 0, 1, 5, 0, 8, 0, 3]
    assert int(digits.test.astype(int).sum()) == 112174
    counts = np.bincount(digits.train_labels) + np.bincount(digits.test_labels)
    np.testing.assert_array_equal(np.bincount(digits.test_labels), np.round(0.2 * counts))
    every = {image.tobytes() for image in digits.train}
    assert not any(image.tobytes() in every for image in digits.test)
    other = digit_images(seed=1)
    assert len(other.test) == len(digits.test)
    assert not np.array_equal(other.test, digits.test)
    assert np.bincount(digit_images(held_out=1e-9).test_labels).tolist() == [1] * 10
    assert np.bincount(digit_images(held_out=0.999999).train_labels).tolist() == [1] * 10


def test_pixels_are_on_from_the_threshold_on() -> None:
    digits = digit_images()
    half = binarize(digits)
    assert (half.white, half.train.dtype) == (1, bool)
    np.testing.assert_array_equal(half.train, digits.train >= 8)
    np.testing.assert_array_equal(half.test, digits.test >= 8)
    assert half.train_labels is digits.train_labels
    for level in range(1, 17):
        np.testing.assert_array_equal(
            binarize(digits, level / 16).test, digits.test >= level, err_msg=str(level)
        )
    np.testing.assert_array_equal(binarize(half, 1.0).train, half.train)


@pytest.mark.parametrize("bad", [0.0, 1.5, float("nan"), "half", True])
def test_bad_thresholds_and_parts_are_named(bad: Any) -> None:
    images = digit_images()
    _fails(lambda: binarize(images, bad), "threshold")
    _fails(lambda: digit_images(held_out=bad), "held_out")
    _fails(lambda: digit_images(seed=-1), "seed")


def test_what_unpacks_to_more_than_its_header_says_takes_no_memory(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(1 << 24)) * 16  # 256 MiB, in a file of some hundred kB
    (tmp_path / "bomb").write_bytes(gzip.compress(WHOLE) + bomb)
    (tmp_path / "none").write_bytes(bomb)
    tracemalloc.start()
    try:
        _fails(lambda: read_idx(tmp_path / "bomb"), "data", "more than 24 bytes", "24 bytes, as")
        _fails(lambda: read_idx(tmp_path / "none"), "header", "type of numbers 0x00")
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


def test_a_header_that_promises_too_much_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "images"
    path.write_bytes(WHOLE[:4] + b"\x00\xff\xff\xff" * 3 + WHOLE[16:])
    tracemalloc.start()
    try:
        _fails(lambda: read_idx(path), "24 bytes", "16777215 × 16777215 × 16777215")
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
