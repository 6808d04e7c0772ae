"""What methods of an associative memory are called in figures, and how their lines look."""

from __future__ import annotations

from typing import Any, NamedTuple

from spinlearn.experiments._niu2024_bench import RULES
from spinlearn.experiments._niu2024_hardware import IDEAL, LINKS
from spinlearn.report._style import LINES

#: Columns of figures: what stands side by side, by what it is called.
KINDS = {"rules in numbers": tuple(RULES), "ideal links": tuple(IDEAL), "magnetic links": LINKS}
#: Those that are drawn where there is room for few.
FEW = ("hebb", "pseudo_inverse", "ideal, oja_subspace", *LINKS)

_NAMES = {
    "hebb": "outer product",
    "covariance": "covariance",
    "storkey": "Storkey",
    "pseudo_inverse": "pseudo-inverse",
    "oja_clamped": "Oja, clamped",
    "oja_neuron": "Oja, neuron",
    "oja_subspace": "Oja, subspace",
    "ideal, hebb": "ideal, Hebb",
    "ideal, oja_clamped": "ideal, clamped",
    "ideal, oja_neuron": "ideal, neuron",
    "ideal, oja_subspace": "ideal, subspace",
}
_MARKERS = {"rules in numbers": " ", "ideal links": "DvP*", "magnetic links": "os^X"}


class Look(NamedTuple):
    """Colour, dashes and marker of a line."""

    color: Any
    dashes: Any
    marker: str


def called(method: str) -> str:
    """Name of a method in figures."""
    return _NAMES.get(method, method)


def look(method: str) -> Look:
    """How a method is drawn: one marker and colour among those of its kind."""
    kind = next(kind for kind, methods in KINDS.items() if method in methods)
    place = KINDS[kind].index(method)
    markers = _MARKERS[kind]
    color, dashes = LINES[place % len(LINES)]
    return Look(color, dashes, markers[place % len(markers)].strip())
