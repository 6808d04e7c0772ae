"""A conducting magnetic film between contacts: the current writes what it is read by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import is_known
from spinlearn.errors import SpinlearnError, SpinlearnValueError
from spinlearn.magnetics import (
    LLG,
    AbstractDrive,
    AbstractEnergy,
    AbstractTorque,
    LayerCurrents,
    OerstedField,
    SpinOrbit,
    Supply,
    ThermalField,
    evolve_driven,
)
from spinlearn.materials import Material
from spinlearn.mesh import Mesh
from spinlearn.substrates.heavy_metal import HeavyMetal
from spinlearn.substrates.substrate import AbstractSubstrate, Record
from spinlearn.transport import AMR, Electrodes, Potential, read_conductance, solve_potential
from spinlearn.typing import Key

Array = jax.Array

# Relative error of a potential that is no solution any more; float32 reaches 1e-6.
_WORST_POTENTIAL = 1e-2
Texture = Callable[[Key], Array]


class FilmState(eqx.Module):
    """State of a film.

    Parameters
    ----------
    m
        Unit vectors, ``(3, nx, ny, nz)``, without unit.
    time
        Time since the film was new, s.
    steps
        Steps done, the index of the thermal noise (no unit).
    step
        Adaptive step to go on with, s.

    Examples
    --------
    >>> FilmState.__annotations__["time"]
    'Array'
    """

    m: Float[Array, "3 nx ny nz"]
    time: Array
    steps: Array
    step: Array


class Film(AbstractSubstrate):
    """A conducting film that learns by the torque of its own current.

    The texture sets the conductivity, that and the voltages set the current, the current turns
    the texture: the potential is solved anew every `steps_per_update` steps, or when the texture
    has turned by `largest_turn`.

    A patterned film has the outline of its electrodes (`bridge_electrodes`): outside, the
    saturation magnetization and the texture are zero, exchange ends at its edges, the stray field
    is that of the magnet that is there, and no current flows. What conducts without being
    magnetic, such as a lead, has zero magnetization inside the outline.

    Parameters
    ----------
    energy
        Energy terms, J.
    material
        Gives the saturation magnetization (A/m) and the damping.
    conductivity
        Conductivity (S/m) with its AMR ratio.
    electrodes
        Contacts.
    texture
        Texture of a new film: unit vectors ``(3, nx, ny, nz)`` without unit, or a function of a
        random key that returns them.
    torques
        Current-induced torques, such as `ZhangLi`; that of a heavy metal is made here.
    heavy_metal
        A layer below the film, or None.
    oersted
        Whether the current's own field acts on the film.
    temperature
        K; above zero the steps are fixed, and `step` must be given.
    steps_per_update, largest_turn, tolerance, step
        As in `evolve_driven` (rad, without unit, s).

    Raises
    ------
    SpinlearnValueError
        If the parts are not of one mesh, or the film is magnetic outside of the outline.

    Examples
    --------
    >>> from spinlearn import named_material
    >>> from spinlearn.magnetics import Exchange, ZhangLi, uniform_state
    >>> from spinlearn.transport import edge_electrodes
    >>> mesh, py = Mesh((16, 16, 1), (4e-9, 4e-9, 5e-9)), named_material("permalloy")
    >>> amr = AMR(py.conductivity, py.amr_ratio)
    >>> film = Film(Exchange(mesh, py), py, amr, edge_electrodes(4, mesh),
    ...     uniform_state(mesh, (1.0, 0.0, 0.0)), ZhangLi(mesh, py, 0.5, 0.02))
    >>> state = film.init(key=jax.random.key(0))
    >>> state, record = film.apply(state, [1e-3, 0, 0, 0], 1e-11, key=jax.random.key(1))
    >>> bool(record.energy > 0), film.conductance(state).shape
    (True, (4, 4))
    """

    llg: LLG
    conductivity: AMR
    electrodes: Electrodes
    texture: Array | Texture
    heavy_metal: HeavyMetal | None
    oersted: OerstedField | None
    step: Array | None
    largest_turn: Array
    tolerance: Array
    steps_per_update: int = eqx.field(static=True)

    def __init__(
        self,
        energy: AbstractEnergy,
        material: Material,
        conductivity: AMR,
        electrodes: Electrodes,
        texture: Array | Texture,
        torques: AbstractTorque | Sequence[AbstractTorque] = (),
        *,
        heavy_metal: HeavyMetal | None = None,
        oersted: bool = False,
        temperature: Any = None,
        steps_per_update: int = 20,
        largest_turn: Any = 0.05,
        tolerance: Any = 1e-4,
        step: Any = None,
    ) -> None:
        mesh = energy.mesh
        _check_mesh(mesh, electrodes)
        _check_outline(energy.saturation_magnetization, electrodes)
        given: list[Any] = list(torques) if isinstance(torques, Sequence) else [torques]
        if heavy_metal is not None:
            given.append(_spin_orbit(mesh, material, conductivity, heavy_metal))
        if temperature is not None:
            given.append(ThermalField(mesh, material, temperature))
        if temperature is not None and step is None:
            raise SpinlearnValueError(
                "step", None, "a fixed step in s at a finite temperature", "Pass step=1e-13."
            )
        self.llg = LLG(energy, given, material.damping)
        self.conductivity = conductivity
        self.electrodes = electrodes
        self.texture = texture if callable(texture) else jnp.asarray(texture)
        self.heavy_metal = heavy_metal
        self.oersted = OerstedField(mesh) if oersted else None
        self.step = None if step is None else jnp.asarray(step)
        self.largest_turn = jnp.asarray(largest_turn)
        self.tolerance = jnp.asarray(tolerance)
        self.steps_per_update = steps_per_update

    @property
    def mesh(self) -> Mesh:
        """Mesh of the film (cells in m)."""
        return self.llg.energy.mesh

    def init(self, *, key: Key) -> FilmState:
        """A new film; the key is for its texture (SI units)."""
        m = self.texture(key) if callable(self.texture) else self.texture
        zero = jnp.zeros((), m.dtype)
        return FilmState(m, zero, jnp.asarray(0, jnp.uint32), zero)

    def sheet(self, m: Array) -> Float[Array, "2 2 nx ny nz"]:
        """Conductivity of all layers per thickness of the film, ``(2, 2, nx, ny, nz)``, S/m."""
        sigma = self._magnet(m)
        if self.heavy_metal is None:
            return sigma
        beside = self._shunt().astype(sigma.dtype)
        return sigma + beside * jnp.eye(2, dtype=sigma.dtype)[:, :, None, None, None]

    def conductance(self, state: FilmState) -> Float[Array, "n n"]:
        """Conductance matrix, ``(n, n)``, S."""
        return read_conductance(self.sheet(state.m), self.electrodes, hall=False).conductance

    def potential(self, state: FilmState, voltages: Any) -> Potential:
        """Potential (V), current density (A/m²) and contact currents (A) at voltages (V).

        The current density is that of all layers, per thickness of the magnetic one.
        """
        return solve_potential(self.sheet(state.m), self.electrodes, voltages, hall=False)

    def layer_currents(self, m: Array, current_density: Array) -> LayerCurrents:
        """Current density in the film and in the heavy metal, A/m², of that of `potential`.

        The layers share one field: j = σ(m) E in the film, σ E in the metal.
        """
        if self.heavy_metal is None:
            return LayerCurrents(current_density, jnp.zeros_like(current_density))
        (a, b), (c, d) = self.sheet(m)
        x, y = current_density[0], current_density[1]
        determinant = a * d - b * c
        field = jnp.stack([(d * x - b * y) / determinant, (a * y - c * x) / determinant])
        film = jnp.einsum("abxyz,bxyz->axyz", self._magnet(m), field)
        metal = self.heavy_metal.conductivity.astype(m.dtype) * field
        across = jnp.zeros_like(field[:1])
        return LayerCurrents(*(jnp.concatenate([j, across]) for j in (film, metal)))

    def apply(
        self, state: FilmState, voltages: Any, duration: Any, *, key: Key
    ) -> tuple[FilmState, Record]:
        """The film after voltages (V) for a duration (s), and what that took.

        Raises
        ------
        SpinlearnError
            If the motion blew up or the potential was not found; under `jax.jit` see the record's
            details, which are not finite then.
        """
        volts = jnp.asarray(voltages, state.m.dtype)
        drive = _FilmDrive(self, volts)
        run = evolve_driven(
            self.llg,
            state.m,
            duration,
            drive,
            steps_per_update=self.steps_per_update,
            largest_turn=self.largest_turn,
            tolerance=self.tolerance,  # pyright: ignore[reportArgumentType]
            step=self.step,  # pyright: ignore[reportArgumentType]
            first_step=None if self.step is not None else state.step,
            key=key if self.llg.thermal is not None else None,
            first_index=state.steps,
        )
        details = {
            "updates": run.updates,
            "steps": run.accepted,
            "charge imbalance": run.memory.imbalance,
            "potential error": run.memory.error,
        }
        _require_solved(run.memory.error)
        passed = jnp.asarray(duration, state.m.dtype)
        record = Record(run.integrals["power"], passed, run.integrals["currents"], details)
        steps = state.steps + run.accepted.astype(jnp.uint32)
        return FilmState(run.m, state.time + passed, steps, run.step), record

    def relax(self, state: FilmState, duration: Any, *, key: Key) -> FilmState:
        """The film after a time without voltage (s)."""
        return self.apply(state, jnp.zeros(self.electrodes.count), duration, key=key)[0]

    def _magnet(self, m: Array) -> Array:
        """Conductivity of the magnetic layer, ``(2, 2, nx, ny, nz)``, S/m."""
        magnetization = self.llg.energy.saturation_magnetization
        if magnetization.size == 1:
            return self.conductivity.tensor(m)
        # Where there is no magnet m is zero, and the tensor that across m in all directions.
        return self.conductivity.tensor(m, jnp.all(magnetization > 0, axis=2))

    def _shunt(self) -> Array:
        """Conductivity of the heavy metal per thickness of the film, S/m."""
        assert self.heavy_metal is not None
        layer = self.heavy_metal
        return layer.conductivity * layer.thickness / _thickness(self.mesh)


class _Memory(NamedTuple):
    """What the film's drive remembers: the last potential, and the worst residues."""

    potential: Potential
    imbalance: Array
    error: Array

    def seen(self) -> _Memory:
        """The same with the potential's residues among the worst."""
        currents = self.potential.currents
        largest = jnp.maximum(jnp.max(jnp.abs(currents)), jnp.finfo(currents.dtype).tiny)
        imbalance = jnp.abs(jnp.sum(currents)) / largest
        return _Memory(
            self.potential,
            jnp.maximum(self.imbalance, imbalance),
            jnp.maximum(self.error, self.potential.error),
        )


