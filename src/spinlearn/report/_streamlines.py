"""Streamlines of the current, starting where it enters the film."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from scipy import ndimage

from spinlearn.report._style import as_field, film_size

_STREAM_POINTS = 160
_LINES = 48


def draw_streamlines(
    ax: Axes, density: Any, cell: Any, contacts: Any, layer: int, *, outlined: bool = False
) -> None:
    """Streamlines of an in-plane field on cells, dark or white with a dark outline."""
    field = as_field(density, "current_density", 2, layer)
    nx, ny = field.shape[1:]
    size, _ = film_size((nx, ny), cell)
    if not np.any(field):
        return
    # From the cell centres to a regular grid that ends on the film's edges, where contacts are.
    i, j = np.linspace(-0.5, nx - 0.5, _STREAM_POINTS), np.linspace(-0.5, ny - 0.5, _STREAM_POINTS)
    places = np.meshgrid(i, j)
    u, v = (ndimage.map_coordinates(f, places, order=1, mode="nearest") for f in field)
    x, y = np.linspace(0, size[0], _STREAM_POINTS), np.linspace(0, size[1], _STREAM_POINTS)
    options: dict[str, Any] = {"arrowsize": 0.6, "density": 0.9}
    seeds = equal_shares(field, size, contacts)
    if seeds is not None:
        options |= {
            "start_points": seeds,
            "integration_direction": "forward",
            "broken_streamlines": False,
            "density": 5,
            "maxlength": 20.0,
        }
    if outlined:
        ax.streamplot(x, y, u, v, color="0.1", linewidth=1.8, arrowstyle="-", zorder=2, **options)
    color = "white" if outlined else "0.1"
    ax.streamplot(x, y, u, v, color=color, linewidth=0.8, zorder=2.1, **options)


def equal_shares(field: np.ndarray, size: tuple[float, float], contacts: Any) -> np.ndarray | None:
    """Points ``(lines, 2)`` on contacts at the edge where current enters, with equal shares of it.

    None where most of the current does not come through the edge (pads inside the film).
    """
    if contacts is None:
        return None
    _, nx, ny = field.shape
    on_contact = np.asarray(contacts) >= 0
    x, y = (np.arange(nx) + 0.5) * size[0] / nx, (np.arange(ny) + 0.5) * size[1] / ny
    inflow, points = [], []
    sides = (
        (field[1, :, 0], on_contact[:, 0], x, 0.0, size[0] / nx),
        (field[0, -1] * -1, on_contact[-1], size[0], y, size[1] / ny),
        (field[1, ::-1, -1] * -1, on_contact[::-1, -1], x[::-1], size[1], size[0] / nx),
        (field[0, 0, ::-1], on_contact[0, ::-1], 0.0, y[::-1], size[1] / ny),
    )
    for normal, held, along_x, along_y, step in sides:
        open_to = held[1:] | held[:-1]
        inflow.append(np.where(open_to, np.maximum(normal, 0), 0) * step)
        points.append(np.stack(np.broadcast_arrays(along_x, along_y), axis=1))
    shares = np.concatenate(inflow)
    through = shares.sum()
    everywhere = np.hypot(*field).mean() * min(size)
    if through < 0.05 * everywhere:
        return None
    passed = np.cumsum(shares) / through
    wanted = (np.arange(_LINES) + 0.5) / _LINES
    edge = np.concatenate(points)
    # Within a cell's share the seed moves along with the current, so that seeds do not coincide.
    seeds = np.stack([_at_share(wanted, passed, edge[:, c]) for c in range(2)], axis=1)
    return np.clip(seeds, 0, size)


def _at_share(wanted: np.ndarray, passed: np.ndarray, positions: np.ndarray) -> np.ndarray:
    index = np.minimum(np.searchsorted(passed, wanted), passed.size - 1)
    before = np.where(index > 0, passed[index - 1], 0.0)
    part = np.clip((wanted - before) / np.maximum(passed[index] - before, 1e-30), 0, 1) - 0.5
    ahead = positions[(index + 1) % positions.size] - positions[index]
    behind = positions[index] - positions[index - 1]
    step = np.where(np.abs(ahead) <= np.abs(behind), ahead, behind)
    return positions[index] + part * step
