"""The film of ``yu2021``, from its specification."""

from __future__ import annotations

import warnings
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.experiments.experiment import in_precision
from spinlearn.experiments.specs._four_contacts import ARCS, CIRCLE, FIRST
from spinlearn.experiments.specs.yu2021 import FourContactsTable, SelfLearningFilmTable, Yu2021Spec
from spinlearn.magnetics import (
    LLG,
    AbstractEnergy,
    AbstractTorque,
    CubicAnisotropy,
    Demag,
    Exchange,
    InterfacialDMI,
    ThermalField,
    UniaxialAnisotropy,
    ZhangLi,
    grain_axes,
    grain_factors,
    grain_labels,
    maze_state,
    relax,
)
from spinlearn.materials import Material
from spinlearn.mesh import Mesh
from spinlearn.rng import stream
from spinlearn.substrates import Film, HeavyMetal
from spinlearn.transport import AMR, Electrodes, edge_electrodes
from spinlearn.typing import Key

Array = jax.Array

_MOST_EVALUATIONS = 100_000


def film_mesh(spec: Yu2021Spec) -> Mesh:
    """Mesh of the film (m).

    Examples
    --------
    >>> film_mesh(Yu2021Spec()).shape
    (96, 96, 1)
    """
    n = spec.film.cells
    return Mesh((n, n, 1), (spec.film.length / n, spec.film.length / n, spec.film.thickness))


def four_contacts(mesh: Mesh, table: FourContactsTable) -> Electrodes:
    """Four contacts in one of the layouts (positions in m).

    With one pad in the centre and three pads or arcs around it every pair of contacts has a region
    of the film to itself. Along the edge no such layout exists: there the current of a pattern in
    which neighbours are alike passes between opposite contacts at 45°, where AMR tells nothing.

    Examples
    --------
    >>> four_contacts(Mesh((32, 32, 1), (1e-8, 1e-8, 1e-9)), FourContactsTable()).count
    4
    """
    if table.layout == "edge":
        return edge_electrodes(4, mesh, coverage=table.size)
    x, y, _ = (np.asarray(v) for v in mesh.coordinates())
    half = 0.5 * mesh.extent[0]
    x, y = (x - half)[:, None] / half, (y - half)[None, :] / half
    if table.layout == "corner":
        near = 1 - 2 * table.size
        masks = [
            (sx * x > near) & (sy * y > near) for sx, sy in ((-1, -1), (-1, 1), (1, 1), (1, -1))
        ]
        return Electrodes(mesh, np.array(masks))
    angles = FIRST + 2 * np.pi / 3 * np.arange(3)
    if table.layout == "ring":
        away = (np.arctan2(y, x) - angles[:, None, None] + np.pi) % (2 * np.pi) - np.pi
        arcs = (np.hypot(x, y) > ARCS) & (np.abs(away) < table.arc)
        return Electrodes(mesh, np.concatenate([np.hypot(x, y)[None] < table.size, arcs]))
    centres = [(0.0, 0.0), *((CIRCLE * np.cos(a), CIRCLE * np.sin(a)) for a in angles)]
    return Electrodes(mesh, np.array([np.hypot(x - a, y - b) < table.size for a, b in centres]))


def new_film(spec: Yu2021Spec, contacts: Electrodes, key: Key) -> Film:
    """A film with a texture and grains of its own, at rest (SI units).

    Parameters
    ----------
    spec
        The specification.
    contacts
        What `four_contacts` made, or any others: the film has their mesh and their outline.
    key
        Typed key: equal keys give equal grains and textures on every mesh.

    Examples
    --------
    >>> from spinlearn import key_from_seed
    >>> from spinlearn.experiments.specs.yu2021 import SelfLearningFilmTable
    >>> spec = Yu2021Spec(film=SelfLearningFilmTable(length=240e-9))
    >>> contacts = four_contacts(film_mesh(spec), spec.contacts)
    >>> new_film(spec, contacts, key_from_seed(0)).texture.shape
    (3, 16, 16, 1)
    """
    make = _granular if spec.mechanism == "spin-orbit" else _chiral
    material, energy, first, torques, layer = make(spec, contacts, key)
    filled = jnp.asarray(np.broadcast_to(_filled(contacts), first.shape), first.dtype)
    first = (first * filled).astype(spec.precision)
    rest = relax(energy, first, tolerance=spec.solver.relaxation, max_steps=_MOST_EVALUATIONS)
    film = spec.film
    return Film(
        energy,
        material,
        AMR(film.conductivity, film.amr_ratio),
        contacts,
        rest.m,
        torques,
        heavy_metal=layer,
        oersted=spec.oersted,
        steps_per_update=spec.solver.updates,
        largest_turn=spec.solver.turn,
        tolerance=spec.solver.tolerance,
    )


def without_torque(film: Film) -> Film:
    """The same film, its current without any effect on the texture (SI units)."""
    torques = tuple(_idle(torque) for torque in film.llg.torques)
    llg = eqx.tree_at(lambda tree: tree.torques, film.llg, torques)
    still = eqx.tree_at(lambda tree: tree.llg, film, llg)
    return eqx.tree_at(lambda f: f.oersted, still, None, is_leaf=lambda x: x is None)


