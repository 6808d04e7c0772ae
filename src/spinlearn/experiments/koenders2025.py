"""Layers that learn from the noise of tunnel junctions, and by back-propagation beside."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

import equinox as eqx
import numpy as np

from spinlearn.errors import SpinlearnError
from spinlearn.experiments._koenders2025_bench import NoiseBench
from spinlearn.experiments._koenders2025_claims import noise_claims, noise_totals
from spinlearn.experiments._koenders2025_layout import coordinates, variables
from spinlearn.experiments.experiment import AbstractExperiment, Layout, Rows, Summary
from spinlearn.experiments.specs.koenders2025 import Koenders2025Spec

if TYPE_CHECKING:
    import xarray


class Koenders2025(AbstractExperiment):
    """Networks that learn examples from the noise of their units (SI units).

    A segment is one epoch of all networks, which differ by their seeds, and of the same networks
    trained by back-propagation.

    Examples
    --------
    >>> Koenders2025.layout(Koenders2025Spec()).segments
    20
    """

    title: ClassVar[str] = "Layers that learn from the noise of tunnel junctions"
    citation: ClassVar[str] = (
        "Phys. Rev. Applied 23, 054035 (2025), arXiv 2412.12783: noise, rule, network and batches; "
        "points in figures are digitised"
    )

    spec: Koenders2025Spec = eqx.field(static=True)

    @classmethod
    def build(cls, spec: Koenders2025Spec) -> Self:
        """The specification; all else follows from it (no unit)."""
        return cls(spec)

    @classmethod
    def layout(cls, spec: Koenders2025Spec) -> Layout:
        """One segment per epoch (SI units, as its parts say)."""
        return Layout(spec.learning.epochs, variables(spec), coordinates(spec))

    def start(self) -> Any:
        """New networks, and the same ones for back-propagation (no unit)."""
        bench = _bench(self.spec.model_dump_json())
        exact = bench.start(bench.baseline) if self.spec.baseline.trained else ()
        return bench.start(bench.learner), exact

    def advance(self, state: Any, segment: int) -> tuple[Any, Rows]:
        """Train all networks for an epoch, and ask them (SI units, as in the layout)."""
        bench, spec = _bench(self.spec.model_dump_json()), self.spec
        own, exact = state
        rate = learning_rate(spec.learning, segment, spec.learning.epochs)
        asked = "loss_after" if bench.teacher else "accuracy"
        # Weights that hardly move any more cannot follow an R that does.
        learner = bench.mixing_at(rate / spec.learning.learning_rate)
        own, loss = bench.train(learner, own, rate)
        rows = {
            "loss": loss,
            asked: bench.ask(bench.learner, own),
            "alignment": bench.alignment(own, segment),
            "rate": np.array(rate),
            "write_energy": bench.energy(own),
        }
        if spec.baseline.trained:
            rate = learning_rate(spec.baseline, segment, spec.learning.epochs)
            exact, loss = bench.train(bench.baseline, exact, rate)
            rows["loss_exact"] = loss
            rows[f"{asked}_exact"] = bench.ask(bench.baseline, exact)
        rows = {name: np.asarray(value)[None] for name, value in rows.items()}
        if segment == 0:
            rows["examples"] = bench.counts
        return (own, exact), rows

    @classmethod
    def check(cls, spec: Any, segment: int, rows: Mapping[str, np.ndarray]) -> None:
        """Raise if a loss is not finite (no unit)."""
        if not np.all(np.isfinite(rows["loss"])):
            raise SpinlearnError(
                f"epoch {segment + 1}: the loss is not finite. Lower learning.learning_rate "
                f"({spec.learning.learning_rate:g}), learning.decorrelation_rate "
                f"({spec.learning.decorrelation_rate:g}) or learning.feedback_rate "
                f"({spec.learning.feedback_rate:g})."
            )

    @classmethod
    def summarize(cls, spec: Any, dataset: xarray.Dataset) -> Summary:
        """Accuracy, the gap to back-propagation, what noise it took (SI units)."""
        return Summary(noise_claims(spec, dataset), noise_totals(spec, dataset))


def learning_rate(table: Any, epoch: int, epochs: int) -> float:
    """Of an epoch, counted from 0."""
    if table.schedule == "constant":
        return table.learning_rate
    return table.learning_rate * 0.5 * (1 + np.cos(np.pi * epoch / epochs))


@lru_cache(maxsize=2)
def _bench(spec: str) -> NoiseBench:
    """Learners and examples of a specification in JSON, which segments share."""
    return NoiseBench(Koenders2025Spec.model_validate_json(spec))
