"""A random walk as an experiment: segments that cost next to nothing, for stores and runners."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.experiments.experiment import (
    AbstractExperiment,
    Claim,
    Coordinate,
    Layout,
    Summary,
    Variable,
)
from spinlearn.experiments.specs import EXPERIMENTS, Entry
from spinlearn.experiments.specs.base import RunSpec, Table, choice, quantity
from spinlearn.rng import key_from_seed, stream


class WalkTable(Table):
    """Parameters of the walk."""

    step: float = quantity(1.0, "V", 0.0, 1e3, "Standard deviation of a step")
    size: int = quantity(3, "1", 1, 1000, "Number of walkers")
    segments: int = quantity(6, "1", 1, 100_000, "Segments")


class WalkSpec(RunSpec):
    """Specification of the walk."""

    experiment: Literal["walk"] = choice("walk", "Name of the experiment")  # pyright: ignore
    walk: WalkTable = WalkTable()


class Walk(AbstractExperiment):
    """Walkers that never return."""

    title: ClassVar[str] = "Random walk"
    citation: ClassVar[str] = "benchmarks of spinlearn"

    step: jax.Array
    first: jax.Array
    key: jax.Array

    @classmethod
    def build(cls, spec: Any) -> Self:
        real = jnp.dtype(spec.precision)
        first = jnp.zeros(spec.walk.size, real)
        return cls(jnp.asarray(spec.walk.step, real), first, key_from_seed(spec.seed))

    @classmethod
    def layout(cls, spec: Any) -> Layout:
        steps, size = spec.walk.segments, spec.walk.size
        voltage = Variable(("step", "walker"), (steps, size), "V", "voltage")
        count = Variable(("step",), (steps,), "1", "number of the segment", dtype="int64")
        step = Coordinate(("step",), np.arange(steps), "1", "step")
        name = Coordinate(("walker",), np.array([f"walker {k}" for k in range(size)]), "", "name")
        return Layout(steps, {"voltage": voltage, "count": count}, {"step": step, "name": name})

    def start(self) -> jax.Array:
        return self.first

    def advance(self, state: jax.Array, segment: Any) -> Any:
        state = _step(self, state, jnp.asarray(segment))
        return state, {"voltage": state[None], "count": jnp.asarray(segment)[None]}

    @classmethod
    def summarize(cls, spec: Any, dataset: Any) -> Summary:
        del spec
        last = dataset["voltage"].values[-1]
        spread = Claim("spread of voltages", float(last.std()), "V", (0.0, float(abs(last).max())))
        return Summary((spread,), {"steps": (float(dataset.sizes["step"]), "1")})


@jax.jit
def _step(walk: Walk, state: jax.Array, segment: jax.Array) -> jax.Array:
    drawn = jax.random.normal(stream(walk.key, "walk", segment), state.shape, state.dtype)
    return state + walk.step * drawn


def register() -> None:
    """Make the walk known, as are the experiments that come with spinlearn."""
    EXPERIMENTS["walk"] = Entry("random walk", "benchmarks._walk:WalkSpec", "benchmarks._walk:Walk")
