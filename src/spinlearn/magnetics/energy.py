"""What every energy term offers, and their sum."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float

from spinlearn.errors import SpinlearnValueError
from spinlearn.magnetics._cells import check_same_film
from spinlearn.mesh import Mesh

Array = jax.Array


class AbstractEnergy(eqx.Module):
    r"""A term of the free energy of a magnetic film.

    A term gives its energy density, J/m³, and its effective field, A/m,

    .. math:: H = -\frac{1}{\mu_0 M_s}\frac{\delta E}{\delta m},

    and is added to others with ``+``.

    Examples
    --------
    >>> from spinlearn import Mesh, named_material
    >>> from spinlearn.magnetics import Demag, Exchange
    >>> mesh, permalloy = Mesh((16, 8, 1), (4e-9, 4e-9, 3e-9)), named_material("permalloy")
    >>> energy = Exchange(mesh, permalloy) + Demag(mesh, permalloy)
    >>> isinstance(energy, AbstractEnergy), len(energy.terms)
    (True, 2)
    """

    mesh: eqx.AbstractVar[Mesh]
    saturation_magnetization: eqx.AbstractVar[Array]
    # Dear to evaluate and smooth in time: an integrator may evaluate it less often.
    slow: ClassVar[bool] = False

    @abstractmethod
    def field(self, m: Float[Array, "3 nx ny nz"], t: Any = 0.0) -> Float[Array, "3 nx ny nz"]:
        """Effective field of unit vectors m at time t (s), ``(3, nx, ny, nz)``, A/m."""

    @abstractmethod
    def energy_density(self, m: Float[Array, "3 nx ny nz"], t: Any = 0.0) -> Array:
        """Energy density of every cell at time t (s), ``(nx, ny, nz)``, J/m³."""

    def energy(self, m: Float[Array, "3 nx ny nz"], t: Any = 0.0) -> Array:
        """Energy at time t (s), a number, J."""
        total = jnp.sum(self.energy_density(m, t))
        return total * jnp.prod(jnp.asarray(self.mesh.cell, total.dtype))

    def __add__(self, other: AbstractEnergy) -> Energies:
        return Energies((*_terms(self), *_terms(other)))

    def __radd__(self, other: Any) -> AbstractEnergy:
        # The built-in sum begins with 0.
        return self if isinstance(other, int) and other == 0 else NotImplemented


class Energies(AbstractEnergy):
    """Sum of energy terms on one mesh and one saturation magnetization.

    Parameters
    ----------
    terms
        The terms (energy density J/m³, field A/m).

    Raises
    ------
    SpinlearnValueError
        If there are none, or they live on different meshes.

    Examples
    --------
    >>> from spinlearn import Mesh, named_material
    >>> from spinlearn.magnetics import Exchange, UniaxialAnisotropy
    >>> mesh, film = Mesh((8, 8, 1), (2e-9, 2e-9, 1e-9)), named_material("pt_co")
    >>> total = Exchange(mesh, film) + UniaxialAnisotropy(mesh, film)
    >>> [type(term).__name__ for term in total.terms]
    ['Exchange', 'UniaxialAnisotropy']
    """

    mesh: Mesh
    saturation_magnetization: Array
    terms: tuple[AbstractEnergy, ...]

    def __init__(self, terms: tuple[AbstractEnergy, ...]) -> None:
        if not terms or not all(isinstance(term, AbstractEnergy) for term in terms):
            raise SpinlearnValueError(
                "terms",
                terms,
                "one or more energy terms",
                "Add terms, e.g. Exchange(...) + Demag(...).",
            )
        self.terms = tuple(terms)
        self.mesh = terms[0].mesh
        self.saturation_magnetization = terms[0].saturation_magnetization
        for term in terms[1:]:
            check_same_film("terms", self, term)

    def field(self, m: Array, t: Any = 0.0) -> Array:
        """Sum of the terms' fields, ``(3, nx, ny, nz)``, A/m."""
        total = self.terms[0].field(m, t)
        for term in self.terms[1:]:
            total = total + term.field(m, t)
        return total

    def energy_density(self, m: Array, t: Any = 0.0) -> Array:
        """Sum of the terms' energy densities, ``(nx, ny, nz)``, J/m³."""
        total = self.terms[0].energy_density(m, t)
        for term in self.terms[1:]:
            total = total + term.energy_density(m, t)
        return total


def _terms(energy: AbstractEnergy) -> tuple[AbstractEnergy, ...]:
    return energy.terms if isinstance(energy, Energies) else (energy,)


def split_slow(energy: AbstractEnergy) -> tuple[AbstractEnergy, AbstractEnergy | None]:
    """The fast and the slow terms; nothing is slow if there would be nothing fast."""
    fast = tuple(term for term in _terms(energy) if not term.slow)
    slow = tuple(term for term in _terms(energy) if term.slow)
    if not fast or not slow:
        return energy, None
    return Energies(fast), Energies(slow)
