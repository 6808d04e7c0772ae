"""Every wrong input is an error that names the field and the remedy."""

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
    Electrodes,
    conductance_matrix,
    conductance_sensitivity,
    disc_electrodes,
    edge_electrodes,
    grid_electrodes,
    read_conductance,
    solve_potential,
)
from tests.textures import uniform

pytestmark = pytest.mark.once

MESH = Mesh((20, 16, 1), (4e-9, 4e-9, 10e-9))
M = uniform(MESH, (1, 0, 0))
SIGMA = AMR(4e6, 0.03).tensor(M)
CONTACTS = edge_electrodes(4, MESH)
READING: Any = read_conductance(SIGMA, CONTACTS)
NUMBER: Any = 3
FLOAT: Any = 2.0
TEXT: Any = "a"


def pads(*corners: tuple[int, int]) -> np.ndarray:
    masks = np.zeros((len(corners), 20, 16), bool)
    for k, (i, j) in enumerate(corners):
        masks[k, i : i + 3, j : j + 3] = True
    return masks


def island() -> np.ndarray:
    outline = np.ones((20, 16), bool)
    outline[8:10] = False
    return outline


def diagonal() -> np.ndarray:
    outline = np.zeros((20, 16), bool)
    outline[:10, :8], outline[10:, 8:] = True, True
    return outline


def inside_share() -> np.ndarray:
    masks = np.zeros((2, 21, 17))
    masks[0, 0], masks[1, 10, 8] = 1.0, 0.5
    return masks


def sigma_with(value: float) -> Any:
    return SIGMA.at[0, 0, 2, 3, 0].set(value)


