"""Contacts drawn on the picture of a film, from the contact index of every mesh corner."""

from __future__ import annotations

from typing import Any

import numpy as np
from contourpy import contour_generator
from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle
from matplotlib.transforms import ScaledTranslation
from scipy import ndimage

from spinlearn.report._style import readable_on

#: Width of a contact at the edge, points.
BAR_WIDTH = 9.0
_METAL = "0.25"
_POINTS_PER_INCH = 72.0


def draw_contacts(
    ax: Axes, owner: np.ndarray, size: tuple[float, float], colors: Any = None
) -> None:
    """Bars along the film's edge and pads on it, numbered as in the conductance matrix.

    Parameters
    ----------
    ax
        Axes whose data units are those of ``size``.
    owner
        Contact of each corner ``(nx+1, ny+1)``, -1 where there is none.
    size
        Edge lengths of the film in the axes' unit.
    colors
        One colour per contact; by default dark grey.
    """
    steps = size[0] / (owner.shape[0] - 1), size[1] / (owner.shape[1] - 1)
    for k in range(int(owner.max()) + 1):
        color = _METAL if colors is None else colors[k]
        stretches = [] if _is_pad(owner == k) else _edge_stretches(owner == k)
        for first, last, _ in stretches:
            _draw_bar(ax, first * steps, last * steps, size, color)
        if stretches:
            first, last, _ = max(stretches, key=lambda stretch: stretch[2])
            middle = 0.5 * (first + last) * steps
            transform = _outward(ax, first * steps, last * steps, size)
        else:
            middle, transform = _draw_pad(ax, owner == k, steps, color), ax.transData
        ax.text(
            middle[0],
            middle[1],
            str(k),
            ha="center",
            va="center_baseline",
            fontsize=6.5,
            color=readable_on(color),
            transform=transform,
            zorder=5,
        )


def _draw_bar(
    ax: Axes, first: np.ndarray, last: np.ndarray, size: tuple[float, float], color: Any
) -> None:
    ends = np.stack([first, last], axis=1)
    transform = _outward(ax, first, last, size)
    for width, paint, order in ((BAR_WIDTH + 1, "0.1", 3.0), (BAR_WIDTH, color, 3.1)):
        ax.plot(
            *ends,
            color=paint,
            lw=width,
            solid_capstyle="butt",
            transform=transform,
            clip_on=False,
            zorder=order,
        )


def _outward(ax: Axes, first: np.ndarray, last: np.ndarray, size: tuple[float, float]) -> Any:
    """Data coordinates, moved out of the film by half the width of a bar."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    along = int(np.argmax(np.abs(last - first)))
    across = 1 - along
    sign = 1 if first[across] > 0.5 * size[across] else -1
    shift = [0.0, 0.0]
    shift[across] = sign * 0.5 * (BAR_WIDTH + 1) / _POINTS_PER_INCH
    return ax.transData + ScaledTranslation(shift[0], shift[1], figure.dpi_scale_trans)


def _is_pad(mask: np.ndarray) -> bool:
    """Whether a contact lies on the film, and not along its edge alone."""
    return bool(mask[1:-1, 1:-1].any())


def _edge_stretches(mask: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """First corner, last corner and length of each stretch of edge that a contact holds."""
    last_x, last_y = mask.shape[0] - 1, mask.shape[1] - 1
    stretches = []
    for j in (0, last_y):
        for a, b in _runs(mask[:, j]):
            stretches.append((np.array([a, j]), np.array([b, j]), b - a))
    for i in (0, last_x):
        for a, b in _runs(mask[i]):
            stretches.append((np.array([i, a]), np.array([i, b]), b - a))
    return stretches


def _runs(line: np.ndarray) -> list[tuple[float, float]]:
    """First and last corner of each stretch; a corner alone at an end belongs to the other side."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], line, [False]]).astype(int)))
    runs = []
    for first, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - first > 1:
            runs.append((float(first), float(stop - 1)))
        elif 0 < first < line.size - 1:
            runs.append((first - 0.5, first + 0.5))
    return runs


def _draw_pad(ax: Axes, mask: np.ndarray, steps: tuple[float, float], color: Any) -> np.ndarray:
    """The outline of a pad, as far as it is on the film; where its number fits."""
    corners = np.argwhere(mask)
    if corners.size == 0:
        return np.zeros(2)
    first, last = corners.min(axis=0), corners.max(axis=0)
    low, high = first * steps, last * steps
    style: dict[str, Any] = {"fc": color, "ec": "0.1", "lw": 0.5, "zorder": 3}
    if np.all(mask[first[0] : last[0] + 1, first[1] : last[1] + 1]):
        ax.add_patch(Rectangle(tuple(low), *(high - low), **style))
    else:
        generator = contour_generator(z=np.pad(mask, 1).T.astype(float))
        for line in generator.lines(0.5):
            ax.add_patch(Polygon((np.asarray(line) - 1) * steps, **style))
        # Deepest inside it, and of such corners the one nearest to its middle.
        depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]  # pyright: ignore
        deepest = np.argwhere(depth >= depth.max() - 1e-9)
        away = np.sum((deepest - corners.mean(axis=0)) ** 2, axis=1)
        return deepest[np.argmin(away)] * steps
    return 0.5 * (low + high)
