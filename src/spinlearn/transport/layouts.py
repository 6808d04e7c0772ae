"""Common contact layouts: around the edge of a rectangle, and on a grid inside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spinlearn._checks import as_count, as_number, is_whole
from spinlearn.errors import SpinlearnValueError
from spinlearn.mesh import Mesh
from spinlearn.transport._contact_ends import effective_overhang
from spinlearn.transport._contact_map import ContactMap, claim, shunt_of
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
    edge = _Edge(mesh)
    intervals = _intervals(n, edge, coverage, start)
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


class _Edge:
    """The rectangle's perimeter, counter-clockwise from the origin, as a chain of corners."""

    def __init__(self, mesh: Mesh) -> None:
        self.nx, self.ny, _ = mesh.shape
        self.dx, self.dy = float(mesh.cell[0]), float(mesh.cell[1])
        self.number = 2 * (self.nx + self.ny)
        self.length = 2 * (self.nx * self.dx + self.ny * self.dy)
        sides = (self.nx, self.ny, self.nx, self.ny)
        self.side_ends = np.concatenate([[0], np.cumsum(sides)])
        steps = np.repeat([self.dx, self.dy, self.dx, self.dy], sides)
        self.positions = np.concatenate([[0.0], np.cumsum(steps)])

    def corner(self, index: int) -> tuple[int, int]:
        i = index % self.number
        nx, ny = self.nx, self.ny
        if i <= nx:
            return i, 0
        if i <= nx + ny:
            return nx, i - nx
        if i <= 2 * nx + ny:
            return 2 * nx + ny - i, ny
        return 0, self.number - i

    def side(self, k: int) -> tuple[float, float]:
        """Positions, m, of the two ends of side k."""
        low, high = self.side_ends[k], self.side_ends[k + 1]
        return float(self.positions[low]), float(self.positions[high])

    def cover(self, first: float, last: float, field: str) -> list[tuple[int, float, float]]:
        """Corner index, share and covered length (m) of a contact from ``first`` to ``last``, m."""
        low, high = self._index(first), self._index(last)
        low_in = low + self._overhang(low)
        high_in = high - self._overhang(high)
        held = range(int(np.ceil(low_in - 1e-9)), int(np.floor(high_in + 1e-9)) + 1)
        if len(held) < 1:
            raise SpinlearnValueError(
                field,
                f"{last - first:.3g} m wide",
                "a contact that holds at least one corner of the mesh (about two cells wide)",
                "Widen the contact (coverage) or refine the mesh.",
            )
        shares = dict.fromkeys(held, 1.0)
        shares[held[0] - 1] = max(held[0] - low_in, 0.0)
        shares[held[-1] + 1] = max(high_in - held[-1], 0.0)
        return [
            (index, share, self._overlap(index, first, last))
            for index, share in shares.items()
            if share > 1e-9
        ]

    def _index(self, position: float) -> float:
        """Position in m to a real-valued corner index, beyond one turn if need be."""
        turns, rest = divmod(position, self.length)
        index = float(np.interp(rest, self.positions, np.arange(self.number + 1.0)))
        nearest = round(index)
        index = float(nearest) if abs(index - nearest) < 1e-6 else index
        return turns * self.number + index

    def _overhang(self, index: float) -> float:
        """Zero where a contact ends on a corner of the film: the potential is regular there."""
        turn = index % self.number
        if turn in self.side_ends:
            return 0.0
        horizontal = turn < self.nx or self.nx + self.ny < turn < 2 * self.nx + self.ny
        ratio = self.dy / self.dx if horizontal else self.dx / self.dy
        return effective_overhang(ratio)

    def _overlap(self, index: int, first: float, last: float) -> float:
        """Length, m, of the contact that is nearer to this corner than to its neighbours."""
        middle = self._position(index)
        low = 0.5 * (self._position(index - 1) + middle)
        high = 0.5 * (self._position(index + 1) + middle)
        return max(0.0, min(high, last) - max(low, first))

    def _position(self, index: int) -> float:
        turns, rest = divmod(index, self.number)
        return turns * self.length + float(self.positions[rest])


def _intervals(
    n: Any, edge: _Edge, coverage: float, start: float | None
) -> list[tuple[float, float]]:
    """First and last position, m, of every contact along the perimeter."""
    if is_whole(n):
        return _around(int(n), edge, coverage, start)
    counts = list(n) if isinstance(n, Sequence | np.ndarray) and np.ndim(n) == 1 else []
    if len(counts) != 4 or not all(is_whole(c) and c >= 0 for c in counts) or sum(counts) < 2:
        raise SpinlearnValueError(
            "n",
            n,
            "an integer, or four integers >= 0 (bottom, right, top, left) with a sum of at least 2",
            "Write e.g. 4 or (1, 1, 1, 1).",
        )
    if start is not None:
        raise SpinlearnValueError(
            "start", start, "None when contacts are counted per side", "Omit it."
        )
    intervals = []
    for k, count in enumerate(int(c) for c in counts):
        low, high = edge.side(k)
        pitch = (high - low) / max(count, 1)
        for i in range(count):
            centre = low + (i + 0.5) * pitch
            intervals.append((centre - 0.5 * coverage * pitch, centre + 0.5 * coverage * pitch))
    return intervals


def _around(n: int, edge: _Edge, coverage: float, start: float | None) -> list[tuple[float, float]]:
    """Contacts at equal distances, starting anywhere."""
    if n < 2:
        raise SpinlearnValueError(
            "n", n, "at least two contacts", "A current needs a way in and a way out."
        )
    if coverage == 1:
        raise SpinlearnValueError(
            "coverage",
            coverage,
            "a number below 1 for contacts along the perimeter",
            "Leave gaps: use e.g. coverage=0.5.",
        )
    pitch = edge.length / n
    origin = 0.5 * pitch
    if start is not None:
        # A number beyond the perimeter is in other units, or a mistake.
        allowed = f"positions of up to the film's perimeter, {edge.length:.6g} m"
        fix = "Write it in m: 10 nm is 10e-9."
        within = edge.length * (1 + 1e-12)
        origin = as_number(start, "start", lambda at: abs(at) <= within, allowed, fix)
        origin %= edge.length
    half = 0.5 * coverage * pitch
    return [(origin + k * pitch - half, origin + k * pitch + half) for k in range(n)]
