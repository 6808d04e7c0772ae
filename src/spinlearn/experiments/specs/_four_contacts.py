"""Whether four contacts fit on a mesh: each holds a cell, and no two of them touch.

The shapes are those of `spinlearn.experiments.self_learning_film.four_contacts`; lengths are over
half the film's edge. Nothing here loads more than `math`.
"""

from __future__ import annotations

import math

# Radius of the circle of outer pads, inner one of arcs, direction of the first of them.
CIRCLE, ARCS, FIRST = 0.9, 0.95, math.pi / 2

_SMALLEST = 0.02  # size, as in FourContactsTable
# From here on any pad and arc that is allowed holds a cell.
_FINE = 128
# How far an end of an edge contact reaches past its last held corner, in square cells.
_OVERHANG = 0.2044


def contact_problem(
    layout: str, size: float, arc: float, cells: int, length: float, cell: float
) -> str:
    """What is wrong with a layout on a film of so many cells along an edge; empty if it fits.

    Parameters
    ----------
    layout, size, arc
        As in `FourContactsTable` (arc in rad).
    cells
        Cells along an edge (no unit).
    length, cell
        Edge of the film, and of a cell as given, m.

    Examples
    --------
    >>> contact_problem("ring", 0.2, 0.7, 96, 1.44e-6, 15e-9)
    ''
    >>> contact_problem("corner", 0.6, 0.7, 96, 1.44e-6, 15e-9)[:36]
    'contacts.size = 0.6: allowed is at m'
    """
    if _fits(layout, size, arc, cells):
        return ""
    having = f"with layout = '{layout}'"
    where = f"{having} and {cells} cells along an edge"
    most, widest = largest_size(layout, cells), _widest_arc(cells)
    if size > most >= _SMALLEST and _fits(layout, most, min(arc, widest), cells):
        return (
            f"contacts.size = {size:g}: allowed is at most {_down(most)} {where}, or contacts "
            "would touch. Make contacts.size smaller."
        )
    if layout == "ring" and arc > widest and _fits(layout, size, widest, cells):
        return (
            f"contacts.arc = {arc:g} rad: allowed is at most {_down(widest)} rad {where}, or arcs "
            "would touch. Make contacts.arc smaller, or film.cell."
        )
    enough = next((n for n in range(cells + 1, 4 * _FINE) if _stays(layout, size, arc, n)), 0)
    finer = f"at most {_down(length / enough)} m" if enough else "a smaller one"
    larger = "contacts.size" + (" or contacts.arc" if layout == "ring" else "")
    return (
        f"film.cell = {cell:g} m: allowed is {finer} {having} on a film of {length:g} m, or a "
        f"contact would hold no cell. Make film.cell smaller, or the film or {larger} larger."
    )


def largest_size(layout: str, cells: int) -> float:
    """Largest size at which no two contacts touch, without unit."""
    apart = _apart(cells)
    if layout == "corner":
        return ((cells - 1) // 2 + 0.5) / cells
    if layout == "centre":
        return 0.5 * (CIRCLE - apart)
    if layout == "ring":
        return ARCS - apart
    # The corner past an end is tied to the contact, and must not be the film's.
    return 1.0 - 2.0 * (1.0 - _OVERHANG) / cells


def _apart(cells: int) -> float:
    """Distance beyond which cells with their centres in two shapes share no corner."""
    return math.sqrt(2) * 2 / cells


def _widest_arc(cells: int) -> float:
    """Half the angle at which the ends of two arcs are just far enough apart, rad."""
    return math.pi / 3 - math.asin(min(1.0, 0.5 * _apart(cells) / ARCS))


def _stays(layout: str, size: float, arc: float, cells: int) -> bool:
    """Whether contacts fit on this mesh and on the next finer ones, odd and even."""
    return all(_fits(layout, size, arc, n) for n in range(cells, cells + 4))


def _fits(layout: str, size: float, arc: float, cells: int) -> bool:
    """Whether every contact holds a cell, and they stay apart."""
    if size > largest_size(layout, cells) or (layout == "ring" and arc > _widest_arc(cells)):
        return False
    if layout == "edge":  # its middle corner, or the two beside its middle
        return size * cells / 2 >= _OVERHANG + 0.5 * (cells % 2)
    if layout == "corner":
        return size * cells > 0.5
    angles = [FIRST + 2 * math.pi / 3 * k for k in range(3)]
    if not _holds(0.0, 0.0, size, cells):
        return False
    if layout == "centre":
        outer = ((CIRCLE * math.cos(a), CIRCLE * math.sin(a)) for a in angles)
        return all(_holds(x, y, size, cells) for x, y in outer)
    return cells > _FINE or all(_arc_holds(angle, arc, cells) for angle in angles)


def _holds(x: float, y: float, radius: float, cells: int) -> bool:
    """Whether the centre of a cell lies in a disc."""
    near = [[math.floor((1 + at) * cells / 2) + k for k in range(-2, 3)] for at in (x, y)]
    return any(
        math.hypot(_centre(i, cells) - x, _centre(j, cells) - y) < radius
        for i in near[0]
        for j in near[1]
        if 0 <= i < cells and 0 <= j < cells
    )


def _arc_holds(angle: float, arc: float, cells: int) -> bool:
    at = [_centre(i, cells) for i in range(cells)]

    def within(x: float, y: float) -> bool:
        away = (math.atan2(y, x) - angle + math.pi) % (2 * math.pi) - math.pi
        return abs(away) < arc

    return any(math.hypot(x, y) > ARCS and within(x, y) for x in at for y in at)


def _centre(index: int, cells: int) -> float:
    return (2 * index + 1) / cells - 1


def _down(value: float) -> str:
    """Three digits of a bound that is not passed by rounding."""
    digits = 2 - math.floor(math.log10(value))
    return f"{math.floor(value * 10**digits) / 10**digits:g}"
