"""Specification of ``niu2024``: an associative memory whose weights are pairs of magnetic links."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from spinlearn.experiments.specs.base import RunSpec, Table, choice, quantity
from spinlearn.experiments.specs.link import LinkTable
from spinlearn.experiments.specs.niu2024_film import MemoryFilmTable

_KNOWN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_SETS = ("CLU", "ABF", "HNUW", "ABFR", "ABGO", "ABFP")


class PulsesTable(Table):
    """Pulses that train, and reads between them (SI units, see its fields).

    Examples
    --------
    >>> PulsesTable().epochs
    20
    """

    epochs: int = quantity(20, "1", 1, 100_000, "How often the patterns are shown")
    row_voltage: float = quantity(0.05, "V", 1e-6, 1e3, "Voltage of a row driven by one")
    column_voltage: float = quantity(0.025, "V", 1e-6, 1e3, "Voltage of a column driven by one")
    hebbian_voltage: float = quantity(
        0.05, "V", 1e-6, 1e3, "Voltage of rows and columns in the hebbian protocol"
    )
    pulse: float = quantity(1e-10, "s", 1e-13, 1.0, "Length of a pulse")
    residual_pulse: float = quantity(
        6e-11,
        "s",
        1e-13,
        1.0,
        "Length of a pulse in the protocols that read, residual and subspace",
    )
    gain: float = quantity(1.0, "1", 1e-6, 1e6, "Weight of a link that is written whole")
    read_voltage: float = quantity(2e-3, "V", 1e-9, 1e2, "Largest voltage of a column in a read")
    read_time: float = quantity(1e-4, "s", 1e-12, 1e3, "Length of a read")
    temperature: float = quantity(
        300.0, "K", 0.0, 2000.0, "Temperature of the Johnson noise in reads"
    )


class LeakyTable(Table):
    """Single links that forget: one between every two nodes (SI units, see its fields).

    Examples
    --------
    >>> table = LeakyTable()
    >>> round(table.rest / table.retention, 3)  # forgotten from pattern to pattern
    0.05
    """

    voltage: float = quantity(0.04, "V", 1e-6, 1e3, "Voltage of a node that is up")
    pulse: float = quantity(1e-10, "s", 1e-13, 1.0, "Length of a pulse")
    rest: float = quantity(5e-5, "s", 1e-12, 1e6, "Time from a pulse to the next")
    retention: float = quantity(1e-3, "s", 1e-9, 1e12, "Time in which what is written wears off")


class IdealTable(Table):
    """Ideal links, which follow a rule exactly (SI units, see its fields).

    Examples
    --------
    >>> table = IdealTable()
    >>> round(35 * table.pulse / table.learning_time, 3)  # rate of the rule, times the nodes
    0.245
    """

    conductance: float = quantity(1e-3, "S", 1e-9, 1e3, "Conductance of a link of weight zero")
    contrast: float = quantity(0.1, "1", 1e-6, 1.0, "Relative change of a link per weight")
    learning_time: float = quantity(1e-9, "s", 1e-15, 1e6, "Time at which a rule's rate is one")
    initial: float = quantity(0.5, "1", 0.0, 1.0, "Weight of a node to itself, on a new device")
    spread: float = quantity(1e-3, "1", 0.0, 1.0, "Spread of the weights of new devices")
    voltage: float = quantity(0.04, "V", 1e-6, 1e3, "Voltage of a node that is up")
    pulse: float = quantity(7e-12, "s", 1e-18, 1e3, "Length of a pulse")


class MemoryTable(Table):
    """What is stored, and how recall is tried (no unit).

    Examples
    --------
    >>> MemoryTable().letters
    'CLU'
    """

    letters: str = choice(
        "CLU", "Letters or digits of 5×7 dots that are learned; the curves are of these"
    )
    sets: tuple[str, ...] = choice(
        _SETS, "Other sets of letters or digits, each learned by devices of its own"
    )
    flips: int = quantity(3, "1", 0, 35, "Flipped dots of a probe")
    most_flips: int = quantity(10, "1", 1, 35, "Most flipped dots in the curve over them")
    trials: int = quantity(40, "1", 1, 100_000, "Probes of every pattern for every device")
    patterns: int = quantity(3, "1", 1, 35, "Random patterns in the curve over similarity")
    similarities: tuple[float, ...] = choice(
        (0.0, 0.25, 0.5, 0.65, 0.8), "Mean overlaps of random patterns"
    )
    loads: tuple[int, ...] = choice(
        (2, 3, 4, 6), "Numbers of random patterns in the curve over load"
    )
    similarity: float = quantity(0.5, "1", 0.0, 1.0, "Mean overlap in the curve over load")
    spreads: tuple[float, ...] = choice((0.0, 0.05, 0.1, 0.2, 0.3), "Spreads of devices")

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        checks = {
            "letters": _are_characters(self.letters),
            "sets": all(_are_characters(names) for names in self.sets),
            "similarities": self.similarities and all(0 <= c <= 1 for c in self.similarities),
            "loads": self.loads and all(1 <= p <= 35 for p in self.loads),
            "spreads": self.spreads and all(0 <= s <= 1 for s in self.spreads),
        }
        allowed = {
            "letters": "2 to 35 different characters, A to Z and 0 to 9",
            "sets": "texts of 2 to 35 different characters, A to Z and 0 to 9",
            "similarities": "one or more numbers from 0 to 1",
            "loads": "one or more integers from 1 to 35",
            "spreads": "one or more numbers from 0 to 1",
        }
        if self.most_flips < self.flips:
            raise ValueError(
                f"most_flips = {self.most_flips}: allowed is at least flips = {self.flips}."
            )
        for name, good in checks.items():
            if not good:
                raise ValueError(f"{name} = {getattr(self, name)}: allowed are {allowed[name]}.")
        return self


def _are_characters(names: str) -> bool:
    return set(names) <= set(_KNOWN) and 2 <= len(names) <= 35 and len(names) == len(set(names))


class Niu2024Spec(RunSpec):
    """Specification of ``niu2024`` (SI units, see the tables).

    The published device's parameters are not available to this project: all of these are ours.

    Parameters
    ----------
    experiment
        "niu2024" (no unit).
    devices
        Devices, each with links of its own (no unit).
    link, training, leaky, ideal, film, memory
        Its tables (SI units).

    Examples
    --------
    >>> Niu2024Spec().devices
    8
    """

    experiment: Literal["niu2024"] = choice("niu2024", "Name of the experiment")
    precision: Literal["float64", "float32"] = choice("float32", "Precision of the arithmetic")
    devices: int = quantity(8, "1", 1, 100_000, "Devices, each with links of its own")
    link: LinkTable = LinkTable()
    training: PulsesTable = PulsesTable()
    leaky: LeakyTable = LeakyTable()
    ideal: IdealTable = IdealTable()
    film: MemoryFilmTable = MemoryFilmTable()
    memory: MemoryTable = MemoryTable()
