"""Specification of ``koenders2025``: layers that learn from the noise of tunnel junctions."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from spinlearn.experiments.specs.base import RunSpec, Table, choice, quantity
from spinlearn.experiments.specs.link import LinkTable

_PAPER = "Phys. Rev. Applied 23, 054035 (2025), arXiv 2412.12783"
_CODE = "its authors' published configuration"


class NetworkTable(Table):
    """The network (no unit).

    Examples
    --------
    >>> NetworkTable().hidden
    (500, 500, 500)
    """

    hidden: tuple[int, ...] = choice(
        (500, 500, 500), "Units of the hidden layers; none for a single layer", source=_PAPER
    )
    slope: float = quantity(0.01, "1", 0.0, 1.0, "Slope of the rectifiers below zero")

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if not all(1 <= n <= 100_000 for n in self.hidden):
            raise ValueError(f"hidden = {self.hidden}: allowed are numbers from 1 to 100000.")
        return self


class NoiseTable(Table):
    """The noise of every unit (SI units).

    ``published`` is the hidden-Markov model of a recording; ``gaussian`` and ``bernoulli`` have
    its mean and deviation without its memory; ``telegraph`` is a junction by its barrier, bias and
    temperature; ``trace`` is a recording, or without a file one of the published model, played
    again and again.

    Examples
    --------
    >>> NoiseTable().source
    'published'
    """

    source: Literal["published", "gaussian", "bernoulli", "telegraph", "trace"] = choice(
        "published", "What makes the noise", source=_PAPER
    )
    gain: float = quantity(
        1.0, "1/V", 1e-9, 1e9, "What noise of 1 V adds to a weighted sum", source=_CODE
    )
    order: Literal["batch", "example"] = choice(
        "batch",
        "Samples in a row: those of a batch, pass after pass; or the passes of an example",
        source=_CODE,
    )
    junctions: int = quantity(1, "1", 1, 64, "Telegraph: junctions of a unit, in series")
    thermal_stability: float = quantity(
        12.55,
        "1",
        0.1,
        60.0,
        "Telegraph: barrier over k_B T at 300 K, for dwell times as published",
    )
    attempt_time: float = quantity(1e-9, "s", 1e-18, 1e-6, "Telegraph: attempt time")
    temperature: float = quantity(300.0, "K", 1.0, 1000.0, "Telegraph: temperature")
    bias: float = quantity(
        0.0, "1", -0.99, 0.99, "Telegraph: voltage over the critical one; tilts the dwell times"
    )
    amplitude: float = quantity(
        0.0059316154, "V", 1e-9, 1.0, "Telegraph: half the distance of the levels", source=_PAPER
    )
    readout: float = quantity(
        0.00090841466, "V", 0.0, 1.0, "Telegraph: deviation of the readout's noise", source=_PAPER
    )
    sample_time: float = quantity(
        25e-6, "s", 1e-12, 1.0, "Time between samples of a unit", source=f"40 kHz, {_PAPER}"
    )
    trace: str = choice("", "Trace: file or folder of a recording; none for the published model's")
    trace_samples: int = quantity(
        0,
        "1",
        0,
        2**31 - 1,
        "Trace: samples that are played; 0 for all, or 1 million of the model",
    )
    power: float = quantity(
        1.04e-4, "W", 0.0, 1.0, "Of one source: 3.3 V over 100 kOhm and the junction", source=_PAPER
    )


class PerturbationTable(Table):
    """How the network learns (no unit).

    Examples
    --------
    >>> PerturbationTable().rule
    'activity'
    """

    rule: Literal["node", "activity", "layer", "feedback", "weight"] = choice(
        "activity", "How noise becomes credit, see `NoiseLearning`", source=_PAPER
    )
    passes: Literal["noisy", "clean", "antithetic"] = choice(
        "noisy",
        "Two noisy passes, one beside a clean one, or noise added and taken off",
        source=_PAPER,
    )
    pairs: int = quantity(1, "1", 1, 1000, "Pairs of passes an example", source=_PAPER)
    decorrelation_rate: float = quantity(
        0.0, "1", 0.0, 10.0, "Rate of decorrelation, of the mean over a batch; 0 for none"
    )
    decorrelation_examples: int = quantity(
        0, "1", 0, 100_000, "Of a batch, from which decorrelation learns; 0 for all"
    )
    feedback_rate: float = quantity(0.1, "1", 0.0, 10.0, "Rate of learned feedback")
    readout_noise: float = quantity(
        0.0, "1", 0.0, 1e6, "Deviation of what is read of the loss, or of outputs for feedback"
    )
    optimizer: Literal["adam", "sgd"] = choice("adam", "Optimizer of the weights", source=_PAPER)
    learning_rate: float = quantity(1e-3, "1", 1e-9, 10.0, "Learning rate in the first epoch")
    schedule: Literal["constant", "cosine"] = choice(
        "cosine",
        "Learning rate, and that of decorrelation, from epoch to epoch: constant, or to zero along "
        "a cosine",
    )
    epochs: int = quantity(20, "1", 1, 100_000, "How often the training images are shown")
    batch: int = quantity(64, "1", 1, 100_000, "Examples of a step", source=_CODE)


class HardwareTable(Table):
    """Where the weights live (SI units).

    Examples
    --------
    >>> HardwareTable().kind
    'numbers'
    """

    kind: Literal["numbers", "junctions", "links", "analog"] = choice(
        "numbers",
        "Numbers; or every layer on a crossbar of perpendicular junctions that switch by chance, "
        "on pairs of magnetic links (table link), or on analog devices without spread",
    )
    junctions: int = quantity(16, "1", 1, 1024, "Junctions: of one synapse")
    largest: float = quantity(
        3.0, "1", 1e-3, 1e3, "Weight of a synapse that is on, times the root of a layer's inputs"
    )
    pulse: float = quantity(
        1e-8, "s", 1e-10, 1e-5, "Length of a write pulse; of links, of the longest one"
    )
    shortest: float = quantity(1e-10, "s", 1e-13, 1e-5, "Links: length of the shortest pulse")
    refresh: float = quantity(
        0.2, "1", 1e-3, 1.0, "Links: mean part written of both at which all are written anew"
    )
    spread: float = quantity(
        0.05, "1", 0.0, 1.0, "Junctions: relative spread of R_P, of TMR and of the critical voltage"
    )
    stuck: float = quantity(
        0.0, "1", 0.0, 0.5, "Junctions: part of them that never switches, half on and half off"
    )


class BaselineTable(Table):
    """Back-propagation beside it: the same network, images, epochs and batches (no unit).

    Examples
    --------
    >>> BaselineTable().learning_rate
    0.0002
    """

    trained: bool = choice(True, "Whether the same network learns by back-propagation beside")
    learning_rate: float = quantity(
        2e-4, "1", 1e-9, 10.0, "Learning rate in the first epoch", source=f"0.1 · 2⁻⁹, {_CODE}"
    )
    schedule: Literal["constant", "cosine"] = choice(
        "cosine", "Learning rate from epoch to epoch: constant, or to zero along a cosine"
    )


class NoisyDataTable(Table):
    """What is learned (no unit).

    Examples
    --------
    >>> NoisyDataTable().name
    'digits'
    """

    name: Literal["digits", "mnist", "fashion-mnist", "teacher"] = choice(
        "digits",
        "Images (digits come with scikit-learn, the others are downloaded), or what a network of "
        "the same size says, with weights of its own",
    )
    folder: str = choice("", "Folder with MNIST-format files, in place of a download")
    images: int = quantity(10_000_000, "1", 1, 10_000_000, "Most training examples")
    held_out: Literal["test", "validation"] = choice(
        "test",
        "Images that the accuracy is for: the test images, or the last sixth of the training "
        "images, which then are not learned, to choose parameters by",
    )
    teacher_inputs: int = quantity(2, "1", 1, 1000, "Teacher: inputs, evenly from -1 to 1")
    teacher_outputs: int = quantity(1, "1", 1, 1000, "Teacher: outputs")
    teacher_examples: int = quantity(100, "1", 1, 1_000_000, "Teacher: examples", source=_PAPER)


class Koenders2025Spec(RunSpec):
    """Specification of ``koenders2025`` (SI units, see the tables).

    Parameters
    ----------
    experiment
        "koenders2025" (no unit).
    seeds
        Networks, each with weights, noise and order of images of its own (no unit).
    network, noise, learning, hardware, link, baseline, data
        Its tables (SI units).

    Examples
    --------
    >>> Koenders2025Spec().seeds
    3
    """

    experiment: Literal["koenders2025"] = choice("koenders2025", "Name of the experiment")
    precision: Literal["float64", "float32"] = choice("float32", "Precision of the arithmetic")
    seeds: int = quantity(3, "1", 1, 10_000, "Networks, each with numbers of its own")
    network: NetworkTable = NetworkTable()
    noise: NoiseTable = NoiseTable()
    learning: PerturbationTable = PerturbationTable()
    hardware: HardwareTable = HardwareTable()
    link: LinkTable = LinkTable()
    baseline: BaselineTable = BaselineTable()
    data: NoisyDataTable = NoisyDataTable()
