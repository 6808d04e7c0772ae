"""The perimeter of a rectangle as a chain of mesh corners, and contacts along it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spinlearn._checks import as_number, is_whole
from spinlearn.errors import SpinlearnValueError
from spinlearn.mesh import Mesh
from spinlearn.transport._contact_ends import effective_overhang


class Perimeter:
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


def contact_places(
    n: Any, edge: Perimeter, coverage: float, start: float | None
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


def _around(
    n: int, edge: Perimeter, coverage: float, start: float | None
) -> list[tuple[float, float]]:
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
