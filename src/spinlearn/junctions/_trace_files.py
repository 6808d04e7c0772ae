"""Files of a recorded trace: which there are, and in what order."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions._headers import SECONDS, VOLTS, Column, find_column, unit_factor

KINDS = {".csv": "CSV", ".parquet": "Parquet", ".pq": "Parquet"}
# Other names of the columns that are looked for by default.
_ALIASES = {"V": ("voltage",), "t": ("time",)}


class Columns(NamedTuple):
    """What is asked for: names of columns, and the unit of the voltages, None for the header's."""

    volts: str
    time: str | None
    unit: str | None


class Found(NamedTuple):
    """A column of a file: its place, its header, its factor to SI, and whether a unit is stated."""

    place: int
    header: str
    scale: float
    stated: bool = True


class Block(NamedTuple):
    """Rows of a file that are read from one place on; pieces of one place belong together."""

    place: Any
    row: int
    rows: int


class TraceFile(Protocol):
    """A file of a trace, read in blocks."""

    path: Path
    #: Whether there is a column of times.
    has_time: bool
    #: Whether its header states the unit of the times.
    time_stated: bool
    #: The last row, if its line does not end, once it was scanned.
    unended: int | None

    def scan(self) -> Iterator[tuple[Block, np.ndarray, np.ndarray | None]]:
        """All blocks with voltages (V) and times (s), in order."""
        ...

    def read(self, block: Block) -> Iterator[tuple[int, np.ndarray]]:
        """Voltages (V) of a block in pieces, each with its first row within the file."""
        ...

    def where(self, row: int) -> str:
        """A row, counted from zero, as its user finds it."""
        ...


def trace_paths(path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[Path]:
    """One file, files in the order given, or the chunks of a folder: 2 comes before 10."""
    if not isinstance(path, str | os.PathLike):
        return _given(path)
    given = Path(path)
    if given.is_file():
        return _given([given])
    if not given.is_dir():
        raise SpinlearnValueError(
            "path", given, "a file or folder that exists", "Check the spelling."
        )
    found = sorted(given.iterdir(), key=lambda p: _parts(p.name))
    if not found:
        raise SpinlearnValueError(
            "path", given, f"a folder with files {', '.join(KINDS)}", "Put the trace there."
        )
    for one in found:
        if not _is_chunk(one) or one.name.startswith("."):
            raise SpinlearnValueError(
                str(one),
                "among the chunks",
                f"a folder of files {', '.join(KINDS)} alone",
                "Move it elsewhere, or pass the chunks as a list.",
            )
    _require_one_kind(found)
    _require_no_gap(found)
    return found


def _given(paths: Sequence[Any]) -> list[Path]:
    found = [Path(path) for path in paths]
    if not found:
        raise SpinlearnValueError("path", "no files", "one file or more", "Name them in order.")
    for one in found:
        if not one.is_file():
            raise SpinlearnValueError("path", one, "a file that exists", "Check the spelling.")
        if not _is_chunk(one):
            raise SpinlearnValueError(
                "path",
                one,
                f"a file whose name ends in {', '.join(KINDS)}",
                "Unpack it if it is packed; rename it to .csv if it is text with a header.",
            )
    _require_one_kind(found)
    return found


def _is_chunk(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in KINDS


def _require_one_kind(paths: list[Path]) -> None:
    first = KINDS[paths[0].suffix.lower()]
    for one in paths:
        if KINDS[one.suffix.lower()] != first:
            raise SpinlearnValueError(
                str(one),
                f"a file {KINDS[one.suffix.lower()]} beside {paths[0].name}",
                "chunks of one kind, CSV or Parquet",
                "Keep one of the two: both would be played one after the other.",
            )


def _require_no_gap(paths: list[Path]) -> None:
    """Names that are alike but for one number have every number, once."""
    numbered = [one for one in paths if re.search(r"\d", one.stem)]
    if len(paths) < 2 or not numbered:
        return
    texts = [re.sub(r"\d+", "#", one.stem) for one in paths]
    for one, text in zip(paths, texts, strict=True):
        usual = max(sorted(set(texts)), key=texts.count)
        if text != usual:
            raise SpinlearnValueError(
                str(one),
                "a name unlike the others",
                f"names like {usual}, numbered through",
                "Move it elsewhere, or pass the chunks as a list in their order.",
            )
    numbers = np.array([[int(n) for n in re.findall(r"\d+", one.stem)] for one in paths], object)
    varied = [column for column in numbers.T if len(set(column)) > 1]
    if len(varied) > 1:
        return  # dates and times, say, which need not follow one another
    steps = [b - a for a, b in zip(varied[0][:-1], varied[0][1:], strict=True)] if varied else [0]
    for k, step in enumerate(steps):
        if step != 1:
            raise SpinlearnValueError(
                str(paths[k + 1]),
                f"after {paths[k].name}",
                "numbers without a gap, each of them once",
                "Copy what is missing, or pass the chunks as a list in their order.",
            )


def _parts(name: str) -> list[tuple[int, int, str]]:
    return [
        (0, int(text), "") if text.isdigit() else (1, 0, text) for text in re.split(r"(\d+)", name)
    ]


def has_voltages(where: str, columns: Columns, header: list[str]) -> bool:
    """Whether a header, split into cells, names the voltages."""
    return _voltages(where, columns, header) is not None


def voltage_column(where: str, columns: Columns, header: list[str]) -> Found:
    """The column of voltages, with its factor to volts."""
    found = _voltages(where, columns, header)
    if found is None:
        raise _missing_column(where, columns.volts, header)
    stated, wanted = found.unit, columns.unit
    factor = unit_factor(stated, VOLTS, f"{where}, column {found.header!r}")
    if stated is not None and wanted is not None and VOLTS[wanted] != factor:
        raise SpinlearnValueError(
            f"{where}, column {found.header!r}",
            f"unit={wanted!r}",
            f"{stated}, as the header says",
            "Leave out `unit=`, or correct the header.",
        )
    return Found(found.place, found.header, VOLTS[wanted] if wanted is not None else factor)


def time_column(where: str, columns: Columns, header: list[str]) -> Found | None:
    """The column of times, with its factor to seconds, if there is one and it is wanted."""
    if columns.time is None:
        return None
    found = find_column(header, (columns.time, *_ALIASES.get(columns.time, ())), SECONDS, where)
    if found is None and columns.time != "t":
        raise _missing_column(where, columns.time, header)
    if found is None:
        return None
    scale = unit_factor(found.unit, SECONDS, f"{where}, column {found.header!r}")
    return Found(found.place, found.header, scale, found.unit is not None)


def _voltages(where: str, columns: Columns, header: list[str]) -> Column | None:
    return find_column(header, (columns.volts, *_ALIASES.get(columns.volts, ())), VOLTS, where)


def _missing_column(where: str, column: str, present: list[str]) -> SpinlearnValueError:
    """The error for a file without the column that was asked for."""
    return SpinlearnValueError(
        f"{where}, columns",
        ", ".join(present) or "none",
        f"a column {column!r}",
        "Rename one, or pass `column=` or `time_column=`.",
    )
