"""One attempt at one point: its outcome is a value, never an exception."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from spinlearn.errors import SpinlearnError
from spinlearn.experiments.specs import RunSpec
from spinlearn.runs._executables import make_room
from spinlearn.runs._files import BusyError, StoreError
from spinlearn.runs.runner import run

# What a disk that is full or closed says: all points would fail of it.
_CLOSED = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES)
# What an error says is kept, but not a page of a compiler.
_LONGEST = 2000


class Outcome(NamedTuple):
    """What became of a point.

    Parameters
    ----------
    status
        "finished", "stopped", "failed", "busy" where another process computes the point, or
        "unwritable" where the disk refuses.
    error
        What went wrong, or empty.
    """

    status: str
    error: str = ""


def attempt(spec: RunSpec, folder: Path, stop: Callable[[], object]) -> Outcome:
    """Run a point in its folder, or go on with it."""
    make_room()
    try:
        return Outcome(run(spec, folder, stop=stop).status)
    except Exception as error:
        return outcome_of(error)


def outcome_of(error: Exception) -> Outcome:
    """The outcome that an exception means."""
    if isinstance(error, BusyError):
        return Outcome("busy", describe(error))
    return Outcome("unwritable" if is_closed(error) else "failed", describe(error))


def is_closed(error: Exception) -> bool:
    """Whether the disk is full or closed; damage of a point's own files is not that."""
    cause = error.__cause__
    return isinstance(error, StoreError) and isinstance(cause, OSError) and cause.errno in _CLOSED


def describe(error: BaseException) -> str:
    """An error in one line."""
    text = " ".join(str(error).split()) or "no message"
    if not isinstance(error, SpinlearnError):
        text = f"{type(error).__name__}: {text}"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
