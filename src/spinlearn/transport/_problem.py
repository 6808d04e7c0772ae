"""The discrete problem: a film's conductances, its contacts, and the checks on both."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from spinlearn._checks import as_float_array, as_number, is_known
from spinlearn.errors import SpinlearnValueError
from spinlearn.transport._elements import (
    CellConductance,
    apply_stiffness,
    corner_average,
    match,
    scale_conductance,
)
from spinlearn.transport._uniform import UniformFilm
from spinlearn.transport.electrodes import Electrodes

Array = jax.Array


class Problem(eqx.Module):
    """∇·(σ∇φ) = 0 on the corners of one film with its contacts."""

    cells: CellConductance
    spring: Array  # (px, py) conductance to the metal above, S
    contrast: Array  # () largest over smallest eigenvalue of the sheet conductance; infinite where
    # a cell is not positive
    mean: Array  # () geometric mean of the two, S; NaN where a cell is not positive

    def transpose(self) -> Problem:
        """The adjoint problem, that of the reversed magnetization."""
        return Problem(self.cells.transpose(), self.spring, self.contrast, self.mean)


def check_sigma(sigma: Any, electrodes: Electrodes) -> Array:
    """Shape, type, finiteness and positivity of a conductivity field."""
    if not isinstance(electrodes, Electrodes):
        raise SpinlearnValueError(
            "electrodes",
            type(electrodes).__name__,
            "an Electrodes object",
            "Build one with Electrodes, edge_electrodes or grid_electrodes.",
        )
    sigma = as_float_array(sigma, "sigma")
    wanted = (2, 2, *electrodes.mesh.shape)
    if sigma.shape != wanted:
        raise SpinlearnValueError(
            "sigma.shape",
            sigma.shape,
            f"{wanted}, the in-plane tensor on the cells of the electrodes' mesh",
            "Use AMR(...).tensor(m) with m on the same mesh.",
        )
    if is_known(sigma, electrodes.outline):
        _check_values(sigma, electrodes)
    return sigma


def _check_values(sigma: Array, electrodes: Electrodes) -> None:
    # In numpy: inside jax.jit, what jnp computes from a known array is traced.
    tensor = np.asarray(sigma)
    filled = (np.asarray(electrodes.outline) > 0)[:, :, None]
    with np.errstate(all="ignore"):
        off = 0.5 * (tensor[0, 1] + tensor[1, 0])
        det = tensor[0, 0] * tensor[1, 1] - off**2
        positive = (tensor[0, 0] > 0) & (tensor[1, 1] > 0) & (det > 0)
        good = positive & (det < np.inf)
    if np.all(good | ~filled):
        return
    infinite = filled & ~np.all(np.isfinite(tensor), axis=(0, 1))
    if infinite.any():
        raise SpinlearnValueError(
            "sigma",
            f"{infinite.sum()} cell(s) with NaN or infinity",
            "finite conductivities in S/m",
            "Look at m and at the conductivity in those cells.",
        )
    raise SpinlearnValueError(
        "sigma",
        f"{(filled & ~positive).sum()} cell(s) whose tensor is not positive",
        "tensors with two positive eigenvalues, in S/m",
        "For places without film pass an outline to Electrodes instead of zero conductivity.",
    )


def check_tolerance(tolerance: Any, default: float) -> float:
    """The tolerance asked for, between 0 and 1, or the default."""
    if tolerance is None:
        return default
    allowed, fix = "a number between 0 and 1", "Use e.g. 1e-8, or omit it."
    return as_number(tolerance, "tolerance", lambda value: 0 < value < 1, allowed, fix)


def is_hall(sigma: Array, hall: bool | None) -> bool:
    """Whether to solve the non-symmetric problem; traced fields must say so themselves."""
    if hall is not None:
        return bool(hall)
    if not is_known(sigma):
        return False
    tensor = np.asarray(sigma)
    # Where there is no film sigma may hold anything, NaN included.
    with np.errstate(all="ignore"):
        difference = np.fmax.reduce(np.abs(tensor[0, 1] - tensor[1, 0]), axis=None)
        return bool(difference > 1e-14 * np.fmax.reduce(np.abs(tensor), axis=None))


def build_problem(sigma: Array, electrodes: Electrodes, *, hall: bool) -> Problem:
    """Integrate over the thickness, apply the outline, attach the contacts."""
    dtype = sigma.dtype
    dz = jnp.asarray(electrodes.mesh.cell[2], dtype)
    outline = electrodes.outline.astype(dtype)
    part = match(outline * electrodes.shunt.astype(dtype), sigma[..., 0])
    # Where there is no film sigma may hold anything, NaN included.
    sheet = jnp.where(part > 0, jnp.sum(sigma, axis=-1) * dz * part, 0)
    skew = jnp.max(jnp.abs(sheet[0, 1] - sheet[1, 0]))
    if not hall:
        sheet = eqx.error_if(
            sheet,
            skew > 1e-6 * jnp.max(jnp.abs(sheet)),
            "sigma is not symmetric (Hall effect), which could not be seen before tracing. "
            "Pass hall=True.",
        )
    low, high, root_det = _eigenvalues(sheet)
    filled = outline > 0
    smallest = jnp.min(jnp.where(filled, low, jnp.inf))
    largest = jnp.max(jnp.where(filled, high, 0))
    spring = electrodes.spring_conductance(corner_average(root_det))
    cells = scale_conductance(sheet, jnp.asarray(electrodes.aspect, dtype))
    # A film that is not positive has no solution. A factorisation would find one all the same.
    contrast = jnp.where(smallest <= 0, jnp.inf, largest / smallest)
    mean = jnp.where(smallest > 0, jnp.sqrt(smallest) * jnp.sqrt(largest), jnp.nan)
    stop = jax.lax.stop_gradient
    return Problem(cells, spring, stop(contrast), stop(mean))


def _eigenvalues(sheet: Array) -> tuple[Array, Array, Array]:
    """Smaller and larger eigenvalue and root of the determinant of the symmetric part."""
    off = 0.5 * (sheet[0, 1] + sheet[1, 0])
    mean = 0.5 * (sheet[0, 0] + sheet[1, 1])
    half = 0.5 * (sheet[0, 0] - sheet[1, 1])
    square = half**2 + off**2
    positive = square > 0
    radius = jnp.where(positive, jnp.sqrt(jnp.where(positive, square, 1)), 0)
    det = sheet[0, 0] * sheet[1, 1] - off**2
    filled = det > 0
    root = jnp.where(filled, jnp.sqrt(jnp.where(filled, det, 1)), 0)
    high = mean + radius
    # By the product: the difference would cancel where one is much smaller.
    low = jnp.where(high > 0, det / jnp.where(high > 0, high, 1), mean - radius)
    return low, high, root


def require_solved(
    value: Array, problem: Problem, electrodes: Electrodes, error: Array, tolerance: Array
) -> Array:
    """Pass `value` on, or raise with the remedy; apply it to something small: it is copied."""
    cause = jnp.where(jnp.isinf(problem.contrast), 1, 0)
    if electrodes.resistive:
        cause = jnp.where(jnp.all(electrodes.contact_resistance > 0), cause, 2)
    # One check for all causes: each one is a callback, which keeps a program out of JAX's cache.
    return eqx.branched_error_if(
        value,
        (cause > 0) | ~jnp.all(error <= tolerance),
        cause,
        [
            "The potential did not converge, or is not finite. Look for NaN in m or sigma; loosen "
            "the tolerance (float32 reaches 1e-6); for a conductivity that varies by orders of "
            "magnitude build Electrodes(method='direct').",
            "sigma is not positive in at least one cell: allowed are tensors with two positive "
            "eigenvalues, in S/m. Look at the conductivity and at m; for places without film pass "
            "an outline to Electrodes instead of zero conductivity.",
            "contact_resistance is not positive for at least one contact: where its value is not "
            "known beforehand (jax.grad, jax.jit, jax.vmap) allowed are positive numbers in Ω m². "
            "Use e.g. 1e-18 Ω m² for a contact that is almost ideal.",
        ],
    )


def apply_operator(problem: Problem, free: Array, u: Array) -> Array:
    """Currents out of the free corners for corner values that vanish on the held ones."""
    drawn = apply_stiffness(problem.cells, u) + match(problem.spring, u) * u
    return jnp.where(match(free, u), drawn, 0)


def preconditioner(problem: Problem, electrodes: Electrodes) -> UniformFilm | None:
    """The uniform film with the contacts it has at this problem's mean conductance, if any."""
    film = electrodes.uniform
    if film is None or not electrodes.resistive:
        return film
    spring = problem.spring[film.node_x, film.node_y]
    return film.with_series(problem.mean / spring)
