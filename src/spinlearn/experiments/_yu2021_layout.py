"""What a run of films that learn stores."""

from __future__ import annotations

import numpy as np

from spinlearn.experiments._conductance_changes import balanced_patterns
from spinlearn.experiments.experiment import Coordinate, Variable
from spinlearn.experiments.self_learning_film import film_mesh
from spinlearn.experiments.specs.yu2021 import Yu2021Spec

NODES, RETENTION_READS, FRAMES = 4, 5, 25


def variables(spec: Yu2021Spec) -> dict[str, Variable]:
    """Results by name; what needs films that are studied is there if some are."""
    n, films, studied = NODES, spec.ensemble.textures, spec.ensemble.studied
    patterns, repetitions = len(balanced_patterns()), spec.training.repetitions
    cells = film_mesh(spec).shape[:2]
    pair, plane = (("to", "from"), (n, n)), (("x", "y"), cells)
    many = {
        "untrained": ("S", "conductance before training", *pair),
        "waited": ("S", "conductance after waiting as long", *pair),
        "trained": (
            "S",
            "conductance after training",
            ("pattern", "repetition", *pair[0]),
            (patterns, repetitions, n, n),
        ),
        "driven": (
            "S",
            "conductance at the end of the last pulse",
            ("pattern", *pair[0]),
            (patterns, n, n),
        ),
        "recalled": (
            "1",
            "final states of a trained film",
            ("pattern", "probe", "node"),
            (patterns, 2**n, n),
        ),
        "recalled_untrained": ("1", "final states untrained", ("probe", "node"), (2**n, n)),
        "pulse_energy": (
            "J",
            "energy of a training pulse",
            ("pattern", "repetition"),
            (patterns, repetitions),
        ),
        "current_density": ("A/m²", "rms current density", ("pattern",), (patterns,)),
        "charge_imbalance": ("1", "sum of currents over the largest", (), ()),
        "steps": ("1", "time steps of training", (), ()),
    }
    few = {
        "no_amr_untrained": ("S", "conductance without AMR, untrained", *pair),
        **{
            name: ("S", text, ("pattern", *pair[0]), (patterns, n, n))
            for name, text in (
                ("no_amr", "conductance after training without AMR"),
                ("no_torque", "conductance after training without torque"),
                ("reversed", "conductance after training with the negative first"),
            )
        },
        "disturbed": ("S", "conductance after reading", *pair),
        "idle": ("S", "conductance after as long without reading", *pair),
        "m_before": ("1", "magnetization before", ("component", *plane[0]), (3, *plane[1])),
        "m_after": (
            "1",
            "magnetization after",
            ("pattern", "component", *plane[0]),
            (patterns, 3, *plane[1]),
        ),
        "current": (
            "A/m²",
            "current density of all layers, per thickness of the trained film",
            ("pattern", "direction", *plane[0]),
            (patterns, 2, *plane[1]),
        ),
    }
    controls = spec.controls
    if controls.alternations:
        few["alternated"] = (
            "S",
            "conductance, first and second pattern in turn",
            ("turn", *pair[0]),
            (controls.alternations, n, n),
        )
        few["alternated_reversed"] = (
            "S",
            "conductance, second and first pattern in turn",
            *few["alternated"][2:],
        )
    if controls.spectrum:
        few["every_pattern"] = (
            "S",
            "conductance after one pulse of every pattern",
            ("sign_pattern", *pair[0]),
            (2**n, n, n),
        )
    if controls.retention_temperature:
        few["retained"] = (
            "S",
            "conductance while waiting warm",
            ("wait", *pair[0]),
            (RETENTION_READS, n, n),
        )
    pictures = {"m_before", "m_after", "current", "frames"}
    frames = {
        "frames": (
            "1",
            "magnetization while learning",
            ("frame", "component", *plane[0]),
            (FRAMES, 3, *plane[1]),
        )
    }
    groups = (
        ("film", films, many),
        ("studied", studied, few),
        ("watched", min(1, studied), frames),
    )
    return {
        name: Variable(
            (dim, *dims), (count, *shape), unit, text,
            dtype="float32" if name in pictures else "float64",
        )
        for dim, count, group in groups
        for name, (unit, text, dims, shape) in group.items()
        if count
    }  # fmt: skip


def coordinates(spec: Yu2021Spec) -> dict[str, Coordinate]:
    """Coordinates by name."""
    mesh, training, controls = film_mesh(spec), spec.training, spec.controls
    x, y, _ = mesh.coordinates()
    nodes = np.arange(NODES)
    # The film is watched in equal parts of the pulse, then of the rest.
    each = (FRAMES - 1) // 2
    pulse = np.arange(each + 1) / each * training.pulse
    frames = np.concatenate([pulse, pulse[-1] + np.arange(1, each + 1) / each * training.rest])
    found = {
        "to": Coordinate(("to",), nodes, "1", "contact that the current flows into"),
        "from": Coordinate(("from",), nodes, "1", "contact at 1 V"),
        "node": Coordinate(("node",), nodes, "1", "node"),
        "probe": Coordinate(
            ("probe",), np.arange(2**NODES), "1", "row of sign_patterns(4), where recall begins"
        ),
        "x": Coordinate(("x",), np.asarray(x), "m", "position"),
        "y": Coordinate(("y",), np.asarray(y), "m", "position"),
        "frame": Coordinate(("frame",), frames, "s", "time"),
        "repetition": Coordinate(
            ("repetition",), np.arange(1, training.repetitions + 1), "1", "repetitions"
        ),
    }
    if controls.alternations:
        turns = np.arange(1, controls.alternations + 1)
        found["turn"] = Coordinate(("turn",), turns, "1", "trainings")
    if controls.retention_temperature:
        waits = controls.retention_time * np.arange(1, RETENTION_READS + 1) / RETENTION_READS
        found["wait"] = Coordinate(("wait",), waits, "s", "time since training")
    return found
