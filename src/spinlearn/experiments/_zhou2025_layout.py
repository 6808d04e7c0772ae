"""What a run of spiking neurons on a crossbar stores."""

from __future__ import annotations

import numpy as np

from spinlearn.experiments._zhou2025_bench import CLASSES, SIDES
from spinlearn.experiments._zhou2025_twin import PATTERNS
from spinlearn.experiments.experiment import Coordinate, Variable
from spinlearn.experiments.specs.zhou2025 import Zhou2025Spec


def variables(spec: Zhou2025Spec) -> dict[str, Variable]:
    """Results by name; one array a row, but for the twin and the softmax, which have one."""
    epochs, pixels = spec.learning.epochs, SIDES[spec.data.name] ** 2
    courses = {
        "accuracy": ("shown", epochs + 1, "1", "accuracy on held-out images"),
        "accuracy_first": ("shown", epochs + 1, "1", "accuracy by the first spike alone"),
        "inference_energy": ("shown", epochs + 1, "J", "read energy of a held-out image"),
        "read_energy": ("epoch", epochs, "J", "read energy of a training image"),
        "write_energy": ("epoch", epochs, "J", "write energy of a training image"),
        "clocks": ("epoch", epochs, "1", "clocks of a training image"),
        "silent": ("epoch", epochs, "1", "part of the training images without a spike"),
        "used": ("epoch", epochs, "1", "neurons that fired"),
    }
    found = {
        name: Variable(("array", dim), (spec.arrays, count), unit, text)
        for name, (dim, count, unit, text) in courses.items()
    }
    found["confusion"] = Variable(
        ("array", "true", "told"), (spec.arrays, CLASSES, CLASSES), "1", "held-out images"
    )
    found["fields"] = Variable(
        ("array", "neuron", "pixel"),
        (spec.arrays, spec.array.neurons, pixels),
        "1",
        "part of a synapse's junctions that is on",
        dtype="float32",
    )
    found["classes"] = Variable(
        ("array", "neuron"), (spec.arrays, spec.array.neurons), "1", "class of a neuron, -1 if none"
    )
    found["switching"] = Variable(
        ("array", "pulse"), (spec.arrays, 2), "1", "probability of switching in the first epoch"
    )
    found["disturbed"] = Variable(
        ("array",), (spec.arrays,), "1", "switches of a junction by reads, left out"
    )
    found["images"] = Variable(("once",), (1,), "1", "training images")
    if spec.comparisons:
        found["softmax"] = Variable(("once",), (1,), "1", "accuracy of a softmax")
        found["analog"] = Variable(
            ("array",), (spec.arrays,), "1", "accuracy of ideal analog devices"
        )
    return found | (_twin(spec) if spec.twin.arrays else {})


def _twin(spec: Zhou2025Spec) -> dict[str, Variable]:
    table = spec.twin
    shape = (
        1,
        len(table.probabilities),
        len(table.spreads),
        table.presentations // table.every + 1,
    )
    dims = ("once", "probability", "spread", "presentation")
    return {
        "twin_stored": Variable(dims, shape, "1", "part of the arrays that hold both patterns"),
        "twin_told_apart": Variable(
            dims, shape, "1", "part of the arrays that tell both patterns apart"
        ),
        "twin_on": Variable(
            ("once", "probability", "input"),
            (1, len(table.probabilities), len(PATTERNS[0])),
            "1",
            "part of the junctions that is on",
        ),
    }


def coordinates(spec: Zhou2025Spec) -> dict[str, Coordinate]:
    """Coordinates by name."""
    table, epochs = spec.twin, spec.learning.epochs
    found = {
        "shown": (np.arange(epochs + 1), "epochs"),
        "epoch": (np.arange(1, epochs + 1), "epoch"),
        "pulse": (np.array(["potentiation", "depression"]), "pulse"),
    }
    small = {
        "probability": (np.array(table.probabilities), "probability of switching"),
        "spread": (np.array(table.spreads), "relative spread of junctions"),
        "presentation": (np.arange(0, table.presentations + 1, table.every), "presentations"),
        "input": (np.array(table.active), "part of the time that an input is active"),
    }
    if table.arrays:
        found |= small
    return {name: Coordinate((name,), values, "1", text) for name, (values, text) in found.items()}
