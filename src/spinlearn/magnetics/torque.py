"""What every current-induced torque offers."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Float

from spinlearn.errors import SpinlearnValueError
from spinlearn.mesh import Mesh

Array = jax.Array


class AbstractTorque(eqx.Module):
    r"""A torque that is not the gradient of an energy, as the field H_st that would exert it.

    In the Gilbert form :math:`\dot m = -\gamma\mu_0\, m\times(H + H_{st}) + \alpha\, m\times\dot m`
    every torque perpendicular to m can be written so; fields are in A/m.

    Examples
    --------
    >>> from spinlearn.magnetics import ZhangLi
    >>> issubclass(ZhangLi, AbstractTorque)
    True
    """

    mesh: eqx.AbstractVar[Mesh]
    saturation_magnetization: eqx.AbstractVar[Array]

    @abstractmethod
    def field(
        self, m: Float[Array, "3 nx ny nz"], t: Any = 0.0, current_density: Any = None
    ) -> Float[Array, "3 nx ny nz"]:
        """Equivalent field of unit vectors m at time t (s) under a current (A/m²), A/m."""


def require_current(current_density: Any, m: Array, torque: str) -> Array:
    """The current density on the cells, or an error that names the torque that needs it."""
    if current_density is None:
        raise SpinlearnValueError(
            "current_density",
            None,
            f"an array (3, nx, ny, nz) = {m.shape} in A/m², which {torque} needs",
            "Pass it to rhs or evolve (Potential.current_density has it), or drop the torque.",
        )
    density = jax.numpy.asarray(current_density)
    if density.shape != m.shape:
        raise SpinlearnValueError(
            "current_density",
            f"shape {density.shape}",
            f"(3, nx, ny, nz) = {m.shape}, in A/m²",
            "Broadcast one vector with jnp.broadcast_to(j.reshape(3, 1, 1, 1), m.shape).",
        )
    return density.astype(m.dtype)
