"""The idealised rule on any contacts: m turns across j where a law says so, to first order in AMR.

In the plane vectors are complex numbers. A film that conducts alike in all directions and whose m
is turned across the current of a pattern has δσ ∝ f(|j|)(2 ĵ⊗ĵ - I), so that of the potentials
with 1 V on each contact in turn

    δG_ij ∝ ∫ Re(E_i E_j conj(T)) dA,   T = f(|j|) (j/|j|)²,   j = Σ_k V_k E_k.

For f = |j|² that is a quadratic form of the voltages: the learning kernel without any dynamics.
Fields are those in the middles of cells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from spinlearn.transport import Electrodes, solve_potential

Law = Callable[[np.ndarray], np.ndarray]


def passed(threshold: float) -> Law:
    """Turned where the current is above a threshold, over its root mean square (`TurnedFilm`)."""
    return lambda size: (size > threshold).astype(float)


def quadratic(size: np.ndarray) -> np.ndarray:
    """Turned in proportion to the current's square: small voltages, or short pulses."""
    return size**2


class TurnedFilm:
    """What currents of one film of uniform conductivity write, and how it is read (no unit)."""

    def __init__(self, contacts: Electrodes) -> None:
        n, mesh = contacts.count, contacts.mesh
        self.filled = np.asarray(contacts.outline) > 0
        eye = np.eye(2)[:, :, None, None, None]
        sigma = jnp.asarray(np.broadcast_to(eye, (2, 2, *mesh.shape)))
        fields = []
        for volts in np.eye(n):
            density = solve_potential(sigma, contacts, jnp.asarray(volts, sigma.dtype))
            j = np.asarray(density.current_density, float)[..., 0]
            fields.append((j[0] + 1j * j[1])[self.filled])
        self.fields = np.array(fields)  # (n, cells)
        self.volume = float(np.prod(mesh.cell))
        # Random patterns of ±1 V drive this root mean square on average: the unit of a law.
        self.unit = np.sqrt(np.mean(np.sum(np.abs(self.fields) ** 2, axis=0)))
        self.pairs = np.triu_indices(n, 1)
        i, j = self.pairs
        self.products = self.fields[i] * self.fields[j]  # (pairs, cells)
        # Of the same fields as the changes: an error of the cells' middles then cancels in part.
        self.conductance = -np.real(np.sum(self.fields[i] * np.conj(self.fields[j]), axis=1))
        self.conductance *= self.volume

    def turned(self, voltages: np.ndarray, law: Law, before: Any = None) -> np.ndarray:
        """T of the cells after voltages ``(n,)``; where the law gives 0 it is that of before."""
        j = voltages @ self.fields
        size = np.abs(j)
        part = law(size / self.unit)
        new = part * (j / np.maximum(size, 1e-300)) ** 2
        return new if before is None else np.where(part > 0, new, before)

    def change(self, turned: np.ndarray) -> np.ndarray:
        """Change of -G_ij of all pairs, ``(pairs,)``, over half the AMR ratio."""
        return -self.volume * np.real(self.products @ np.conj(turned))

    def kernel(self) -> np.ndarray:
        """How (V_k - V_l)² of all pairs answer for -ΔG_ij, ``(pairs, pairs)``, for f = |j|²."""
        # Off-diagonal entries of the quadratic form, of which squared differences are made.
        return np.real(self.products @ np.conj(self.products.T))


def own_share(kernel: np.ndarray) -> np.ndarray:
    """Part of a pair's variance over random ±1 patterns that its own s_i s_j has, ``(pairs,)``."""
    return np.diag(kernel) ** 2 / np.sum(kernel**2, axis=1)
