"""Common contact layouts: around the edge of a rectangle, and on a grid inside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spinlearn._checks import as_count, as_number
from spinlearn.errors import SpinlearnValueError
from spinlearn.mesh import Mesh
from spinlearn.transport._contact_map import ContactMap, claim, shunt_of
from spinlearn.transport._perimeter import Perimeter, contact_places
from spinlearn.transport.electrodes import Electrodes, check_mesh


def edge_electrodes(
    n: int | Sequence[int],
    mesh: Mesh,
    *,
    coverage: float = 0.5,
    start: float | None = None,
    **options: Any,
) -> Electrodes:
    """Contacts around the edge of a rectangular film, numbered counter-clockwise.

    Contact ends need not fall on mesh corners: the corner next to an end is tied to the contact
    with the conductance that puts the *effective* end where it was asked for, so that the usual
    first-order error of the contact ends is absent.

    Parameters
    ----------
    n
        Number of contacts at equal distances along the perimeter, or four numbers: contacts on
        the bottom, right, top and left side, each side divided equally.
    mesh
        Mesh of the film.
    coverage
        Part of the perimeter (of each side) that is under contacts, between 0 and 1; 1 is allowed
        where every side carries at most one contact and they do not meet at a corner.
    start
        Position of the first contact's centre along the perimeter, m, counted counter-clockwise
        from the corner at the origin, at most once around; by default half a contact distance.
        Only with one number.
    **options
        Passed to `Electrodes`: ``contact_resistance`` (Ω m²), ``outline``, ``method``.

    Returns
    -------
    Electrodes
        Contact 0 sits on the bottom side (smallest y) unless `start` says otherwise.

    Raises
    ------
    SpinlearnValueError
        If a number is out of range, or a contact is narrower than the mesh can hold.

    Examples
    --------
    >>> mesh = Mesh((96, 96, 1), (4e-9, 4e-9, 10e-9))
    >>> edge_electrodes(4, mesh, coverage=0.3).count
    4
    """
    allowed, fix = "a number above 0, at most 1", "Use e.g. coverage=0.5."
    coverage = as_number(coverage, "coverage", lambda part: 0 < part <= 1, allowed, fix)
    check_mesh(mesh)
    edge = Perimeter(mesh)
    intervals = contact_places(n, edge, coverage, start)
    corners = (mesh.shape[0] + 1, mesh.shape[1] + 1)
    owner, share, length = np.full(corners, -1), np.zeros(corners), np.zeros(corners)
    for k, (first, last) in enumerate(intervals):
        for index, part, covered in edge.cover(first, last, field=f"contact {k}"):
            at = edge.corner(index)
            claim(owner, share, at, part, k)
            length[at] += covered
    area = length * mesh.thickness
    contacts = ContactMap(len(intervals), owner, share, area, np.ones(mesh.shape[:2]))
    return Electrodes(mesh, contacts, **options)


def disc_electrodes(
    n: int,
    mesh: Mesh,
    *,
    radius: float | None = None,
    coverage: float = 0.5,
    start: float = 0.0,
    **options: Any,
) -> Electrodes:
    """A disc-shaped film with contacts on equal arcs of its rim, numbered counter-clockwise.

    The rim cuts through cells: they conduct with the part of them that is film, and those under a
    contact with what is left of them up to the metal. The error is of first order in the
    cell over the contact's width and scatters from mesh to mesh by about as much as it is large:
    on average 0.1 % for 3 to 6 contacts at 512² cells, up to 0.3 %, and 1 % for 35 contacts.

    Parameters
    ----------
    n
        Number of contacts, at equal angles.
    mesh
        Mesh of the square or rectangle around the disc.
    radius
        Radius of the disc, m; by default 1.5 cells less than fits. Its centre is the mesh's.
    coverage
        Part of the rim that is under contacts, above 0 and below 1.
    start
        Angle of the first contact's centre from the x-axis, rad.
    **options
        Passed to `Electrodes`: ``contact_resistance`` (Ω m²), ``method``.

    Returns
    -------
    Electrodes
        `n` contacts; its `outline` is the filled part of every cell, without unit.

    Raises
    ------
    SpinlearnValueError
        If a number is out of range, the disc does not fit, or an arc is narrower than two cells.

    Examples
    --------
    >>> mesh = Mesh((64, 64, 1), (4e-9, 4e-9, 10e-9))
    >>> disc_electrodes(3, mesh).count
    3
    """
    check_mesh(mesh)
    if "outline" in options:
        raise SpinlearnValueError(
            "outline", "given", "no other outline than the disc's", "Use Electrodes with masks."
        )
    n = as_count(n, "n", 2, "an integer of at least 2", "Count the contacts.")
    allowed, fix = "a number between 0 and 1", "Use e.g. coverage=0.5."
    coverage = as_number(coverage, "coverage", lambda part: 0 < part < 1, allowed, fix)
    start = as_number(start, "start", np.isfinite, "an angle in rad", "Use e.g. start=0.0.")
    step = float(max(mesh.cell[0], mesh.cell[1]))
    most = 0.5 * min(mesh.extent[:2]) - 1.5 * step
    size = most if radius is None else _check_radius(radius, most)
    if coverage * 2 * np.pi * size / n < 2 * step:
        raise SpinlearnValueError(
            "n", n, "contacts at least two cells wide", "Use fewer contacts or a finer mesh."
        )
    turn = 2 * np.pi / n
    half = 0.5 * coverage * turn

    def off_centre(angle: np.ndarray) -> np.ndarray:
        """Angle from the nearest contact's centre, rad."""
        return np.abs((angle - start + 0.5 * turn) % turn - 0.5 * turn)

    x, y = _fine_points(mesh)
    inside = np.hypot(x, y) < size
    rim = ~inside & (np.hypot(x, y) < size + 2.5 * step) & (off_centre(np.arctan2(y, x)) < half)
    film, metal = _part_of_cells(inside, mesh), _part_of_cells(rim, mesh)
    cx, cy = (c - 0.5 * length for c, length in zip(mesh.corners(), mesh.extent[:2], strict=True))
    distance = np.hypot(cx[:, None], cy[None])
    angle = np.arctan2(cy[None] + 0 * cx[:, None], cx[:, None] + 0 * cy[None])
    # The rim is jagged: a corner's share is the covered part of the arc nearest to it.
    reach = (half - off_centre(angle)) * size / step + 0.5
    on_rim = (distance >= size * (1 - 1e-12)) & (distance < size + 3 * step)
    share = np.where(on_rim, np.clip(reach, 0.0, 1.0), 0.0)
    nearest = np.floor((angle - start + 0.5 * turn) / turn).astype(int) % n
    owner = np.where(share > 0, nearest, -1)
    area = 2 * half * size * mesh.thickness / _corners_of_rim(owner, distance, size, step)
    shunt = np.where(film > 0, shunt_of(metal / np.maximum(film + metal, 1e-9)), 1.0)
    contacts = ContactMap(n, owner, share, np.where(owner >= 0, area, 0.0), shunt)
    outline = np.minimum(film + metal, 1.0)
    return Electrodes(mesh, contacts, outline=outline, **options)


