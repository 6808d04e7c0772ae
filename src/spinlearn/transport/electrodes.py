"""Contacts on a film: which corners of the mesh each one holds, and through what resistance."""

from __future__ import annotations

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Float
from scipy import ndimage

from spinlearn._checks import as_numbers
from spinlearn.errors import SpinlearnValueError
from spinlearn.mesh import Mesh
from spinlearn.transport._contact_ends import end_spring
from spinlearn.transport._contact_map import ContactMap, map_masks
from spinlearn.transport._elements import match
from spinlearn.transport._uniform import UniformFilm

Array = jax.Array
Method = Literal["auto", "spectral", "direct"]

# The dense capacitance matrix costs 8 k² bytes and k³ operations once per geometry.
_MOST_CAPACITANCE_NODES = 8192


class Electrodes(eqx.Module):
    """Equipotential contacts of a film, and what the solver can know before it sees a texture.

    Building one validates the geometry and factors the contacts of the uniform film once
    (on the host, in float64); every conductance read with these contacts uses it again.

    Parameters
    ----------
    mesh
        Mesh of the film; not periodic in the plane.
    masks
        One mask a contact, either on cells ``(n, nx, ny)`` (a metal pad: all corners of a
        covered cell are held at one potential; the edge of a pad may leave a cell covered in
        part, from 0 to 1) or on cell corners ``(n, nx+1, ny+1)``. A corner mask may be a number
        from 0 to 1, too: on the edge of the film, the share of a cell by which the contact's
        effective end lies past that of its last held corner (`edge_electrodes` computes it).
    contact_resistance
        Specific resistance between metal and film, Ω m², one number or one per contact. Zero (the
        default) is an ideal contact. A pad's area is its footprint, a line contact's its length
        times the film's thickness. A derivative by it, and any traced value, needs positive ones.
    outline
        Filled part of every cell, ``(nx, ny)``, boolean or from 0 to 1; by default the whole
        rectangle. A partly filled cell conducts in proportion. What of a contact lies outside
        does nothing.
    method
        ``"spectral"`` (rectangles), ``"direct"`` (sparse factorisation, any outline), or
        ``"auto"``.

    Raises
    ------
    SpinlearnValueError
        If there are fewer than two contacts, a contact is empty, outside the film or overlaps
        another, a piece of film touches no contact, or a shape, resistance or outline is out of
        range.

    Examples
    --------
    >>> mesh = Mesh((64, 32, 1), (5e-9, 5e-9, 10e-9))
    >>> ends = np.zeros((2, 65, 33), bool)
    >>> ends[0, 0], ends[1, -1] = True, True
    >>> Electrodes(mesh, ends).count
    2
    """

    mesh: Mesh
    count: int = eqx.field(static=True)
    method: str = eqx.field(static=True)
    resistive: bool = eqx.field(static=True)
    owner: Array  # (px, py) index of the contact on a corner, -1 where there is none
    free: Array  # (px, py) corners whose potential is unknown
    end_spring: Array  # (px, py) conductance to the metal over σt, of corners at contact ends
    area: Array  # (px, py) contact area of a corner, m²
    tied_x: Array  # (s,) contact corners that are not held but tied by a conductance
    tied_y: Array
    contact_resistance: Array  # (n,) Ω m²
    outline: Array  # (nx, ny) filled part of a cell
    shunt: Array  # (nx, ny) factor by which metal over part of a cell raises its conductance
    uniform: UniformFilm | None

    def __init__(
        self,
        mesh: Mesh,
        masks: Any,
        *,
        contact_resistance: Any = 0.0,
        outline: Any = None,
        method: Method = "auto",
    ) -> None:
        check_mesh(mesh)
        filled = _check_outline(mesh, outline)
        contacts = masks if isinstance(masks, ContactMap) else map_masks(mesh, masks)
        if contacts.number < 2:
            raise SpinlearnValueError(
                "masks",
                f"{contacts.number} contact(s)",
                "at least two contacts",
                "A current needs a way in and a way out: add a contact.",
            )
        self.contact_resistance, self.resistive = _check_resistance(
            contact_resistance, contacts.number
        )
        active = _touch_filled(filled)
        owner = _check_inside(contacts.owner, active, contacts.number)
        _check_islands(filled, owner)
        if self.resistive:
            # Past its end a resistive contact has no metal; without resistance it has an effect.
            owner = np.where(contacts.area > 0, owner, -1)
        self.mesh, self.count = mesh, contacts.number
        share = np.where(owner >= 0, contacts.share, 0.0)
        _check_shares(share, active, filled)
        spring = _end_springs(mesh, share)
        held = (owner >= 0) & (share == 1.0) & (not self.resistive)
        real = jnp.result_type(float)
        self.owner = jnp.asarray(owner, jnp.int32)
        self.free = jnp.asarray(active & ~held)
        self.end_spring = jnp.asarray(spring, real)
        self.area = jnp.asarray(contacts.area, real)
        self.outline = jnp.asarray(filled, real)
        self.shunt = jnp.asarray(contacts.shunt, real)
        tied = np.nonzero((owner >= 0) & ~held)
        self.tied_x, self.tied_y = (jnp.asarray(v, jnp.int32) for v in tied)
        nodes = _capacitance_nodes(owner, held)
        self.method = _choose_method(method, filled, nodes[0].size)
        self.uniform = None
        if self.method == "spectral":
            self.uniform = UniformFilm(
                mesh.shape[:2],
                float(mesh.cell[1] / mesh.cell[0]),
                nodes,
                owner[nodes],
                None if self.resistive else _series_of(spring, held)[nodes],
                np.dtype(np.float32),
            )

    @property
    def aspect(self) -> np.ndarray:
        """Cell aspect ``dy/dx``, a number without unit."""
        return self.mesh.cell[1] / self.mesh.cell[0]

    def spring_conductance(self, sheet_at_corners: Array) -> Array:
        """Conductance from each corner to its contact's metal, S, ``(nx+1, ny+1)``.

        Parameters
        ----------
        sheet_at_corners
            Geometric-mean sheet conductance √det ∫σ dz at the corners, S, ``(nx+1, ny+1)``. Corners
            that are held exactly have no spring and give 0.
        """
        dtype = sheet_at_corners.dtype
        spring = self.end_spring.astype(dtype) * sheet_at_corners
        if not self.resistive:
            return jnp.where(self.free, spring, 0)
        on_contact = (self.owner >= 0) & (self.area > 0)
        # Traced, it may be anything; only where it is positive is there a solution, or a slope.
        specific = self.contact_resistance.astype(dtype)
        specific = specific + jnp.where(specific > 0, 0, jnp.nan).astype(dtype)
        own = specific[jnp.maximum(self.owner, 0)]
        area = jnp.where(on_contact, self.area.astype(dtype), 1)
        at_end = self.end_spring > 0
        series = jnp.where(at_end, 1 / jnp.where(at_end, spring, 1), 0)
        return jnp.where(on_contact, 1 / (own / area + series), 0)

    def metal_potential(self, voltages: Float[Array, "*batch n"]) -> Array:
        """Potential of the metal above each corner, V, ``(..., nx+1, ny+1)``; 0 where none is."""
        above = jnp.take(voltages, jnp.maximum(self.owner, 0), axis=-1)
        return jnp.where(match(self.owner, above) >= 0, above, 0)