class _FilmDrive(AbstractDrive):
    """The film's current at given voltages."""

    film: Film
    voltages: Array

    def begin(self, t: Array, m: Array) -> _Memory:
        del t
        potential = self._solve(m, None)
        zero = jnp.zeros((), m.dtype)
        return _Memory(potential, zero, zero).seen()

    def update(self, t: Array, m: Array, memory: _Memory) -> _Memory:
        del t
        return memory._replace(potential=self._solve(m, memory.potential)).seen()

    def supply(self, t: Array, m: Array, memory: _Memory) -> Supply:
        del t
        potential, film = memory.potential, self.film
        layers = film.layer_currents(m, potential.current_density)
        currents = potential.currents
        rates = {"power": jnp.sum(self.voltages * currents), "currents": currents}
        return Supply(layers, _current_field(film, layers), rates)

    def _solve(self, m: Array, previous: Potential | None) -> Potential:
        return solve_potential(
            self.film.sheet(m),
            self.film.electrodes,
            self.voltages,
            previous=previous,
            hall=False,
            throw=False,
        )


def _current_field(film: Film, layers: LayerCurrents) -> Array | None:
    """Oersted field of the current in the film, and of the sheet below it, A/m."""
    if film.oersted is None:
        return None
    field = film.oersted.field(layers.film)
    if film.heavy_metal is None:
        return field
    # K × z / 2 above a sheet of current K.
    sheet = layers.metal * film.heavy_metal.thickness.astype(field.dtype)
    return field + 0.5 * jnp.stack([sheet[1], -sheet[0], jnp.zeros_like(sheet[0])])


