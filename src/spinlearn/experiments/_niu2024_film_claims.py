"""Headline numbers of films of 35 contacts: what couples, what is recalled, energy, slopes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spinlearn._intervals import numbers_of
from spinlearn.experiments._niu2024_claims import mean, share
from spinlearn.experiments._niu2024_film_bench import PAIRS, SLOPES
from spinlearn.experiments._niu2024_film_pairs import PairChanges
from spinlearn.experiments.experiment import Claim
from spinlearn.experiments.specs.niu2024 import Niu2024Spec

if TYPE_CHECKING:
    import xarray


def film_claims(spec: Niu2024Spec, dataset: xarray.Dataset) -> tuple[Claim, ...]:
    """Claims of a finished run (SI units, as they say); none without films."""
    if "film_alone" not in dataset:
        return ()
    return (
        *_agreement(spec, dataset),
        *_recall(spec, dataset),
        *_energy(spec, dataset),
        *_slopes(dataset),
    )


def pair_changes(spec: Niu2024Spec, dataset: xarray.Dataset, film: int) -> PairChanges:
    """Gains of one film, pair by pair."""
    return PairChanges(
        dataset["film_alone"].values[film],
        dataset["film_reference"].values[film],
        dataset["letters"].values.astype(float),
        spec.film.contacts,
    )


def _agreement(spec: Niu2024Spec, dataset: xarray.Dataset) -> list[Claim]:
    """Correlation of what conductances gain with s_i s_j, over the letters learned alone."""
    films = [pair_changes(spec, dataset, k) for k in range(dataset.sizes["film"])]
    text = "correlation of changes with s_i s_j"
    found = {
        f"{text}, neighbours, film": [f.agreement(f.near) for f in films],
        f"{text}, all pairs, film": [f.agreement() for f in films],
        f"{text}, all pairs in S, film": [f.agreement(relative=False) for f in films],
    }
    if len(films[0].distances()) > 1:  # bridges join neighbours alone
        found[f"{text}, next pairs, film"] = [f.agreement(f.at(f.distances()[1])) for f in films]
    claims = [_bounded(name, np.array(values)) for name, values in found.items()]
    gain = np.array([f.contrast() for f in films])
    return [*claims, mean("conductance gained by unlike over like neighbours, of G, film", gain)]


def _bounded(name: str, values: np.ndarray) -> Claim:
    """A mean of correlations over films; its interval ends at ±1."""
    between = numbers_of(values)
    if between is not None:
        between = (max(between[0], -1.0), min(between[1], 1.0))
    return Claim(name, float(values.mean()), "1", between, len(values))


def _recall(spec: Niu2024Spec, dataset: xarray.Dataset) -> list[Claim]:
    """Every letter learned alone, the first two in turn, and all of them."""
    memory = spec.memory
    alone = dataset["film_alone_by_flips"].values[:, :, memory.flips]
    by_turn = dataset["film_by_turn"].values
    ending = f"after {memory.flips} flips, film"
    claims = [
        share(f"recall of {letter} alone {ending}", alone[:, k], memory.trials)
        for k, letter in enumerate(memory.letters)
    ]
    count = len(memory.letters)
    for shown, values in {
        2: by_turn[:, 2, :2].mean(axis=1),
        count: dataset["film_by_flips"].values[:, memory.flips],
    }.items():
        name = f"recall of {memory.letters[:shown]} in turn {ending}"
        claims.append(share(name, values, memory.trials * shown))
    return claims


def _energy(spec: Niu2024Spec, dataset: xarray.Dataset) -> list[Claim]:
    each = dataset["film_energy_alone"].values.mean(axis=1)
    turns = dataset["film_energy"].values
    epochs = turns.reshape(len(turns), spec.film.epochs, -1).sum(axis=2)
    pulses = 2 * spec.film.repetitions
    return [
        mean("energy of a pulse, film", each / pulses, "J"),
        mean("energy of a training with one pattern, film", each, "J"),
        mean("energy of an epoch, film", epochs.mean(axis=1), "J"),
    ]


def _slopes(dataset: xarray.Dataset) -> list[Claim]:
    """Of letters alone, and of the first epoch of all in turn."""
    cosine = dataset["film_cosine"].values
    lessons = {"one pattern": cosine[:, :-1].mean(axis=1), "first epoch": cosine[:, -1]}
    texts = {
        "outer product": "the outer product",
        "Oja's objective": "the descent of Oja's objective",
    }
    return [
        _bounded(f"cosine of changes with {texts[slope]}, {lesson}, {pairs}, film", values[:, s, q])
        for lesson, values in lessons.items()
        for s, slope in enumerate(SLOPES)
        for q, pairs in enumerate(PAIRS)
    ]
