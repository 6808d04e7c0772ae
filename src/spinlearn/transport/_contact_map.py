"""Which contact owns which corner of the mesh, and how much metal sits on it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spinlearn.errors import SpinlearnValueError
from spinlearn.mesh import Mesh


class ContactMap(NamedTuple):
    """Contacts drawn on the corners of a mesh."""

    count: int
    owner: np.ndarray  # (px, py) index of the contact, -1 where there is none
    share: np.ndarray  # (px, py) 1 where held; below 1 past a contact's end on the edge
    area: np.ndarray  # (px, py) contact area of the corner, m²


def map_masks(mesh: Mesh, masks: Any) -> ContactMap:
    """Contacts from one mask each, on cells ``(n, nx, ny)`` or corners ``(n, nx+1, ny+1)``."""
    nx, ny, _ = mesh.shape
    given = np.asarray(masks)
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
    for k, values in enumerate(given):
        mask = _check_values(values, k, on_cells)
        corners = _corners_of(mask) if on_cells else mask
        at = np.nonzero(corners)
        claim(owner, share, at, corners[at], k)
        if on_cells:
            area += 0.25 * float(mesh.cell[0] * mesh.cell[1]) * _corner_count(mask)
    if not on_cells:
        area = _line_length(mesh, owner) * mesh.thickness
    return ContactMap(given.shape[0], owner, share, area)


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


def _check_values(values: np.ndarray, k: int, on_cells: bool) -> np.ndarray:
    mask = values.astype(np.float64)
    if not np.all((mask >= 0) & (mask <= 1)):  # also catches NaN
        raise SpinlearnValueError(
            f"masks[{k}]",
            "values outside 0 to 1, or NaN",
            "booleans, or 0 to 1 on corners",
            "Use a boolean mask.",
        )
    if on_cells and not np.all((mask == 0) | (mask == 1)):
        raise SpinlearnValueError(
            f"masks[{k}]", "values between 0 and 1", "booleans on cells", "Use a boolean mask."
        )
    if not mask.any():
        raise SpinlearnValueError(
            f"masks[{k}]",
            "an empty mask",
            "at least one cell or corner per contact",
            "Enlarge the contact, move it onto the film, or refine the mesh.",
        )
    return mask


def _corners_of(mask: np.ndarray) -> np.ndarray:
    return (_corner_count(mask) > 0).astype(np.float64)


def _corner_count(mask: np.ndarray) -> np.ndarray:
    p = np.pad(mask, 1)
    return p[1:, 1:] + p[:-1, 1:] + p[1:, :-1] + p[:-1, :-1]


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
