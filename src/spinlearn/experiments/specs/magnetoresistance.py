"""Specification of a magnetoresistance measurement: a film, its contacts, a loop of the field."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import model_validator

from spinlearn.experiments.specs.base import RunSpec, Table, choice, quantity

_NIST = "NIST muMAG standard problem 4"
_BOGART = "Bogart and Atkinson, Appl. Phys. Lett. 94, 042511 (2009)"
_MCGUIRE = "McGuire and Potter, IEEE Trans. Magn. 11, 1018 (1975)"


class FilmTable(Table):
    """A polycrystalline film; permalloy by default (SI units, see its fields).

    Examples
    --------
    >>> FilmTable(length=256e-9).cells
    (64, 128, 1)
    """

    length: float = quantity(512e-9, "m", 8e-9, 1e-4, "Length along x")
    width: float = quantity(512e-9, "m", 8e-9, 1e-4, "Length along y")
    thickness: float = quantity(10e-9, "m", 2e-10, 1e-6, "Thickness")
    cell: float = quantity(4e-9, "m", 2e-10, 1e-6, "Edge of a cell in the plane, at most")
    saturation_magnetization: float = quantity(
        8e5, "A/m", 1e3, 3e6, "Saturation magnetization", source=_NIST
    )
    exchange: float = quantity(13e-12, "J/m", 1e-14, 1e-10, "Exchange stiffness", source=_NIST)
    anisotropy: float = quantity(
        5e3, "J/m³", 0.0, 1e7, "Uniaxial anisotropy of a grain, its axis random in the plane"
    )
    grain_size: float = quantity(20e-9, "m", 1e-9, 1e-5, "Mean size of a grain")
    interfacial_dmi: float = quantity(0.0, "J/m²", -2e-2, 2e-2, "Interfacial DMI constant")
    conductivity: float = quantity(
        2.3e6,
        "S/m",
        1e2,
        1e9,
        "Conductivity across m, of a film of this thickness",
        source=_BOGART + ", at 10 nm",
    )
    amr_ratio: float = quantity(0.025, "1", -0.5, 1.0, "AMR ratio (ρ∥ - ρ⊥)/ρ⊥", source=_MCGUIRE)

    @property
    def cells(self) -> tuple[int, int, int]:
        """Numbers of cells of the mesh (no unit)."""
        nx, ny = (
            max(2, math.ceil(edge / self.cell * (1 - 1e-9))) for edge in (self.length, self.width)
        )
        return nx, ny, 1

    @model_validator(mode="after")
    def _affordable(self) -> Self:
        nx, ny, _ = self.cells
        if nx * ny > 2**24:
            raise ValueError(
                f"cell = {self.cell:g} m makes {nx} × {ny} cells: allowed are 16 million. "
                "Make cell larger or the film smaller."
            )
        if self.anisotropy and self.grain_size < self.cell:
            raise ValueError(
                f"grain_size = {self.grain_size:g} m: allowed is at least cell = {self.cell:g} m. "
                "Make grains larger, or anisotropy zero."
            )
        return self


class LoopTable(Table):
    """A loop of the applied field, from its largest value down to minus it and back (A/m, rad).

    Examples
    --------
    >>> len(LoopTable(points=5).fields)  # down and up, the turning point once
    9
    """

    largest: float = quantity(4e4, "A/m", 0.0, 1e7, "Largest field (4e4 A/m is 50 mT)")
    angle: float = quantity(0.1, "rad", -3.2, 3.2, "Angle of the field from x in the plane")
    points: int = quantity(41, "1", 2, 10_000, "Fields from +largest to -largest")

    @property
    def fields(self) -> tuple[float, ...]:
        """Fields along the loop's direction, A/m."""
        down = [
            self.largest * (self.points - 1 - 2 * k) / (self.points - 1) for k in range(self.points)
        ]
        return (*down, *reversed(down[:-1]))


class ContactsTable(Table):
    """Contacts around the edge (no unit).

    Examples
    --------
    >>> ContactsTable().count
    4
    """

    count: int = quantity(4, "1", 2, 256, "Contacts at equal distances around the edge")
    coverage: float = quantity(0.4, "1", 0.01, 0.99, "Part of the edge under contacts")


class RelaxTable(Table):
    """How the film comes to rest (no unit).

    Examples
    --------
    >>> RelaxTable().tolerance
    0.0001
    """

    start: Literal["saturated", "random", "vortex"] = choice(
        "saturated", "Texture before the first field"
    )
    tolerance: float = quantity(1e-4, "1", 1e-9, 1e-2, "Torque left over Ms")
    max_evaluations: int = quantity(50_000, "1", 10, 10_000_000, "Field evaluations at one field")


class MagnetoresistanceSpec(RunSpec):
    """Specification of ``magnetoresistance`` (SI units, see the tables).

    Parameters
    ----------
    experiment
        "magnetoresistance" (no unit).
    film, contacts, loop, relax
        Its tables (SI units).

    Examples
    --------
    >>> spec = MagnetoresistanceSpec(film=FilmTable(length=128e-9))
    >>> spec.film.width
    5.12e-07
    """

    experiment: Literal["magnetoresistance"] = choice("magnetoresistance", "Name of the experiment")
    film: FilmTable = FilmTable()
    contacts: ContactsTable = ContactsTable()
    loop: LoopTable = LoopTable()
    relax: RelaxTable = RelaxTable()
