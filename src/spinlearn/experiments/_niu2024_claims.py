"""Headline numbers of an associative memory: recall, gradient, energy, with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinlearn._intervals import BOOTSTRAP_FEWEST, numbers_of, wilson
from spinlearn.experiments._niu2024_bench import METHODS
from spinlearn.experiments._niu2024_descent import OBJECTIVES, descended
from spinlearn.experiments._niu2024_hardware import HARDWARE
from spinlearn.experiments.experiment import Claim
from spinlearn.experiments.specs.niu2024 import Niu2024Spec

if TYPE_CHECKING:
    import xarray

_FEW_SETS = 8
_GOAL = 0.95
_FIRST = 5


def memory_claims(spec: Niu2024Spec, dataset: xarray.Dataset) -> tuple[Claim, ...]:
    """Claims of a finished run (SI units, as they say)."""
    memory = spec.memory
    rates = dataset["by_flips"].values[..., memory.flips]
    probes = memory.trials * len(memory.letters)
    claims = [
        share(f"recall of {memory.letters} after {memory.flips} flips, {name}", rates[:, k], probes)
        for k, name in enumerate(METHODS)
    ]
    claims += _sets(spec, dataset)
    claims += _similarity(spec, dataset)
    for k, name in enumerate(HARDWARE):
        claims += _course(dataset, k, name)
    return tuple(claims)


def _course(dataset: xarray.Dataset, k: int, name: str) -> list[Claim]:
    energy = dataset["energy"].values[:, k]
    reads = dataset["read_energy"].values[:, k]
    recall = dataset["by_epoch"].values[:, k]
    reached = _first_good(recall)
    found = [
        mean(f"energy of an epoch, {name}", energy.mean(axis=1), "J"),
        *_cosines(dataset, k, name),
    ]
    if reads.any():
        text = f"energy of the pulses of an epoch, {name}"
        found.append(mean(text, (energy - reads).mean(axis=1), "J"))
    if 0 < reached < recall.shape[1]:
        text = f"epochs to a mean recall of 95 %, {name}"
        # A first epoch is no smooth number, which Student's interval of few devices asks for.
        many = len(recall) >= BOOTSTRAP_FEWEST
        interval = numbers_of(recall, _first_good) if many else None
        found.append(Claim(text, reached, "1", interval, len(recall)))
    return found


def _first_good(recall: np.ndarray) -> float:
    """First epoch after which the mean over devices reaches the goal; one past the last for none.

    In a bootstrap sample the last epoch may not be enough: then the interval ends beyond it.
    """
    good = recall.mean(axis=0) >= _GOAL
    return float(np.argmax(good)) if good.any() else float(len(good))


def _cosines(dataset: xarray.Dataset, k: int, name: str) -> list[Claim]:
    """Of Oja's objective, which is asked for, and of what the hardware is to descend.

    While there is something to learn: afterwards there is no slope to follow.
    """
    first = min(_FIRST, dataset.sizes["epoch"])
    return [
        mean(
            f"cosine of changes with the descent of {OBJECTIVES[variable]}, mean over {count} "
            f"epoch{'s' * (count > 1)}, {name}",
            dataset[variable].values[:, k, :count].mean(axis=1),
        )
        for variable in sorted({"cosine_objective", *descended(name)})
        for count in sorted({1, first})
    ]


def _similarity(spec: Niu2024Spec, dataset: xarray.Dataset) -> list[Claim]:
    """Recall of the most similar random patterns, by every kind of hardware and its limit."""
    memory = spec.memory
    most = int(np.argmax(memory.similarities))
    rates = dataset["by_similarity"].values[..., most]
    return [
        share(
            f"recall of {memory.patterns} random patterns of overlap "
            f"{memory.similarities[most]:g} after {memory.flips} flips, {name}",
            rates[:, METHODS.index(name)],
            memory.trials * memory.patterns,
        )
        for name in ("hebb", "pseudo_inverse", *HARDWARE)
    ]


def _sets(spec: Niu2024Spec, dataset: xarray.Dataset) -> list[Claim]:
    """Every set if there are few of them; of many, how many are recalled well."""
    if "by_set" not in dataset:
        return []
    rates, memory = dataset["by_set"].values, spec.memory
    shown = ("hebb", "pseudo_inverse", "links, residual")
    columns = {name: rates[:, METHODS.index(name)] for name in shown}
    if len(memory.sets) <= _FEW_SETS:
        return [
            share(
                f"recall of {letters} after {memory.flips} flips, {name}",
                column[:, k],
                memory.trials * len(letters),
            )
            for k, letters in enumerate(memory.sets)
            if letters != memory.letters
            for name, column in columns.items()
        ]
    count = len(memory.sets)
    return [
        Claim(
            f"of {count} sets of letters, recalled to 95 % after {memory.flips} flips, {name}",
            float(np.mean(column.mean(axis=0) >= _GOAL)),
            "1",
            numbers_of(column, lambda d: float(np.mean(d.mean(axis=0) >= _GOAL))),
            len(column),
        )
        for name, column in columns.items()
    ]


def share(name: str, values: np.ndarray, probes: int) -> Claim:
    """Mean of a rate over devices, with the wider of two intervals.

    The interval over devices knows how they differ, but not that few probes may all come back by
    chance; Wilson's interval for all probes knows that alone.
    """
    low, high = wilson(float(values.mean()), probes * len(values))
    between = numbers_of(values)
    if between is not None:
        # Student's interval of few devices knows no limits.
        low, high = max(0.0, min(low, between[0])), min(1.0, max(high, between[1]))
    return Claim(name, float(values.mean()), "1", (low, high), len(values))


def mean(name: str, values: np.ndarray, unit: str = "1") -> Claim:
    """Mean over devices with its interval."""
    interval = numbers_of(values)
    return Claim(name, float(values.mean()), unit, interval, len(values))