def _spin_orbit(mesh: Mesh, material: Material, conductivity: AMR, layer: HeavyMetal) -> SpinOrbit:
    ratio = layer.conductivity / conductivity.conductivity
    return SpinOrbit(mesh, material, layer.dampinglike, layer.fieldlike, ratio)


def _thickness(mesh: Mesh) -> Array:
    """Thickness of the film, m; the mesh may be traced."""
    return jnp.asarray(mesh.cell[2] * mesh.shape[2])


def _check_mesh(mesh: Mesh, electrodes: Electrodes) -> None:
    theirs = electrodes.mesh
    if theirs.shape != mesh.shape or not np.allclose(theirs.cell, mesh.cell):
        raise SpinlearnValueError(
            "electrodes.mesh", theirs.shape, f"the energy's mesh {mesh.shape}", "Use one mesh."
        )


def _check_outline(magnetization: Array, electrodes: Electrodes) -> None:
    """No magnet where there is no film: a stray field without a film to make it."""
    if not is_known(magnetization, electrodes.outline):
        return
    empty = np.asarray(electrodes.outline)[:, :, None] == 0
    outside = empty & (np.asarray(magnetization) > 0)
    if outside.any():
        raise SpinlearnValueError(
            "material.saturation_magnetization",
            f"above zero in {int(outside.sum())} cell(s) outside of the electrodes' outline",
            "zero where there is no film",
            "Multiply it by (electrodes.outline > 0)[:, :, None], and the texture too.",
        )


def _require_solved(error: Array) -> None:
    if is_known(error) and not bool(jnp.all(error < _WORST_POTENTIAL)):
        raise SpinlearnError(
            "film.apply: the potential was not found. Look for NaN in m, and at the conductivity."
        )
