"""What a run of networks that learn from noise stores."""

from __future__ import annotations

import numpy as np

from spinlearn.experiments.experiment import Coordinate, Variable
from spinlearn.experiments.specs.koenders2025 import Koenders2025Spec


def variables(spec: Koenders2025Spec) -> dict[str, Variable]:
    """Results by name; one epoch of all seeds a row."""
    teacher = spec.data.name == "teacher"
    told = {"loss": "mean loss of the epoch"}
    if teacher:
        told["loss_after"] = "loss on all examples after the epoch"
    else:
        told["accuracy"] = "accuracy on held-out images"
    found = {name: _of(spec, text) for name, text in told.items()}
    found["alignment"] = _of(
        spec, "cosine of a batch's gradient from noise with the exact one, after the epoch"
    )
    shape = spec.learning.epochs, spec.seeds
    found["write_energy"] = Variable(("epoch", "network"), shape, "J", "write pulses so far")
    if spec.baseline.trained:
        found |= {
            f"{name}_exact": _of(spec, f"{text}, back-propagation") for name, text in told.items()
        }
    found["examples"] = Variable(("part",), (2,), "1", "examples learned, and asked", rows=2)
    found["rate"] = Variable(("epoch",), (spec.learning.epochs,), "1", "learning rate")
    return found


def coordinates(spec: Koenders2025Spec) -> dict[str, Coordinate]:
    """Coordinates by name."""
    return {
        "epoch": Coordinate(("epoch",), np.arange(1, spec.learning.epochs + 1), "1", "epoch"),
        "part": Coordinate(("part",), np.array(["learned", "asked"]), "1", "part"),
        "network": Coordinate(("network",), np.arange(spec.seeds), "1", "network"),
    }


def _of(spec: Koenders2025Spec, text: str) -> Variable:
    return Variable(("epoch", "network"), (spec.learning.epochs, spec.seeds), "1", text)
