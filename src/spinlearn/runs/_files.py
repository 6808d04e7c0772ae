"""Files that are either whole or absent, and errors that say what to do."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from spinlearn.errors import SpinlearnError

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None


# What another folder would put right.
_ELSEWHERE = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.ENAMETOOLONG,
)


class StoreError(SpinlearnError):
    """A run's files cannot be written, read or understood (no unit).

    Examples
    --------
    >>> raise StoreError("out/run: no run here. Start one with 'spinlearn run'.")
    Traceback (most recent call last):
    ...
    spinlearn.runs._files.StoreError: out/run: no run here. Start one with 'spinlearn run'.
    """


class BusyError(StoreError):
    """Another process writes these files just now (no unit)."""


def write_file(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file in one act: after a kill there is the old one or the new one."""
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    try:
        with partial.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync(path.parent)


def remove_partials(folder: Path) -> None:
    """Remove what a kill left of files that were being written."""
    for leftover in folder.rglob("*.partial"):
        leftover.unlink(missing_ok=True)


def is_empty(folder: Path) -> bool:
    """Whether a folder holds nothing but what a kill may leave."""
    return all(p.name == ".lock" or p.name.endswith(".partial") for p in folder.iterdir())


def write_text(path: Path, text: str) -> None:
    """`write_file` of UTF-8 text."""
    write_file(path, lambda file: file.write(text.encode()))


def sync(path: Path) -> None:
    """Ask the system to put a file or folder on the disk, where it can."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        # Some file systems cannot sync a folder; a full disk is told here as well.
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
    finally:
        os.close(handle)


@contextmanager
def lock_file(path: Path, complaint: str) -> Iterator[None]:
    """Keep other processes out, where the file system can; the lock dies with the process."""
    with storing(path.parent):
        file = path.open("w")
    with file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BusyError(f"{complaint}. Wait for it.") from None
            except OSError:  # a file system without locks
                pass
        yield


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn what the system says about a full or closed disk into an error with its remedy."""
    try:
        yield
    except OSError as error:
        raise StoreError(_explain(path, error)) from error


def _explain(path: Path, error: OSError) -> str:
    reason = error.strerror or str(error) or type(error).__name__
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        remedy = f"Make room, then go on with: spinlearn resume {path}"
    elif error.errno in _ELSEWHERE:
        remedy = "Make it writable, or give another folder with --output."
    else:
        remedy = "Look at the folder and its disk; what was stored stays readable."
    return f"cannot write to {path}: {reason}. {remedy}"