def check_mesh(mesh: Mesh) -> None:
    """A mesh that can carry contacts: a spinlearn.Mesh with edges in the plane."""
    if not isinstance(mesh, Mesh):
        raise SpinlearnValueError(
            "mesh", mesh, "a spinlearn.Mesh", "Build one with Mesh(shape, cell)."
        )
    if mesh.periodic[0] or mesh.periodic[1]:
        raise SpinlearnValueError(
            "mesh.periodic",
            mesh.periodic,
            "False along x and y",
            "Contacts need a film with edges; build the mesh with periodic=(False, False, False).",
        )


def _check_outline(mesh: Mesh, outline: Any) -> np.ndarray:
    cells = mesh.shape[:2]
    if outline is None:
        return np.ones(cells)
    filled = as_numbers(
        outline, "outline", "booleans, or filled parts from 0 to 1", "Give one value a cell."
    )
    if filled.shape != cells:
        raise SpinlearnValueError(
            "outline.shape", filled.shape, f"{cells}, one value a cell", "Use the mesh's cells."
        )
    if not np.all(np.isfinite(filled)) or filled.min() < 0 or filled.max() > 1:
        raise SpinlearnValueError(
            "outline",
            f"values from {filled.min()} to {filled.max()}",
            "booleans, or filled parts from 0 to 1",
            "Give the filled part of every cell.",
        )
    if filled.max() == 0:
        raise SpinlearnValueError(
            "outline", "all zero", "at least one filled cell", "Leave some film."
        )
    return filled


def _touch_filled(filled: np.ndarray) -> np.ndarray:
    padded = np.pad(filled > 0, 1)
    return padded[1:, 1:] | padded[:-1, 1:] | padded[1:, :-1] | padded[:-1, :-1]


def _check_inside(owner: np.ndarray, active: np.ndarray, count: int) -> np.ndarray:
    inside = np.where(active, owner, -1)
    for k in range(count):
        if not np.any(inside == k):
            raise SpinlearnValueError(
                f"masks[{k}]",
                "a contact outside the film",
                "a contact that touches a filled cell of the outline",
                "Move the contact onto the film.",
            )
    return inside


def _check_point_contacts(pieces: np.ndarray) -> None:
    """Pieces that meet at a corner would conduct through it on the mesh, and not in the world."""
    p, q, r, s = pieces[:-1, :-1], pieces[1:, 1:], pieces[1:, :-1], pieces[:-1, 1:]
    meet = ((p > 0) & (q > 0) & (p != q)) | ((r > 0) & (s > 0) & (r != s))
    if meet.any():
        at = tuple(int(v) + 1 for v in np.argwhere(meet)[0])
        raise SpinlearnValueError(
            "outline",
            f"pieces of film that touch only at corner {at}",
            "pieces that share a cell edge, or are a cell apart",
            "Fill or empty one of the cells around that corner.",
        )


