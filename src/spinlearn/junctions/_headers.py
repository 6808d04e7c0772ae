"""Headers of a lab's tables: names of columns, and the units that they state in brackets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from spinlearn.errors import SpinlearnValueError

#: Factors to SI.
VOLTS = {"V": 1.0, "mV": 1e-3, "µV": 1e-6, "uV": 1e-6}
SECONDS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "ns": 1e-9, "ps": 1e-12}


class Heading(NamedTuple):
    """A name, and the unit beside it in round or square brackets: "voltage [mV]"."""

    name: str
    unit: str | None


class Column(NamedTuple):
    """A column that was found: where, under which header, and the unit stated there."""

    place: int
    header: str
    unit: str | None


def heading(cell: str) -> Heading:
    """The name and the unit of a header's cell."""
    match = re.fullmatch(r"\s*(.*?)\s*(?:[(\[]\s*(.*?)\s*[)\]])?\s*", cell, re.DOTALL)
    assert match is not None
    return Heading(match[1], None if match[2] is None else match[2].replace("μ", "µ"))


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
        name, unit = heading(cell)
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
