"""What ``benchmarks.stdp`` runs in the peers' environments: ngclearn and BindsNET.

Both networks are those of Diehl and Cook (2015) as the packages propose them: spikes of a Poisson
process at the pixels, 250 steps of 1 ms an example, pair-based STDP on real weights in every step,
inhibitory neurons, thresholds that rise with every spike, weights normalized after every example.
Nothing is recorded. To be asked, examples go through in batches, without learning and untimed.
"""

from __future__ import annotations

import importlib
import json
import sys
import types
from collections.abc import Callable
from operator import rshift
from typing import Any

import numpy as np

from benchmarks._measure import clock, peak_memory

STEPS = 250
NORM = 78.4  # of a neuron's weights
TOGETHER = 50  # examples that are asked at a time
# What BindsNET imports for its games, figures and data sets: no part of a network.
UNUSED = (
    "ale_py",
    "gymnasium",
    "cv2",
    "tensorboardX",
    "torchvision",
    "torchvision.datasets",
    "torchvision.transforms",
    "torchvision.utils",
)

# Learn images, one by one; spikes of the neurons for images, without learning.
Train = Callable[[np.ndarray], None]
Ask = Callable[[np.ndarray], np.ndarray]


class _Absent(types.ModuleType):
    """Stands in for a package that is not installed: whatever is taken from it is a bare class."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def _do_without(names: tuple[str, ...]) -> None:
    for name in names:
        try:
            importlib.import_module(name)
        except Exception:  # missing, or made for another torch
            module = _Absent(name)
            module.__path__ = []
            sys.modules[name] = module
            above, _, last = name.rpartition(".")
            if above:
                setattr(sys.modules[above], last, module)


def ngclearn(neurons: int) -> tuple[Train, Ask]:
    """The network of ngc-museum's exhibit on Diehl and Cook, with its parameters.

    Examples, and the steps of each, are scanned within one compiled call.
    """
    import jax
    import jax.numpy as jnp
    from ngcsimlib.context import Context  # pyright: ignore[reportMissingImports]
    from ngcsimlib.global_state import stateManager  # pyright: ignore[reportMissingImports]
    from ngcsimlib.operations import Summation  # pyright: ignore[reportMissingImports]

    part = importlib.import_module
    components = "ngclearn.components"
    poisson = part(f"{components}.input_encoders.poissonCell").PoissonCell
    lif = part(f"{components}.neurons.spiking.LIFCell").LIFCell
    stdp = part(f"{components}.synapses.hebbian.traceSTDPSynapse").TraceSTDPSynapse
    static = part(f"{components}.synapses.staticSynapse").StaticSynapse
    trace = part(f"{components}.other.varTrace").VarTrace
    process = part("ngclearn.utils").MethodProcess
    weights = part("ngclearn.utils").DistributionGenerator

    keys = jax.random.split(jax.random.key_data(jax.random.key(0)), 8)
    membrane = 100.500896468
    square = (neurons, neurons)
    with Context("circuit"):
        pixels = poisson("pixels", n_units=784, target_freq=63.75, key=keys[0])
        learned = stdp(
            "learned",
            shape=(784, neurons),
            A_plus=1e-2,
            A_minus=1e-4,
            eta=1.0,
            pretrace_target=0.0,
            weight_init=weights.uniform(0.0, 0.3),
            key=keys[1],
        )
        cells = {"tau_m": membrane, "resist_m": membrane, "refract_time": 5.0}
        excited = lif(
            "excited",
            n_units=neurons,
            thr=-52.0,
            v_rest=-65.0,
            v_reset=-60.0,
            tau_theta=1e7,
            theta_plus=0.05,
            one_spike=True,
            key=keys[2],
            **cells,
        )
        inhibiting = lif(
            "inhibiting",
            n_units=neurons,
            thr=-40.0,
            v_rest=-60.0,
            v_reset=-45.0,
            tau_theta=0.0,
            one_spike=False,
            key=keys[3],
            **cells,
        )
        back = static(
            "back", shape=square, weight_init=weights.diag_offdiag(0.0, -120.0), key=keys[4]
        )
        forth = static(
            "forth", shape=square, weight_init=weights.diag_offdiag(22.5, 0.0), key=keys[5]
        )
        decay = {"tau_tr": 20.0, "decay_type": "exp", "a_delta": 0.0}
        before = trace("before", n_units=784, key=keys[6], **decay)
        after = trace("after", n_units=neurons, key=keys[7], **decay)

        for source, target in (
            (pixels.outputs, learned.inputs),
            (inhibiting.s, back.inputs),
            (Summation(learned.outputs, back.outputs), excited.j),
            (excited.s, forth.inputs),
            (forth.outputs, inhibiting.j),
            (pixels.outputs, before.inputs),
            (excited.s, after.inputs),
            (before.trace, learned.preTrace),
            (pixels.outputs, learned.preSpike),
            (after.trace, learned.postTrace),
            (excited.s, learned.postSpike),
        ):
            rshift(source, target)  # the value of the second is that of the first

        everything = (learned, back, forth, pixels, excited, inhibiting, before, after)
        asking, learning, clearing = process("asking"), process("learning"), process("clearing")
        for one in everything:
            asking.then(one.advance_state)
            learning.then(one.advance_state)
            clearing.then(one.reset)
        learning.then(learned.evolve)

    rows = {p: jnp.array(p.pack_rows(STEPS, t=float, dt=1.0)) for p in (asking, learning)}
    shown, fired = pixels.inputs.target, excited.s.target
    held, chance = learned.weights.target, pixels.key.target

    def present(way: Any, state: Any, image: Any) -> tuple[Any, Any]:
        state, _ = clearing.run.compiled(state, [])
        state = {**state, shown: image[None]}

        def step(carried: Any, row: Any) -> tuple[Any, None]:
            found, spikes = carried
            found, _ = way.run.compiled(found, row)
            return (found, spikes + found[fired][0]), None

        (state, spikes), _ = jax.lax.scan(step, (state, jnp.zeros(neurons)), rows[way])
        return state, spikes

    def learn(state: Any, image: Any) -> tuple[Any, None]:
        state, _ = present(learning, state, image)
        found = state[held]
        return {**state, held: found * (NORM / jnp.sum(jnp.abs(found), 0, keepdims=True))}, None

    learn_all = jax.jit(
        lambda state, images: jax.lax.scan(learn, state, images)[0], donate_argnums=0
    )

    @jax.jit
    def ask_all(state: Any, images: Any, keys: Any) -> Any:
        def one(image: Any, key: Any) -> Any:
            return present(asking, {**state, chance: key}, image)[1]

        return jax.vmap(one)(images, keys)

    # The global state is not given away: its buffers are copied, and numbers become arrays.
    state = {name: jnp.array(value) for name, value in stateManager.state.items()}

    def train(images: np.ndarray) -> None:
        nonlocal state
        state = jax.block_until_ready(learn_all(state, jnp.asarray(images / np.float32(255))))

    def ask(images: np.ndarray) -> np.ndarray:
        found = []
        for k in range(0, len(images), TOGETHER):
            grey = jnp.asarray(images[k : k + TOGETHER] / np.float32(255))
            split = jax.random.split(jax.random.key_data(jax.random.key(k)), len(grey))
            found.append(np.asarray(ask_all(state, grey, split)))
        return np.concatenate(found)

    return train, ask


def bindsnet(neurons: int) -> tuple[Train, Ask]:
    """Its DiehlAndCook2015 with the settings of its own example ``eth_mnist``."""
    import torch  # pyright: ignore[reportMissingImports]

    _do_without(UNUSED)
    from bindsnet.encoding import poisson  # pyright: ignore[reportMissingImports]
    from bindsnet.models import DiehlAndCook2015  # pyright: ignore[reportMissingImports]
    from bindsnet.network.monitors import Monitor  # pyright: ignore[reportMissingImports]

    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    network = DiehlAndCook2015(
        n_inpt=784,
        n_neurons=neurons,
        exc=22.5,
        inh=120.0,
        dt=1.0,
        norm=NORM,
        nu=(1e-4, 1e-2),
        theta_plus=0.05,
        inpt_shape=(1, 28, 28),
    )

    def spikes_of(images: np.ndarray) -> Any:
        grey = torch.from_numpy(images / np.float32(255)) * 128.0  # Hz
        return poisson(grey, time=STEPS, dt=1.0).view(STEPS, len(images), 1, 28, 28)

    def train(images: np.ndarray) -> None:
        for k in range(len(images)):
            network.run({"X": spikes_of(images[k : k + 1])}, time=STEPS)
            network.reset_state_variables()

    def ask(images: np.ndarray) -> np.ndarray:
        network.train(False)
        monitor = Monitor(network.layers["Ae"], ["s"], time=STEPS)
        network.add_monitor(monitor, "spikes")
        found = []
        for k in range(0, len(images), TOGETHER):
            network.run({"X": spikes_of(images[k : k + TOGETHER])}, time=STEPS)
            found.append(monitor.get("s").float().sum(0).view(-1, neurons).numpy())
            network.reset_state_variables()
        del network.monitors["spikes"]
        network.train(True)
        return np.concatenate(found)

    return train, ask


PEERS: dict[str, Callable[[int], tuple[Train, Ask]]] = {"ngclearn": ngclearn, "bindsnet": bindsnet}


def _threads(code: str) -> None:
    """As many threads of torch as cores; JAX and BLAS look for themselves."""
    if code == "bindsnet":
        import os

        import torch  # pyright: ignore[reportMissingImports]

        torch.set_num_threads(len(os.sched_getaffinity(0)))


def accuracy(known: np.ndarray, labels: np.ndarray, asked: np.ndarray, truth: np.ndarray) -> float:
    """Better of two ways to read classes off spikes, from training images with labels.

    Neurons vote for the class for which they fire most, or for all in the proportion in which they
    fire for each: both are customary.
    """
    rates = np.stack([known[labels == c].mean(axis=0) for c in range(10)], axis=1)
    best = np.eye(10)[rates.argmax(axis=1)] * (rates.sum(axis=1, keepdims=True) > 0)
    whole = best / np.maximum(best.sum(axis=0), 1)
    shares = rates / np.maximum(rates.sum(axis=1, keepdims=True), 1e-9)
    return max(float(np.mean((asked @ votes).argmax(axis=1) == truth)) for votes in (whole, shares))


def speed(code: str, neurons: int, data: str, count: int, repeats: int) -> dict[str, Any]:
    """Examples a second, best of a few times `count` of them; the first are left out."""
    images = np.load(data)["train"]
    train, _ = PEERS[code](neurons)
    for _ in range(2):  # types settle in the first call, and the second one compiles again
        train(images[:count])
    best = float("inf")
    for k in range(1, repeats + 1):
        start = clock()
        train(images[k * count : (k + 1) * count])
        best = min(best, clock() - start)
    return {"rate": count / best, "memory": peak_memory()}


def course(
    code: str, neurons: int, data: str, limit: float, tests: int, asked: int
) -> dict[str, Any]:
    """Examples, seconds of training and accuracy, until 85 % or the limit."""
    sets = np.load(data)
    images, labels, truth = sets["train"], sets["train_labels"], sets["test_labels"][:asked]
    train, ask = PEERS[code](neurons)
    chunk = 20
    # The first two calls compile. What they learn counts, what they take does not.
    for k in range(2):
        train(images[k * chunk : (k + 1) * chunk])
    found, shown, taken, due = [], 2 * chunk, 0.0, 0.0
    while taken < limit:
        due += limit / tests
        while taken < due:
            at = shown % (len(images) - chunk)
            start = clock()
            train(images[at : at + chunk])
            taken, shown = taken + clock() - start, shown + chunk
        known = ask(images[: 2 * asked])
        right = accuracy(known, labels[: 2 * asked], ask(sets["test"][:asked]), truth)
        found.append([shown, taken, right])
        if right >= 0.85:
            break
    return {"course": found, "memory": peak_memory()}


def worker(kind: str, code: str, neurons: str, data: str, *numbers: str) -> dict[str, Any]:
    _threads(code)
    if kind == "speed":
        return speed(code, int(neurons), data, int(numbers[0]), int(numbers[1]))
    return course(code, int(neurons), data, float(numbers[0]), int(numbers[1]), int(numbers[2]))


if __name__ == "__main__":
    # ngclearn reads the command line when it is imported.
    arguments = sys.argv[2:]
    sys.argv = sys.argv[:1]
    print(json.dumps(worker(*arguments)))
