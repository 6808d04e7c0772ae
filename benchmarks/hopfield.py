"""Recall in a Hopfield network: time, recall and memory against other packages and plain numpy.

Hebb's rule, 50 random patterns, noisy probes with a fifth of their nodes flipped. Peers:
hopfieldkit (asynchronous) and hopfieldnetwork (asynchronous and synchronous), which take one probe
at a time, and what one writes by hand: all probes at once in numpy, synchronous, or asynchronous
with a loop over nodes. All are given the same weights and probes and go on until nothing changes.
Ours compile before. Each measurement runs in a process of its own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._measure import Row, best_time, parse, peak_memory, report, row, run_worker

PATTERNS = 50
FLIPPED = 0.2
LIMIT = 100  # sweeps
MEMORY = 2 * 2**30  # bytes, at 10⁴ nodes
GOAL = 20.0  # times faster than packages that recall one by one
PEERS = Path(__file__).resolve().parent.parent / ".venv-peers" / "bin" / "python"


def problem(nodes: int, probes: int, dtype: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Patterns, probes, and the patterns that the probes were made of."""
    random = np.random.default_rng(0)
    patterns = random.choice([-1, 1], (PATTERNS, nodes))
    wanted = patterns[np.arange(probes) % PATTERNS]
    ranks = np.argsort(random.random((probes, nodes)), axis=1)
    noisy = np.where(ranks < round(FLIPPED * nodes), -wanted, wanted)
    return patterns.astype(dtype), noisy.astype(dtype), wanted.astype(dtype)


def hebb_weights(patterns: np.ndarray) -> np.ndarray:
    weights = patterns.T @ patterns / np.asarray(patterns.shape[1], patterns.dtype)
    np.fill_diagonal(weights, 0)
    return weights


def ours(mode: str, nodes: int, probes: int, repeats: int, dtype: str) -> dict[str, Any]:
    import jax
    import jax.numpy as jnp

    from spinlearn.networks import recall_asynchronous, recall_synchronous
    from spinlearn.rules import hebb

    patterns, noisy, wanted = problem(nodes, probes, dtype)
    weights = jax.block_until_ready(hebb(jnp.asarray(patterns)))
    start = jnp.asarray(noisy)

    def recall(seed: int = 0) -> Any:
        if mode == "synchronous":
            found = recall_synchronous(weights, start, sweeps=LIMIT)
        else:
            found = recall_asynchronous(weights, start, key=jax.random.key(seed), sweeps=LIMIT)
        return jax.block_until_ready(found)

    recall()
    time, found = best_time(recall, repeats)
    return _result(time, np.asarray(found.states), wanted)


def by_hand(mode: str, nodes: int, probes: int, repeats: int, dtype: str) -> dict[str, Any]:
    """All probes at once in numpy; nodes in columns, as a product of matrices likes it."""
    patterns, noisy, wanted = problem(nodes, probes, dtype)
    weights, start = hebb_weights(patterns), np.ascontiguousarray(noisy.T)

    def together() -> np.ndarray:
        states = start
        for _ in range(LIMIT):
            fields = weights @ states
            after = np.where(fields == 0, states, np.sign(fields))
            if np.array_equal(after, states):
                break
            states = after
        return states.T

    def one_by_one() -> np.ndarray:
        states, random = start.copy(), np.random.default_rng(1)
        for _ in range(LIMIT):
            before = states.copy()
            for node in random.permutation(nodes):
                fields = weights[node] @ states
                states[node] = np.where(fields == 0, states[node], np.sign(fields))
            if np.array_equal(before, states):
                break
        return states.T

    time, states = best_time(together if mode == "synchronous" else one_by_one, repeats)
    return _result(time, states, wanted)


def hopfieldkit(mode: str, nodes: int, probes: int, repeats: int, dtype: str) -> dict[str, Any]:
    from hopfieldkit import HopfieldNetwork  # pyright: ignore[reportMissingImports]

    patterns, noisy, wanted = problem(nodes, probes, dtype)
    network = HopfieldNetwork(nodes)
    network.weights = hebb_weights(patterns)

    def recall() -> np.ndarray:
        return np.array([network.recall(p, max_steps=LIMIT, seed=k) for k, p in enumerate(noisy)])

    time, states = best_time(recall, repeats)
    return _result(time, states, wanted)


