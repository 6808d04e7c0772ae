"""Contacts, patterns and weights of films with 35 contacts (see film_contacts)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from spinlearn import Mesh, key_from_seed
from spinlearn.datasets import corrupt, letters
from spinlearn.experiments.self_learning_film import four_contacts
from spinlearn.experiments.specs.yu2021 import FourContactsTable
from spinlearn.networks import recall_asynchronous
from spinlearn.rng import stream
from spinlearn.transport import (
    Electrodes,
    bridge_electrodes,
    bridged_pairs,
    edge_electrodes,
    grid_electrodes,
)

ROWS, COLS, CELL = 7, 5, 15e-9
NODES = ROWS * COLS
# Flipped nodes of probes.
FLIPS = (1, 3)
Line = tuple[str, str, float, str]  # figure, size, value, unit


class Arrangement(NamedTuple):
    """Contacts of a film, and how far apart they are."""

    name: str
    contacts: Callable[[int], Electrodes]  # of the grid's pitch in cells
    apart: np.ndarray  # (n, n) distance in pitches, or in contacts along the edge
    linked: np.ndarray  # (n, n) pairs that can conduct at all
    voltage: float  # V at a pitch of 16 cells; like lengths, it goes with the pitch


def mesh_of(pitch: int) -> Mesh:
    return Mesh((COLS * pitch, ROWS * pitch, 1), (CELL, CELL, 1.5e-9))


def grid_distance() -> np.ndarray:
    row, col = np.divmod(np.arange(NODES), COLS)
    return np.hypot(row[:, None] - row, col[:, None] - col)


def edge_distance() -> np.ndarray:
    apart = np.abs(np.arange(NODES)[:, None] - np.arange(NODES))
    return np.minimum(apart, NODES - apart).astype(float)


def edge(coverage: float = 0.6, voltage: float = 0.1) -> Arrangement:
    def contacts(pitch: int) -> Electrodes:
        return edge_electrodes(NODES, mesh_of(pitch), coverage=coverage)

    every = ~np.eye(NODES, dtype=bool)
    return Arrangement(f"edge, {coverage:g} covered", contacts, edge_distance(), every, voltage)


def grid(fill: float = 0.4, voltage: float = 0.1) -> Arrangement:
    def contacts(pitch: int) -> Electrodes:
        return grid_electrodes(ROWS, COLS, mesh_of(pitch), fill=fill)

    every = ~np.eye(NODES, dtype=bool)
    return Arrangement(f"grid, pads {fill:g}", contacts, grid_distance(), every, voltage)


def bridges(
    links: Any = "straight", fill: float = 0.4, width: float = 0.38, voltage: float = 0.1
) -> Arrangement:
    def contacts(pitch: int) -> Electrodes:
        return bridge_electrodes(ROWS, COLS, mesh_of(pitch), links=links, fill=fill, width=width)

    name = f"{links} bridges, {width:g} wide, pads {fill:g}"
    linked = bridged_pairs(ROWS, COLS, links=links)
    return Arrangement(name, contacts, grid_distance(), linked, voltage)


def ring() -> Arrangement:
    """The anchor: four contacts of yu2021, all pairs of one kind, on a film of 6 pitches."""

    def contacts(pitch: int) -> Electrodes:
        mesh = Mesh((6 * pitch, 6 * pitch, 1), (CELL, CELL, 1.5e-9))
        return four_contacts(mesh, FourContactsTable())

    every = ~np.eye(4, dtype=bool)
    return Arrangement("four contacts (yu2021)", contacts, every.astype(float), every, 0.25)


def orthogonal_patterns(n: int) -> np.ndarray:
    """±1 patterns in which every pair of nodes is alike as often as not; the first is all alike.

    Columns of a Hadamard matrix (Paley's second construction for 36): n + 1 patterns of 3 nodes or
    35, or 4 of 4 nodes, which then have one column more than the rule allows for less.
    """
    if n == 4:
        return np.array([[1.0, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])
    q = (n + 1) // 2 - 1
    squares = {(k * k) % q for k in range(1, q)}
    jacobsthal = [
        [0 if i == j else 1 if (i - j) % q in squares else -1 for j in range(q)] for i in range(q)
    ]
    core = np.ones((q + 1, q + 1))
    core[0, 0], core[1:, 1:] = 0, jacobsthal
    one, zero = np.array([[1, 1], [1, -1]]), np.array([[1, -1], [-1, -1]])
    full = np.kron(core, one) + np.kron(np.eye(q + 1), zero)
    full = full * full[:, :1]
    return (full * full[:1])[:, 1:]


def calibration_patterns(arrangement: Arrangement) -> np.ndarray:
    """Four patterns in which neighbours are alike as often as not; the first drives no current.

    Those of four nodes, laid as tiles on the grid, or around the edge: balanced for every pair but
    those whose nodes lie on the same place of a tile. `orthogonal_patterns` balances all of them,
    with nine times as many trainings.
    """
    four = orthogonal_patterns(4)
    if len(arrangement.apart) == 4:
        return four
    if arrangement.apart.max() > ROWS + COLS:
        return four[:, np.arange(NODES) % 4]
    row, col = np.divmod(np.arange(NODES), COLS)
    return four[:, 2 * (row % 2) + col % 2]


def random_patterns(count: int, n: int = NODES, seed: int = 0) -> np.ndarray:
    """Balanced to one node: a pattern of one sign would drive no current."""
    rng = np.random.default_rng(seed)
    half = np.where(np.arange(n) < n // 2, -1.0, 1.0)
    return np.array([rng.permutation(half) for _ in range(count)])


def letter_patterns(which: str) -> np.ndarray:
    return np.asarray(letters(which), float)


def checkerboard() -> np.ndarray:
    row, col = np.divmod(np.arange(NODES), COLS)
    return 1.0 - 2.0 * ((row + col) % 2)


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    x, y = x.ravel() - x.mean(), y.ravel() - y.mean()
    size = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / size) if size > 0 else 0.0


def products(patterns: np.ndarray) -> np.ndarray:
    i, j = np.triu_indices(patterns.shape[-1], 1)
    return patterns[:, i] * patterns[:, j]


def as_matrix(pairs: np.ndarray, n: int) -> np.ndarray:
    """Symmetric matrices ``(..., n, n)`` with nothing on the diagonal."""
    i, j = np.triu_indices(n, 1)
    found = np.zeros((*pairs.shape[:-1], n, n))
    found[..., i, j] = found[..., j, i] = pairs
    return found


def recalled(weights: np.ndarray, patterns: np.ndarray, flips: int, probes: int = 60) -> float:
    """Part of probes with so many flipped nodes that go back to their pattern or its negative."""
    found = []
    for k, pattern in enumerate(patterns):
        key = stream(key_from_seed(0), "probes", k)
        start = corrupt(jnp.asarray(np.repeat(pattern[None], probes, 0)), flips=flips, key=key)
        ends = recall_asynchronous(jnp.asarray(weights), start)
        overlap = np.asarray(ends.states) @ pattern
        found.append(np.abs(overlap) > len(pattern) - 0.5)
    return float(np.mean(found))
