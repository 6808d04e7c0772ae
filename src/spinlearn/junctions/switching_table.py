"""Counts of switching from a lab: read from CSV, or given as arrays."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from spinlearn._checks import as_numbers
from spinlearn.errors import SpinlearnValueError

#: Columns, and the units that a header may name in brackets, with their factors to SI.
_COLUMNS = {
    "voltage": {"V": 1.0, "mV": 1e-3},
    "pulse_length": {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "ns": 1e-9, "ps": 1e-12},
    "switched": {},
    "trials": {},
}
_FORMAT = "voltage,pulse_length,switched,trials"
# No junction lives through more volts; without a unit, more seconds are taken for nanoseconds.
_MOST_VOLTS, _MOST_SECONDS = 10.0, 1.0


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
    are left alone. Voltages are in V and lengths in s, unless the header says otherwise: ``voltage
    (mV)``, ``pulse_length (ns)``. Lines that are empty or begin with # are skipped.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    SpinlearnValueError
        If the file is missing or empty, lacks a column, or a row has no number, a negative count,
        more switched than trials, or a voltage or length that suggests another unit; with the file
        and the line.

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
            str(file), str(error), "a CSV file in UTF-8", "Export the table as CSV."
        ) from error
    rows = [
        (number, row)
        for number, row in enumerate(csv.reader(text.splitlines()), start=1)
        if any(cell.strip() for cell in row) and not row[0].lstrip().startswith("#")
    ]
    if not rows:
        raise SpinlearnValueError(
            str(file), "an empty file", f"a header {_FORMAT} and rows", "Export the table again."
        )
    places, factors, stated = _header(file, *rows[0])
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
            [_number(file, line, row, name, k) for name, k in places.items()]
            for line, row in rows[1:]
        ]
    )
    table = SwitchingTable(*(found * factors).T)
    return _checked(table, lambda k: f"{file}, line {rows[1 + k][0]}, ", stated)


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
    return _checked(SwitchingTable(*columns), lambda k: f"data, row {k + 1}, ", True)


def _header(file: Path, line: int, row: list[str]) -> tuple[dict[str, int], np.ndarray, bool]:
    """Where the columns are, their factors to SI, and whether the unit of the lengths is stated."""
    found: dict[str, tuple[int, str | None]] = {}
    for k, cell in enumerate(row):
        match = re.fullmatch(r"\s*(.*?)\s*(?:[(\[]\s*(.*?)\s*[)\]])?\s*", cell)
        assert match is not None
        name = re.sub(r"\s+", "_", match[1]).lower()
        if name in found:
            raise SpinlearnValueError(
                f"{file}, line {line}, columns", f"{name} twice", "once", "Remove one of them."
            )
        if name in _COLUMNS:
            found[name] = (k, match[2])
    missing = [name for name in _COLUMNS if name not in found]
    if missing:
        raise SpinlearnValueError(
            f"{file}, line {line}, columns",
            ", ".join(cell.strip() for cell in row),
            f"a column {' and a column '.join(missing)}",
            f"Write a header {_FORMAT}, with units in brackets if they are not V and s.",
        )
    factors = []
    for name, units in _COLUMNS.items():
        unit = found[name][1]
        if unit is not None and unit.replace("μ", "µ") not in units and units:
            raise SpinlearnValueError(
                f"{file}, line {line}, unit of {name}",
                unit,
                f"one of {', '.join(units)}",
                "Convert the column.",
            )
        factors.append(units[unit.replace("μ", "µ")] if unit is not None and units else 1.0)
    places = {name: found[name][0] for name in _COLUMNS}
    return places, np.array(factors), found["pulse_length"][1] is not None


def _number(file: Path, line: int, row: list[str], name: str, k: int) -> float:
    cell = row[k].strip() if k < len(row) else ""
    try:
        return float(cell)
    except ValueError:
        raise SpinlearnValueError(
            f"{file}, line {line}, {name}", repr(cell), "a number", "Fill in or remove the row."
        ) from None


def _checked(table: SwitchingTable, where: Any, stated: bool) -> SwitchingTable:
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
    if not stated:
        demand(
            length <= _MOST_SECONDS,
            "pulse_length",
            length,
            f"at most {_MOST_SECONDS:g} s where the header names no unit",
            "If the column is in ns, name it 'pulse_length (ns)'; if in s, 'pulse_length (s)'.",
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
