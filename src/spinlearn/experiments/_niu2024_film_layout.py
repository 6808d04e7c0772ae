"""What a run of an associative memory stores of its films of 35 contacts."""

from __future__ import annotations

import numpy as np

from spinlearn.experiments._niu2024_film_bench import PAIRS, SLOPES
from spinlearn.experiments._niu2024_film_pairs import NODES
from spinlearn.experiments.experiment import Coordinate, Variable
from spinlearn.experiments.specs.niu2024 import Niu2024Spec

#: Names of all variables here begin so.
PREFIX = "film_"


def film_variables(spec: Niu2024Spec) -> dict[str, Variable]:
    """Results by name, one film a row; none without films."""
    films, memory = spec.film.devices, spec.memory
    if not films:
        return {}
    p, flips = len(memory.letters), memory.most_flips + 1
    turns, matrix = _turns(spec), (("to", NODES), ("from", NODES))
    recalled = "part of probes recalled"
    many = {
        "untrained": ("S", "conductance before training", *matrix),
        "reference": ("S", "mean conductance after the calibration patterns", *matrix),
        "alone": ("S", "conductance after one pattern alone", ("pattern", p), *matrix),
        "course": ("S", "conductance, patterns in turn", ("turn", turns + 1), *matrix),
        "weights_alone": ("1", "weights, one pattern alone", ("pattern", p), *matrix),
        "weights": ("1", "weights, patterns in turn", ("turn", turns + 1), *matrix),
        "alone_by_flips": ("1", f"{recalled}, one pattern", ("pattern", p), ("flips", flips)),
        "by_flips": ("1", f"{recalled}, all patterns in turn", ("flips", flips)),
        "by_turn": ("1", recalled, ("turn", turns + 1), ("pattern", p)),
        "energy_alone": ("J", "energy of a training with one pattern", ("pattern", p)),
        "energy": ("J", "energy of a turn", ("taken", turns)),
        "cosine": (
            "1",
            "cosine of weights with a slope",
            ("lesson", p + 1),
            ("slope", len(SLOPES)),
            ("pairs", len(PAIRS)),
        ),
    }
    x, y = spec.film.cells
    plane = (("x", x), ("y", y))
    few = {
        "m_before": ("1", "magnetization before", ("component", 3), *plane),
        "m_first": ("1", "magnetization after the first letter", ("component", 3), *plane),
        "m_after": ("1", "magnetization after all letters", ("component", 3), *plane),
        "current": ("A/m²", "current density of all layers", ("direction", 2), *plane),
    }
    groups = (("film", films, many, "float64"), ("watched", 1, few, "float32"))
    return {
        PREFIX + name: Variable(
            (dim, *(d for d, _ in dims)), (count, *(n for _, n in dims)), unit, text, dtype=dtype
        )
        for dim, count, group, dtype in groups
        for name, (unit, text, *dims) in group.items()
    }


def film_coordinates(spec: Niu2024Spec) -> dict[str, Coordinate]:
    """Coordinates by name; none without films."""
    table = spec.film
    if not table.devices:
        return {}
    names = list(spec.memory.letters)
    found = {
        "turn": (np.arange(_turns(spec) + 1), "1", "patterns shown"),
        "taken": (np.arange(1, _turns(spec) + 1), "1", "turn"),
        "lesson": (np.array([*names, "all in turn"]), "1", "what was learned"),
        "slope": (np.array(SLOPES), "1", "slope"),
        "pairs": (np.array(PAIRS), "1", "pairs of contacts"),
    }
    x, y = table.cells
    for name, cells in (("x", x), ("y", y)):
        found[name] = ((np.arange(cells) + 0.5) * table.cell, "m", "position")
    return {name: Coordinate((name,), *rest) for name, rest in found.items()}


def _turns(spec: Niu2024Spec) -> int:
    return spec.film.epochs * len(spec.memory.letters)