CASES: dict[str, tuple[str, Callable[[], Any]]] = {
    "overlap": ("overlap", lambda: Electrodes(MESH, pads((2, 2), (4, 4)))),
    "touching": ("overlap", lambda: Electrodes(MESH, pads((2, 2), (5, 2)))),
    "empty": ("empty", lambda: Electrodes(MESH, np.zeros((2, 20, 16), bool))),
    "outside": (
        "outside",
        lambda: Electrodes(
            MESH, pads((2, 2), (15, 8)), outline=np.arange(20)[:, None] < 10 * np.ones(16)
        ),
    ),
    "one contact": ("at least two", lambda: Electrodes(MESH, pads((2, 2)))),
    "floating island": (
        "island",
        lambda: Electrodes(MESH, pads((1, 1), (1, 10)), outline=island()),
    ),
    "mask shape": ("masks.shape", lambda: Electrodes(MESH, np.ones((2, 5, 5), bool))),
    "mask NaN": ("NaN", lambda: Electrodes(MESH, np.full((2, 20, 16), np.nan))),
    "outline shape": (
        "outline.shape",
        lambda: Electrodes(MESH, pads((1, 1), (9, 9)), outline=np.ones((3, 3))),
    ),
    "outline range": (
        "outline",
        lambda: Electrodes(MESH, pads((1, 1), (9, 9)), outline=2 * np.ones((20, 16))),
    ),
    "outline empty": (
        "outline",
        lambda: Electrodes(MESH, pads((1, 1), (9, 9)), outline=np.zeros((20, 16))),
    ),
    "contact resistance": (
        "contact_resistance",
        lambda: Electrodes(MESH, pads((1, 1), (9, 9)), contact_resistance=-1.0),
    ),
    "mixed resistance": (
        "contact_resistance",
        lambda: Electrodes(MESH, pads((1, 1), (9, 9)), contact_resistance=[0.0, 1e-15]),
    ),
    "resistance shape": (
        "contact_resistance",
        lambda: Electrodes(MESH, pads((1, 1), (9, 9)), contact_resistance=[1e-15] * 3),
    ),
    "method": ("method", lambda: Electrodes(MESH, pads((1, 1), (9, 9)), method="fast")),  # type: ignore[arg-type]
    "spectral with outline": (
        "method",
        lambda: Electrodes(
            MESH,
            pads((1, 1), (1, 10)),
            outline=np.arange(20)[:, None] < 10 * np.ones(16),
            method="spectral",
        ),
    ),
    "periodic": (
        "periodic",
        lambda: edge_electrodes(4, Mesh((20, 16, 1), (1e-9,) * 3, (True, False, False))),
    ),
    "not a mesh": ("mesh", lambda: Electrodes((20, 16), pads((1, 1), (9, 9)))),  # type: ignore[arg-type]
    "edge number": ("n = 1", lambda: edge_electrodes(1, MESH)),
    "edge sides": ("n", lambda: edge_electrodes((1, 1), MESH)),
    "edge coverage": ("coverage", lambda: edge_electrodes(4, MESH, coverage=1.5)),
    "edge too narrow": ("coverage", lambda: edge_electrodes(20, MESH, coverage=0.01)),
    "edge start": ("start", lambda: edge_electrodes(4, MESH, start=float("nan"))),
    "edge full sides meet": ("overlap", lambda: edge_electrodes((1, 1, 0, 0), MESH, coverage=1.0)),
    "grid rows": ("rows", lambda: grid_electrodes(0, 3, MESH)),
    "grid too fine": ("rows", lambda: grid_electrodes(20, 3, MESH)),
    "grid fill": ("fill", lambda: grid_electrodes(2, 2, MESH, fill=0.0)),
    "disc radius": ("radius", lambda: disc_electrodes(4, MESH, radius=1.0)),
    "disc crowded": ("n = 60", lambda: disc_electrodes(60, MESH)),
    "disc coverage": ("coverage", lambda: disc_electrodes(4, MESH, coverage=1.0)),
    "conductivity zero": ("conductivity", lambda: AMR(0.0, 0.03)),
    "conductivity NaN": ("conductivity", lambda: AMR(float("nan"), 0.03)),
    "conductivity text": ("conductivity", lambda: AMR("copper", 0.03)),
    "ratio": ("ratio", lambda: AMR(4e6, -1.0)),
    "hall": ("hall", lambda: AMR(4e6, 0.0, hall=float("inf"))),
    "resistivity": ("parallel", lambda: AMR.from_resistivities(-1e-7, 1e-7)),
    "m length": ("m = ", lambda: AMR(4e6, 0.03).tensor(1.1 * M)),
    "parameter shape": (
        "conductivity.shape",
        lambda: AMR(4e6 * np.ones((20, 16)), 0.03).tensor(M),
    ),
    "touching at a point": (
        "touch only at corner",
        lambda: Electrodes(MESH, pads((1, 1), (14, 12)), outline=diagonal()),
    ),
    "ragged masks": ("masks.shape", lambda: Electrodes(MESH, [np.ones((20, 16)), np.ones(3)])),
    "disc start": ("start", lambda: disc_electrodes(4, MESH, start=None)),  # type: ignore[arg-type]
    "no conductivity": ("conductivity = None", lambda: AMR(None, 0.03)),
    "half precision": ("float32 or float64", lambda: AMR(4e6, 0.03).tensor(M.astype("float16"))),
    "tolerance text": ("tolerance", lambda: conductance_matrix(SIGMA, CONTACTS, tolerance="no")),  # type: ignore[arg-type]
    "previous matrix": (
        "previous",
        lambda: read_conductance(SIGMA, CONTACTS, previous=np.eye(4)),  # type: ignore[arg-type]
    ),
    "weights NaN": (
        "weights",
        lambda: conductance_sensitivity(SIGMA, CONTACTS, weights=np.full((4, 4), np.nan)),
    ),
    "voltages text": ("voltages", lambda: solve_potential(SIGMA, CONTACTS, "1V")),
    "share inside": ("inside the film", lambda: Electrodes(MESH, inside_share())),
    "m zero": ("m = ", lambda: AMR(4e6, 0.03).tensor(0 * M)),
    "m NaN": ("m = ", lambda: AMR(4e6, 0.03).tensor(M.at[0, 0, 0, 0].set(jnp.nan))),
    "m shape": ("m.shape", lambda: AMR(4e6, 0.03).tensor(M[0])),
    "m integer": ("m = dtype", lambda: AMR(4e6, 0.03).tensor(M.astype(int))),
    "m outline shape": ("outline.shape", lambda: AMR(4e6, 0.03).tensor(M, np.ones((3, 3)))),
    "m outline layers": ("outline.shape", lambda: AMR(4e6, 0.03).tensor(M, np.ones((20, 16, 1)))),
    "m outline text": ("outline = a", lambda: AMR(4e6, 0.03).tensor(M, "a")),
    "outline text": (
        "outline = a",
        lambda: Electrodes(MESH, pads((1, 1), (9, 9)), outline="a"),
    ),
    "mask text": ("masks[0]", lambda: Electrodes(MESH, np.full((2, 20, 16), "metal"))),
    "resistance text": (
        "contact_resistance = a",
        lambda: edge_electrodes(4, MESH, contact_resistance="a"),
    ),
    "resistance ragged": (
        "contact_resistance",
        lambda: edge_electrodes(4, MESH, contact_resistance=[1e-15, [1e-15]]),
    ),
    "previous of another kind": (
        "a Potential",
        lambda: solve_potential(SIGMA, CONTACTS, [1, 0, 0, 0], previous=READING),
    ),
    "previous number": (
        "a Potential",
        lambda: solve_potential(SIGMA, CONTACTS, [1, 0, 0, 0], previous=NUMBER),
    ),
    "disc outline": (
        "no other outline",
        lambda: disc_electrodes(4, MESH, outline=np.ones((20, 16))),
    ),
    "disc radius text": ("radius = a", lambda: disc_electrodes(4, MESH, radius=TEXT)),
    "disc start text": ("start = a", lambda: disc_electrodes(4, MESH, start=TEXT)),
    "disc number": ("n = 2.0", lambda: disc_electrodes(FLOAT, MESH)),
    "edge start text": ("start = a", lambda: edge_electrodes(4, MESH, start=TEXT)),
    "edge start in nm": ("perimeter", lambda: edge_electrodes(4, MESH, start=10)),
    "edge start before": ("perimeter", lambda: edge_electrodes(4, MESH, start=-3e-7)),
    "edge number text": ("n = four", lambda: edge_electrodes("four", MESH)),  # type: ignore[arg-type]
    "edge true": ("n = True", lambda: edge_electrodes(True, MESH)),
    "coverage true": ("coverage", lambda: edge_electrodes((1, 0, 1, 0), MESH, coverage=True)),
    "tolerance array": (
        "tolerance",
        lambda: conductance_matrix(SIGMA, CONTACTS, tolerance=np.full(2, 1e-8)),  # type: ignore[arg-type]
    ),
    "weights text": (
        "weights = a",
        lambda: conductance_sensitivity(SIGMA, CONTACTS, weights="a"),
    ),
    "voltages list of text": (
        "voltages",
        lambda: solve_potential(SIGMA, CONTACTS, ["on", "on", "on", "off"]),
    ),
    "voltages complex": ("voltages", lambda: solve_potential(SIGMA, CONTACTS, [1j, 0, 0, 0])),
    "sigma shape": ("sigma.shape", lambda: conductance_matrix(SIGMA[:, :, :-1], CONTACTS)),
    "sigma negative": ("positive", lambda: conductance_matrix(sigma_with(-1.0), CONTACTS)),
    "sigma NaN": ("NaN", lambda: conductance_matrix(sigma_with(np.nan), CONTACTS)),
    "sigma infinite": (
        "infinity",
        lambda: solve_potential(sigma_with(np.inf), CONTACTS, [1, 0, 0, 0]),
    ),
    "electrodes type": ("electrodes", lambda: conductance_matrix(SIGMA, pads((1, 1), (9, 9)))),  # type: ignore[arg-type]
    "tolerance": ("tolerance", lambda: conductance_matrix(SIGMA, CONTACTS, tolerance=0.0)),
    "potential tolerance": (
        "tolerance",
        lambda: solve_potential(SIGMA, CONTACTS, [1, 0, 0, 0], tolerance=2.0),
    ),
    "voltages shape": ("voltages.shape", lambda: solve_potential(SIGMA, CONTACTS, [1, 0])),
    "voltages NaN": ("voltages", lambda: solve_potential(SIGMA, CONTACTS, [np.nan, 0, 0, 0])),
    "weights": (
        "weights.shape",
        lambda: conductance_sensitivity(SIGMA, CONTACTS, weights=np.ones(3)),
    ),
    "previous reading": (
        "previous",
        lambda: read_conductance(
            SIGMA, CONTACTS, previous=read_conductance(SIGMA, edge_electrodes(3, MESH))
        ),
    ),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_bad_input_is_refused_by_name(case: str):
    text, act = CASES[case]
    with pytest.raises(SpinlearnValueError) as caught:
        act()
    message = str(caught.value)
    assert text in message
    assert "allowed is" in message
    assert caught.value.fix.endswith(".")


def test_a_ratio_in_percent_is_warned_of():
    with pytest.warns(UserWarning, match=r"3 % is 0\.03"):
        AMR(4e6, 3.0)
    AMR(4e6, 1.0)


@pytest.mark.parametrize("method", ["spectral", "direct"])
def test_traced_contact_resistance_must_be_positive(method: Any):
    def read(specific: jax.Array) -> jax.Array:
        contacts = edge_electrodes(3, MESH, contact_resistance=specific, method=method)
        return conductance_matrix(SIGMA, contacts, hall=False)

    compiled = jax.jit(read)
    for specific in (0.0, -1e-15, [1e-15, 0.0, 1e-15]):
        traced = jnp.asarray(specific, SIGMA.dtype) * jnp.ones(3, SIGMA.dtype)
        with pytest.raises(RuntimeError, match="contact_resistance is not positive"):
            compiled(traced).block_until_ready()
    with pytest.raises(RuntimeError, match="contact_resistance is not positive"):
        jax.grad(lambda specific: read(specific)[0, 0])(0.0)
    # Where there is nothing to raise on: NaN, not a number.
    slope = jax.jit(jax.grad(lambda specific: read(specific)[0, 0]))
    assert bool(jnp.isnan(slope(0.0)))
    assert float(slope(1e-15)) < 0
