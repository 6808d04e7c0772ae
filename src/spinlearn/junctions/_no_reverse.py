"""Values that carry derivatives forward, and say what to do where they are asked for in reverse."""

from __future__ import annotations

from typing import Any

import jax
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from spinlearn.errors import SpinlearnValueError

Array = jax.Array


def forward_only(value: Array) -> Array:
    """The value itself; `jax.jvp` passes, `jax.grad` and `jax.vjp` are told of the remedy."""
    return _FORWARD_ONLY.bind(value)


def _refuse(cotangent: Any, value: Any) -> Any:
    raise SpinlearnValueError(
        "reverse_mode",
        False,
        "True where jax.grad, jax.vjp or jax.jacrev passes through",
        "Call evolve(..., reverse_mode=True), or use jax.jvp or jax.jacfwd, which need no more.",
    )


def _make() -> Primitive:
    made = Primitive("spinlearn_forward_only")
    made.def_impl(lambda value: value)
    made.def_abstract_eval(lambda value: value)
    ad.deflinear2(made, _refuse)
    batching.defvectorized(made)
    mlir.register_lowering(made, lambda context, value: [value])
    return made


_FORWARD_ONLY = _make()
