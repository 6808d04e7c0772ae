"""Which contact owns which corner of the mesh, and how much metal sits on it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spinlearn._checks import as_numbers
from spinlearn.errors import SpinlearnValueError
from spinlearn.mesh import Mesh


class ContactMap(NamedTuple):
    """Contacts drawn on the corners of a mesh."""

    number: int
    owner: np.ndarray  # (px, py) index of the contact, -1 where there is none
    share: np.ndarray  # (px, py) 1 where held; below 1 past a contact's end on the edge
    area: np.ndarray  # (px, py) contact area of the corner, m²
    shunt: np.ndarray  # (nx, ny) factor by which metal over part of a cell raises its conductance


def map_masks(mesh: Mesh, masks: Any) -> ContactMap:
    """Contacts from one mask each, on cells ``(n, nx, ny)`` or corners ``(n, nx+1, ny+1)``."""
    nx, ny, _ = mesh.shape
    try:
        given = np.asarray(masks)
    except ValueError:
        given = np.zeros(0)  # masks of different shapes
    if given.ndim != 3 or given.shape[1:] not in ((nx, ny), (nx + 1, ny + 1)):
        raise SpinlearnValueError(
            "masks.shape",
            given.shape,
            f"(n, {nx}, {ny}) on cells or (n, {nx + 1}, {ny + 1}) on cell corners",
            "Stack one mask per contact.",
        )
    on_cells = given.shape[1:] == (nx, ny)
    owner = np.full((nx + 1, ny + 1), -1)
    share = np.zeros((nx + 1, ny + 1))
    area = np.zeros((nx + 1, ny + 1))
    covered = np.zeros((nx, ny))
    for k, values in enumerate(given):
        mask = _check_values(values, k)
        corners = _held_by(mask, k) if on_cells else mask
        i, j = np.nonzero(corners)
        at = (i, j)
        claim(owner, share, at, corners[at], k)
        if on_cells:
            covered += mask
            area = _spread_footprint(mesh, owner, area, mask, k)
    if not on_cells:
        area = _drawn_area(mesh, owner)
    return ContactMap(given.shape[0], owner, share, area, shunt_of(covered))


def shunt_of(covered: np.ndarray) -> np.ndarray:
    """Conductance of cells partly under metal over that of the same cells without.

    The covered part of a cell shorts it: what is left to cross is the part 1 - c, so that it
    conducts 1/(1 - c) better towards the metal. Capped at 10: closer the metal's edge need not be.
    """
    partly = (covered > 0) & (covered < 1)
    return np.where(partly, 1.0 / np.maximum(1.0 - covered, 0.1), 1.0)


def claim(
    owner: np.ndarray, share: np.ndarray, at: tuple[Any, Any], wanted: Any, contact: int
) -> None:
    """Write a contact's shares of the corners `at` into the map, in place; no corner twice."""
    taken = owner[at] >= 0
    if np.any(taken):
        i, j = (int(np.atleast_1d(v)[np.flatnonzero(taken)[0]]) for v in at)
        raise SpinlearnValueError(
            "masks",
            f"contacts {int(owner[i, j])} and {contact} overlap at corner ({i}, {j})",
            "contacts that share no corner",
            "Leave at least one cell between contacts, or merge them into one.",
        )
    owner[at] = contact
    share[at] = wanted


def _check_values(values: Any, k: int) -> np.ndarray:
    allowed = "booleans, or covered parts from 0 to 1"
    mask = as_numbers(values, f"masks[{k}]", allowed, "Use a boolean mask.")
    if not np.all((mask >= 0) & (mask <= 1)):  # also catches NaN
        raise SpinlearnValueError(
            f"masks[{k}]",
            "values outside 0 to 1, or NaN",
            allowed,
            "Use a boolean mask.",
        )
    if not mask.any():
        raise SpinlearnValueError(
            f"masks[{k}]",
            "an empty mask",
            "at least one cell or corner per contact",
            "Enlarge the contact, move it onto the film, or refine the mesh.",
        )
    return mask


def _held_by(mask: np.ndarray, k: int) -> np.ndarray:
    """Corners under the metal: those of fully covered cells, and where half is covered around."""
    held = (_corner_sum((mask == 1).astype(np.float64)) > 0) | (_corner_sum(mask) >= 2)
    if not held.any():
        raise SpinlearnValueError(
            f"masks[{k}]",
            "a contact that covers no cell corner",
            "a contact at least about one cell wide",
            "Widen the contact or refine the mesh.",
        )
    return held.astype(np.float64)


def _corner_sum(mask: np.ndarray) -> np.ndarray:
    p = np.pad(mask, 1)
    return p[1:, 1:] + p[:-1, 1:] + p[1:, :-1] + p[:-1, :-1]


def _spread_footprint(
    mesh: Mesh, owner: np.ndarray, area: np.ndarray, mask: np.ndarray, contact: int
) -> np.ndarray:
    """Add a pad's footprint, shared out to the corners that it holds."""
    weight = np.where(owner == contact, _corner_sum(mask), 0.0)
    footprint = mask.sum() * float(mesh.cell[0] * mesh.cell[1])
    return area + weight * (footprint / weight.sum())


def _drawn_area(mesh: Mesh, owner: np.ndarray) -> np.ndarray:
    """Area of contacts drawn on corners: footprint where they enclose cells, else line × film."""
    whole = owner[:-1, :-1]
    for other in (owner[1:, :-1], owner[:-1, 1:], owner[1:, 1:]):
        whole = np.where(other == whole, whole, -1)
    pad = 0.25 * float(mesh.cell[0] * mesh.cell[1]) * _corner_sum((whole >= 0).astype(float))
    line = _line_length(mesh, owner) * mesh.thickness
    return np.where(owner >= 0, np.where(pad > 0, pad, line), 0.0)


def _line_length(mesh: Mesh, owner: np.ndarray) -> np.ndarray:
    """Length of a contact drawn on corners that belongs to each corner, m."""
    dx, dy = float(mesh.cell[0]), float(mesh.cell[1])
    on_contact = owner >= 0
    along_x = (owner[1:] == owner[:-1]) & on_contact[1:]
    along_y = (owner[:, 1:] == owner[:, :-1]) & on_contact[:, 1:]
    length = np.zeros(owner.shape)
    length[1:] += 0.5 * dx * along_x
    length[:-1] += 0.5 * dx * along_x
    length[:, 1:] += 0.5 * dy * along_y
    length[:, :-1] += 0.5 * dy * along_y
    length[on_contact & (length == 0)] = 0.5 * (dx + dy)
    return length
