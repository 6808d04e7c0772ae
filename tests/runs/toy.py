"""An Ornstein–Uhlenbeck process: cheap segments that can be slow, raise, or fail their check."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import jax
import jax.numpy as jnp
import numpy as np

from spinlearn.errors import SpinlearnError
from spinlearn.experiments.experiment import (
    AbstractExperiment,
    Claim,
    Coordinate,
    Layout,
    Summary,
    Variable,
)
from spinlearn.experiments.specs import Entry
from spinlearn.experiments.specs.base import RunSpec, Table, choice, quantity
from spinlearn.rng import key_from_seed, stream

ENTRIES = {
    "toy": Entry("stacked", "tests.runs.toy:ToySpec", "tests.runs.toy:Toy"),
    "toy-alone": Entry("one by one", "tests.runs.toy:AloneSpec", "tests.runs.toy:Alone"),
}


class WalkTable(Table):
    """Parameters of the process."""

    rate: float = quantity(1e9, "1/s", 0.0, 1e12, "Rate of return")
    noise: float = quantity(1.0, "V", 0.0, 1e3, "Standard deviation in equilibrium")
    size: int = quantity(3, "1", 1, 1000, "Number of walkers")
    segments: int = quantity(4, "1", 1, 1000, "Segments")


class MishapTable(Table):
    """What goes wrong, and when."""

    kind: Literal["none", "build", "advance", "check", "summary", "die", "die-once"] = choice(
        "none", "What goes wrong"
    )
    segment: int = quantity(1, "1", 0, 1000, "In which segment")
    sleep: float = quantity(0.0, "s", 0.0, 100.0, "How long a segment's check takes")
    log: str = choice("", "Folder where every start leaves a file")


class ToySpec(RunSpec):
    """Specification of the process."""

    experiment: Literal["toy", "toy-alone"] = choice("toy", "Name of the experiment")
    walk: WalkTable = WalkTable()
    mishap: MishapTable = MishapTable()


class AloneSpec(ToySpec):
    """The same, computed one by one."""

    experiment: Literal["toy", "toy-alone"] = choice("toy-alone", "Name of the experiment")


class Toy(AbstractExperiment):
    """Walkers that return to zero."""

    title: ClassVar[str] = "Ornstein–Uhlenbeck process"
    stacked: ClassVar[int] = 64

    rate: jax.Array
    noise: jax.Array
    first: jax.Array
    key: jax.Array

    @classmethod
    def build(cls, spec: ToySpec) -> Self:
        if spec.mishap.log:
            name = f"{spec.seed}-{spec.walk.rate:g}-{spec.walk.noise:g}-{os.getpid()}"
            (Path(spec.mishap.log) / name).touch()
        if spec.mishap.kind == "build":
            raise RuntimeError(f"no build at seed {spec.seed}")
        real = jnp.dtype(spec.precision)
        return cls(
            jnp.asarray(spec.walk.rate, real),
            jnp.asarray(spec.walk.noise, real),
            jnp.ones(spec.walk.size, real),
            key_from_seed(spec.seed),
        )

    @classmethod
    def layout(cls, spec: ToySpec) -> Layout:
        steps, size = spec.walk.segments, spec.walk.size
        voltage = Variable(("step", "walker"), (steps, size), "V", "voltage")
        count = Variable(("step",), (steps,), "1", "number of the segment", dtype="int64")
        step = Coordinate(("step",), np.arange(steps), "1", "step")
        return Layout(steps, {"voltage": voltage, "count": count}, {"step": step}, 1e-9)

    def start(self) -> jax.Array:
        return self.first

    def advance(self, state: jax.Array, segment: Any) -> Any:
        state = _step(self, state, jnp.asarray(segment))
        return state, {"voltage": state[None], "count": jnp.asarray(segment)[None]}

    @classmethod
    def check(cls, spec: Any, segment: int, rows: Mapping[str, np.ndarray]) -> None:
        time.sleep(spec.mishap.sleep)
        if spec.mishap.segment != segment or spec.mishap.kind == "none":
            return
        once = Path(spec.mishap.log) / f"died-{spec.seed}"
        if spec.mishap.kind == "die" or (spec.mishap.kind == "die-once" and not once.exists()):
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if spec.mishap.kind == "advance":
            raise RuntimeError(f"no advance at seed {spec.seed}")
        if spec.mishap.kind == "check":
            raise SpinlearnError(f"segment {segment}: the check failed. Change seed {spec.seed}.")

    @classmethod
    def summarize(cls, spec: Any, dataset: Any) -> Summary:
        if spec.mishap.kind == "summary":
            raise RuntimeError("no summary")
        last = dataset["voltage"].values[-1]
        claims = (
            Claim("mean voltage", float(last.mean()), "V"),
            Claim("largest voltage", float(np.abs(last).max()), "V"),
        )
        return Summary(claims)


@jax.jit
def _step(toy: Toy, state: jax.Array, segment: jax.Array) -> jax.Array:
    decay = jnp.exp(-toy.rate * jnp.asarray(1e-9, state.dtype))
    drawn = jax.random.normal(stream(toy.key, "walk", segment), state.shape, state.dtype)
    return decay * state + toy.noise * jnp.sqrt(1 - decay**2) * drawn


class Alone(Toy):  # pyright: ignore[reportGeneralTypeIssues]
    """The same, one by one."""

    stacked: ClassVar[int] = 1
