"""Asynchronous recall of many probes at once."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax

from spinlearn.networks._plan import Plan, as_plan, one_of_two
from spinlearn.networks._probes import Recalls, settle
from spinlearn.networks._states import as_square, as_states
from spinlearn.networks._sweep import rounding, sweep
from spinlearn.typing import Key

Array = jax.Array


def recall_asynchronous(
    weights: Any, probes: Any, *, order: Any = None, key: Key | None = None, sweeps: int = 100
) -> Recalls:
    """States that a network goes to from many probes, its nodes updated one after the other.

    ``s_i ← sign(Σ_j W_ij s_j)`` until a sweep over all nodes changes nothing: always, and with
    energy −½ sᵀWs that never rises, if the weights are symmetric and their diagonal is not
    negative. A field that rounding cannot tell from zero, below ``2 ε Σ_j |W_ij|`` with ε the
    precision of the weights, leaves its node as it is. This is `recall` of every probe, with one
    order for all of them, and many times faster.

    Parameters
    ----------
    weights
        Weights, ``(n, n)`` (S or no unit). They set the precision.
    probes
        States to start from, ``(m, n)``, −1 or 1 (no unit).
    order
        The nodes in the order of their updates, ``(n,)``; 0, 1, ... by default.
    key
        Random key of a new random order for every sweep, in place of `order`.
    sweeps
        Largest number of sweeps.

    Returns
    -------
    Recalls
        Final states, and how they were reached (no unit).

    Raises
    ------
    SpinlearnValueError
        If the shapes differ, probes are not ±1, weights are not finite, the order does not hold
        every node once, or order and key are both given.

    References
    ----------
    J. J. Hopfield, Proc. Natl. Acad. Sci. USA 79, 2554 (1982).

    Examples
    --------
    >>> from spinlearn.rules import hebb
    >>> recall_asynchronous(hebb([[1, -1, 1, 1]]), [[1, 1, 1, 1], [-1, 1, 1, -1]]).states.tolist()
    [[1.0, -1.0, 1.0, 1.0], [-1.0, 1.0, -1.0, -1.0]]
    """
    matrix = as_square(weights, "weights", "S or no unit")
    start = as_states(probes, "probes", matrix.shape[0], "(p, n)").astype(matrix.dtype)
    if order is not None and key is not None:
        raise one_of_two()
    return _recall(matrix, start, as_plan(order, key, None, sweeps, matrix))


@eqx.filter_jit
def _recall(weights: Array, start: Array, plan: Plan) -> Recalls:
    ties = rounding(weights)

    def once(states: Array, index: Array) -> Array:
        return sweep(weights, states, plan.nodes(index, states.shape[0]), ties)

    return settle(once, start, plan.sweeps)
