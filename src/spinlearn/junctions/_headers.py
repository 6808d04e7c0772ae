"""Headers of a lab's tables: names of columns, and the units that they state beside them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from spinlearn.errors import SpinlearnValueError

#: Factors to SI.
VOLTS = {"V": 1.0, "mV": 1e-3, "µV": 1e-6, "uV": 1e-6}
SECONDS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "ns": 1e-9, "ps": 1e-12}


class Heading(NamedTuple):
    """A name, and the unit beside it, in round or square brackets or at its end.

    "voltage [mV]", or "voltage_mV" where mV is one of the units that may stand there.
    """

    name: str
    unit: str | None


class Column(NamedTuple):
    """A column that was found: where, under which header, and the unit stated there."""

    place: int
    header: str
    unit: str | None


def heading(cell: str, units: Collection[str] = ()) -> Heading:
    """The name and the unit of a header's cell; units that may end the name are known."""
    # No regular expression: on long runs of blanks its time would grow with their cube.
    name, unit = cell.strip(), None
    opening = min((k for k in (name.find("("), name.find("[")) if k >= 0), default=-1)
    if opening >= 0 and name[-1] in ")]":
        name, unit = name[:opening].rstrip(), name[opening + 1 : -1].strip()
    if unit is None:
        start, mark, end = name.rpartition("_")
        if start and mark and end.replace("μ", "µ") in units:
            name, unit = start, end
    return Heading(name, None if unit is None else unit.replace("μ", "µ"))


def number(cell: str) -> float:
    """The number of a cell; ValueError if it is none, as of 4_50, which is Python's alone."""
    if "_" in cell:
        raise ValueError(cell)
    return float(cell)


def unit_factor(unit: str | None, units: Mapping[str, float], where: str) -> float:
    """Factor to SI of a unit; one for none."""
    if unit is None:
        return 1.0
    if unit not in units:
        raise SpinlearnValueError(
            where, unit, f"one of {', '.join(units)}", "Convert the column, and name its unit."
        )
    return units[unit]


def find_column(
    header: Sequence[str], names: Sequence[str], units: Mapping[str, float], where: str
) -> Column | None:
    """The one column of any of these names, with or without a unit; None if there is none.

    The first name counts as it is written, whatever its brackets hold; the others, which mean the
    same, in capitals or not.
    """
    others = [name.lower() for name in names[1:]]
    found = []
    for k, cell in enumerate(header):
        name, unit = heading(cell, units)
        if cell.strip() == names[0]:
            found.append(Column(k, cell.strip(), unit if unit in units else None))
        elif name == names[0] or name.lower() in others:
            found.append(Column(k, cell.strip(), unit))
    if len(found) > 1:
        raise SpinlearnValueError(
            where,
            " and ".join(repr(one.header) for one in found),
            f"one column {names[0]!r}",
            "Rename one, or pass the name of the other.",
        )
    return found[0] if found else None
