"""Convolution of a vector field on a mesh with a kernel given in Fourier space."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from spinlearn.magnetics._demag_kernel import padded_cells
from spinlearn.mesh import Mesh

Array = jax.Array


def convolve(v: Array, multiply: Callable[[Array], Array], mesh: Mesh) -> Array:
    """Field on the cells, from v by `multiply` on its waves ``(3, kz, ky, kx)``.

    Transforms y, then z, then x, innermost last, and skips the rows that are known to be zero.
    """
    px, py, pz = padded_cells(mesh)
    nx, ny, nz = mesh.shape
    # (3, z, x, y): the real transform first, on the rows that are not zero.
    waves = jnp.fft.rfft(jnp.moveaxis(v, 3, 1), n=py, axis=-1)
    if nz > 1:
        waves = jnp.fft.fft(jnp.moveaxis(waves, 1, -1), n=pz, axis=-1)  # (3, x, ky, kz)
        waves = jnp.moveaxis(waves, (1, 3), (3, 1))  # (3, kz, ky, x)
    else:
        waves = jnp.swapaxes(waves, 2, 3)
    waves = multiply(jnp.fft.fft(waves, n=px, axis=-1))
    waves = jnp.fft.ifft(waves, axis=-1)[..., :nx]
    if nz > 1:
        waves = jnp.moveaxis(waves, (1, 3), (3, 1))  # (3, x, ky, kz)
        waves = jnp.fft.ifft(waves, axis=-1)[..., :nz]
        waves = jnp.moveaxis(waves, -1, 1)  # (3, z, x, ky)
    else:
        waves = jnp.swapaxes(waves, 2, 3)
    return jnp.moveaxis(jnp.fft.irfft(waves, n=py, axis=-1)[..., :ny], 1, 3)