def _check_radius(radius: Any, most: float) -> float:
    allowed, fix = f"lengths above 0 and up to {most:.6g} m", "Use a larger mesh."
    return as_number(radius, "radius", lambda size: 0 < size <= most * (1 + 1e-12), allowed, fix)


def _corners_of_rim(
    owner: np.ndarray, distance: np.ndarray, radius: float, step: float
) -> np.ndarray:
    """For each corner, how many corners next to the film share its contact's area."""
    near = (owner >= 0) & (distance < radius + step)
    counts = np.bincount(owner[near], minlength=owner.max() + 1)
    return np.where(near, np.maximum(counts, 1)[np.maximum(owner, 0)], np.inf)


def _fine_points(mesh: Mesh, parts: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Sample points, `parts` per cell and direction, from the centre of the mesh, m."""
    nx, ny, _ = mesh.shape
    x = ((np.arange(nx * parts) + 0.5) / parts - 0.5 * nx) * float(mesh.cell[0])
    y = ((np.arange(ny * parts) + 0.5) / parts - 0.5 * ny) * float(mesh.cell[1])
    return x[:, None], y[None]


def _part_of_cells(points: np.ndarray, mesh: Mesh) -> np.ndarray:
    nx, ny, _ = mesh.shape
    return points.reshape(nx, points.shape[0] // nx, ny, points.shape[1] // ny).mean((1, 3))


def grid_electrodes(
    rows: int, cols: int, mesh: Mesh, *, fill: float = 0.3, **options: Any
) -> Electrodes:
    """Rectangular pads on a regular grid inside the film, numbered like the pixels of an image.

    Parameters
    ----------
    rows, cols
        Numbers of pads along y and along x; contact ``row * cols + col``, row 0 at the top
        (largest y), column 0 at the left (smallest x).
    mesh
        Mesh of the film.
    fill
        Edge length of a pad over the grid's pitch, between 0 and 1. Pads are snapped to whole
        cells, at least one, and leave at least one cell between them.
    **options
        Passed to `Electrodes`: ``contact_resistance`` (Ω m²), ``outline``, ``method``.

    Returns
    -------
    Electrodes
        ``rows × cols`` contacts.

    Raises
    ------
    SpinlearnValueError
        If a number is out of range or the mesh has fewer than two cells per pad.

    Examples
    --------
    >>> mesh = Mesh((100, 140, 1), (5e-9, 5e-9, 10e-9))
    >>> grid_electrodes(7, 5, mesh).count
    35
    """
    return Electrodes(mesh, grid_masks(rows, cols, mesh, fill), **options)


def grid_masks(rows: int, cols: int, mesh: Mesh, fill: float) -> np.ndarray:
    """Pads of `grid_electrodes`, booleans on cells ``(rows · cols, nx, ny)``, no unit.

    Examples
    --------
    >>> grid_masks(2, 1, Mesh((6, 12, 1), (1e-9, 1e-9, 1e-9)), 0.5)[0].sum()
    np.int64(9)
    """
    rows = as_count(rows, "rows", 1, "a positive integer", "Count the pads.")
    cols = as_count(cols, "cols", 1, "a positive integer", "Count the pads.")
    allowed, fix = "a number between 0 and 1", "Use e.g. fill=0.3."
    fill = as_number(fill, "fill", lambda part: 0 < part < 1, allowed, fix)
    check_mesh(mesh)
    nx, ny, _ = mesh.shape
    columns = _snap(nx, cols, fill, "cols")
    lines = _snap(ny, rows, fill, "rows")
    masks = np.zeros((rows * cols, nx, ny), bool)
    for row in range(rows):
        low_y, high_y = lines[rows - 1 - row]
        for col in range(cols):
            low_x, high_x = columns[col]
            masks[row * cols + col, low_x:high_x, low_y:high_y] = True
    return masks


def _snap(cells: int, pads: int, fill: float, field: str) -> list[tuple[int, int]]:
    pitch = cells / pads
    width = max(1, round(fill * pitch))
    starts = [round((k + 0.5) * pitch - 0.5 * width) for k in range(pads)]
    gaps = np.diff(starts)
    if width >= cells or (gaps.size and gaps.min() <= width):
        raise SpinlearnValueError(
            field,
            pads,
            f"at most one pad and one free cell for every two of the {cells} cells",
            "Use fewer pads, a smaller fill, or a finer mesh.",
        )
    return [(s, s + width) for s in starts]
