"""What a run of an associative memory stores."""

from __future__ import annotations

import numpy as np

from spinlearn.datasets import characters
from spinlearn.experiments._niu2024_bench import METHODS
from spinlearn.experiments._niu2024_descent import OBJECTIVES
from spinlearn.experiments._niu2024_hardware import HARDWARE, LINKS, NODES
from spinlearn.experiments.experiment import Coordinate, Variable
from spinlearn.experiments.specs.niu2024 import Niu2024Spec


def variables(spec: Niu2024Spec) -> dict[str, Variable]:
    """Results by name; one device a row."""
    memory, epochs = spec.memory, spec.training.epochs
    m, n = len(METHODS), NODES
    along = {
        "by_flips": ("flips", memory.most_flips + 1),
        "by_similarity": ("similarity", len(memory.similarities)),
        "by_load": ("load", len(memory.loads)),
        "by_set": ("set", len(memory.sets)),
    }
    found = {
        name: Variable(
            ("device", "method", dim), (spec.devices, m, count), "1", "part of probes recalled"
        )
        for name, (dim, count) in along.items()
        if count
    }
    courses = {
        "by_epoch": ("1", "part of probes recalled", "shown", epochs + 1),
        "objective": ("1", "Oja's objective over that without weights", "shown", epochs + 1),
        "energy": ("J", "energy of an epoch", "epoch", epochs),
        "read_energy": ("J", "energy of the reads of an epoch", "epoch", epochs),
        "epoch_time": ("s", "duration of an epoch", "epoch", epochs),
    }
    courses |= {
        name: ("1", f"cosine with the descent of {text}", "epoch", epochs)
        for name, text in OBJECTIVES.items()
    }
    found |= {
        name: Variable(
            ("device", "hardware", dim), (spec.devices, len(HARDWARE), count), unit, text
        )
        for name, (unit, text, dim, count) in courses.items()
    }
    of_links = {
        "by_spread": ("part of probes recalled", "spread", len(memory.spreads)),
        "written": ("mean part of a link that is written", "epoch", epochs),
    }
    found |= {
        name: Variable(("device", "links", dim), (spec.devices, len(LINKS), count), "1", text)
        for name, (text, dim, count) in of_links.items()
    }
    known = len(memory.letters)
    found["probes"] = Variable(
        ("watched", "pattern", "node"), (1, known, n), "1", "corrupted probes", dtype="float32"
    )
    found["recalls"] = Variable(
        ("watched", "method", "pattern", "node"), (1, m, known, n), "1", "states after recall",
        dtype="float32",
    )  # fmt: skip
    found["weights"] = Variable(
        ("watched", "method", "to", "from"), (1, m, n, n), "1", "weights", dtype="float32"
    )
    return found


def coordinates(spec: Niu2024Spec) -> dict[str, Coordinate]:
    """Coordinates by name."""
    memory, epochs = spec.memory, spec.training.epochs
    found = {
        "method": (np.array(METHODS), "method"),
        "hardware": (np.array(HARDWARE), "hardware"),
        "links": (np.array(LINKS), "links"),
        "flips": (np.arange(memory.most_flips + 1), "flipped nodes"),
        "similarity": (np.array(memory.similarities), "mean overlap of patterns"),
        "load": (np.array(memory.loads), "patterns"),
        "spread": (np.array(memory.spreads), "spread of devices"),
        "epoch": (np.arange(1, epochs + 1), "epoch"),
        "shown": (np.arange(epochs + 1), "epochs"),
        "node": (np.arange(NODES), "node"),
    }
    if memory.sets:
        found["set"] = (np.array(memory.sets), "set of characters")
    coordinates = {
        name: Coordinate((name,), values, "1", text) for name, (values, text) in found.items()
    }
    glyphs = np.asarray(characters(memory.letters))
    coordinates["letters"] = Coordinate(("pattern", "node"), glyphs, "1", "patterns")
    return coordinates
