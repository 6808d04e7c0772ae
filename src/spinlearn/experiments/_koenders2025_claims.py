"""Headline numbers of networks that learn from noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spinlearn._intervals import interval_of, numbers_of, wilson
from spinlearn.experiments._koenders2025_bench import sizes_of
from spinlearn.experiments._koenders2025_published import (
    DIGITISED,
    MNIST_EXACT,
    MNIST_GAP,
    MNIST_PUBLISHED,
    SOURCE,
    TEACHER,
    TEACHER_EPOCHS,
    TEACHER_FACTOR,
    is_published_network,
    is_published_teacher,
)
from spinlearn.experiments.experiment import Claim, Verdict
from spinlearn.experiments.specs.koenders2025 import Koenders2025Spec

if TYPE_CHECKING:
    import xarray

_KIND = "computed"


def noise_claims(spec: Koenders2025Spec, dataset: xarray.Dataset) -> tuple[Claim, ...]:
    """Claims of a finished run (SI units, as they say)."""
    own = _teacher if spec.data.name == "teacher" else _accuracy
    return (*own(spec, dataset), *_costs(spec), *_written(spec, dataset))


def noise_totals(spec: Koenders2025Spec, dataset: xarray.Dataset) -> dict[str, tuple[float, str]]:
    """What one network takes in all (SI units)."""
    shown = int(dataset["examples"].values[0])
    batch = min(spec.learning.batch, shown)
    learned = spec.learning.epochs * (shown - shown % batch)
    samples = samples_of(spec)
    units = sum(sizes_of(spec)[1:])
    return {
        "examples learned": (float(learned), "1"),
        "samples of noise": (float(learned * samples * units), "1"),
        "energy of the noise": (learned * samples * units * _sample_energy(spec), "J"),
        "time that the noise takes": (learned * samples * spec.noise.sample_time, "s"),
    }


def samples_of(spec: Koenders2025Spec) -> int:
    """Samples of noise that every unit takes for an example."""
    return spec.learning.pairs * (2 if spec.learning.passes == "noisy" else 1)


def _sample_energy(spec: Koenders2025Spec) -> float:
    return spec.noise.power * spec.noise.sample_time * spec.noise.junctions


def _accuracy(spec: Koenders2025Spec, dataset: xarray.Dataset) -> list[Claim]:
    told = dataset["accuracy"].values[-1]
    tests, epochs = int(dataset["examples"].values[1]), spec.learning.epochs
    name = f"accuracy on {tests} held-out images, {spec.data.name}, {epochs} epochs"
    reference = MNIST_PUBLISHED.get(epochs) if _same_rule(spec) else None
    found = [_share(f"{name}, from noise", told, tests, reference)]
    if spec.baseline.trained:
        exact = dataset["accuracy_exact"].values[-1]
        known = MNIST_EXACT.get(epochs) if _comparable(spec) else None
        found += [_share(f"{name}, back-propagation", exact, tests, known), _gap(spec, told, exact)]
    return found


def _comparable(spec: Koenders2025Spec) -> bool:
    """Whether the published back-propagation is of this network and data."""
    return is_published_network(spec) and spec.data.held_out == "test"


def _same_rule(spec: Koenders2025Spec) -> bool:
    """Whether the published curve is of this rule and noise."""
    own = spec.learning
    rule = (own.rule, own.passes, own.pairs) == ("activity", "noisy", 1)
    return _comparable(spec) and rule and spec.noise.source == "published"


def _gap(spec: Koenders2025Spec, told: np.ndarray, exact: np.ndarray) -> Claim:
    """Of pairs of networks that began alike; images are the same for both."""
    gap = exact - told
    between = numbers_of(gap)
    if not _comparable(spec):
        return Claim("gap to back-propagation", float(gap.mean()), "1", between, len(gap))
    verdict: Verdict = "agrees" if gap.mean() <= MNIST_GAP else "differs"
    return Claim(
        "gap to back-propagation",
        float(gap.mean()),
        "1",
        between,
        len(gap),
        f"{MNIST_GAP:g} after 2500 epochs ({SOURCE}); agrees where it is no larger",
        verdict=verdict,
    )


def _share(name: str, values: np.ndarray, tests: int, reference: float | None) -> Claim:
    """Mean over networks, with the wider of the intervals of networks and of images."""
    mean = float(values.mean())
    low, high = wilson(mean, tests)
    between = numbers_of(values)
    if between is not None:
        low, high = max(0.0, min(low, between[0])), min(1.0, max(high, between[1]))
    if reference is None:
        return Claim(name, mean, "1", (low, high), len(values), kind=_KIND)
    inside = low - DIGITISED <= reference <= high + DIGITISED
    text = f"{reference:g} ± {DIGITISED:g}, digitised ({SOURCE})"
    verdict: Verdict = "agrees" if inside else "differs"
    return Claim(name, mean, "1", (low, high), len(values), text, _KIND, verdict)


def _teacher(spec: Koenders2025Spec, dataset: xarray.Dataset) -> list[Claim]:
    losses, epochs = dataset["loss_after"].values, spec.learning.epochs
    between = interval_of(losses.T, _median)
    last = None if between is None else (float(between[0][-1]), float(between[1][-1]))
    name = f"median loss of {spec.seeds} students after {epochs} epochs"
    median = np.median(losses, axis=1)
    if not is_published_teacher(spec):
        return [Claim(name, float(median[-1]), "1", last, spec.seeds, kind=_KIND)]
    first, final = TEACHER_EPOCHS
    known = {k: v for k, v in TEACHER.items() if first <= k <= min(final, epochs)}
    found = [
        Claim(
            name,
            float(median[-1]),
            "1",
            last,
            spec.seeds,
            f"{TEACHER[epochs]:g}, digitised ({SOURCE})" if epochs in TEACHER else None,
            _KIND,
            _within(median[-1], TEACHER[epochs]) if epochs in TEACHER else "ours",
        )
    ]
    if known:
        ratios = np.array([median[k - 1] / v for k, v in known.items()])
        worst = float(ratios[np.argmax(np.abs(np.log(ratios)))])
        found.append(
            Claim(
                f"largest ratio to the published median loss, epochs {min(known)} to {max(known)}",
                worst,
                "1",
                None,
                spec.seeds,
                f"within a factor of {TEACHER_FACTOR:g}",
                _KIND,
                _within(worst, 1.0),
            )
        )
    return found


def _within(value: Any, known: float) -> Verdict:
    return "agrees" if abs(np.log(value / known)) <= np.log(TEACHER_FACTOR) else "differs"


def _median(values: np.ndarray) -> Any:
    return np.median(values, axis=0)


def _written(spec: Koenders2025Spec, dataset: xarray.Dataset) -> list[Claim]:
    if spec.hardware.kind == "numbers":
        return []
    learned = spec.learning.epochs * float(dataset["examples"].values[0])
    each = dataset["write_energy"].values[-1] / learned
    text = "write energy of an example, mean over training"
    return [Claim(text, float(each.mean()), "J", numbers_of(each), len(each), kind=_KIND)]


def _costs(spec: Koenders2025Spec) -> list[Claim]:
    units, samples = sum(sizes_of(spec)[1:]), samples_of(spec)
    energy = samples * units * _sample_energy(spec)
    return [
        Claim("samples of noise for an example", float(samples * units), "1", None, kind=_KIND),
        Claim("energy of the noise for an example", energy, "J", None, kind="assumed device"),
        Claim(
            "time of the noise for an example, all units at once",
            samples * spec.noise.sample_time,
            "s",
            None,
            kind="assumed device",
        ),
    ]
