"""Convolution of a vector field on a mesh with a kernel given in Fourier space."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from spinlearn.magnetics._demag_kernel import padded_cells
from spinlearn.mesh import Mesh

Array = jax.Array
Multiply = Callable[[Array, Array], Array]  # (kernel, waves) -> waves

# Bytes of waves above which they are worked on in slabs, and of a slab: it stays in the second
# cache of a core (measured: a fifth faster at 1024² in float64, twice as fast at 64³).
_LARGE, _SLAB = 20_000_000, 800_000


def convolve(v: Array, kernel: Array, multiply: Multiply, mesh: Mesh) -> Array:
    """Convolution of v with a kernel ``(..., ky, kz, kx)`` that `multiply` applies to its waves.

    The real transform along y comes first, on the rows that are not zero; the others are done for
    a few wave numbers along y at a time, so that a large mesh's work stays in the cache.
    """
    _, py, _ = padded_cells(mesh)
    ny = mesh.shape[1]
    waves = jnp.fft.rfft(jnp.moveaxis(v, 2, 3), n=py, axis=-1)  # (3, x, z, ky)
    waves = jnp.moveaxis(waves, 3, 1)  # (3, ky, x, z)
    waves = _in_slabs(waves, kernel, multiply, mesh)
    waves = jnp.moveaxis(waves, 1, 3)
    return jnp.moveaxis(jnp.fft.irfft(waves, n=py, axis=-1)[..., :ny], 3, 2)


def _in_slabs(waves: Array, kernel: Array, multiply: Multiply, mesh: Mesh) -> Array:
    px, _, pz = padded_cells(mesh)
    rows = waves.shape[1]
    bytes_per_row = 3 * px * pz * waves.dtype.itemsize
    if rows * bytes_per_row < _LARGE:
        return _convolve_slab(waves, kernel, multiply, mesh)
    slab = min(max(1, _SLAB // bytes_per_row), rows)

    def body(k: Array, out: Array) -> Array:
        # The last slab overlaps the one before it where the rows do not divide evenly; it reads
        # the untouched input, so doing a row twice changes nothing.
        first = jnp.minimum(k * slab, rows - slab)
        part = jax.lax.dynamic_slice_in_dim(waves, first, slab, 1)
        own = jax.lax.dynamic_slice_in_dim(kernel, first, slab, 1)
        done = _convolve_slab(part, own, multiply, mesh)
        return jax.lax.dynamic_update_slice_in_dim(out, done, first, 1)

    return jax.lax.fori_loop(0, -(-rows // slab), body, jnp.zeros_like(waves))


def _convolve_slab(waves: Array, kernel: Array, multiply: Multiply, mesh: Mesh) -> Array:
    """Transform z and x, multiply, and transform back, ``(3, ky, x, z)``."""
    px, _, pz = padded_cells(mesh)
    nx, _, nz = mesh.shape
    if nz > 1:
        waves = jnp.fft.fft(waves, n=pz, axis=-1)
    waves = jnp.fft.fft(jnp.swapaxes(waves, 2, 3), n=px, axis=-1)
    waves = jnp.fft.ifft(multiply(kernel, waves), axis=-1)[..., :nx]
    waves = jnp.swapaxes(waves, 2, 3)
    return jnp.fft.ifft(waves, axis=-1)[..., :nz] if nz > 1 else waves
