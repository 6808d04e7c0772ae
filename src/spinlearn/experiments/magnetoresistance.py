"""Conductance matrix of a film at rest along a loop of the applied field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.errors import SpinlearnError
from spinlearn.experiments.experiment import (
    AbstractExperiment,
    Claim,
    Coordinate,
    Layout,
    Rows,
    Summary,
    Variable,
    in_precision,
)
from spinlearn.experiments.specs.magnetoresistance import MagnetoresistanceSpec
from spinlearn.magnetics import (
    AbstractEnergy,
    Demag,
    Exchange,
    InterfacialDMI,
    UniaxialAnisotropy,
    Zeeman,
    grain_axes,
    grain_labels,
    random_state,
    relax,
    uniform_state,
    vortex_state,
)
from spinlearn.materials import Material
from spinlearn.mesh import Mesh
from spinlearn.rng import key_from_seed
from spinlearn.transport import AMR, Electrodes, edge_electrodes, read_conductance

if TYPE_CHECKING:
    import xarray

Array = jax.Array

# A loop that ends with less of its magnetization along the field says nothing about reversal.
_SATURATED = 0.8


class Magnetoresistance(AbstractExperiment):
    """A film relaxed and read at every field of a loop (SI units).

    Parameters
    ----------
    energy
        Energy terms but for the applied field, J.
    material
        Gives the saturation magnetization, A/m.
    contacts
        Contacts around the edge.
    amr
        Conductivity (S/m) and AMR ratio.
    fields
        Applied fields, ``(n, 3)``, A/m.
    first
        Texture before the first field, ``(3, nx, ny, nz)``, without unit.
    tolerance
        Torque to leave over Ms, without unit.
    max_evaluations
        Bound of the field evaluations at one field (no unit).

    Examples
    --------
    >>> from spinlearn.experiments.specs.magnetoresistance import FilmTable
    >>> film = FilmTable(length=64e-9, width=64e-9)
    >>> loop = Magnetoresistance.build(MagnetoresistanceSpec(film=film, precision="float32"))
    >>> loop.first.shape, loop.fields.shape
    ((3, 16, 16, 1), (81, 3))
    """

    title: ClassVar[str] = "Magnetoresistance of a film with many contacts"
    citation: ClassVar[str] = ""

    energy: AbstractEnergy
    material: Material
    contacts: Electrodes
    amr: AMR
    fields: Array
    first: Array
    tolerance: Array
    max_evaluations: int = eqx.field(static=True)

    @classmethod
    def build(cls, spec: MagnetoresistanceSpec) -> Self:
        """Arrays of the experiment (SI units)."""
        mesh, film = _mesh(spec), spec.film
        key = key_from_seed(spec.seed)
        material = Material(
            film.saturation_magnetization,
            film.exchange,
            film.anisotropy,
            interfacial_dmi=film.interfacial_dmi,
        )
        energy = Exchange(mesh, material) + Demag(mesh, material)
        if film.anisotropy:
            labels = grain_labels(mesh, film.grain_size, key=key)
            axes = grain_axes(labels, key=key)
            polycrystal = eqx.tree_at(lambda tree: tree.anisotropy_axis, material, axes)
            energy = energy + UniaxialAnisotropy(mesh, polycrystal)
        if film.interfacial_dmi:
            energy = energy + InterfacialDMI(mesh, material)
        direction = np.array([np.cos(spec.loop.angle), np.sin(spec.loop.angle), 0.0])
        if spec.relax.start == "random":
            first = random_state(mesh, key=key)
        elif spec.relax.start == "vortex":
            first = vortex_state(mesh)
        else:
            first = uniform_state(mesh, direction)
        experiment = cls(
            energy,
            material,
            edge_electrodes(spec.contacts.count, mesh, coverage=spec.contacts.coverage),
            AMR(film.conductivity, film.amr_ratio),
            jnp.asarray(np.outer(spec.loop.fields, direction)),
            first,
            jnp.asarray(spec.relax.tolerance),
            spec.relax.max_evaluations,
        )
        return in_precision(experiment, spec.precision)

    @classmethod
    def layout(cls, spec: MagnetoresistanceSpec) -> Layout:
        """One segment per field (SI units, as its parts say)."""
        mesh = _mesh(spec)
        fields = np.asarray(spec.loop.fields)
        n, contacts = len(fields), spec.contacts.count
        pair = ("into", "at"), (contacts, contacts)
        over: dict[str, tuple[str, str, tuple[str, ...], tuple[int, ...]]] = {
            "conductance": ("S", "conductance matrix", *pair),
            "m": ("1", "magnetization", ("component", "x", "y"), (3, *mesh.shape[:2])),
            "mean_m": ("1", "mean magnetization", ("component",), (3,)),
            "energy": ("J", "energy", (), ()),
            "torque": ("1", "torque left over Ms", (), ()),
            "conductance_error": ("1", "bound of the relative error of G", (), ()),
            "evaluations": ("1", "field evaluations", (), ()),
        }
        types = {"m": "float32", "evaluations": "int64"}
        variables = {
            name: Variable(
                ("step", *dims), (n, *shape), unit, text, dtype=types.get(name, "float64")
            )
            for name, (unit, text, dims, shape) in over.items()
        }
        x, y, _ = mesh.coordinates()
        numbers = np.arange(contacts)
        coordinates = {
            "field": Coordinate(("step",), fields, "A/m", "applied field"),
            "into": Coordinate(("into",), numbers, "1", "contact that the current flows into"),
            "at": Coordinate(("at",), numbers, "1", "contact at 1 V"),
            "component": Coordinate(("component",), np.array(["x", "y", "z"]), "1", "component"),
            "x": Coordinate(("x",), x, "m", "position"),
            "y": Coordinate(("y",), y, "m", "position"),
        }
        return Layout(n, variables, coordinates)

    def start(self) -> Array:
        """The texture before the first field, ``(3, nx, ny, nz)``, without unit."""
        return self.first

    def advance(self, state: Array, segment: int) -> tuple[Array, Rows]:
        """Relax at one field and read (SI units, as in the layout)."""
        field = self.fields[segment]
        energy = self.energy + Zeeman(self.energy.mesh, self.material, field)
        rest = relax(
            energy,
            state,
            tolerance=self.tolerance,
            max_steps=self.max_evaluations,
            throw=False,
        )
        reading = read_conductance(self.amr.tensor(rest.m), self.contacts)
        rows = {
            "conductance": reading.conductance,
            "conductance_error": reading.error,
            "m": rest.m[..., 0],
            "mean_m": jnp.mean(rest.m, axis=(1, 2, 3)),
            "energy": rest.energy,
            "torque": rest.torque,
            "evaluations": rest.steps,
        }
        return rest.m, {name: value[None] for name, value in rows.items()}

    @classmethod
    def check(cls, spec: Any, segment: int, rows: Mapping[str, np.ndarray]) -> None:
        """Raise if the film did not come to rest (no unit)."""
        torque = float(rows["torque"][0])
        if not torque <= spec.relax.tolerance * (1 + 1e-6):
            raise SpinlearnError(
                f"field {spec.loop.fields[segment]:.4g} A/m: the film kept a torque of "
                f"{torque:.3g} Ms after {int(rows['evaluations'][0])} field evaluations "
                f"(relax.tolerance {spec.relax.tolerance:g}, relax.max_evaluations "
                f"{spec.relax.max_evaluations}). Raise one of the two."
            )

    @classmethod
    def summarize(cls, spec: MagnetoresistanceSpec, dataset: xarray.Dataset) -> Summary:
        """Coercive field, remanence, two-terminal resistance (SI units)."""
        far = spec.contacts.count // 2
        resistance = _two_terminal(dataset["conductance"].values, 0, far)
        least, most = resistance.min(), resistance.max()
        pair = f"between contacts 0 and {far}, the others floating"
        claims = [
            *_reversal(spec, dataset),
            Claim(f"mean resistance {pair}", float(resistance.mean()), "Ω"),
            Claim(f"change of the resistance {pair}, along the loop", (most - least) / least, "1"),
        ]
        evaluations = float(dataset["evaluations"].sum())
        return Summary(tuple(claims), {"field evaluations": (evaluations, "1")})


def _two_terminal(conductance: np.ndarray, first: int, second: int) -> np.ndarray:
    """Resistance between two contacts that no current leaves elsewhere, Ω: eᵀ G⁺ e."""
    ends = np.zeros(conductance.shape[-1])
    ends[[first, second]] = 1, -1
    # G is symmetric with one vanishing eigenvalue, that of equal voltages: adding a matrix of
    # ones makes it regular and leaves differences of voltages as they are.
    scale = np.abs(conductance).max()
    voltages = np.linalg.solve(conductance + scale, ends[:, None])[..., 0]
    return voltages @ ends


def _reversal(spec: MagnetoresistanceSpec, dataset: xarray.Dataset) -> list[Claim]:
    """Coercive field and remanence, where the loop can tell them (A/m, no unit)."""
    field, points = dataset["field"].values, spec.loop.points
    angle = spec.loop.angle
    along = dataset["mean_m"].values @ [np.cos(angle), np.sin(angle), 0.0]
    branches = [slice(0, points), slice(points - 1, None)]
    saturated = min(along[0], -along[points - 1], along[-1]) > _SATURATED
    claims = []
    if saturated:
        (down_high, down_low), (up_low, up_high) = (
            _bracket(field[part], along[part]) for part in branches
        )
        low, high = (up_low - down_high) / 2, (up_high - down_low) / 2
        claims.append(Claim("coercive field", (low + high) / 2, "A/m", (low, high)))
    if saturated and points % 2:
        claims.append(Claim("remanence", float(along[points // 2]), "1"))
    return claims


def _mesh(spec: MagnetoresistanceSpec) -> Mesh:
    nx, ny, nz = spec.film.cells
    film = spec.film
    return Mesh((nx, ny, nz), (film.length / nx, film.width / ny, film.thickness))


def _bracket(field: np.ndarray, along: np.ndarray) -> tuple[float, float]:
    """Fields before and after the magnetization along them first changes sign, A/m."""
    k = int(np.flatnonzero(np.signbit(along[1:]) != np.signbit(along[:-1]))[0])
    return float(field[k]), float(field[k + 1])
