"""Arrays that a compiled function closes over are known: checked, and never a crash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Mesh, SpinlearnValueError
from spinlearn.transport import (
    AMR,
    conductance_matrix,
    conductance_sensitivity,
    edge_electrodes,
    read_conductance,
    solve_potential,
)
from tests.textures import random_texture

pytestmark = pytest.mark.once

MESH = Mesh((20, 16, 1), (4e-9, 4e-9, 10e-9))
M = random_texture(MESH)
ON_HOST: Any = np.asarray(M)
SIGMA = AMR(4e6, 0.3).tensor(M)
HALL = AMR(4e6, 0.3, hall=0.2).tensor(M)
HALL_ON_HOST: Any = np.asarray(HALL)
CONTACTS = edge_electrodes(4, MESH)
REAL = jnp.result_type(float)
ROUNDING = 1e-9 if jnp.float64 == REAL else 1e-5


def currents(voltages: jax.Array) -> jax.Array:
    return solve_potential(SIGMA, CONTACTS, voltages).currents


def of_ratio(ratio: Any) -> jax.Array:
    return 1e3 * conductance_matrix(AMR(4e6, ratio).tensor(M), CONTACTS)[0, 2]


def of_conductivity(conductivity: Any) -> jax.Array:
    return 1e3 * conductance_matrix(AMR(conductivity, 0.3).tensor(M), CONTACTS)[0, 2]


def of_resistivities(parallel: Any) -> jax.Array:
    law = AMR.from_resistivities(parallel, 2.5e-7)
    return 1e3 * conductance_matrix(law.tensor(M), CONTACTS)[0, 2]


def weighted(weights: jax.Array) -> jax.Array:
    return conductance_sensitivity(SIGMA, CONTACTS, weights=weights)


def closed_over(scale: Any) -> jax.Array:
    # Nothing here is traced but the factor.
    voltages, weights = [1.0, 0.0, 0.0, 0.0], np.eye(4)
    reading = read_conductance(SIGMA, CONTACTS)
    again = read_conductance(HALL, CONTACTS, previous=reading).conductance
    flow = solve_potential(HALL_ON_HOST, CONTACTS, voltages).currents
    slope = conductance_sensitivity(SIGMA, CONTACTS, weights=weights)
    return scale * (again[0] + flow + jnp.sum(slope))


CASES: dict[str, tuple[Callable[..., jax.Array], Any]] = {
    "voltages": (currents, jnp.asarray([1.0, 0.0, 0.5, 0.0])),
    "ratio": (of_ratio, 0.025),
    "slope by ratio": (jax.grad(of_ratio), 0.025),
    "conductivity": (of_conductivity, 3e6),
    "resistivity": (of_resistivities, 2.6e-7),
    "weights": (weighted, jnp.eye(4)),
    "everything": (closed_over, 2.0),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_compiled_functions_may_close_over_textures(case: str):
    function, argument = CASES[case]
    argument = jnp.asarray(argument, REAL)
    plain, compiled = np.asarray(function(argument)), np.asarray(jax.jit(function)(argument))
    assert np.abs(compiled - plain).max() <= ROUNDING * np.abs(plain).max()


def test_loops_may_close_over_textures():
    _, found = jax.lax.scan(lambda state, v: (state, currents(v)), 0, jnp.eye(4, dtype=REAL))
    g = conductance_matrix(SIGMA, CONTACTS)
    assert float(jnp.abs(found.T - g).max()) < 1e3 * ROUNDING * float(g.max())


BROKEN = SIGMA.at[0, 0, 2, 3, 0].set(-1.0)
REFUSED: dict[str, tuple[str, Callable[[], Any]]] = {
    "sigma": (
        "1 cell(s) whose tensor is not positive",
        lambda: conductance_matrix(BROKEN, CONTACTS),
    ),
    "m": ("m = a field", lambda: AMR(4e6, 0.3).tensor(2 * ON_HOST)),
    "ratio": ("ratio = -2", lambda: AMR(4e6, -2.0)),
    "conductivity": ("conductivity", lambda: AMR(np.zeros(MESH.shape), 0.3)),
    "hall": ("hall", lambda: AMR(4e6, 0.3, hall=np.inf)),
    "resistivity": ("perpendicular", lambda: AMR.from_resistivities(1e-7, -1e-7)),
    "voltages": ("voltages", lambda: solve_potential(SIGMA, CONTACTS, [np.nan, 0, 0, 0])),
    "weights": (
        "weights",
        lambda: conductance_sensitivity(SIGMA, CONTACTS, weights=np.full((4, 4), np.nan)),
    ),
    "previous": (
        "other corners",
        lambda: read_conductance(SIGMA, CONTACTS, previous=OTHER),
    ),
}
OTHER = read_conductance(SIGMA, edge_electrodes(4, MESH, coverage=0.3))


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_known_values_are_checked_while_tracing_others(case: str):
    text, act = REFUSED[case]

    def traced(scale: jax.Array) -> jax.Array:
        act()
        return scale

    with pytest.raises(SpinlearnValueError) as caught:
        jax.jit(traced)(1.0)
    assert text in str(caught.value)
