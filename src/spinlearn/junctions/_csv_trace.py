"""A CSV file of a recorded trace, read in blocks of lines."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NoReturn

import numpy as np

from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions._headers import number
from spinlearn.junctions._trace_files import (
    Block,
    Columns,
    has_voltages,
    time_column,
    voltage_column,
)

_DELIMITERS = (",", ";", "\t")


class CsvTrace:
    """A CSV file with a header line; places of blocks are offsets in bytes."""

    def __init__(self, path: Path, columns: Columns, rows: int) -> None:
        self.path, self.columns, self.rows = path, columns, rows
        with path.open("rb") as file:
            line = file.readline()
            self._data = file.tell()
        if b"\0" in line:
            raise SpinlearnValueError(
                f"{path}, line 1", "zero bytes, as of UTF-16", "text in UTF-8", "Save it as UTF-8."
            )
        header = line.decode("utf-8-sig", "replace").strip()
        if not header:
            raise SpinlearnValueError(
                f"{path}, line 1",
                "empty",
                f"a header with a column {columns.volts!r}",
                "Export the trace again.",
            )
        where = f"{path}, line 1"
        names: list[str] = []
        for self._delimiter in _DELIMITERS:
            names = [name.strip() for name in self._split(header, -1)]
            if has_voltages(where, columns, names):
                break
        else:
            names = [name.strip() for name in header.split(",")]
        volts = voltage_column(where, columns, names)
        time = time_column(where, columns, names)
        self._width, self.has_time = len(names), time is not None
        self.time_stated = time is not None and time.stated
        found = [volts] if time is None else [volts, time]
        self._places = [one.place for one in found]
        self._scales = np.array([one.scale for one in found])
        self.unended: int | None = None
        self._wanted = " and in ".join(repr(one.header) for one in found)

    def where(self, row: int) -> str:
        """A row as its line."""
        return f"{self.path}, line {row + 2}"

    def scan(self) -> Iterator[tuple[Block, np.ndarray, np.ndarray | None]]:
        """All blocks with voltages (V) and times (s), in order."""
        row, place = 0, self._data
        with self.path.open("rb") as file:
            file.seek(place)
            while lines := list(islice(file, self.rows)):
                after = file.tell()
                numbers = self._parse(lines, row, file)
                if len(numbers):
                    time = numbers[:, 1] if self.has_time else None
                    yield Block(place, row, len(numbers)), numbers[:, 0], time
                row, place = row + len(numbers), after

    def read(self, block: Block) -> Iterator[tuple[int, np.ndarray]]:
        """Voltages (V) of a block, with its first row."""
        with self.path.open("rb") as file:
            file.seek(block.place)
            numbers = self._parse(list(islice(file, block.rows)), block.row, None)
        yield block.row, numbers[:, 0]

    def _parse(self, lines: list[bytes], row: int, rest: BinaryIO | None) -> np.ndarray:
        """Voltages and times of lines, ``(rows, 1 or 2)``, SI; empty lines may end a file."""
        count = len(lines)
        while count and not lines[count - 1].strip():
            count -= 1
        if count and not lines[count - 1].endswith(b"\n"):
            self.unended = row + count - 1
        if rest is not None and count < len(lines) and any(line.strip() for line in rest):
            self._fail(row + count, "an empty line")
        if count == 0:
            return np.empty((0, 2))
        text = [line.decode("latin-1") for line in lines[:count]]
        self._check_widths(text, row)
        try:
            numbers = np.loadtxt(
                text,
                delimiter=self._delimiter,
                usecols=self._places,
                comments=None,
                quotechar='"',
                ndmin=2,
            )
        except ValueError:
            numbers = np.empty((0, 1))
        if len(numbers) != count:
            self._find(text, self._places, row)
        return numbers * self._scales

    def _split(self, line: str, row: int) -> list[str]:
        """Cells of a line."""
        try:
            return next(csv.reader([line], delimiter=self._delimiter), [])
        except csv.Error as error:
            raise SpinlearnValueError(
                self.where(row),
                str(error),
                "lines that end in LF or CRLF, of cells below 131 kB",
                "Export the trace again.",
            ) from error

    def _check_widths(self, lines: list[str], row: int) -> None:
        """Every line has the header's columns: a decimal comma would shift them, unseen."""
        for k, line in enumerate(lines):
            if line.count(self._delimiter) + 1 == self._width:
                continue
            parts = self._split(line, row + k)
            if len(parts) != self._width:
                self._fail(row + k, repr(line.strip()) if line.strip() else "an empty line")

    def _find(self, lines: list[str], columns: list[int], row: int) -> NoReturn:
        """Name the first line that is not numbers."""
        for k, line in enumerate(lines):
            parts = self._split(line, row + k)
            if len(parts) <= max(columns):
                self._fail(row + k, repr(line.strip()) if line.strip() else "an empty line")
            for column in columns:
                try:
                    number(parts[column])
                except ValueError:
                    self._fail(row + k, repr(parts[column]))
        self._fail(row, "lines that cannot be read")

    def _fail(self, row: int, found: str) -> NoReturn:
        raise SpinlearnValueError(
            self.where(row),
            found,
            f"{self._width} column(s), a number in the column {self._wanted}",
            "Export the trace again, or cut the file before this line.",
        )
