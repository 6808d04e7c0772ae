"""The film of 35 contacts that ``niu2024`` trains beside its links. No JAX here."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, Self

from pydantic import model_validator

from spinlearn.experiments.specs.base import Table, choice, quantity

# Dots of a letter, and of the grid of contacts.
ROWS, COLUMNS = 7, 5
_LIKE_YU = "assumed; that of yu2021"


class MemoryFilmTable(Table):
    """One film between 35 contacts, trained by its full dynamics (SI units, see its fields).

    Grains on platinum as in ``yu2021``: what is not named here has the values of that
    specification. The film is 5 × 7 pitches large, whatever its contacts are.

    Examples
    --------
    >>> table = MemoryFilmTable()
    >>> table.devices, table.cells
    (0, (80, 112))
    """

    devices: int = quantity(
        0, "1", 0, 100_000, "Films, each with grains of its own; 0 leaves them out"
    )
    contacts: Literal["grid", "edge", "bridges"] = choice(
        "grid",
        "Pads in a grid on a plain film, contacts along its edge, or pads with bridges of film "
        "between neighbours",
    )
    pitch: int = quantity(16, "1", 3, 400, "Cells from a pad to the next")
    cell: float = quantity(15e-9, "m", 2e-10, 1e-7, "Edge of a cell")
    pad: float = quantity(0.4, "1", 0.05, 0.9, "Edge of a pad over the pitch (grid, bridges)")
    coverage: float = quantity(0.6, "1", 0.05, 0.95, "Part of the edge under contacts (edge)")
    bridge: float = quantity(0.38, "1", 0.05, 0.9, "Width of a bridge over the pitch (bridges)")
    thickness: float = quantity(1.5e-9, "m", 2e-10, 1e-7, "Thickness", source=_LIKE_YU)
    grain_size: float = quantity(60e-9, "m", 1e-9, 1e-5, "Mean size of a grain", source=_LIKE_YU)
    grain_coupling: float = quantity(
        5e-5, "J/m²", 0.0, 1e-1, "Exchange across a boundary of grains", source=_LIKE_YU
    )
    anisotropy: float = quantity(
        6e4, "J/m³", 0.0, 1e7, "Fourfold anisotropy in the plane of a grain", source=_LIKE_YU
    )
    amr_ratio: float = quantity(
        0.04, "1", -0.5, 1.0, "AMR ratio (ρ∥ - ρ⊥)/ρ⊥ of the film alone", source=_LIKE_YU
    )
    voltage: float = quantity(
        0.1, "V", 1e-6, 1e3, "Voltage of a contact whose node is up; the field goes with it over "
        "the pitch",
    )  # fmt: skip
    pulse: float = quantity(5e-10, "s", 1e-12, 1e-3, "Length of a pulse")
    rest: float = quantity(5e-10, "s", 1e-12, 1e-3, "Time without voltage after the pulses")
    repetitions: int = quantity(
        1,
        "1",
        1,
        1000,
        "How often a pulse of the pattern, one of its negative and rest are repeated",
    )
    epochs: int = quantity(1, "1", 1, 1000, "How often all letters are shown, one after another")

    @property
    def cells(self) -> tuple[int, int]:
        """Cells along x and along y (no unit)."""
        return COLUMNS * self.pitch, ROWS * self.pitch

    @model_validator(mode="after")
    def _held_by_the_mesh(self) -> Self:
        problem = self._problem()
        if problem:
            raise ValueError(problem)
        return self

    def _problem(self) -> str:
        """What is wrong with contacts or grains on this mesh; empty if they fit."""
        if self.grain_size < self.cell * (1 - 1e-9):
            return (
                f"grain_size = {self.grain_size:g} m: allowed is at least a cell, {self.cell:g} m. "
                "Make grains larger, or cell smaller."
            )
        if self.contacts == "edge":
            return self._edge_problem()
        starts = [round((k + 0.5) * self.pitch - 0.5 * self._pad_cells) for k in range(ROWS)]
        if min(b - a for a, b in pairwise(starts)) <= self._pad_cells:
            return (
                f"pad = {self.pad:g}: allowed is what leaves a cell between pads of the "
                f"{self.pitch} of a pitch. Make pad smaller, or pitch larger."
            )
        if self.contacts == "bridges" and not 1 <= self.bridge * self.pitch < self.pad * self.pitch:
            return (
                f"bridge = {self.bridge:g}: allowed is from one cell, {1 / self.pitch:.3g}, to "
                f"less than pad = {self.pad:g}. Change bridge, or make pitch larger."
            )
        return ""

    @property
    def _pad_cells(self) -> int:
        return max(1, round(self.pad * self.pitch))

    def _edge_problem(self) -> str:
        """Contacts and what lies between them hold two cells of the edge."""
        each = 2 * sum(self.cells) / (ROWS * COLUMNS)
        least = min(self.coverage, 1 - self.coverage) * each
        if least >= 2:
            return ""
        return (
            f"coverage = {self.coverage:g}: allowed is what leaves two cells for a contact and two "
            f"between contacts, of the {each:.3g} that a contact has at a pitch of {self.pitch}. "
            "Bring coverage nearer to 0.5, or make pitch larger."
        )
