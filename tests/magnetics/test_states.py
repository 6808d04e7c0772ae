"""Initial states: unit vectors, profiles and helicities as documented, and bad input by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Material, Mesh, SpinlearnValueError, key_from_seed
from spinlearn.magnetics import (
    maze_state,
    random_state,
    skyrmion_state,
    stripe_state,
    two_domain_state,
    uniform_state,
    vortex_state,
)
from spinlearn.magnetics.dmi import BulkDMI, InterfacialDMI

from ..textures import stripes

FILM = Mesh((48, 40, 2), (2e-9, 2e-9, 1e-9))
SQUARE = Mesh((96, 96, 1), (2e-9, 2e-9, 1e-9))
UP, DOWN = (0.0, 0.0, 1.0), (0.0, 0.0, -1.0)
ALONG_X, ALONG_Y = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
KEY = 7  # a seed: keys are arrays, which are not made while tests are collected

State = Callable[..., jax.Array]

# Name, state, arguments that must be there, and arguments to differentiate by.
STATES: dict[str, tuple[State, dict[str, Any], dict[str, Any]]] = {
    "uniform": (uniform_state, {}, {"direction": (1.0, 2.0, -2.0)}),
    "random": (random_state, {"key": KEY}, {}),
    "stripe": (
        stripe_state,
        {},
        {"period": 24e-9, "direction": 0.3, "helicity": 1.0, "phase": 0.2},
    ),
    "maze": (
        maze_state,
        {"key": KEY},
        {"period": 24e-9, "wall_width": 3e-9, "helicity": 1.0, "bandwidth": 0.2},
    ),
    "vortex": (vortex_state, {"polarity": -1}, {"core_radius": 6e-9, "centre": (41e-9, 33e-9)}),
    "skyrmion": (
        skyrmion_state,
        {},
        {"radius": 20e-9, "wall_width": 4e-9, "helicity": 1.0, "centre": (41e-9, 33e-9)},
    ),
    "two domains": (
        two_domain_state,
        {},
        {
            "left": UP,
            "wall": ALONG_X,
            "right": DOWN,
            "wall_width": 5e-9,
            "position": 44e-9,
            "direction": 0.2,
        },
    ),
}


def build(name: str, mesh: Mesh = FILM, **changes: Any) -> jax.Array:
    state, fixed, continuous = STATES[name]
    arguments = fixed | continuous | changes
    if isinstance(arguments.get("key"), int):
        arguments["key"] = key_from_seed(arguments["key"])
    return state(mesh, **arguments)


def lengths(m: jax.Array) -> np.ndarray:
    return np.linalg.norm(np.asarray(m, np.float64), axis=0)


def default(value: Any) -> jax.Array:
    return jnp.asarray(value, jnp.result_type(float))


def layer(m: jax.Array) -> np.ndarray:
    return np.asarray(m, np.float64)[..., 0]


# --- What all states share -------------------------------------------------------------------


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("shape", [(48, 40, 2), (1, 24, 1), (1, 1, 1)])
def test_states_are_unit_vectors_in_default_precision(
    name: str, shape: tuple[int, int, int], rtol: float
) -> None:
    m = build(name, Mesh(shape, (2e-9, 2e-9, 1e-9)))
    assert m.shape == (3, *shape)
    assert m.dtype == jnp.result_type(float)
    np.testing.assert_allclose(lengths(m), 1, rtol=0, atol=10 * rtol)


@pytest.mark.parametrize("name", [name for name in STATES if name != "random"])
def test_all_layers_are_the_same(name: str) -> None:
    m = build(name)
    assert bool(jnp.all(m[..., 0] == m[..., 1]))


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("layers", [True, False])
def test_outside_of_the_outline_there_is_exactly_nothing(name: str, layers: bool) -> None:
    x, y = np.indices(FILM.shape[:2])
    inside = (x - 24) ** 2 + (y - 20) ** 2 < 15**2
    if layers:
        inside = np.stack([inside, ~inside], -1)
    m, whole = build(name, outline=inside), build(name)
    expected = np.broadcast_to(inside if layers else inside[..., None], FILM.shape)
    np.testing.assert_array_equal(m, np.where(expected, whole, 0))


@pytest.mark.parametrize("name", STATES)
def test_states_under_jit_vmap_and_grad(name: str, rtol: float) -> None:
    state, fixed, continuous = STATES[name]
    fixed = {k: key_from_seed(v) if k == "key" else v for k, v in fixed.items()}
    plain = build(name)

    @eqx.filter_jit
    def compiled(mesh: Mesh, changes: dict[str, Any]) -> jax.Array:
        return state(mesh, **fixed, **changes)

    parameters = {k: default(v) for k, v in continuous.items()}
    # A wave's phase, some ten turns, has the rounding error of its wave number.
    close = {"rtol": 0, "atol": 1e3 * rtol}
    np.testing.assert_allclose(compiled(FILM, parameters), plain, **close)
    if not parameters:
        return
    many = jax.jit(jax.vmap(lambda p: state(FILM, **fixed, **p)))(
        jax.tree.map(lambda v: jnp.stack([v, 1.01 * v]), parameters)
    )
    np.testing.assert_allclose(many[0], plain, **close)
    assert np.abs(many[1] - plain).max() > 1e-4 or name == "uniform"
    slopes = jax.jit(jax.grad(lambda p: jnp.sum(state(FILM, **fixed, **p)[0] ** 3)))(parameters)
    for field, slope in slopes.items():
        assert np.all(np.isfinite(slope)), field


def test_mesh_and_keys_may_be_traced() -> None:
    film = eqx.filter_jit(lambda mesh: build("maze", mesh))(FILM)
    assert film.shape == (3, *FILM.shape)
    many = jax.vmap(lambda key: random_state(FILM, key=key))(jax.random.split(key_from_seed(1), 3))
    assert many.shape == (3, 3, *FILM.shape)
    assert not np.allclose(many[0], many[1])


@pytest.mark.parametrize("name", ["vortex", "skyrmion"])
def test_derivative_is_right_where_the_core_is_on_a_cell(name: str, double: bool) -> None:
    """On the core the polar angle jumps; the magnetization does not."""
    centre = default((21 * 2e-9, 17 * 2e-9))

    def shifted(step: Any) -> jax.Array:
        return build(
            name, centre=centre + default((0.5e-9, 0.5e-9)) * 2 + default((1e-9, 0)) * step
        )

    slope = jax.jvp(shifted, (default(0.0),), (default(1.0),))[1][:, 21, 17, 0]
    step = 1e-3 if double else 1e-1
    difference = (shifted(step) - shifted(-step))[:, 21, 17, 0] / (2 * step)
    assert float(jnp.abs(slope).max()) > 1e-3
    np.testing.assert_allclose(slope, difference, rtol=1e-4 if double else 5e-2, atol=1e-5)


# --- Uniform and random ----------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_uniform_state_has_the_direction_of_any_vector(scale: float, rtol: float) -> None:
    m = uniform_state(FILM, (3.0 * scale, 0.0, -4.0 * scale))
    np.testing.assert_allclose(m[:, 3, 5, 1], [0.6, 0, -0.8], rtol=rtol)


def test_random_state_is_isotropic_and_independent() -> None:
    m = np.asarray(random_state(Mesh((64, 64, 16), (1e-9,) * 3), key=key_from_seed(4)), np.float64)
    cells = m[0].size
    flat = m.reshape(3, cells)
    assert np.abs(flat.mean(axis=1)).max() < 5 / np.sqrt(3 * cells)
    np.testing.assert_allclose(flat @ flat.T / cells, np.eye(3) / 3, atol=5 * 0.3 / np.sqrt(cells))
    np.testing.assert_allclose((flat**4).mean(axis=1), 1 / 5, atol=5 * 0.27 / np.sqrt(cells))
    for axis in (1, 2, 3):
        assert abs((m * np.roll(m, 1, axis)).sum(axis=0).mean()) < 5 / np.sqrt(3 * cells)


def test_keys_tell_states_apart_and_make_them_again() -> None:
    for name in ("random", "maze"):
        assert bool(jnp.all(build(name, key=1) == build(name, key=1)))
        assert not np.allclose(build(name, key=1), build(name, key=2))


# --- Stripes ---------------------------------------------------------------------------------


def dmi_energy(m: jax.Array, mesh: Mesh, kind: type[InterfacialDMI | BulkDMI]) -> float:
    film = Material(5.8e5, 15e-12, interfacial_dmi=3e-3, bulk_dmi=3e-3)
    return float(kind(mesh, film).energy(m)) / (3e-3 * mesh.extent[0] * mesh.thickness)


def test_neel_stripes_are_the_cycloid(double: bool) -> None:
    # The test texture starts at the corner as well.
    m = stripe_state(SQUARE, period=32e-9, direction=0.3)
    atol = 1e-12 if double else 1e-4
    np.testing.assert_allclose(m, stripes(SQUARE, 32e-9, angle=0.3), rtol=0, atol=atol)


def test_phase_moves_stripes(double: bool) -> None:
    m = stripe_state(SQUARE, period=32e-9, phase=np.pi / 2)
    moved = jnp.roll(stripe_state(SQUARE, period=32e-9), -4, 1)[:, :-4]
    np.testing.assert_allclose(m[:, :-4], moved, rtol=0, atol=1e-12 if double else 1e-4)


@pytest.mark.parametrize(("name", "changes"), [("stripe", {"direction": 0.4}), ("maze", {})])
def test_helicity_of_walls_that_dmi_favours(name: str, changes: dict[str, float]) -> None:
    def energy(helicity: float, kind: type[InterfacialDMI | BulkDMI]) -> float:
        m = build(name, SQUARE, period=40e-9, helicity=helicity, **changes)
        return dmi_energy(m, SQUARE, kind)

    for kind, best in ((InterfacialDMI, np.pi), (BulkDMI, -np.pi / 2)):
        favoured = energy(best, kind)
        assert favoured < -5
        for turn in (0.5, -0.5):
            assert energy(best + turn, kind) > favoured
        assert energy(best + np.pi, kind) > 5
        assert abs(energy(best + np.pi / 2, kind)) < 0.02 * abs(favoured)


# --- Mazes -----------------------------------------------------------------------------------

WIDE = Mesh((256, 256, 1), (2e-9, 2e-9, 1e-9), (True, True, False))


def slopes(m_z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """On a periodic mesh of 2 nm cells, 1/m, to fourth order."""
    x, y = (
        (8 * (np.roll(m_z, -1, a) - np.roll(m_z, 1, a)) - np.roll(m_z, -2, a) + np.roll(m_z, 2, a))
        / 24e-9
        for a in (0, 1)
    )
    return x, y


@pytest.mark.parametrize("period", [40e-9, 64e-9])
def test_maze_has_its_period(period: float) -> None:
    m_z = layer(maze_state(WIDE, key=key_from_seed(2), period=period))[2]
    assert abs(m_z.mean()) < 0.05
    power = np.abs(np.fft.fft2(m_z)) ** 2
    k = np.fft.fftfreq(256, 2e-9)
    wave = np.hypot(k[:, None], k[None, :])
    # Walls add overtones; the ring itself holds most of the power, on all sides.
    ring = np.abs(wave * period - 1) < 0.5
    assert power[ring].sum() > 0.75 * power.sum()
    assert (wave * power)[ring].sum() / power[ring].sum() == pytest.approx(1 / period, rel=0.05)
    angle = np.arctan2(k[None, :], k[:, None]) + 0 * wave
    second = (power * np.exp(2j * angle))[ring].sum() / power[ring].sum()
    assert abs(second) < 0.3


def test_maze_has_walls_of_one_width() -> None:
    width = 6e-9
    m_z = layer(maze_state(WIDE, key=key_from_seed(2), period=100e-9, wall_width=width))[2]
    steepness = width * np.hypot(*slopes(m_z))
    in_wall = np.abs(m_z) < 0.2
    # dm_z/ds = (1 - m_z²)/Δ in a straight wall.
    relative = steepness[in_wall] / (1 - m_z[in_wall] ** 2)
    assert np.median(relative) == pytest.approx(1, abs=0.02)
    assert np.mean(np.abs(relative - 1) < 0.2) > 0.85
    assert np.mean(np.abs(m_z) > 0.95) > 0.4


@pytest.mark.parametrize("helicity", [0.0, np.pi / 2, np.pi, 2.5])
def test_maze_turns_from_up_to_down_by_its_helicity(helicity: float) -> None:
    m = layer(maze_state(WIDE, key=key_from_seed(2), period=80e-9, helicity=helicity))
    x, y = (-s for s in slopes(m[2]))
    in_wall = (np.abs(m[2]) < 0.3) & (np.hypot(x, y) > 5e7)
    turn = np.angle(((m[0] + 1j * m[1]) * np.exp(-1j * helicity) * (x - 1j * y))[in_wall])
    assert np.median(np.abs(turn)) < 0.05
    assert np.mean(np.abs(turn) < 0.3) > 0.9


def test_maze_repeats_along_periodic_axes_only() -> None:
    for periodic in (True, False):
        mesh = Mesh((128, 128, 1), (2e-9, 2e-9, 1e-9), (periodic, periodic, False))
        m = layer(maze_state(mesh, key=key_from_seed(3), period=48e-9))
        across = np.abs(m[:, 0] - m[:, -1]).mean(), np.abs(m[:, :, 0] - m[:, :, -1]).mean()
        inside = np.abs(np.diff(m, axis=1)).mean()
        assert all((jump < 2 * inside) == periodic for jump in across)


def test_wall_width_of_a_maze_is_a_tenth_of_its_period() -> None:
    m, same = (build("maze", wall_width=w) for w in (None, 2.4e-9))
    np.testing.assert_allclose(m, same, rtol=0, atol=1e-4)


# --- Vortices and skyrmions ------------------------------------------------------------------


def charge(m: np.ndarray) -> float:
    """Topological charge on the lattice: solid angles of triangles (Berg and Lüscher)."""

    def solid_angle(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
        dots = [np.sum(p * q, axis=0) for p, q in ((a, b), (b, c), (c, a))]
        return 2 * np.arctan2(np.sum(a * np.cross(b, c, axis=0), axis=0), 1 + sum(dots))

    corner, right, top, far = m[:, :-1, :-1], m[:, 1:, :-1], m[:, :-1, 1:], m[:, 1:, 1:]
    total = solid_angle(corner, right, far).sum() + solid_angle(corner, far, top).sum()
    return float(total / (4 * np.pi))


@pytest.mark.parametrize("circulation", [1, -1])
@pytest.mark.parametrize("polarity", [1, -1])
def test_vortex(circulation: int, polarity: int, rtol: float) -> None:
    mesh = Mesh((65, 65, 1), (2e-9, 2e-9, 1e-9))
    m = layer(vortex_state(mesh, circulation=circulation, polarity=polarity, core_radius=10e-9))
    assert m[2, 32, 32] == pytest.approx(polarity)
    assert m[2, 37, 32] == pytest.approx(polarity / np.e, rel=10 * rtol)
    assert m[1, 60, 32] == pytest.approx(circulation, abs=1e-3)
    assert m[0, 32, 60] == pytest.approx(-circulation, abs=1e-3)
    assert charge(m) == pytest.approx(polarity / 2, abs=1e-3)


def test_vortex_is_where_it_is_put() -> None:
    m = layer(vortex_state(FILM, centre=(31e-9, 61e-9)))
    assert np.unravel_index(np.argmax(m[2]), m[2].shape) == (15, 30)


@pytest.mark.parametrize("polarity", [1, -1])
@pytest.mark.parametrize("helicity", [0.0, -np.pi / 2, np.pi, 1.0])
def test_skyrmion(polarity: int, helicity: float, double: bool) -> None:
    radius, width = 40e-9, 8e-9
    m = layer(
        skyrmion_state(
            SQUARE, radius=radius, wall_width=width, polarity=polarity, helicity=helicity
        )
    )
    x, y, _ = SQUARE.coordinates()
    x, y = x[:, None] - 96e-9, y[None, :] - 96e-9
    r, phi = np.hypot(x, y), np.arctan2(y, x)
    theta = 2 * np.arctan(np.sinh(radius / width) / np.sinh(r / width))
    exact = [np.sin(theta) * f(phi + helicity) for f in (np.cos, np.sin)]
    exact.append(-polarity * np.cos(theta))
    np.testing.assert_allclose(m, np.stack(exact), rtol=0, atol=1e-12 if double else 2e-5)
    assert charge(m) == pytest.approx(polarity, abs=0.01)


@pytest.mark.parametrize("polarity", [1, -1])
def test_helicity_of_skyrmions_that_dmi_favours(polarity: int) -> None:
    def energy(helicity: float, kind: type[InterfacialDMI | BulkDMI]) -> float:
        m = skyrmion_state(
            SQUARE, radius=40e-9, wall_width=8e-9, polarity=polarity, helicity=helicity
        )
        return dmi_energy(m, SQUARE, kind)

    neel, bloch = (np.pi, -np.pi / 2) if polarity == 1 else (0.0, np.pi / 2)
    for kind, best in ((InterfacialDMI, neel), (BulkDMI, bloch)):
        # A straight wall has -π D per area.
        assert energy(best, kind) == pytest.approx(-np.pi * 2 * np.pi * 40 / 192, rel=0.05)
        assert energy(best + np.pi, kind) == pytest.approx(-energy(best, kind), rel=1e-3)


def test_skyrmion_with_a_wall_that_is_thin_against_its_radius() -> None:
    """The hyperbolic sines of the textbook overflow here."""
    mesh = Mesh((256, 1, 1), (4e-9, 4e-9, 1e-9))
    m = layer(skyrmion_state(mesh, radius=400e-9, wall_width=1e-9, centre=(2e-9, 2e-9)))
    np.testing.assert_allclose(m[2, :98, 0], 1, atol=1e-6)
    np.testing.assert_allclose(m[2, 102:, 0], -1, atol=1e-6)
    assert m[0, 100, 0] == pytest.approx(1, abs=1e-3)
    assert np.all(np.isfinite(m))


def test_skyrmion_continues_across_periodic_edges() -> None:
    mesh = Mesh((64, 64, 1), (2e-9, 2e-9, 1e-9), (True, True, False))
    inside = skyrmion_state(mesh, radius=20e-9, wall_width=4e-9, centre=(64e-9, 64e-9))
    corner = skyrmion_state(mesh, radius=20e-9, wall_width=4e-9, centre=(0.0, 128e-9))
    np.testing.assert_allclose(jnp.roll(inside, (32, 32), (1, 2)), corner, rtol=0, atol=1e-4)


# --- Two domains -----------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [0, 1])
def test_wall_has_the_profile_of_landau_and_lifshitz(axis: int, double: bool) -> None:
    m = layer(
        two_domain_state(
            SQUARE,
            left=UP,
            wall=ALONG_Y,
            right=DOWN,
            wall_width=8e-9,
            position=50e-9,
            direction=axis * np.pi / 2,
        )
    )
    u = (SQUARE.coordinates()[axis] - 50e-9) / 8e-9
    exact = np.stack([0 * u, 1 / np.cosh(u), -np.tanh(u)])
    exact = exact[:, :, None] if axis == 0 else exact[:, None, :]
    exact = np.broadcast_to(exact, m.shape)
    np.testing.assert_allclose(m, exact, rtol=0, atol=1e-12 if double else 2e-5)


def test_wall_goes_through_the_middle_by_default() -> None:
    for direction in (0.0, 0.7, np.pi / 2):
        m = build(
            "two domains",
            Mesh((33, 21, 1), (2e-9, 2e-9, 1e-9)),
            position=None,
            direction=direction,
        )
        assert abs(float(m[2, 16, 10, 0])) < 1e-4


def test_wall_of_ninety_degrees() -> None:
    m = build("two domains", left=ALONG_X, wall=(1.0, 1.0, 0.0), right=ALONG_Y)
    np.testing.assert_allclose(m[:, 0, 20, 0], ALONG_X, atol=1e-2)
    np.testing.assert_allclose(m[:, -1, 20, 0], ALONG_Y, atol=1e-2)
    assert float(jnp.abs(m[2]).max()) == 0


# --- Bad input -------------------------------------------------------------------------------

BAD = [
    ("uniform", "direction", (0, 0, 0), "other than zero"),
    ("uniform", "direction", (0, 0), "3 numbers"),
    ("uniform", "direction", (0, np.nan, 1), "finite"),
    ("uniform", "direction", "up", "a number"),
    ("random", "key", None, "typed JAX key"),
    ("stripe", "period", 7e-9, "4 cells"),
    ("stripe", "period", -24e-9, "positive"),
    ("stripe", "direction", np.inf, "finite"),
    ("stripe", "helicity", (0.0, 1.0), "one number"),
    ("stripe", "phase", np.nan, "finite"),
    ("maze", "period", 7e-9, "4 cells"),
    ("maze", "wall_width", 0.0, "positive"),
    ("maze", "bandwidth", 0.0, "positive"),
    ("maze", "key", np.zeros(2, np.uint32), "typed JAX key"),
    ("vortex", "circulation", 0, "1 or -1"),
    ("vortex", "polarity", 0.5, "1 or -1"),
    ("vortex", "core_radius", -1e-9, "positive"),
    ("vortex", "centre", (0.0, 0.0, 0.0), "2 numbers"),
    ("skyrmion", "radius", 0, "positive"),
    ("skyrmion", "wall_width", np.nan, "finite"),
    ("skyrmion", "polarity", 2, "1 or -1"),
    ("two domains", "left", (0, 0, 0), "other than zero"),
    ("two domains", "wall", UP, "right angles"),
    ("two domains", "wall_width", 0, "positive"),
    ("two domains", "position", np.inf, "finite"),
    *((name, "outline", np.ones((48, 40)), "true or false") for name in STATES),
    *((name, "outline", np.ones((40, 48), bool), "nx, ny") for name in STATES),
]


@pytest.mark.parametrize(("name", "field", "value", "message"), BAD)
def test_bad_values_are_refused_by_name(name: str, field: str, value: Any, message: str) -> None:
    with pytest.raises(SpinlearnValueError, match=message) as caught:
        build(name, **{field: value})
    assert caught.value.field == field


def test_many_keys_at_once_are_refused() -> None:
    with pytest.raises(SpinlearnValueError, match="one typed JAX key"):
        random_state(FILM, key=jax.random.split(key_from_seed(1), 2))
