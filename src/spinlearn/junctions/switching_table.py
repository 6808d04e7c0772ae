"""Counts of switching from a lab: read from CSV, or given as arrays."""

from __future__ import annotations

import csv
import os
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from spinlearn._checks import as_numbers
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions._headers import SECONDS, VOLTS, heading, number, unit_factor
from spinlearn.junctions._likely_units import LARGEST_VOLTAGE, LONGEST_PULSE

#: Columns, and the units that a header may name in brackets.
_COLUMNS: dict[str, Mapping[str, float]] = {
    "voltage": VOLTS,
    "pulse_length": SECONDS,
    "switched": {},
    "trials": {},
}
_UNITS = (*VOLTS, *SECONDS)
# What may stand in brackets beside counts.
_COUNTS: Mapping[str, float] = {"1": 1.0, "counts": 1.0, "count": 1.0}
# The first one where the header has none.
_DELIMITERS = (",", ";", "\t")
_FORMAT = "voltage,pulse_length,switched,trials"
# No junction lives through more volts, whatever the header says.
_MOST_VOLTS = 10.0


class SwitchingTable(NamedTuple):
    """How often junctions switched: one row for every voltage and pulse length.

    Parameters
    ----------
    voltage
        Of the pulse, ``(rows,)``, V; all of one sign.
    pulse_length
        ``(rows,)``, s.
    switched, trials
        Counts, ``(rows,)`` (no unit).

    Examples
    --------
    >>> table = SwitchingTable([0.4, 0.5], [1e-8, 1e-8], [12, 61], [100, 100])
    >>> checked_table(table).trials.tolist()
    [100.0, 100.0]
    """

    voltage: Any
    pulse_length: Any
    switched: Any
    trials: Any


def read_switching(path: str | os.PathLike[str]) -> SwitchingTable:
    """A CSV file of switching counts, in V and s.

    The header names the columns ``voltage, pulse_length, switched, trials``, in any order; others
    are left alone. Commas separate them, or semicolons or tabs if the header has those. Voltages
    are in V and lengths in s, unless the header says otherwise: ``voltage (mV)``, ``pulse_length
    (ns)``, ``voltage_mV``. Without a unit, lengths above 1 ms and voltages above 2 V are
    taken for another unit and refused. Lines that are empty or begin with # are skipped.

    A file that does not end with a line end may have lost its end: where its last number is the
    beginning of the one that all rows above share, it is refused; where it is shorter than all
    above, or the beginning of the one above, a warning says so.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    SpinlearnValueError
        If the file is missing or empty, lacks a column, or a row has no number, a negative count,
        more switched than trials, a voltage or length that suggests another unit, or seems to be
        cut; with the file and the line.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "counts.csv"
    ...     _ = file.write_text("voltage (mV), pulse_length (ns), switched, trials" + chr(10) +
    ...                         "450, 10, 37, 100" + chr(10))
    ...     print(read_switching(file).voltage.round(3))
    [0.45]
    """
    file = Path(path)
    if not file.is_file():
        raise SpinlearnValueError("data", file, "a file that exists", "Check the spelling.")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpinlearnValueError(
            str(file), str(error), "a CSV file in UTF-8", "Save it as CSV in UTF-8."
        ) from error
    reader = csv.reader(text.splitlines(keepends=True), delimiter=_delimiter(text))
    try:
        # Where a row ends: cells in quotes may hold line ends.
        rows = [
            (reader.line_num, row)
            for row in reader
            if any(cell.strip() for cell in row) and not row[0].lstrip().startswith("#")
        ]
    except csv.Error as error:
        raise SpinlearnValueError(
            f"{file}, line {reader.line_num}", str(error), "a CSV file", "Export the table as CSV."
        ) from error
    if not rows:
        raise SpinlearnValueError(
            str(file), "an empty file", f"a header {_FORMAT} and rows", "Export the table again."
        )
    columns = _header(file, *rows[0])
    for line, row in rows[1:]:
        if len(row) != len(rows[0][1]):
            raise SpinlearnValueError(
                f"{file}, line {line}",
                f"{len(row)} columns",
                f"{len(rows[0][1])}, as in the header",
                "Fill in or remove the row; write decimal points, no commas.",
            )
    if len(rows) == 1:
        raise SpinlearnValueError(str(file), "no rows", "one row or more", "Export it again.")
    found = np.array(
        [
            [_number(file, line, row, name, k) for name, k in columns.places.items()]
            for line, row in rows[1:]
        ]
    )
    if not text.endswith(("\n", "\r")):
        _require_whole(file, rows, columns)
    table = SwitchingTable(*(found * columns.factors).T)
    return _checked(table, lambda k: f"{file}, line {rows[1 + k][0]}, ", columns.without_unit)


