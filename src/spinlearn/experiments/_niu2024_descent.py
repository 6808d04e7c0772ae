"""Do the changes of hardware point down the slope of what its rule minimizes?"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from spinlearn.rules import oja_gradient, oja_objective

Array = jax.Array

#: What rules minimize, by the variable that holds the cosine with its descent.
OBJECTIVES = {
    "cosine_objective": "Oja's objective",
    "cosine_residual": "the residual",
    "cosine_clamped": "the clamped objective",
}


# These follow ⟨x xᵀ⟩ − W, or its first term alone.
_CLAMPED = ("links, hebbian", "links, leaky", "ideal, hebb", "ideal, oja_clamped")


def descended(hardware: str) -> tuple[str, ...]:
    """Variables with cosines of the objectives that a kind of hardware is to descend."""
    if hardware == "links, residual":
        return ("cosine_objective", "cosine_residual")
    if hardware == "ideal, oja_neuron":
        return ()  # Every row has an objective of its own, that of one output alone.
    return ("cosine_clamped",) if hardware in _CLAMPED else ("cosine_objective",)


@jax.jit
def descent_cosines(read: Array, whole: Array, patterns: Array) -> dict[str, Array]:
    """Cosine of the changes of every epoch with the descent of three objectives.

    The slopes are taken halfway through the epoch, at W; x are the patterns:

    ==================  ===================  =================================
    variable            objective            −∇
    ==================  ===================  =================================
    cosine_objective    ½⟨‖x − VᵀV x ‖²⟩     `oja_gradient` at V = Wᵀ
    cosine_residual     ½⟨‖x − W x‖²⟩        ⟨(x − W x) xᵀ⟩
    cosine_clamped      ½⟨‖x xᵀ − W‖²⟩       ⟨x xᵀ⟩ − W
    ==================  ===================  =================================

    Oja's objective takes the transpose: a row of W is what drives a node, and the nodes' outputs
    go back through the columns, where Oja's y = V x goes forth through the rows of V. Of symmetric
    weights all that is the same.

    Parameters
    ----------
    read
        Weights as conductances show them, ``(epochs + 1, n, n)``; entries that stay zero are not
        shown, and the slope is not counted there.
    whole
        The same with what conductances do not show, the diagonal, ``(epochs + 1, n, n)``.
    patterns
        ``(p, n)``.

    Returns
    -------
    dict
        ``(epochs,)`` each.
    """
    shown = jnp.any(read != 0, axis=0).astype(read.dtype)
    outer = jnp.einsum("pi,pj->ij", patterns, patterns) / len(patterns)

    def one(change: Array, at: Array) -> dict[str, Array]:
        errors = patterns - jnp.einsum("ij,pj->pi", at, patterns)
        downhill = {
            "cosine_objective": -oja_gradient(at.T, patterns).T,
            "cosine_residual": jnp.einsum("pi,pj->ij", errors, patterns),
            "cosine_clamped": outer - at,
        }
        return {name: _cosine(change, shown * slope) for name, slope in downhill.items()}

    return jax.vmap(one)(read[1:] - read[:-1], 0.5 * (whole[1:] + whole[:-1]))


@jax.jit
def relative_objective(whole: Array, patterns: Array) -> Array:
    """Oja's objective at Wᵀ over that of a network without weights, ``(epochs + 1,)``."""
    nothing = 0.5 * patterns.shape[1]
    return jax.vmap(lambda w: oja_objective(w.T, patterns) / nothing)(whole)


def _cosine(a: Array, b: Array) -> Array:
    size = jnp.sqrt(jnp.sum(a * a) * jnp.sum(b * b))
    return jnp.where(size > 0, jnp.sum(a * b) / jnp.where(size > 0, size, 1), 0)
