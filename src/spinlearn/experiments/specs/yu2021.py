"""Specification of ``yu2021``: a film that trains itself through four contacts."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import model_validator

from spinlearn.experiments.specs._four_contacts import contact_problem
from spinlearn.experiments.specs.base import RunSpec, Table, choice, quantity

_MCGUIRE = "McGuire and Potter, IEEE Trans. Magn. 11, 1018 (1975)"
_GARELLO = "assumed; of the size in Garello et al., Nat. Nanotechnol. 8, 587 (2013)"


class SelfLearningFilmTable(Table):
    """The film; by default granular Co–Ni on platinum (SI units, see its fields).

    Assumed are columnar fcc grains with a fourfold axis along the normal, (001) texture, which
    needs a seed layer: on platinum alone such a film grows with (111), without fourfold anisotropy.

    Examples
    --------
    >>> SelfLearningFilmTable().cells
    96
    """

    length: float = quantity(1.44e-6, "m", 2e-8, 1e-4, "Edge of the square film")
    thickness: float = quantity(1.5e-9, "m", 2e-10, 1e-7, "Thickness")
    cell: float = quantity(15e-9, "m", 2e-10, 1e-6, "Edge of a cell in the plane, at most")
    saturation_magnetization: float = quantity(
        1.0e6, "A/m", 1e3, 3e6, "Saturation magnetization", source="assumed; between Ni and Co"
    )
    exchange: float = quantity(15e-12, "J/m", 1e-14, 1e-10, "Exchange stiffness")
    anisotropy: float = quantity(
        6e4,
        "J/m³",
        0.0,
        1e7,
        "Anisotropy: fourfold in the plane of a grain (spin-orbit), or uniaxial along the normal "
        "(spin-transfer)",
        source="assumed; that of fcc cobalt is of this size",
    )
    anisotropy_spread: float = quantity(
        0.0,
        "1",
        0.0,
        1.0,
        "Pinning: standard deviation of the anisotropy from grain to grain, over its mean",
    )
    grain_size: float = quantity(
        60e-9,
        "m",
        1e-9,
        1e-5,
        "Mean size of a grain (spin-orbit, and spin-transfer with anisotropy_spread)",
    )
    grain_coupling: float = quantity(
        5e-5, "J/m²", 0.0, 1e-1, "Exchange across a boundary of grains (spin-orbit)"
    )
    interfacial_dmi: float = quantity(
        0.0, "J/m²", -2e-2, 2e-2, "Interfacial DMI constant (spin-transfer)"
    )
    period: float = quantity(
        50e-9, "m", 1e-9, 1e-5, "Period of the labyrinth before it relaxes (spin-transfer)"
    )
    damping: float = quantity(
        0.1, "1", 1e-4, 10.0, "Gilbert damping; without it a film would never rest"
    )
    conductivity: float = quantity(4e6, "S/m", 1e2, 1e9, "Conductivity across m")
    amr_ratio: float = quantity(
        0.04,
        "1",
        -0.5,
        1.0,
        "AMR ratio (ρ∥ - ρ⊥)/ρ⊥ of the film alone",
        source="assumed; bulk Co-Ni alloys have more, " + _MCGUIRE,
    )
    polarization: float = quantity(0.5, "1", -1.0, 1.0, "Polarization of the current")
    nonadiabaticity: float = quantity(0.15, "1", -10.0, 10.0, "Nonadiabaticity β")

    @property
    def cells(self) -> int:
        """Cells along an edge (no unit)."""
        return max(2, math.ceil(self.length / self.cell * (1 - 1e-9)))

    @model_validator(mode="after")
    def _affordable(self) -> Self:
        if self.cells > 4096:
            raise ValueError(
                f"cell = {self.cell:g} m makes {self.cells} cells along an edge: allowed are "
                "4096. Make cell larger or the film smaller."
            )
        return self


class HeavyMetalTable(Table):
    """The heavy metal below the film; platinum by default (SI units).

    It is below every film that spin-orbit torque writes. A film of stripes needs one for its DMI;
    whether that one's conductance and torques are counted is `below_stripes`.

    Examples
    --------
    >>> HeavyMetalTable().fieldlike
    0.1
    """

    thickness: float = quantity(3e-9, "m", 1e-10, 1e-6, "Thickness")
    conductivity: float = quantity(3e6, "S/m", 1e2, 1e9, "Conductivity")
    dampinglike: float = quantity(
        0.1, "1", -2.0, 2.0, "Damping-like spin-orbit efficiency", source=_GARELLO
    )
    fieldlike: float = quantity(
        0.1, "1", -2.0, 2.0, "Field-like spin-orbit efficiency", source=_GARELLO
    )
    below_stripes: bool = choice(
        False,
        "Whether it lies below a film of stripes as well (spin-transfer), which it shunts and "
        "gives its torques",
    )


class FourContactsTable(Table):
    """Four contacts (no unit).

    Examples
    --------
    >>> FourContactsTable().layout
    'ring'
    """

    layout: Literal["centre", "ring", "edge", "corner"] = choice(
        "ring",
        "One pad in the centre and three around it (centre), or three arcs along a circle around "
        "it (ring), four on the middles of the edges, or four on the corners",
    )
    size: float = quantity(
        0.1,
        "1",
        0.02,
        0.6,
        "Over half the film's edge: radius of a pad; over the edge: length of a contact on it",
    )
    arc: float = quantity(
        0.8, "rad", 0.02, 1.0, "Half the angle that an arc takes as seen from the centre (ring)"
    )


class TrainingTable(Table):
    """Pulses that train (SI units, see its fields).

    Examples
    --------
    >>> TrainingTable(polarities="one").pulses
    1
    """

    voltage: float = quantity(0.25, "V", 1e-6, 1e3, "Voltage of a contact whose node is up")
    pulse: float = quantity(2e-9, "s", 1e-12, 1e-3, "Length of a pulse")
    rest: float = quantity(2e-9, "s", 1e-12, 1e-3, "Time without voltage after the pulses")
    polarities: Literal["both", "one", "alternating"] = choice(
        "both",
        "A pulse of the pattern and one of its negative, the pattern's alone, or one of the two, "
        "in turn from film to film",
    )
    repetitions: int = quantity(2, "1", 1, 1000, "How often pulses and rest are repeated")

    @property
    def pulses(self) -> int:
        """Pulses of one repetition (no unit)."""
        return 2 if self.polarities == "both" else 1

    @property
    def duration(self) -> float:
        """Time of all repetitions, s."""
        return self.repetitions * (self.pulses * self.pulse + self.rest)


class ReadoutTable(Table):
    """How weights are read (SI units, see its fields).

    Examples
    --------
    >>> ReadoutTable().reference
    'mean'
    """

    reference: Literal["mean", "untrained"] = choice(
        "mean",
        "What conductances are compared with: the mean over films trained with the orthogonal "
        "patterns and one that waited, or the film before training",
    )
    relative: bool = choice(True, "Whether read voltages take the reference's size out")
    voltage: float = quantity(1e-3, "V", 1e-9, 1.0, "Largest read voltage")


class EnsembleTable(Table):
    """How many films are trained (no unit).

    Examples
    --------
    >>> EnsembleTable().textures
    4
    """

    textures: int = quantity(4, "1", 1, 100_000, "Films, each with a texture and grains of its own")
    studied: int = quantity(
        1, "1", 0, 100_000, "Films of them that are controlled and pictured as well"
    )

    @model_validator(mode="after")
    def _part(self) -> Self:
        if self.studied > self.textures:
            raise ValueError(
                f"studied = {self.studied}: allowed is at most textures = {self.textures}. Lower "
                "it, or raise textures."
            )
        return self


class ControlsTable(Table):
    """What is done with the films that are studied (SI units, see its fields).

    Examples
    --------
    >>> ControlsTable().alternations
    4
    """

    alternations: int = quantity(4, "1", 0, 1000, "Trainings with two patterns in turn on one film")
    spectrum: bool = choice(
        False, "Whether all sixteen patterns are tried, one pulse each, for the learning spectrum"
    )
    disturb_time: float = quantity(1e-9, "s", 1e-12, 1e-3, "Time that the read voltage is held")
    retention_temperature: float = quantity(
        0.0, "K", 0.0, 2000.0, "Temperature at which a trained film waits; 0 leaves it out"
    )
    retention_time: float = quantity(2e-9, "s", 1e-12, 1e-3, "Time that it waits")
    retention_step: float = quantity(2e-13, "s", 1e-16, 1e-12, "Time step with thermal noise")


class SolverTable(Table):
    """Numerical accuracy (no unit but rad, see its fields).

    Examples
    --------
    >>> SolverTable().updates
    50
    """

    tolerance: float = quantity(1e-3, "1", 1e-9, 1e-1, "Error of a time step")
    turn: float = quantity(
        0.1, "rad", 1e-6, 3.0, "Turn of the texture after which the current is found anew"
    )
    updates: int = quantity(50, "1", 1, 100_000, "Most steps under one current")
    relaxation: float = quantity(1e-3, "1", 1e-9, 1e-1, "Torque over Ms left in a new film")


class Yu2021Spec(RunSpec):
    """Specification of ``yu2021`` (SI units, see the tables).

    The published device's parameters are not available to this project: all of these are ours.

    Parameters
    ----------
    experiment
        "yu2021" (no unit).
    mechanism
        What writes: the current's spin-transfer torque in a chiral texture, as published, or the
        spin-orbit torque and the field of a heavy metal in an in-plane film (no unit).
    film, heavy_metal, contacts, training, readout, ensemble, controls, solver
        Its tables (SI units).

    Examples
    --------
    >>> Yu2021Spec().training.duration
    1.2e-08
    """

    experiment: Literal["yu2021"] = choice("yu2021", "Name of the experiment")
    precision: Literal["float64", "float32"] = choice("float32", "Precision of the arithmetic")
    mechanism: Literal["spin-orbit", "spin-transfer"] = choice("spin-orbit", "What writes")
    oersted: bool = choice(True, "Whether the current's own field acts")
    film: SelfLearningFilmTable = SelfLearningFilmTable()
    heavy_metal: HeavyMetalTable = HeavyMetalTable()
    contacts: FourContactsTable = FourContactsTable()
    training: TrainingTable = TrainingTable()
    readout: ReadoutTable = ReadoutTable()
    ensemble: EnsembleTable = EnsembleTable()
    controls: ControlsTable = ControlsTable()
    solver: SolverTable = SolverTable()

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        """A film of one mechanism does nothing under the other's torque."""
        dmi = self.film.interfacial_dmi
        if self.mechanism == "spin-transfer" and not dmi:
            raise ValueError(
                f"film.interfacial_dmi = {dmi:g} J/m²: allowed with mechanism = 'spin-transfer' is "
                "any value but 0, since it writes stripes. Start from the specification "
                "yu2021-transfer, which has all of such a film."
            )
        if self.mechanism == "spin-orbit" and dmi:
            raise ValueError(
                f"film.interfacial_dmi = {dmi:g} J/m²: allowed with mechanism = 'spin-orbit' is 0, "
                "since its grains lie in the plane. Start from the specification yu2021, which has "
                "all of such a film."
            )
        return self

    @model_validator(mode="after")
    def _contacts_apart(self) -> Self:
        contacts, film = self.contacts, self.film
        problem = contact_problem(
            contacts.layout, contacts.size, contacts.arc, film.cells, film.length, film.cell
        )
        if problem:
            raise ValueError(problem)
        return self

    @model_validator(mode="after")
    def _resolved(self) -> Self:
        film = self.film
        cell = film.length / film.cells
        granular = self.mechanism == "spin-orbit" or film.anisotropy_spread > 0
        if granular and film.grain_size < cell * (1 - 1e-9):
            raise ValueError(
                f"film.grain_size = {film.grain_size:g} m: allowed is at least a cell, {cell:g} m. "
                "Make grains larger, or film.cell smaller."
            )
        return self