def checked_table(data: Any) -> SwitchingTable:
    """The table of a path, or one that is given, checked (V, s)."""
    if isinstance(data, str | os.PathLike):
        return read_switching(data)
    if not isinstance(data, SwitchingTable):
        raise SpinlearnValueError(
            "data", type(data).__name__, "a path or a SwitchingTable", "Build one from arrays."
        )
    names = SwitchingTable._fields
    columns = [
        as_numbers(value, f"data.{name}", "numbers, (rows,)", "Pass one number a row.")
        for name, value in zip(names, data, strict=True)
    ]
    shapes = {column.shape for column in columns}
    if len(shapes) != 1 or columns[0].ndim != 1 or columns[0].size == 0:
        raise SpinlearnValueError(
            "data", [c.shape for c in columns], "four columns (rows,)", "Pass one number a row."
        )
    return _checked(SwitchingTable(*columns), lambda k: f"data, row {k + 1}, ", frozenset())


def _delimiter(text: str) -> str:
    """What separates the cells of the first line that is neither empty nor a comment."""
    lines = (line for line in text.splitlines() if line.strip() and line.lstrip()[0] != "#")
    header = next(lines, "")
    return max(_DELIMITERS, key=header.count)


class _Columns(NamedTuple):
    """Where the columns are, their factors to SI, and those whose unit is not stated."""

    places: dict[str, int]
    factors: np.ndarray
    without_unit: frozenset[str]


def _header(file: Path, line: int, row: list[str]) -> _Columns:
    """The columns that a header names."""
    found: dict[str, tuple[int, str | None]] = {}
    for k, cell in enumerate(row):
        written, unit = heading(cell, _UNITS)
        name = re.sub(r"\s+", "_", written).lower()
        if name in found:
            raise SpinlearnValueError(
                f"{file}, line {line}, columns", f"{name} twice", "once", "Remove one of them."
            )
        if name in _COLUMNS:
            found[name] = (k, unit)
    missing = [name for name in _COLUMNS if name not in found]
    if missing:
        raise SpinlearnValueError(
            f"{file}, line {line}, columns",
            ", ".join(cell.strip() for cell in row),
            f"a column {' and a column '.join(missing)}",
            f"Write a header {_FORMAT}, with units in brackets if they are not V and s.",
        )
    factors = [
        unit_factor(found[name][1], units or _COUNTS, f"{file}, line {line}, unit of {name}")
        for name, units in _COLUMNS.items()
    ]
    places = {name: found[name][0] for name in _COLUMNS}
    silent = frozenset(name for name, (_, unit) in found.items() if unit is None)
    return _Columns(places, np.array(factors), silent)


def _number(file: Path, line: int, row: list[str], name: str, k: int) -> float:
    cell = row[k].strip() if k < len(row) else ""
    try:
        return number(cell)
    except ValueError:
        raise SpinlearnValueError(
            f"{file}, line {line}, {name}",
            repr(cell),
            "a number",
            "Write decimal points." if "," in cell else "Fill in or remove the row.",
        ) from None


