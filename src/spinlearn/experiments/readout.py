"""Read-out of a striped texture: the conductance matrix of a film, and what stripes do to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import as_leaf, require
from spinlearn.errors import SpinlearnValueError
from spinlearn.materials import Material, named_material
from spinlearn.mesh import Mesh
from spinlearn.transport import (
    AMR,
    Electrodes,
    Potential,
    Reading,
    edge_electrodes,
    read_conductance,
    solve_potential,
)

Array = jax.Array

_FEWEST_CELLS_PER_PERIOD = 4


def stripe_texture(
    mesh: Mesh,
    *,
    period: Any,
    direction: Any = 0.0,
    wave_amplitude: Any = 0.0,
    wave_length: Any = 1e-6,
) -> Float[Array, "3 nx ny nz"]:
    r"""Wavy Néel stripes: unit vectors that turn in the plane of the stripes' normal and z.

    With the normal :math:`\hat k` of the undistorted stripes and :math:`\hat p` along them,

    .. math:: \psi = \frac{2\pi}{\lambda}\Bigl[\hat k\cdot r
              + a \sin\frac{2\pi\, \hat p\cdot r}{\Lambda}\Bigr],\qquad
              m = \sin\psi\, \frac{\nabla\psi}{|\nabla\psi|} + \cos\psi\, \hat z .

    The texture is analytic; it is not a minimum of any energy.

    Parameters
    ----------
    mesh
        Mesh of the film; the texture is the same in all its layers.
    period
        Distance λ after which the magnetization repeats, m.
    direction
        Angle of the stripes' normal with the x axis, rad.
    wave_amplitude, wave_length
        Amplitude a and wavelength Λ of the distortion along the stripes, m.

    Returns
    -------
    Array
        Unit vectors ``(3, nx, ny, nz)`` without unit, in the default precision.

    Raises
    ------
    SpinlearnValueError
        If a length is not positive (the amplitude: negative) or a period has fewer than four cells.

    Examples
    --------
    >>> mesh = Mesh((64, 64, 1), (4e-9, 4e-9, 10e-9))
    >>> m = stripe_texture(mesh, period=64e-9)
    >>> m.shape, bool(jnp.allclose(m[:, :16], m[:, 16:32], atol=1e-4))
    ((3, 64, 64, 1), True)
    """
    real = jnp.result_type(float)
    period, direction = as_leaf(period, "period", "m"), as_leaf(direction, "direction", "rad")
    amplitude = as_leaf(wave_amplitude, "wave_amplitude", "m")
    length = as_leaf(wave_length, "wave_length", "m")
    least = _FEWEST_CELLS_PER_PERIOD * float(max(mesh.cell[:2]))
    _require_finite(direction=direction, wave_amplitude=amplitude)
    require(
        jnp.isfinite(period) & (period >= least * (1 - 1e-6)),
        "period",
        period,
        f"a finite length of at least {_FEWEST_CELLS_PER_PERIOD} cells ({least:.3g} m)",
        "Use more cells or wider stripes.",
    )
    require(amplitude >= 0, "wave_amplitude", amplitude, "a length >= 0 in m", "Use e.g. 1e-8.")
    require(
        jnp.isfinite(length) & (length > 0),
        "wave_length",
        length,
        "a positive length in m",
        "Use e.g. 4e-7, or wave_amplitude=0 for straight stripes.",
    )
    x, y = (jnp.asarray(v, real) for v in mesh.coordinates()[:2])
    kx, ky = jnp.cos(direction), jnp.sin(direction)
    across = kx * x[:, None] + ky * y[None, :]
    along = -ky * x[:, None] + kx * y[None, :]
    wave = 2 * np.pi / length
    psi = (2 * np.pi / period) * (across + amplitude * jnp.sin(wave * along))
    slope = amplitude * wave * jnp.cos(wave * along)
    norm = jnp.sqrt(1 + slope**2)
    normal_x, normal_y = (kx - slope * ky) / norm, (ky + slope * kx) / norm
    layer = jnp.stack([jnp.sin(psi) * normal_x, jnp.sin(psi) * normal_y, jnp.cos(psi)])
    return jnp.broadcast_to(layer[..., None], (3, *mesh.shape))


class StripedFilm(eqx.Module):
    """A square film with wavy stripes and contacts around its edge.

    Every default except the material's is ours (``source="assumed"``, see `sources`).

    Parameters
    ----------
    length, thickness
        Edge length and thickness of the film, m.
    cells
        Cells along each edge, a number; one layer.
    period, direction, wave_amplitude, wave_length
        Stripes, as in `stripe_texture`: m, rad, m, m.
    material
        Material with a conductivity (S/m) and an AMR ratio (without unit); by default permalloy.
    pattern
        +1 or -1 (without unit) for each contact: the sign of its voltage. Its length is the number
        of contacts.
    voltage
        Voltage of a contact against ground, V.
    coverage
        Part of the film's edge under contacts, between 0 and 1.

    Raises
    ------
    SpinlearnValueError
        If a value is out of range or the material has no conductivity or AMR ratio.

    Examples
    --------
    >>> film = StripedFilm(period=80e-9)
    >>> film.mesh.shape, dict(film.sources)["period"]
    ((256, 256, 1), 'assumed')
    """

    mesh: Mesh
    period: Array
    direction: Array
    wave_amplitude: Array
    wave_length: Array
    material: Material
    pattern: tuple[int, ...] = eqx.field(static=True)
    voltage: Array
    coverage: float = eqx.field(static=True)
    sources: tuple[tuple[str, str], ...] = eqx.field(static=True)

    def __init__(
        self,
        *,
        length: float = 512e-9,
        thickness: float = 10e-9,
        cells: int = 256,
        period: Any = 96e-9,
        direction: Any = np.pi * 25 / 180,
        wave_amplitude: Any = 14e-9,
        wave_length: Any = 380e-9,
        material: Material | None = None,
        pattern: Sequence[int] = (1, 1, -1, -1, 1, -1, -1, 1),
        voltage: Any = 5e-3,
        coverage: float = 0.4,
    ) -> None:
        if isinstance(cells, bool) or not isinstance(cells, int) or cells < 1:
            raise SpinlearnValueError(
                "cells", cells, "a positive integer", "Count the cells along an edge."
            )
        for field, value in (("length", length), ("thickness", thickness)):
            require(
                np.isfinite(value) & (value > 0), field, value, "a positive length in m", "Use nm."
            )
        cell = length / cells
        self.mesh = Mesh((cells, cells, 1), (cell, cell, thickness))
        self.period = as_leaf(period, "period", "m")
        self.direction = as_leaf(direction, "direction", "rad")
        self.wave_amplitude = as_leaf(wave_amplitude, "wave_amplitude", "m")
        self.wave_length = as_leaf(wave_length, "wave_length", "m")
        self.material = named_material("permalloy") if material is None else material
        _transport_of(self.material)
        self.pattern = _check_pattern(pattern)
        self.voltage = as_leaf(voltage, "voltage", "V")
        _require_finite(voltage=self.voltage)
        self.coverage = float(coverage)
        assumed = ("length", "thickness", "period", "direction", "wave_amplitude", "wave_length")
        ours = dict.fromkeys((*assumed, "pattern", "voltage", "coverage"), "assumed")
        self.sources = tuple(sorted((dict(self.material.sources) | ours).items()))

    @property
    def voltages(self) -> Float[Array, " n"]:
        """Voltage of every contact, ``(n,)``, V."""
        return self.voltage * jnp.asarray(self.pattern, self.voltage.dtype)

    def contacts(self) -> Electrodes:
        """Contacts at equal distances around the edge, numbered counter-clockwise (no unit)."""
        return edge_electrodes(len(self.pattern), self.mesh, coverage=self.coverage)

    def texture(self) -> Float[Array, "3 nx ny nz"]:
        """Unit vectors of the stripes, ``(3, nx, ny, nz)``, without unit."""
        return stripe_texture(
            self.mesh,
            period=self.period,
            direction=self.direction,
            wave_amplitude=self.wave_amplitude,
            wave_length=self.wave_length,
        )


class Readout(eqx.Module):
    """What `read_striped_film` found.

    Parameters
    ----------
    film
        The film that was read (lengths in m, voltage in V).
    contacts
        Its contacts (contact resistance in Ω m²).
    texture
        Unit vectors of the magnetization, ``(3, nx, ny, nz)``, without unit.
    reading
        Conductance matrix of the texture (S) with its unit potentials (V) and error bound.
    uniform_conductance
        Conductance matrix of the same film saturated along z, ``(n, n)``, S.
    solution
        Potential (V), current density (A/m²) and contact currents (A) at `StripedFilm.voltages`.

    Examples
    --------
    >>> readout = read_striped_film(StripedFilm(cells=48))
    >>> bool(jnp.all(jnp.diagonal(readout.relative_change) < 0))  # some m lies along the current
    True
    """

    film: StripedFilm
    contacts: Electrodes
    texture: Float[Array, "3 nx ny nz"]
    reading: Reading
    uniform_conductance: Float[Array, "n n"]
    solution: Potential

    @property
    def conductance(self) -> Float[Array, "n n"]:
        """Conductance matrix of the texture, S: currents into the film = G @ voltages."""
        return self.reading.conductance

    @property
    def relative_change(self) -> Float[Array, "n n"]:
        """The texture's contribution G/G_uniform - 1, ``(n, n)``, without unit.

        Off the diagonal, -0.01 means that the two contacts are coupled by 1 % less.
        """
        return self.conductance / self.uniform_conductance - 1


def read_striped_film(film: StripedFilm | None = None) -> Readout:
    """Conductance matrix, potential and current density of a film with wavy stripes.

    The reference is the same film saturated along z: no current runs along m, so that it
    has the conductivity 1/ρ⊥ everywhere.

    Parameters
    ----------
    film
        The film (lengths in m, voltages in V); by default ``StripedFilm()``.

    Returns
    -------
    Readout
        Conductances in S, potential in V, current density in A/m², currents in A.

    Raises
    ------
    SpinlearnValueError
        If the film's mesh is too coarse for its stripes or its contacts.

    Examples
    --------
    >>> readout = read_striped_film(StripedFilm(cells=64))
    >>> readout.conductance.shape, readout.solution.current_density.shape
    ((8, 8), (3, 64, 64, 1))
    >>> currents = readout.conductance @ readout.film.voltages
    >>> bool(jnp.allclose(currents, readout.solution.currents, rtol=1e-3))
    True
    """
    film = StripedFilm() if film is None else film
    contacts = film.contacts()
    m = film.texture()
    amr = AMR(*_transport_of(film.material))
    sigma = amr.tensor(m)
    saturated = jnp.zeros_like(m).at[2].set(1.0)
    return Readout(
        film,
        contacts,
        m,
        read_conductance(sigma, contacts),
        read_conductance(amr.tensor(saturated), contacts).conductance,
        solve_potential(sigma, contacts, film.voltages),
    )


def _transport_of(material: Material) -> tuple[Array, Array]:
    for field in ("conductivity", "amr_ratio"):
        if getattr(material, field) is None:
            raise SpinlearnValueError(
                f"material.{field}",
                None,
                "a number",
                "Use named_material('permalloy') or Material(..., conductivity=, amr_ratio=).",
            )
    assert material.conductivity is not None
    assert material.amr_ratio is not None
    return material.conductivity, material.amr_ratio


def _check_pattern(pattern: Sequence[int]) -> tuple[int, ...]:
    values = tuple(pattern)
    if len(values) < 2 or any(v not in (-1, 1) for v in values):
        raise SpinlearnValueError(
            "pattern", pattern, "two or more of +1 and -1", "Give one sign per contact."
        )
    return tuple(int(v) for v in values)


def _require_finite(**fields: Array) -> None:
    for field, value in fields.items():
        require(jnp.isfinite(value), field, value, "a finite number", "Look for NaN or inf.")
