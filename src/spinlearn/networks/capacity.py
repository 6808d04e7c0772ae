"""Capacity, measured: random patterns at growing load, and how many of them are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from spinlearn._checks import as_count, as_numbers
from spinlearn.errors import SpinlearnValueError
from spinlearn.networks.asynchronous import recall_asynchronous
from spinlearn.networks.hebbian import recall_hebbian
from spinlearn.rng import stream
from spinlearn.rules import hebb
from spinlearn.typing import Key

Array = jax.Array
Rule = Callable[[Array], Array]


class LoadCurve(eqx.Module):
    """How well random patterns are kept at different loads.

    Parameters
    ----------
    load
        Loads p/n, ``(k,)`` (no unit).
    patterns
        Numbers of patterns p, ``(k,)``.
    overlap
        Mean overlap of the final states with the patterns they started from, ``(k,)`` (no unit).
    kept
        Part of the patterns whose final overlap is at least the one that counts, ``(k,)`` (no
        unit).

    Examples
    --------
    >>> curve = LoadCurve(jnp.array([0.1, 0.2]), jnp.array([10, 20]), jnp.array([1.0, 0.4]),
    ...     jnp.array([1.0, 0.0]))
    >>> round(curve.capacity(), 3)
    0.15
    """

    load: Float[Array, " k"]
    patterns: Int[Array, " k"]
    overlap: Float[Array, " k"]
    kept: Float[Array, " k"]

    def capacity(self, part: float = 0.5) -> float:
        """Load at which this part of the patterns is still kept (no unit).

        Parameters
        ----------
        part
            Part of the patterns, between 0 and 1 (no unit).

        Returns
        -------
        float
            First crossing, linear between loads; NaN if there is none.
        """
        loads, kept = np.asarray(self.load, float), np.asarray(self.kept, float)
        for k in range(len(loads) - 1):
            if kept[k] >= part > kept[k + 1]:
                share = (kept[k] - part) / (kept[k] - kept[k + 1])
                return float(loads[k] + share * (loads[k + 1] - loads[k]))
        return float("nan")


def load_curve(
    rule: Rule,
    nodes: int,
    loads: Sequence[float],
    *,
    key: Key,
    probes: int = 100,
    trials: int = 1,
    least_overlap: float = 0.7,
    sweeps: int = 200,
    dtype: Any = None,
) -> LoadCurve:
    """Whether random patterns stay where they are, at different loads.

    Recall starts from patterns themselves. Below the capacity it ends near them, at overlaps
    above 0.96 with Hebb's rule, and far away above it, near 0.35: 0.7 tells the two apart.

    Parameters
    ----------
    rule
        Function of patterns ``(p, n)`` that returns weights ``(n, n)`` (no unit), such as
        `spinlearn.rules.hebb`; that one is recalled by `recall_hebbian`, which needs no weights.
    nodes
        Number of nodes n.
    loads
        Loads p/n, ascending (no unit).
    key
        Random key of the patterns and of the orders of updates.
    probes
        How many of the patterns are tried, at most.
    trials
        Sets of patterns at every load.
    least_overlap
        Final overlap with which a pattern counts as kept (no unit).
    sweeps
        Largest number of sweeps of a recall.
    dtype
        Precision of patterns and weights; JAX's default if None.

    Returns
    -------
    LoadCurve
        Mean overlaps and parts of the patterns (no unit).

    Raises
    ------
    SpinlearnValueError
        If numbers are out of range or loads do not ascend.

    References
    ----------
    D. J. Amit, H. Gutfreund, H. Sompolinsky, Ann. Phys. 173, 30 (1987).

    Examples
    --------
    >>> from spinlearn.rules import pseudo_inverse
    >>> load_curve(pseudo_inverse, 40, [0.2, 0.5], key=jax.random.key(0)).kept.tolist()
    [1.0, 1.0]
    """
    n = as_count(nodes, "nodes", 2, "an integer >= 2", "Pass the number of nodes.")
    counts = _as_counts(loads, n)
    most = as_count(probes, "probes", 1, "an integer >= 1", "Try a hundred.")
    sets = as_count(trials, "trials", 1, "an integer >= 1", "Pass the number of sets.")
    kind = jnp.result_type(float) if dtype is None else jnp.dtype(dtype)
    rows = []
    for k, p in enumerate(counts):
        ends = [
            _final_overlaps(rule, (p, n), most, sweeps, kind, stream(key, "load", k * sets + trial))
            for trial in range(sets)
        ]
        found = np.concatenate(ends)
        rows.append((p / n, p, found.mean(), np.mean(found >= least_overlap)))
    load, patterns, overlaps, kept = (np.asarray(column) for column in zip(*rows, strict=True))
    return LoadCurve(
        jnp.asarray(load, kind),
        jnp.asarray(patterns),
        jnp.asarray(overlaps, kind),
        jnp.asarray(kept, kind),
    )


def _final_overlaps(
    rule: Rule, shape: tuple[int, int], most: int, sweeps: int, dtype: Any, key: Key
) -> np.ndarray:
    """Overlaps with the patterns after recall from them, ``(probes,)``."""
    patterns = jax.random.rademacher(stream(key, "patterns"), shape, dtype)
    start, order = patterns[:most], stream(key, "recall")
    if rule is hebb:  # the same states, without weights
        found = recall_hebbian(patterns, start, key=order, sweeps=sweeps)
    else:
        found = recall_asynchronous(rule(patterns), start, key=order, sweeps=sweeps)
    return np.mean(np.asarray(found.states) * np.asarray(start), axis=1)


def _as_counts(loads: Any, n: int) -> list[int]:
    allowed, fix = "ascending numbers > 0, shape (k,)", "Pass loads such as [0.1, 0.12, 0.14]."
    given = as_numbers(loads, "loads", allowed, fix)
    good = given.ndim == 1 and given.size > 0 and np.all(np.isfinite(given)) and np.all(given > 0)
    if not good or np.any(np.diff(given) <= 0):
        raise SpinlearnValueError("loads", loads, allowed, fix)
    return [max(1, round(float(load) * n)) for load in given]