def hopfieldnetwork(mode: str, nodes: int, probes: int, repeats: int, dtype: str) -> dict[str, Any]:
    from hopfieldnetwork import HopfieldNetwork  # pyright: ignore[reportMissingImports]

    patterns, noisy, wanted = problem(nodes, probes, dtype)
    network = HopfieldNetwork(N=nodes)
    network.w = hebb_weights(patterns)
    kind = "sync" if mode == "synchronous" else "async"

    def recall() -> np.ndarray:
        ends = []
        for probe in noisy:
            network.set_initial_neurons_state(probe.copy())
            network.update_neurons(iterations=1, mode=kind, run_max=True)
            ends.append(network.S.copy())
        return np.array(ends)

    time, states = best_time(recall, repeats)
    return _result(time, states, wanted)


def _result(time: float, states: np.ndarray, wanted: np.ndarray) -> dict[str, Any]:
    recalled = float(np.mean(np.all(states == wanted, axis=1)))
    return {"time": time, "recall": recalled, "memory": peak_memory()}


CODES: dict[str, Callable[..., dict[str, Any]]] = {
    "ours": ours,
    "numpy": by_hand,
    "hopfieldkit": hopfieldkit,
    "hopfieldnetwork": hopfieldnetwork,
}


def worker(code: str, mode: str, nodes: str, probes: str, repeats: str, dtype: str) -> Any:
    return CODES[code](mode, int(nodes), int(probes), int(repeats), dtype)


def measure(code: str, mode: str, nodes: int, probes: int, repeats: int, dtype: str) -> Any:
    """The worker's result, or the reason why there is none, as text."""
    foreign = code.startswith("hopfield")
    if foreign and not PEERS.exists():
        return "not installed: make peers"
    arguments = [code, mode, str(nodes), str(probes), str(repeats), dtype]
    try:
        return run_worker(
            __spec__.name,
            arguments,
            python=str(PEERS) if foreign else None,
            double=dtype == "float64",
        )
    except RuntimeError as error:
        if not foreign:
            raise
        return f"failed: {str(error).strip().splitlines()[-1][:60]}"


def against(nodes: int, probes: int, repeats: int, dtypes: tuple[str, ...]) -> list[Row]:
    """Time and recall beside every peer; a package is given what it works in, float64."""
    rows: list[Row] = []
    for dtype in dtypes:
        for mode in ("asynchronous", "synchronous"):
            mine = measure("ours", mode, nodes, probes, repeats, dtype)
            size = f"{nodes} nodes, {probes} probes, {mode}, {dtype}"
            peers = [("numpy", f"numpy, all probes at once, {dtype}", dtype)]
            peers.append(("hopfieldnetwork", "hopfieldnetwork", "float64"))
            if mode == "asynchronous":
                peers.append(("hopfieldkit", "hopfieldkit", "float64"))
            for code, name, kind in peers:
                theirs = measure(code, mode, nodes, probes, repeats, kind)
                rows += _beside(mine, theirs, name, size, code)
    return rows


def _beside(mine: dict[str, Any], theirs: Any, name: str, size: str, code: str) -> list[Row]:
    bound = GOAL if code != "numpy" else None
    if isinstance(theirs, str):
        return [row("recall time", size, mine["time"], "s", peer=f"{name} ({theirs})", bound=bound)]
    return [
        row(
            "recall time",
            size,
            mine["time"],
            "s",
            peer=name,
            peer_value=theirs["time"],
            ratio=theirs["time"] / mine["time"],
            bound=bound,
            peak_memory=mine["memory"],
        ),
        row(
            "probes recalled",
            size,
            mine["recall"],
            "",
            peer=name,
            peer_value=theirs["recall"],
            ratio=mine["recall"] / theirs["recall"] if theirs["recall"] else None,
        ),
    ]


def large(nodes: int, probes: int, dtype: str) -> list[Row]:
    """Memory and time of a large network, its weights made by Hebb's rule in the same process."""
    mine = measure("ours", "asynchronous", nodes, probes, 1, dtype)
    size = f"{nodes} nodes, {probes} probes, asynchronous, {dtype}"
    memory = mine["memory"]
    return [
        row("recall time", size, mine["time"], "s", peak_memory=memory),
        row("peak memory", size, memory / 2**20, "MiB", bound=MEMORY / 2**20, peak_memory=memory),
    ]


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        print(json.dumps(worker(*sys.argv[2:])))
        return
    options = parse(__doc__)
    if options.quick:
        rows = against(1000, 100, 3, ("float32",)) + large(4000, 100, "float32")
    else:
        rows = against(1000, 1000, 5, ("float32", "float64"))
        rows += large(10000, 1000, "float32") + large(10000, 1000, "float64")
    report(rows, options.json)


if __name__ == "__main__":
    main()
