"""Specification of ``zhou2025``: spiking neurons on a crossbar of binary tunnel junctions."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, model_validator

from spinlearn.experiments.specs.base import RunSpec, Table, choice, quantity

_IKEDA = "Ikeda et al., Nat. Mater. 9, 721 (2010), text"


def _read(value: Any) -> Any:
    """Rows of a file, so that what a run stores needs the file no more."""
    if not isinstance(value, str):
        return value
    if not value:
        return ()
    from spinlearn.junctions import read_switching

    return tuple(zip(*(column.tolist() for column in read_switching(value)), strict=True))


class JunctionTable(Table):
    """The junction of every crossing: a published or a measured one, with spreads (SI units).

    Examples
    --------
    >>> JunctionTable().tmr
    1.24
    """

    device: Literal["ikeda2010"] = choice(
        "ikeda2010", "Perpendicular junction, by name", source="spinlearn.junctions.named_junction"
    )
    counts: Annotated[tuple[tuple[float, float, float, float], ...], BeforeValidator(_read)] = (
        choice(
            (),
            "Measured counts of switching, or the CSV file that has them: rows of V, s, switched, "
            "trials. They are fitted, and every array has one of the junctions they leave open",
        )
    )
    resistance: float = quantity(
        14324.0, "Ohm", 1.0, 1e9, "R_P", source="RA over area, Ikeda et al. (2010)"
    )
    tmr: float = quantity(1.24, "1", 1e-3, 100.0, "TMR ratio without voltage", source=_IKEDA)
    resistance_spread: float = quantity(
        0.05, "1", 0.0, 1.0, "Relative spread of R_P from junction to junction"
    )
    tmr_spread: float = quantity(0.05, "1", 0.0, 1.0, "Relative spread of the TMR ratio")
    critical_voltage_spread: float = quantity(
        0.05, "1", 0.0, 1.0, "Relative spread of the critical voltage, and so of the switching"
    )


class ArrayTable(Table):
    """The crossbar (SI units, see its fields).

    Examples
    --------
    >>> ArrayTable().neurons
    100
    """

    neurons: int = quantity(100, "1", 1, 100_000, "Neurons, one bit line each")
    junctions: int = quantity(1, "1", 1, 64, "Junctions of a synapse")
    stuck_on: float = quantity(0.0, "1", 0.0, 0.5, "Part of the junctions that stay on")
    stuck_off: float = quantity(0.0, "1", 0.0, 0.5, "Part of the junctions that stay off")
    read_voltage: float = quantity(0.1, "V", 1e-4, 2.0, "Voltage of an active input in a read")
    clock: float = quantity(1e-8, "s", 1e-11, 1e-3, "Length of a clock of inference")
    pulse: float = quantity(1e-8, "s", 1e-10, 1e-5, "Length of a write pulse")
    pulse_noise: float = quantity(
        0.0, "1", 0.0, 0.3, "Relative spread of a pulse's height from spike to spike"
    )
    threshold: float = quantity(
        2.0, "1", 1e-3, 1e4, "Clocks in which a neuron fires whose junctions all match"
    )
    kept: float = quantity(0.99, "1", 1e-3, 1.0, "Part of its charge that a neuron keeps per clock")
    bias: float = quantity(
        0.0, "1", 0.0, 10.0, "Constant current into neurons, over that of one that matches"
    )
    steps: int = quantity(100, "1", 1, 100_000, "Longest example, in clocks")


class HebbianTable(Table):
    """How the network learns, and how it is asked (no unit).

    Examples
    --------
    >>> HebbianTable().epochs
    5
    """

    epochs: int = quantity(5, "1", 1, 10_000, "How often the training images are shown")
    potentiation: float = quantity(
        0.3, "1", 1e-6, 0.999, "Probability that a pulse switches a junction of an active input"
    )
    depression: float = quantity(0.3, "1", 1e-6, 0.999, "The same of a silent input")
    annealing: float = quantity(0.4, "1", 0.01, 1.0, "Factor of both from epoch to epoch")
    adaptation: float = quantity(
        0.2, "1", 0.0, 10.0, "Logarithm of the factor by which a spike raises a threshold"
    )
    adaptation_annealing: float = quantity(
        0.3, "1", 0.01, 1.0, "Factor of the adaptation from epoch to epoch"
    )
    batch: int = quantity(
        1, "1", 1, 10_000, "Images that see the same weights; 1 is what hardware does"
    )
    spikes: int = quantity(5, "1", 1, 1000, "First spikes of an image that vote for its class")
    labelled: int = quantity(
        10_000, "1", 1, 10_000_000, "Most training images whose labels name the neurons"
    )


class DataTable(Table):
    """Which images (no unit).

    Examples
    --------
    >>> DataTable().name
    'digits'
    """

    name: Literal["digits", "mnist", "fashion-mnist"] = choice(
        "digits", "Images: digits come with scikit-learn, the others are downloaded"
    )
    folder: str = choice("", "Folder with MNIST-format files, in place of a download")
    level: float = quantity(0.5, "1", 1e-3, 1.0, "Part of white from which on a pixel is active")
    images: int = quantity(
        10_000_000, "1", 1, 10_000_000, "Most training images, the first of the set"
    )


class TwinTable(Table):
    """Many small arrays of 4 inputs and 2 neurons that learn two patterns of 2×2 pixels.

    Numbers without unit.

    Examples
    --------
    >>> TwinTable().arrays
    1000
    """

    arrays: int = quantity(
        1000, "1", 0, 1_000_000, "Arrays, each with junctions of its own; 0 for none"
    )
    presentations: int = quantity(40, "1", 2, 100_000, "Patterns shown to each, in random order")
    every: int = quantity(2, "1", 1, 100_000, "Presentations from one look at them to the next")
    probabilities: tuple[float, ...] = choice(
        (0.1, 0.3, 0.6, 0.9), "Probabilities of switching, of both kinds of pulses"
    )
    spreads: tuple[float, ...] = choice(
        (0.0, 0.05, 0.1, 0.2), "Relative spreads of R_P, of TMR and of the critical voltage"
    )
    active: tuple[float, ...] = choice(
        (0.9, 0.7, 0.3, 0.1), "How often each of 4 inputs is active for the stationary state"
    )

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        checks = {
            "probabilities": (all(0 < p < 1 for p in self.probabilities), "above 0 and below 1"),
            "spreads": (all(0 <= s <= 0.5 for s in self.spreads), "from 0 to 0.5"),
            "active": (all(0 < q < 1 for q in self.active), "above 0 and below 1"),
        }
        for name, (good, allowed) in checks.items():
            if not good or not getattr(self, name):
                raise ValueError(
                    f"{name} = {getattr(self, name)}: allowed are one or more numbers {allowed}."
                )
        if self.presentations % self.every:
            raise ValueError(
                f"every = {self.every}: allowed is a divisor of presentations = "
                f"{self.presentations}."
            )
        if len(self.active) != 4:
            raise ValueError(f"active = {self.active}: allowed are four numbers, one an input.")
        return self


class Zhou2025Spec(RunSpec):
    """Specification of ``zhou2025`` (SI units, see the tables).

    The published circuit was known from its abstract: leak, inhibition, thresholds and all numbers
    of neurons and pulses are ours.

    Parameters
    ----------
    experiment
        "zhou2025" (no unit).
    arrays
        Arrays that learn the images, each with junctions of its own (no unit).
    comparisons
        Whether analog weights and a softmax learn the same images (no unit).
    junction, array, learning, data, twin
        Its tables (SI units).

    Examples
    --------
    >>> Zhou2025Spec().arrays
    5
    """

    experiment: Literal["zhou2025"] = choice("zhou2025", "Name of the experiment")
    precision: Literal["float64", "float32"] = choice("float32", "Precision of the arithmetic")
    arrays: int = quantity(5, "1", 1, 10_000, "Arrays, each with junctions of its own")
    comparisons: bool = choice(
        True, "Whether analog weights and a softmax learn the same images beside"
    )
    junction: JunctionTable = JunctionTable()
    array: ArrayTable = ArrayTable()
    learning: HebbianTable = HebbianTable()
    data: DataTable = DataTable()
    twin: TwinTable = TwinTable()
