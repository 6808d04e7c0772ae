"""What every current-induced torque offers."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, NamedTuple

import equinox as eqx
import jax
from jaxtyping import Float

from spinlearn.errors import SpinlearnValueError
from spinlearn.mesh import Mesh

Array = jax.Array


class LayerCurrents(NamedTuple):
    """Current densities in a film and in the heavy metal below it, where they go different ways.

    Taken by whatever takes a current density: `SpinOrbit` uses that of the metal, all others that
    of the film.

    Parameters
    ----------
    film, metal
        ``(3, nx, ny, nz)``, A/m².

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> LayerCurrents(jnp.zeros((3, 4, 4, 1)), jnp.ones((3, 4, 4, 1))).metal.shape
    (3, 4, 4, 1)
    """

    film: Array
    metal: Array


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
        """Equivalent field of unit vectors m at time t (s) under a current (A/m²), A/m.

        The current density is that of the film, ``(3, nx, ny, nz)``, or `LayerCurrents`.
        """


def require_current(current_density: Any, m: Array, torque: str) -> Array:
    """The film's current density on the cells, or an error that names the torque."""
    if isinstance(current_density, LayerCurrents):
        current_density = current_density.film
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
