"""MNIST's idx format: arrays of numbers behind a header of big-endian integers."""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np

from spinlearn.errors import SpinlearnValueError

#: Types of numbers by the third byte of a file.
_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_TYPE_NAMES = "0x08 uint8, 0x09 int8, 0x0B int16, 0x0C int32, 0x0D float32, 0x0E float64"
_GZIP = b"\x1f\x8b"
_LONGEST_HEADER = 4 + 4 * 255
# Read at a time.
_PIECE = 1 << 20
_AGAIN = "Copy or download the file again."


def read_idx(path: str | os.PathLike[str], *, dimensions: int | None = None) -> np.ndarray:
    """Read an array from a file in MNIST's idx format, plain or gzipped.

    A file is recognised as gzipped by its first bytes, whatever its name. It is read whole or not
    at all: the header must fit the length of the data, and the checksum of gzip must hold.

    Parameters
    ----------
    path
        The file.
    dimensions
        Number of dimensions that the array must have: 3 for images, 1 for labels; any by default.

    Returns
    -------
    numpy.ndarray
        The array, of the file's shape and type of numbers (no unit).

    Raises
    ------
    SpinlearnValueError
        If there is no such file, it is none in the idx format, or it was cut off.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "labels.idx1-ubyte")
    ...     _ = path.write_bytes(bytes([0, 0, 0x08, 1, 0, 0, 0, 3, 7, 2, 1]))
    ...     read_idx(path)
    array([7, 2, 1], dtype=uint8)
    """
    return parse_idx(file_content(path), path, dimensions)


def file_content(path: str | os.PathLike[str]) -> bytes:
    """Bytes of a file, uncompressed: all that its header accounts for, and one more if it has."""
    try:
        with Path(path).open("rb") as file:
            packed = file.read(len(_GZIP)) == _GZIP
            file.seek(0)
            return _unpacked(file, path) if packed else _bounded(file, path)
    except OSError as error:
        raise SpinlearnValueError(
            "path", path, "a file that can be read", f"{error.strerror or error}: check the path."
        ) from error


def _unpacked(file: BinaryIO, path: str | os.PathLike[str]) -> bytes:
    """What a gzipped file holds."""
    try:
        with gzip.GzipFile(fileobj=file) as content:
            return _bounded(content, path)
    except EOFError as error:
        raise SpinlearnValueError(
            f"{path}, compressed data",
            f"cut off after {os.fstat(file.fileno()).st_size} bytes",
            "a whole file",
            _AGAIN,
        ) from error
    except (OSError, zlib.error) as error:
        raise SpinlearnValueError(
            f"{path}, compressed data", error, "a gzip file whose checksum holds", _AGAIN
        ) from error


def _bounded(file: BinaryIO | gzip.GzipFile, path: str | os.PathLike[str]) -> bytes:
    """All bytes of a file, or one more than its header says, or its beginning without a header.

    A small file may unpack to any size, and what is no idx file may be of any size, too.
    """
    content = file.read(_LONGEST_HEADER)
    try:
        kind, shape, start = _header(content, path, None)
    except SpinlearnValueError:
        return content  # its header is complained of where it is parsed
    left = start + prod(shape) * kind.itemsize + 1 - len(content)
    pieces = [content]
    while left > 0 and (piece := file.read(min(left, _PIECE))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def parse_idx(
    content: bytes, path: str | os.PathLike[str], dimensions: int | None = None
) -> np.ndarray:
    """The array that a file's uncompressed bytes hold; its path is for messages."""
    kind, shape, start = _header(content, path, dimensions)
    wanted = prod(shape) * kind.itemsize
    found = len(content) - start
    if found != wanted:
        raise SpinlearnValueError(
            f"{path}, data",
            f"{found} bytes" if found < wanted else f"more than {wanted} bytes",
            f"{wanted} bytes, as the header says: {' × '.join(map(str, shape))} of {kind.name}",
            _AGAIN,
        )
    return np.frombuffer(content, kind, offset=start).reshape(shape).astype(kind.newbyteorder("="))


def _header(
    content: bytes, path: str | os.PathLike[str], dimensions: int | None
) -> tuple[np.dtype, tuple[int, ...], int]:
    """Type of numbers, shape, and where the data begin."""
    field = f"{path}, header"
    if len(content) < 4:
        raise SpinlearnValueError(
            field, f"{len(content)} bytes", "the 4 bytes of the magic number and more", _AGAIN
        )
    if content[:2] != b"\x00\x00":
        raise SpinlearnValueError(
            field,
            f"first bytes 0x{content[:2].hex()}",
            "0x0000 as idx files begin, or 0x1f8b if gzipped",
            "Pass a file in MNIST's idx format, unpacked from other archives.",
        )
    if content[2] not in _TYPES:
        raise SpinlearnValueError(
            field, f"type of numbers 0x{content[2]:02X}", f"one of {_TYPE_NAMES}", _AGAIN
        )
    count = content[3]
    if count == 0 or dimensions not in (None, count):
        allowed = "1 or more" if dimensions is None else f"{dimensions}"
        raise SpinlearnValueError(
            field,
            f"{count} dimensions",
            f"{allowed} (images have 3, labels have 1)",
            "Check that images and labels are not exchanged.",
        )
    start = 4 + 4 * count
    if len(content) < start:
        raise SpinlearnValueError(
            field, f"{len(content)} bytes", f"{start} bytes for {count} dimensions", _AGAIN
        )
    return np.dtype(_TYPES[content[2]]), struct.unpack(f">{count}I", content[4:start]), start