def without_amr(film: Film) -> Film:
    """The same film with an AMR ratio of zero (SI units)."""
    return eqx.tree_at(lambda f: f.conductivity, film, AMR(film.conductivity.conductivity, 0.0))


def warm_film(spec: Yu2021Spec, film: Film) -> Film:
    """The same film at the temperature of the specification's retention (K), in fixed steps."""
    table, controls = spec.film, spec.controls
    material = _magnet(spec, film.electrodes)
    thermal = ThermalField(film.mesh, material, controls.retention_temperature)
    llg = LLG(film.llg.energy, [*film.llg.torques, thermal], table.damping)
    warm = eqx.tree_at(
        lambda f: (f.llg, f.step),
        film,
        (llg, jnp.asarray(controls.retention_step)),
        is_leaf=lambda x: x is None,
    )
    return in_precision(warm, spec.precision)


def _idle(torque: AbstractTorque) -> AbstractTorque:
    """The same torque with efficiencies of zero."""
    names = ("polarization",) if isinstance(torque, ZhangLi) else ("dampinglike", "fieldlike")
    for name in names:
        zero = jnp.zeros_like(getattr(torque, name))
        torque = eqx.tree_at(lambda tree, name=name: getattr(tree, name), torque, zero)
    return torque


def _filled(contacts: Electrodes) -> Any:
    """1 where there is film and 0 elsewhere, ``(nx, ny, 1)``; one number for a whole rectangle."""
    filled = np.asarray(contacts.outline) > 0
    return 1.0 if filled.all() else filled[:, :, None].astype(float)


def _magnet(spec: Yu2021Spec, contacts: Electrodes, **others: Any) -> Material:
    """The film's material; it is where the contacts' outline is."""
    film = spec.film
    magnetization = film.saturation_magnetization * _filled(contacts)
    return Material(magnetization, film.exchange, damping=film.damping, **others)


def _pinned(film: SelfLearningFilmTable, grains: Array | None, key: Key) -> Any:
    """The anisotropy, J/m³: one number, or one per cell where grains differ."""
    if grains is None or not film.anisotropy_spread:
        return film.anisotropy
    return film.anisotropy * grain_factors(grains, film.anisotropy_spread, key=key)


def _metal(spec: Yu2021Spec) -> HeavyMetal:
    layer = spec.heavy_metal
    return HeavyMetal(layer.conductivity, layer.thickness, layer.dampinglike, layer.fieldlike)


_Parts = tuple[Material, AbstractEnergy, Array, list[AbstractTorque], HeavyMetal | None]


def _granular(spec: Yu2021Spec, contacts: Electrodes, key: Key) -> _Parts:
    """In-plane grains with two easy axes each, weakly coupled, on a heavy metal."""
    film, mesh = spec.film, contacts.mesh
    material = _magnet(spec, contacts)
    grains = grain_labels(mesh, film.grain_size, key=key)
    axis = grain_axes(grains, key=key)
    other = jnp.stack([-axis[1], axis[0], axis[2]])
    with warnings.catch_warnings():
        # Grains turn as a whole: what a cell up to a wall's width leaves out is measured in
        # benchmarks/film_convergence.py, and is not that of walls in one piece of film.
        if max(mesh.cell[:2]) ** 2 * film.anisotropy <= film.exchange:
            warnings.filterwarnings("ignore", "cell edge .* exceeds the exchange length")
        exchange = Exchange(mesh, material, grains=grains, grain_coupling=film.grain_coupling)
    energy = (
        exchange
        + CubicAnisotropy(mesh, material, (_pinned(film, grains, key), 0.0), (axis, other))
        + Demag(mesh, material)
    )
    # A grain as grown points anywhere in the plane.
    first = grain_axes(grains, key=stream(key, "texture"))
    torque = ZhangLi(mesh, material, film.polarization, film.nonadiabaticity)
    return material, energy, first, [torque], _metal(spec)


def _chiral(spec: Yu2021Spec, contacts: Electrodes, key: Key) -> _Parts:
    """A labyrinth of chiral domains."""
    film, mesh = spec.film, contacts.mesh
    grains = grain_labels(mesh, film.grain_size, key=key) if film.anisotropy_spread else None
    material = _magnet(
        spec,
        contacts,
        anisotropy=_pinned(film, grains, key),
        anisotropy_axis=(0.0, 0.0, 1.0),
        interfacial_dmi=film.interfacial_dmi,
    )
    energy = (
        Exchange(mesh, material)
        + UniaxialAnisotropy(mesh, material)
        + InterfacialDMI(mesh, material)
        + Demag(mesh, material)
    )
    first = maze_state(mesh, key=stream(key, "texture"), period=film.period)
    torque = ZhangLi(mesh, material, film.polarization, film.nonadiabaticity)
    layer = _metal(spec) if spec.heavy_metal.below_stripes else None
    return material, energy, first, [torque], layer
