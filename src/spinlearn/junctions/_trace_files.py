"""Files of a recorded trace: which there are, and in what order."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from spinlearn.errors import SpinlearnValueError

KINDS = {".csv": "CSV", ".parquet": "Parquet", ".pq": "Parquet"}
#: Factors to volts.
UNITS = {"V": 1.0, "mV": 1e-3, "µV": 1e-6, "uV": 1e-6}


class Columns(NamedTuple):
    """What is read: names of columns, and the factor of the voltages to volts."""

    volts: str
    time: str | None
    scale: float


class Block(NamedTuple):
    """Rows of a file that are read from one place on; pieces of one place belong together."""

    place: Any
    row: int
    rows: int


class TraceFile(Protocol):
    """A file of a trace, read in blocks."""

    path: Path

    def scan(self) -> Iterator[tuple[Block, np.ndarray, np.ndarray | None]]:
        """All blocks with voltages (V) and times (s), in order."""
        ...

    def read(self, block: Block) -> Iterator[tuple[int, np.ndarray]]:
        """Voltages (V) of a block in pieces, each with its first row within the file."""
        ...

    def where(self, row: int) -> str:
        """A row, counted from zero, as its user finds it."""
        ...


def trace_paths(path: str | os.PathLike[str]) -> list[Path]:
    """One file, or the chunks of a folder: chunk 2 comes before chunk 10."""
    given = Path(path)
    kinds = ", ".join(KINDS)
    if given.is_file():
        if given.suffix.lower() not in KINDS:
            raise SpinlearnValueError(
                "path", given, f"a file {kinds} or a folder of such files", "Convert the trace."
            )
        return [given]
    if not given.is_dir():
        raise SpinlearnValueError(
            "path", given, "a file or folder that exists", "Check the spelling."
        )
    found = [
        p
        for p in given.iterdir()
        if p.is_file() and p.suffix.lower() in KINDS and not p.name.startswith(".")
    ]
    if not found:
        raise SpinlearnValueError(
            "path", given, f"a folder with files {kinds}", "Put the chunks of the trace there."
        )
    if len({KINDS[p.suffix.lower()] for p in found}) > 1:
        raise SpinlearnValueError(
            "path",
            given,
            "a folder with chunks of one kind, CSV or Parquet",
            "Keep one of the two: both would be played one after the other.",
        )
    return sorted(found, key=lambda p: [_part(x) for x in re.split(r"(\d+)", p.name)])


def _part(text: str) -> tuple[int, int, str]:
    return (0, int(text), "") if text.isdigit() else (1, 0, text)


def missing_column(path: Path, column: str, present: list[str]) -> SpinlearnValueError:
    """The error for a file without the column that was asked for."""
    return SpinlearnValueError(
        f"{path}, columns",
        ", ".join(present) or "none",
        f"a column {column!r}",
        "Rename one, or pass `column=`.",
    )
