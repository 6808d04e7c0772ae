"""Magnetization fields that the tests share."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn import Mesh


def random_texture(mesh: Mesh, seed: int = 0) -> jax.Array:
    """Independent random directions in every cell."""
    v = np.random.default_rng(seed).normal(size=(3, *mesh.shape))
    return jnp.asarray(v / np.linalg.norm(v, axis=0), jnp.result_type(float))


def stripes(mesh: Mesh, period: float, angle: float = 0.3) -> jax.Array:
    """Smooth Néel stripes whose wave vector makes an angle with x."""
    x, y, _ = mesh.coordinates()
    wave = np.cos(angle) * x[:, None, None] + np.sin(angle) * y[None, :, None]
    phase = 2 * np.pi * wave / period + np.zeros((1, 1, mesh.shape[2]))
    m = np.stack([np.sin(phase) * np.cos(angle), np.sin(phase) * np.sin(angle), np.cos(phase)])
    return jnp.asarray(m, jnp.result_type(float))


def uniform(mesh: Mesh, direction: tuple[float, float, float]) -> jax.Array:
    """One direction everywhere."""
    v = np.asarray(direction, float) / np.linalg.norm(direction)
    field = np.broadcast_to(v[:, None, None, None], (3, *mesh.shape))
    return jnp.asarray(field, jnp.result_type(float))
