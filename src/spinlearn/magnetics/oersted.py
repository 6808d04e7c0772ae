"""Magnetic field of the current that flows in the film."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Float

from spinlearn._checks import as_float_array
from spinlearn.errors import SpinlearnValueError
from spinlearn.magnetics._convolution import convolve
from spinlearn.magnetics._oersted_kernel import oersted_kernel
from spinlearn.mesh import Mesh

Array = jax.Array


class OerstedField(eqx.Module):
    r"""Magnetic (Oersted) field of a current density J, by the law of Biot and Savart,

    .. math:: H_i = \sum_j J_j\times K(r_i - r_j),\qquad
              K(r) = \frac{1}{4\pi V}\int_V\!\int_V
                     \frac{r+u-u'}{|r+u-u'|^3}\,\mathrm du\,\mathrm du' ,

    in A/m: the mean over every receiving cell of the field of currents that are constant in each
    cell, of volume V. The convolution is a Fourier transform that skips the rows known to be zero.

    K is exact to rounding for neighbours (closed form, by the method of Newell, Williams and
    Dunlop, J. Geophys. Res. 98, 9551, 1993) and comes from a Gauss quadrature beyond. Its relative
    error is below 3e-11 for cubes and for cells up to ten times wider than high; rounding grows
    with the aspect ratio, to 3e-10 for cells 50 times wider than high or ten times longer than
    wide and high, and to 2e-7 for those 50 times longer.

    **What is not in the mesh is left out.** Only a closed current has a field that obeys Ampère's
    law, :math:`\nabla\times H = J`. A current I that enters and leaves the mesh through contacts
    is open: the field found here is that of the current in the mesh alone, which is the same as if
    I came to its contact, and left from the other, in straight lines evenly from all directions of
    space. The leads' own field adds to it. Two leads at right angles to a film of length L give
    about I/(πL) in its middle, beside the film's own I/(2w) at its surfaces if its width is w:
    little in a long strip, much in a square. Put the leads into a larger mesh, or add their field
    as an applied one (`Zeeman`).

    In the same way a current density that is not free of divergence, for instance one made
    up by hand, has a field here, but one that no circuit has.

    Parameters
    ----------
    mesh
        Mesh of the film with all axes open. Cells without current (vacuum, leads) may be in it.

    Raises
    ------
    SpinlearnValueError
        If an axis is periodic, or the mesh's cell is a traced value.

    Examples
    --------
    A wire of one row of cells; four cells away the field is that of a line, I/(2πr):

    >>> from spinlearn import Mesh
    >>> from spinlearn.magnetics import OerstedField
    >>> mesh = Mesh((401, 9, 1), (5e-9, 5e-9, 5e-9))
    >>> current_density = jnp.zeros((3, 401, 9, 1)).at[0, :, 4].set(1e12)  # A/m²
    >>> field = OerstedField(mesh).field(current_density)[2, 200, 8, 0]
    >>> bool(abs(field / (1e12 * 25e-18 / (2 * jnp.pi * 20e-9)) - 1) < 1e-3)
    True
    """

    mesh: Mesh
    kernel: Array  # imaginary part, (components, ky, kz, kx), m

    def __init__(self, mesh: Mesh) -> None:
        if isinstance(mesh.cell, Tracer):
            raise SpinlearnValueError(
                "mesh.cell",
                "a traced value",
                "numbers: the kernel is made on the host",
                "Build OerstedField outside jax.jit and pass it in.",
            )
        if any(mesh.periodic):
            raise SpinlearnValueError(
                "mesh.periodic",
                mesh.periodic,
                "open axes: the field of currents that repeat for ever is not summed here",
                "Use an open mesh with as many periods of the current as the field shall see.",
            )
        self.mesh = mesh
        kernel = oersted_kernel(mesh).transpose(0, 2, 3, 1)
        if mesh.shape[2] == 1:
            # No cell lies above another one: the third component vanishes.
            kernel = kernel[:2]
        self.kernel = jnp.asarray(np.ascontiguousarray(kernel), jnp.result_type(float))

    def field(self, current_density: Any) -> Float[Array, "3 nx ny nz"]:
        """Field in every cell, ``(3, nx, ny, nz)``, A/m, of a current density on the cells, A/m².

        A current density of another shape, or one that is not of floating-point numbers, raises
        `SpinlearnValueError`.
        """
        density = as_float_array(current_density, "current_density")
        if density.shape != (3, *self.mesh.shape):
            raise SpinlearnValueError(
                "current_density",
                f"shape {density.shape}",
                f"(3, nx, ny, nz) = {(3, *self.mesh.shape)}, in A/m²",
                "Broadcast one vector with jnp.broadcast_to(j.reshape(3, 1, 1, 1), (3, *shape)).",
            )
        kernel = self.kernel.astype(density.dtype)
        return convolve(density, kernel, _multiply, self.mesh)

    def __call__(self, current_density: Any) -> Float[Array, "3 nx ny nz"]:
        """The same as `field`, ``(3, nx, ny, nz)``, A/m."""
        return self.field(current_density)


def _multiply(kernel: Array, waves: Array) -> Array:
    """``waves × i kernel``; real numbers times complex ones need no complex product."""
    return jax.lax.complex(-_cross(waves.imag, kernel), _cross(waves.real, kernel))


def _cross(v: Array, kernel: Array) -> Array:
    """``v × kernel``; the kernel's third component may be left out if it is zero."""
    (x, y, z), (kx, ky) = v, kernel[:2]
    if kernel.shape[0] == 2:
        return jnp.stack([-z * ky, z * kx, x * ky - y * kx])
    kz = kernel[2]
    return jnp.stack([y * kz - z * ky, z * kx - x * kz, x * ky - y * kx])
