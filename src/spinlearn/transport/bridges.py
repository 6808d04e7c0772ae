"""Patterned films: bridges of film between the pads of a grid, one magnetic link for a pair."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from scipy import ndimage

from spinlearn._checks import as_count, as_number
from spinlearn.errors import SpinlearnValueError
from spinlearn.mesh import Mesh
from spinlearn.transport.electrodes import Electrodes
from spinlearn.transport.layouts import grid_masks

Links = Literal["straight", "triangular"]


def bridged_pairs(rows: int, cols: int, *, links: Links = "straight") -> np.ndarray:
    r"""Pairs of pads that have a bridge to themselves.

    Bridges in one plane cannot cross, so that n pads have at most :math:`3n - 6` of them (planar
    graphs, Euler), against :math:`n(n-1)/2` pairs: 99 of 595 for 35 pads. A grid has
    58 bridges between nearest neighbours, and 82 with one diagonal a square; the other diagonal
    takes a second layer, or a crossing that joins all four pads. One link for each of all pairs
    takes wires in two layers and a junction where they cross (a crossbar, `DifferentialLinks`).

    Parameters
    ----------
    rows, cols
        Numbers of pads along y and along x, numbered as in `grid_electrodes` (no unit).
    links
        ``"straight"``: neighbours along rows and columns; ``"triangular"``: and one diagonal of
        every square, from its lower left to its upper right pad.

    Returns
    -------
    numpy.ndarray
        Symmetric booleans, ``(rows · cols, rows · cols)``, no unit.

    Raises
    ------
    SpinlearnValueError
        If a number is no positive integer, or the links have another name.

    Examples
    --------
    >>> int(bridged_pairs(7, 5).sum()) // 2
    58
    >>> int(bridged_pairs(7, 5, links="triangular").sum()) // 2
    82
    """
    rows = as_count(rows, "rows", 1, "a positive integer", "Count the pads.")
    cols = as_count(cols, "cols", 1, "a positive integer", "Count the pads.")
    if links not in get_args(Links):
        raise SpinlearnValueError(
            "links", links, "'straight' or 'triangular'", "Bridges in a plane cannot cross."
        )
    row, col = (v.ravel() for v in np.divmod(np.arange(rows * cols), cols))
    # Row 0 is at the top.
    right, up = col[None, :] - col[:, None], row[:, None] - row[None, :]
    linked = np.abs(right) + np.abs(up) == 1
    if links == "triangular":
        linked |= (right == up) & (np.abs(up) == 1)
    return linked


def bridge_electrodes(
    rows: int,
    cols: int,
    mesh: Mesh,
    *,
    links: Links = "straight",
    fill: float = 0.4,
    width: float = 0.25,
    **options: Any,
) -> Electrodes:
    """Pads on a regular grid, and a film that is left only under them and on bridges between them.

    A bridge lies between two pads and touches no other: at given voltages its current is that of
    its own pads' difference alone, and its conductance that of its pair. Pairs without a bridge
    have none. A magnet on this film is empty where the film is, ``saturation_magnetization *
    (electrodes.outline > 0)[:, :, None]``, and its texture zero there.

    Parameters
    ----------
    rows, cols
        Numbers of pads along y and along x, numbered as in `grid_electrodes`.
    mesh
        Mesh of the rectangle around all of it.
    links
        Which pairs have a bridge: see `bridged_pairs`.
    fill
        Edge length of a pad over the grid's pitch, as in `grid_electrodes`.
    width
        Width of a bridge over the grid's pitch (the smaller of the two), above 0 and below `fill`.
        Diagonal bridges are as wide, their edges follow the cells.
    **options
        Passed to `Electrodes`: ``contact_resistance`` (Ω m²), ``method``.

    Returns
    -------
    Electrodes
        ``rows × cols`` contacts; its `outline` is the film.

    Raises
    ------
    SpinlearnValueError
        If a number is out of range, or the mesh is too coarse to keep bridges apart.

    Examples
    --------
    >>> mesh = Mesh((80, 112, 1), (5e-9, 5e-9, 10e-9))
    >>> contacts = bridge_electrodes(7, 5, mesh)
    >>> contacts.count, float(contacts.outline.mean().round(2))
    (35, 0.4)
    """
    linked = bridged_pairs(rows, cols, links=links)
    if "outline" in options:
        raise SpinlearnValueError(
            "outline", "given", "no other outline than that of the bridges", "Use grid_electrodes."
        )
    masks = grid_masks(rows, cols, mesh, fill)
    allowed, fix = f"a number above 0 and below fill, {fill:g}", "Use e.g. width=0.25."
    width = as_number(width, "width", lambda part: 0 < part < fill, allowed, fix)
    dx, dy = (float(v) for v in mesh.cell[:2])
    half = 0.5 * width * min(mesh.extent[0] / cols, mesh.extent[1] / rows)
    x, y = (np.asarray(v) for v in mesh.coordinates()[:2])
    x, y = x[:, None], y[None, :]
    middles = [(float((x * m).sum() / m.sum()), float((y * m).sum() / m.sum())) for m in masks]
    pads = np.asarray(np.any(masks, axis=0))
    film = pads.copy()
    for i, j in np.argwhere(np.triu(linked)):
        (ax, ay), (bx, by) = middles[i], middles[j]
        length = np.hypot(bx - ax, by - ay)
        ex, ey = (bx - ax) / length, (by - ay) / length
        along = (x - ax) * ex + (y - ay) * ey
        across = np.abs((y - ay) * ex - (x - ax) * ey)
        # Straight bridges end between cells: half a cell's rounding must not widen them.
        inside = across < half * (1 + 1e-9)
        film |= inside & (along > 0) & (along < length)
    _check_bridges(film & ~pads, masks, linked, min(dx, dy))
    return Electrodes(mesh, masks, outline=film, **options)


def _check_bridges(between: np.ndarray, masks: np.ndarray, linked: np.ndarray, cell: float) -> None:
    """Every piece of film between pads joins the two pads of a link, and every link has one."""
    found: Any = ndimage.label(between)
    pieces, number = found
    around = [ndimage.binary_dilation(m, np.ones((3, 3))) for m in masks]
    ends = np.array([np.isin(np.arange(1, number + 1), pieces[near]) for near in around])
    joined = [tuple(np.flatnonzero(column)) for column in ends.T]
    wanted = [tuple(int(v) for v in pair) for pair in np.argwhere(np.triu(linked))]
    if sorted(joined) != sorted(wanted):
        raise SpinlearnValueError(
            "width",
            f"{number} piece(s) of film between pads",
            f"{len(wanted)} bridges that touch two pads each",
            f"Change width or fill, or make cells smaller than {cell:g} m.",
        )