def _check_shares(share: np.ndarray, active: np.ndarray, filled: np.ndarray) -> None:
    p = np.pad(filled == 1, 1)
    inside = p[1:, 1:] & p[:-1, 1:] & p[1:, :-1] & p[:-1, :-1]
    partly = (share > 0) & (share < 1) & active & inside
    if partly.any():
        at = tuple(int(v) for v in np.argwhere(partly)[0])
        raise SpinlearnValueError(
            "masks",
            f"{share[at]:.3g} at corner {at}, inside the film",
            "0 or 1 at corners inside the film, 0 to 1 on its edge",
            "Draw pads inside the film on cells; their edge may cover a cell in part.",
        )


def _label(film: np.ndarray) -> tuple[np.ndarray, int]:
    found: Any = ndimage.label(film)
    return found


def _check_islands(filled: np.ndarray, owner: np.ndarray) -> None:
    pieces, number = _label(filled > 0)
    _check_point_contacts(pieces)
    touched = np.zeros(number + 1, bool)
    on_contact = owner >= 0
    nx, ny = filled.shape
    for i in (0, 1):
        for j in (0, 1):
            touched[pieces[on_contact[i : nx + i, j : ny + j]]] = True
    floating = [piece for piece in range(1, number + 1) if not touched[piece]]
    if floating:
        cells = int(np.sum(pieces == floating[0]))
        at = tuple(int(v) for v in np.argwhere(pieces == floating[0])[0])
        raise SpinlearnValueError(
            "outline",
            f"{len(floating)} floating island(s), the first with {cells} cell(s) at {at}",
            "film that is connected, through cell edges, to a contact",
            "Remove the island from the outline or put a contact on it.",
        )


def _check_resistance(value: Any, count: int) -> tuple[Array, bool]:
    if isinstance(value, Tracer):
        return jnp.broadcast_to(value, (count,)), True
    allowed = f"one number or {count} of them, in Ω m²"
    given = as_numbers(value, "contact_resistance", allowed, "Use 0 for ideal contacts.")
    if given.shape not in ((), (count,)):
        raise SpinlearnValueError(
            "contact_resistance",
            f"shape {given.shape}",
            allowed,
            "Give one value per contact.",
        )
    if not np.all(np.isfinite(given)) or given.min() < 0:
        raise SpinlearnValueError(
            "contact_resistance", value, "numbers >= 0 in Ω m²", "Use 0 for ideal contacts."
        )
    if given.max() > 0 and given.min() == 0:
        raise SpinlearnValueError(
            "contact_resistance",
            value,
            "either all zero or all positive, in Ω m²",
            "Give the ideal contacts a small positive value such as 1e-18 Ω m².",
        )
    everywhere = np.broadcast_to(given, (count,))
    return jnp.asarray(everywhere, jnp.result_type(float)), bool(given.max() > 0)


def _end_springs(mesh: Mesh, share: np.ndarray) -> np.ndarray:
    aspect = float(mesh.cell[1] / mesh.cell[0])
    spring = np.zeros(share.shape)
    last_y = share.shape[1] - 1
    for i, j in np.argwhere((share > 0) & (share < 1)):
        ratio = aspect if j in (0, last_y) else 1.0 / aspect
        spring[i, j] = end_spring(float(share[i, j]), ratio)
    return spring


def _capacitance_nodes(owner: np.ndarray, held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Contact corners that carry current: the inside of an equipotential pad carries none."""
    same = np.where(held, owner, -2)
    padded = np.pad(same, 1, mode="edge")
    nx, ny = owner.shape
    inner = held.copy()
    for i in range(3):
        for j in range(3):
            inner &= padded[i : nx + i, j : ny + j] == owner
    x, y = np.nonzero((owner >= 0) & ~inner)
    return x, y


def _series_of(spring: np.ndarray, held: np.ndarray) -> np.ndarray:
    return np.where(held, 0.0, 1.0 / np.where(spring > 0, spring, 1.0))


def _choose_method(method: str, filled: np.ndarray, nodes: int) -> str:
    if method not in ("auto", "spectral", "direct"):
        raise SpinlearnValueError(
            "method", method, "'auto', 'spectral' or 'direct'", "Leave it at 'auto'."
        )
    rectangle = bool(np.all(filled == 1))
    if method == "spectral" and not rectangle:
        raise SpinlearnValueError(
            "method",
            method,
            "'direct' or 'auto' for a film with an outline",
            "Leave it at 'auto'.",
        )
    if method == "auto":
        small = nodes <= _MOST_CAPACITANCE_NODES
        return "spectral" if rectangle and small else "direct"
    return method