def _require_whole(file: Path, rows: list[tuple[int, list[str]]], columns: _Columns) -> None:
    """Refuse, or warn of, a last number that seems to be cut.

    Many editors leave the last line end out: a file without one is suspect only if its last number
    is, too. Where all rows above agree on a number of which it is the beginning, it is refused:
    a row that is right costs a line end. Else its length tells less, and a warning is enough.
    """
    last = len(rows[0][1]) - 1
    if last not in columns.places.values() or len(rows) < 3:
        return
    line, row = rows[-1]
    end, above = row[last].strip(), [other[last].strip() for _, other in rows[1:-1]]
    name = rows[0][1][last].strip()
    begins = above[-1].startswith(end) and above[-1] != end
    if begins and len(set(above)) == 1:
        raise SpinlearnValueError(
            f"{file}, line {line}, {name}",
            f"{end!r} at the very end of the file, without a line end",
            f"{above[-1]!r}, as in all rows above, or a line end after the row",
            "The file seems to be cut: copy it again. If the row is right, end it with a new line.",
        )
    if begins or all(len(end) < len(other) for other in above):
        warnings.warn(
            f"{file}, line {line}, {name} = {end!r} may be cut: the file has no line end after it, "
            "and it is shorter than the numbers above. See whether it is whole; if it is, end it "
            "with a new line.",
            stacklevel=3,
        )


def _checked(
    table: SwitchingTable, where: Any, without_unit: frozenset[str] = frozenset()
) -> SwitchingTable:
    """The table, or an error that names its first bad row."""
    volts, length, switched, trials = (np.asarray(column, np.float64) for column in table)

    def demand(good: np.ndarray, name: str, values: np.ndarray, allowed: str, fix: str) -> None:
        if not good.all():
            k = int(np.argmin(good))
            raise SpinlearnValueError(f"{where(k)}{name}", f"{values[k]:g}", allowed, fix)

    for name, values in zip(SwitchingTable._fields, (volts, length, switched, trials), strict=True):
        demand(np.isfinite(values), name, values, "a finite number", "Fill in or remove the row.")
    for name, values in (("switched", switched), ("trials", trials)):
        good = (values >= 0) & (values == np.round(values))
        demand(good, name, values, "a whole number >= 0", "Write counts, no shares.")
    demand(trials >= 1, "trials", trials, "one trial or more", "Remove the row.")
    demand(
        switched <= trials,
        "switched",
        switched,
        "at most the number of trials of its row",
        "See whether the two columns are exchanged.",
    )
    demand(
        np.abs(volts) <= _MOST_VOLTS,
        "voltage",
        volts,
        f"at most {_MOST_VOLTS:g} V in magnitude",
        "If the column is in mV, name it 'voltage (mV)'.",
    )
    demand(length > 0, "pulse_length", length, "a positive time, s", "Remove the row.")
    if "voltage" in without_unit:
        demand(
            np.abs(volts) <= LARGEST_VOLTAGE,
            "voltage",
            volts,
            f"at most {LARGEST_VOLTAGE:g} V in magnitude where the header names no unit",
            "If the column is in mV, name it 'voltage (mV)'; if in V, 'voltage (V)'.",
        )
    if "pulse_length" in without_unit:
        demand(
            length <= LONGEST_PULSE,
            "pulse_length",
            length,
            f"at most {LONGEST_PULSE:g} s where the header names no unit",
            "If the column is in ns, name it 'pulse_length (ns)', and so for ms and µs; if in s, "
            "'pulse_length (s)'.",
        )
    signs = np.sign(volts[volts != 0])
    sign = signs[0] if len(signs) else 1.0
    demand(
        volts * sign >= 0,
        "voltage",
        volts,
        "one sign in all rows",
        "Fit the two directions one after the other: their parameters differ.",
    )
    return SwitchingTable(volts, length, switched, trials)
