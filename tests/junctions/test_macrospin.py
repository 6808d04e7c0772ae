"""The stochastic macrospin: statistics against theory, reproducibility, and what is refused."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats

from spinlearn import SpinlearnValueError, stream
from spinlearn.constants import GYROMAGNETIC_RATIO, K_B, MU_0
from spinlearn.junctions import (
    MTJ,
    Macrospin,
    _heun,
    activation_rate,
    named_junction,
    relaxation_rate,
    switching_probability,
    write_error_rate,
    zero_temperature_time,
)
from spinlearn.junctions._increments import block_of_increments

FIELD = 3e5
UNIT = 1 / (GYROMAGNETIC_RATIO * MU_0 * FIELD)  # s, for a turn by one radian in the field
MEMBERS = 8000


def spin(stability: float, drive: float = 0.0, damping: float = 1.0, **rest: Any) -> Macrospin:
    """A perpendicular macrospin under a voltage of so many times the critical one."""
    return Macrospin(
        2 * stability * K_B * 300 / (MU_0 * FIELD),
        FIELD,
        damping=damping,
        damping_like=drive * damping * FIELD,
        **rest,
    )


def left_behind(
    stability: float, drive: float, time: float, batches: int, step: float
) -> tuple[int, int]:
    """How many of an ensemble are above the equator after a time in τ_D, and how many there are."""
    one, count = spin(stability, drive), 0
    own = stream(jax.random.key(0), f"{stability} {drive} {time}")
    for batch in range(batches):
        keys = jax.random.split(jax.random.fold_in(own, batch))
        start = one.equilibrium(MEMBERS, key=keys[0])
        duration = time * float(one.relaxation_time)
        end = one.evolve(start, duration, step=step * UNIT, key=keys[1]).m
        count += int(jnp.sum(end[2] > 0))
    return count, batches * MEMBERS


def interval(count: int, total: int) -> tuple[float, float]:
    """Clopper and Pearson's 99 % interval of a probability."""
    low = stats.beta.ppf(0.005, count, total - count + 1) if count else 0.0
    return float(low), float(stats.beta.ppf(0.995, count + 1, total - count))


# Δ, i, t/τ_D and batches: driven, critical and thermal, down to 1e-4.
POINTS = [
    (60.0, 1.5, 4.0, 1),
    (60.0, 2.0, 3.0, 1),
    (60.0, 5.0, 0.75, 1),
    (60.0, 5.0, 1.25, 3),
    (40.0, 2.0, 5.0, 4),
    (60.0, 2.0, 6.5, 10),
    (40.0, 1.0, 3.0, 2),
    (20.0, 0.4, 10.0, 3),
]


@pytest.mark.once
@pytest.mark.parametrize("point", POINTS)
def test_ensembles_make_the_probabilities_of_the_fokker_planck_equation(point: Any) -> None:
    stability, drive, time, batches = point
    count, total = left_behind(stability, drive, time, batches, step=0.1 / (1 + drive))
    device = MTJ(
        resistance_parallel=5e3,
        area=1e-15,
        tmr=1.0,
        thermal_stability=stability,
        critical_voltage=1.0,
        damping=1.0,
        anisotropy_field=FIELD,
    )
    seconds = time * float(device.relaxation_time)
    low, high = interval(count, total)
    assert low < float(write_error_rate(device, drive, seconds)) < high
    low, high = interval(total - count, total)
    assert low < float(switching_probability(device, drive, seconds)) < high


@pytest.mark.once
def test_lifetimes_follow_neel_and_brown_over_four_decades() -> None:
    equation, found = [], []
    for stability, time, batches in (
        (2.0, 8.0, 1),
        (5.0, 50.0, 1),
        (8.0, 100.0, 1),
        (12.5, 200.0, 2),
    ):
        count, total = left_behind(stability, 0.0, time, batches, step=0.05)
        low, high = interval(total - count, total)
        rates = [-np.log1p(-2 * share) / time for share in (low, high)]
        exact = relaxation_rate(stability)
        assert rates[0] < exact < rates[1]
        if stability > 8:
            # The walk from the bottom to the top, from where half goes back: one over the rate
            # at which two wells forget, at high barriers.
            assert exact * passage_time(stability) == pytest.approx(1, rel=0.01)
        equation.append(1 / exact)
        found.append(1 / np.mean(rates))
    assert equation[-1] / equation[0] > 1e4
    assert found[-1] / found[0] > 6e3  # some twenty of the highest barrier escape


@pytest.mark.once
@pytest.mark.parametrize(
    ("stability", "drive", "time"), [(3.0, 0.0, 1.0), (20.0, 3.0, 0.6), (60.0, 2.0, 3.0)]
)
def test_at_a_damping_of_one_percent_ensembles_switch_as_the_equation_says(
    stability: float, drive: float, time: float
) -> None:
    """Hundreds of turns within a well: a few τ_D, out of a shallow one or pushed out."""
    one = spin(stability, drive, damping=0.01)
    keys = jax.random.split(jax.random.key(5))
    start = one.equilibrium(4000, key=keys[0])
    seconds = time * float(one.relaxation_time)
    end = one.evolve(start, seconds, step=0.05 * UNIT, key=keys[1]).m
    device = MTJ(
        resistance_parallel=5e3,
        area=1e-15,
        tmr=1.0,
        thermal_stability=stability,
        critical_voltage=1.0,
        damping=0.01,
        anisotropy_field=FIELD,
    )
    low, high = interval(int(jnp.sum(end[2] < 0)), 4000)
    assert low < float(switching_probability(device, drive, seconds)) < high
    if drive == 0:
        # Within the wells the energy is that of equilibrium throughout.
        square = np.asarray(end[2]) ** 2
        assert abs(square.mean() - boltzmann(one)[5]) < 4 * square.std() / 4000**0.5


@pytest.mark.once
@pytest.mark.parametrize(("name", "step"), [("perpendicular", 0.05), ("in the plane", 0.02)])
def test_at_a_damping_of_one_percent_an_ensemble_comes_to_boltzmann_statistics(
    name: str, step: float
) -> None:
    """From all directions alike, in five τ_D; the step is that of the largest field and of α."""
    one = spin(2.5, damping=0.01, **SPINS[name])
    drawn = jax.random.normal(jax.random.key(7), (3, 2000))
    start = drawn / jnp.linalg.norm(drawn, axis=0, keepdims=True)
    run = one.evolve(start, 500 * UNIT, step=step * UNIT, key=jax.random.key(8))
    m = np.asarray(run.m)
    found = np.concatenate([m, m**2])
    off = (found.mean(axis=1) - boltzmann(one)) / (found.std(axis=1) / 2000**0.5)
    assert np.max(np.abs(off)) < 4


@pytest.mark.once
def test_lifetimes_come_to_browns_formula_over_the_next_twenty_decades() -> None:
    for stability in (12.5, 20.0, 30.0, 60.0):
        over = relaxation_rate(stability) / float(activation_rate(stability, 0.0))
        # The next term is -1/Δ: what is left goes with the square.
        assert abs(over - (1 - 1 / stability)) < 1.5 / stability**2


def passage_time(stability: float) -> float:
    """Mean time in τ_D from the pole to the equator, where the walk ends: two integrals."""

    def inner(z: float) -> float:
        weight = integrate.quad(lambda y: np.exp(stability * (y * y - z * z)), z, 1)[0]
        return 2 * stability * weight / (1 - z * z)

    return integrate.quad(inner, 0, 1)[0]


SPINS = {
    "perpendicular": {},
    "in the plane": {"easy_axis": (1.0, 0.0, 0.0), "easy_plane_field": 3 * FIELD},
    "in a field": {"applied_field": (0.4 * FIELD, 0.0, 0.2 * FIELD)},
}


def boltzmann(one: Macrospin) -> np.ndarray:
    """First moments, then second ones, by quadrature over the sphere."""
    z, weight = np.polynomial.legendre.leggauss(80)
    angle = 2 * np.pi * np.arange(160) / 160
    across = np.sqrt(1 - z**2)
    m = np.stack(
        [
            across[:, None] * np.cos(angle),
            across[:, None] * np.sin(angle),
            np.broadcast_to(z[:, None], (80, 160)),
        ]
    )
    scale = float(one.thermal_stability) / FIELD
    easy = np.einsum("i,ijk->jk", np.asarray(one.easy_axis), m)
    applied = np.einsum("i,ijk->jk", np.asarray(one.applied_field), m)
    exponent = FIELD * easy**2 - float(one.easy_plane_field) * m[2] ** 2 + 2 * applied
    share = np.exp(scale * exponent) * weight[:, None]
    share /= share.sum()
    return np.concatenate([(share * m).sum((1, 2)), (share * m**2).sum((1, 2))])


@pytest.mark.parametrize("name", list(SPINS))
def test_an_ensemble_comes_to_boltzmann_statistics(name: str) -> None:
    one = spin(2.5, **SPINS[name])
    drawn = jax.random.normal(jax.random.key(7), (3, MEMBERS), jnp.result_type(float))
    start = drawn / jnp.linalg.norm(drawn, axis=0, keepdims=True)
    if name == "in a field":  # this one has a mean to come to, over the barrier
        start = jnp.zeros_like(start).at[2].set(1.0)
    run = one.evolve(start, 40 * UNIT, step=0.04 * UNIT, key=jax.random.key(8))
    m = np.asarray(run.m, np.float64)
    found = np.concatenate([m, m**2])
    error = found.std(axis=1) / MEMBERS**0.5
    assert np.max(np.abs(found.mean(axis=1) - boltzmann(one)) / error) < 4
    if name != "in a field":
        drawn = np.asarray(one.equilibrium(MEMBERS, key=jax.random.key(9), well=None), np.float64)
        drawn = np.concatenate([drawn, drawn**2])
        error = drawn.std(axis=1) / MEMBERS**0.5
        assert np.max(np.abs(drawn.mean(axis=1) - boltzmann(one)) / error) < 4
        upper = one.equilibrium(100, key=jax.random.key(9))
        assert bool(jnp.all(one.easy_axis @ upper > 0))


@pytest.mark.once
@pytest.mark.parametrize("kind", ["two-point", "three-point", "gaussian"])
def test_increments_have_the_moments_that_the_scheme_needs(kind: str) -> None:
    count = 100_000
    like = jnp.zeros(count)
    draw = block_of_increments(kind, jax.random.key(0), jnp.asarray(0), like)
    values = np.asarray(jnp.stack(draw(jnp.asarray(0, jnp.uint32))))
    fourth = {"two-point": 1.0, "three-point": 1024 / 342, "gaussian": 3.0}[kind]
    np.testing.assert_allclose(values.mean(1), 0, atol=4.5 / count**0.5)
    np.testing.assert_allclose((values**2).mean(1), 1, atol=4.5 * (2 / count) ** 0.5)
    np.testing.assert_allclose((values**4).mean(1), fourth, atol=4.5 * (96 / count) ** 0.5)
    assert np.max(np.abs(np.corrcoef(values) - np.eye(3))) < 4.5 / count**0.5
    if kind == "two-point":
        again = np.asarray(jnp.stack(draw(jnp.asarray(1, jnp.uint32))))
        assert abs(np.mean(again[0] * values[2])) < 4.5 / count**0.5


@pytest.mark.parametrize("kind", ["two-point", "three-point", "gaussian"])
def test_equal_keys_give_equal_bits_however_a_run_is_cut(kind: str) -> None:
    one = spin(20.0, damping=0.1)
    start = one.equilibrium(16, key=jax.random.key(0))
    options: dict[str, Any] = {"step": 0.1 * UNIT, "key": jax.random.key(1), "increments": kind}
    whole = one.evolve(start, 2.4 * UNIT, **options)
    assert whole.steps == 24
    first = one.evolve(start, 1.3 * UNIT, **options)
    second = one.evolve(first.m, 1.1 * UNIT, first_step=first.steps, **options)
    assert first.steps == 13
    assert second.steps == 24
    assert bool(jnp.all(second.m == whole.m))
    if kind == "three-point":
        kept = one.evolve(start, 2.4 * UNIT, save_every=8, **options)
        assert kept.saved is not None
        assert kept.saved.shape == (3, 3, 16)
        assert bool(jnp.all(kept.saved[-1] == whole.m))
        assert kept.times is not None
        np.testing.assert_allclose(kept.times, np.array([8, 16, 24]) * 0.1 * UNIT, rtol=1e-6)
    other = one.evolve(start, 2.4 * UNIT, **{**options, "key": jax.random.key(2)})
    assert not bool(jnp.any(other.m == whole.m))


def test_without_temperature_a_driven_spin_takes_the_time_of_the_closed_form(double: bool) -> None:
    cosine, drive = 0.95, 2.0
    one = spin(50.0, drive, damping=0.3, temperature=0.0)
    start = jnp.asarray([np.sqrt(1 - cosine**2), 0, cosine], jnp.result_type(float))
    time = float(zero_temperature_time(drive, cosine)) * float(one.relaxation_time)
    errors = []
    for count in (100, 200):
        run = one.evolve(start, time, step=time / count, key=jax.random.key(0))
        errors.append(abs(float(run.m[2])))
    assert errors[1] < 2e-3
    if double:
        assert 3.4 < errors[0] / errors[1] < 4.6  # second order


def test_a_spin_in_the_plane_becomes_unstable_at_the_critical_voltage() -> None:
    flat = named_junction("koenders2025").at_temperature(1e-6)
    start = jnp.asarray([1.0, 1e-2, 0.0], jnp.result_type(float))
    start = start / jnp.linalg.norm(start)
    tilt = []
    for relative in (0.9, 1.1):
        one = Macrospin.from_junction(flat, relative * flat.critical_voltage)
        run = one.evolve(start, 20e-9, step=2e-13, key=jax.random.key(0), save_every=1000)
        assert run.saved is not None
        tilt.append(np.abs(np.asarray(run.saved[:, 1])))
    late = [values[-20:].max() / values[:20].max() for values in tilt]
    assert late[0] < 0.7
    assert late[1] > 1.5


@pytest.mark.parametrize(("volts", "start", "end"), [(1.5, 1.0, -1.0), (-1.5, -1.0, 1.0)])
def test_a_positive_pulse_leaves_the_parallel_state_of_the_conductance(
    volts: float, start: float, end: float
) -> None:
    junction = named_junction("ikeda2010")
    driven = Macrospin.from_junction(junction, volts * junction.critical_voltage)
    count, length = 64, 30 * float(driven.relaxation_time)
    first = driven.equilibrium(count, key=jax.random.key(1), well=int(start))
    last = driven.evolve(first, length, step=1e-12, key=jax.random.key(2)).m
    for m, sign in ((first, start), (last, end)):
        cosine = jnp.einsum("i,in->n", driven.fixed_layer, m)
        resistance = junction.resistance_parallel * (1 if sign > 0 else 1 + junction.tmr)
        np.testing.assert_allclose(junction.resistance(cosine).mean(), resistance, rtol=0.05)


def test_a_field_like_torque_is_a_field_along_the_fixed_layer() -> None:
    pushed = spin(20.0, field_like=0.3 * FIELD, fixed_layer=(0.0, 3.0, 4.0))
    applied = spin(
        20.0, applied_field=(0.0, 0.18 * FIELD, 0.24 * FIELD), fixed_layer=(0.0, 3.0, 4.0)
    )
    start = pushed.equilibrium(8, key=jax.random.key(0))
    ends = [
        np.asarray(one.evolve(start, 5 * UNIT, step=0.05 * UNIT, key=jax.random.key(1)).m)
        for one in (pushed, applied)
    ]
    np.testing.assert_allclose(*ends, rtol=0, atol=2e-5)


@pytest.mark.once
def test_members_may_differ_and_values_never_mean_another_compilation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    traced = []

    def counted(*given: Any) -> Any:
        traced.append(given)
        return block_of_increments(*given)

    monkeypatch.setattr(_heun, "block_of_increments", counted)
    start = spin(20.0).equilibrium(5, key=jax.random.key(0))
    options: dict[str, Any] = {"step": 0.05 * UNIT, "key": jax.random.key(1)}
    runs = [
        spin(stability, drive).evolve(start, 2 * UNIT, **options).m
        for stability, drive in ((20.0, 0.0), (20.0, 3.0), (40.0, 1.0))
    ]
    once = len(traced)
    device = named_junction("ikeda2010")
    volts = jnp.asarray([0.0, 3.0, 0.0, 3.0, 0.0]) * device.critical_voltage
    many = Macrospin.from_junction(device, volts)
    together = many.evolve(start, 2e-9, step=2e-13, key=jax.random.key(1)).m
    alone = Macrospin.from_junction(device, volts[1]).evolve(
        start, 2e-9, step=2e-13, key=jax.random.key(1)
    )
    np.testing.assert_allclose(together[:, [1, 3]], alone.m[:, [1, 3]], rtol=0, atol=1e-9)
    assert not np.allclose(together[:, [0, 2, 4]], alone.m[:, [0, 2, 4]], atol=0.1)
    assert once <= 2  # the shape of a loop's state may be traced twice, values never
    assert not bool(jnp.all(runs[0] == runs[1]))


@pytest.mark.once
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"m": jnp.ones((3, 4))}, "unit vectors"),
        ({"m": jnp.ones((4, 3)) / 2}, "components first"),
        ({"duration": -1e-9}, "duration"),
        ({"step": float("nan")}, "step"),
        ({"increments": "normal"}, "increments = normal"),
        ({"save_every": 7}, "save_every = 7"),
        ({"first_step": -1}, "first_step"),
    ],
)
def test_bad_arguments_are_refused_by_name(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {
        "m": jnp.asarray([0.0, 0.0, 1.0]),
        "duration": 1e-11,
        "step": 1e-12,
        "key": jax.random.key(0),
        **change,
    }
    m, duration = given.pop("m"), given.pop("duration")
    with pytest.raises(SpinlearnValueError, match=message):
        spin(20.0).evolve(m, duration, **given)


@pytest.mark.once
def test_a_run_can_be_compiled_with_what_is_around_it() -> None:
    one = spin(20.0, drive=2.0)
    start = one.equilibrium(8, key=jax.random.key(0))

    def end(strength: Any, m: Any) -> Any:
        pushed = eqx.tree_at(lambda s: s.damping_like, one, strength)
        options = {"step": 0.1 * UNIT, "key": jax.random.key(1), "reverse_mode": True}
        return pushed.evolve(m, UNIT, **options).m

    strength = one.damping_like
    plain = end(strength, start)
    np.testing.assert_allclose(jax.jit(end)(strength, start), plain, atol=1e-5)
    twice, _ = jax.lax.scan(lambda m, _: (end(strength, m), None), start, None, length=2)
    np.testing.assert_allclose(twice, end(strength, plain), atol=1e-5)
    slope = jax.jit(jax.grad(lambda a: end(a, start)[2].sum()))(strength)
    assert np.isfinite(slope)
    assert slope != 0
    with pytest.raises(SpinlearnValueError, match="duration = traced"):
        jax.jit(lambda t: one.evolve(start, t, step=UNIT, key=jax.random.key(1)).m)(UNIT)


def test_bad_spins_are_refused_by_name() -> None:
    for change, message in (
        ({"moment": 0.0}, "moment"),
        ({"damping": -0.1}, "damping"),
        ({"easy_axis": (0.0, 0.0, 0.0)}, "easy_axis"),
        ({"temperature": float("inf")}, "temperature"),
        ({"applied_field": (1.0, 2.0)}, "applied_field"),
    ):
        values: dict[str, Any] = {"moment": 1e-18, "anisotropy_field": FIELD, **change}
        with pytest.raises(SpinlearnValueError, match=message):
            Macrospin(**values)
    with pytest.raises(SpinlearnValueError, match="applied_field"):
        spin(20.0, applied_field=(1.0, 0.0, 0.0)).equilibrium(3, key=jax.random.key(0))


@pytest.mark.once
@pytest.mark.parametrize(
    ("change", "turn"),
    [
        ({"damping": 0.5}, 0.5),
        ({"damping": 0.0}, 0.5),
        ({"damping": 0.01}, 0.2),
        ({"damping": (0.5, 0.01)}, 0.2),
        ({"damping": 0.5, "applied_field": (0.0, 0.0, 3 * FIELD)}, 0.5 / 4),
        ({"damping": 0.5, "damping_like": -FIELD}, 0.5 / 2),
        ({"damping": 0.5, "field_like": FIELD}, 0.5 / 2),
        ({"damping": 0.5, "easy_plane_field": 5 * FIELD}, 0.5 / 5),
    ],
    ids=["turn", "no damping", "damping", "members", "field", "torque", "field-like", "plane"],
)
def test_steps_that_would_lie_are_refused(change, turn):
    """Beyond half a radian of all fields, or a tenth of the damping, (γ μ0 H step)³ = 0.8 α."""
    one = Macrospin(**{"moment": 1e-18, "anisotropy_field": FIELD, **change})
    members = np.size(change["damping"])
    m = jnp.broadcast_to(jnp.array([0.0, 0.6, 0.8])[:, None], (3, members))
    longest = turn / (GYROMAGNETIC_RATIO * MU_0 * FIELD)
    key = jax.random.key(0)
    one.evolve(m, 0.99 * longest, step=0.99 * longest, key=key)
    with pytest.raises(SpinlearnValueError, match=r"step.*at most.*Take about"):
        one.evolve(m, 1e-9, step=1.01 * longest, key=key)


@pytest.mark.once
def test_a_step_undoes_the_part_of_the_damping_that_its_guard_counts():
    """Heun's factor per step is 1 + z + z²/2, z = (i - α) y, of a small excursion without heat.

    To the leading orders it decays at 1 + y²/2 - y³/(8 α) of the damping: the last counts.
    """
    damping, turn = 0.02, 0.2
    step = turn / (GYROMAGNETIC_RATIO * MU_0 * FIELD)
    cold = Macrospin(1e-18, FIELD, damping=damping, temperature=0.0)
    start = jnp.array([1e-3, 0.0, np.sqrt(1 - 1e-6)])
    steps = 400
    end = cold.evolve(start, steps * step, step=step, key=jax.random.key(0)).m
    decay = -np.log(float(jnp.hypot(end[0], end[1])) / 1e-3) / (steps * turn * damping)
    assert decay == pytest.approx(1 + turn**2 / 2 - turn**3 / (8 * damping), abs=0.002)


@pytest.mark.once
def test_an_ensemble_of_another_size_than_the_parameters_is_refused():
    one = Macrospin(1e-18, FIELD, damping_like=(0.0, 1.0, 2.0))
    m = jnp.broadcast_to(jnp.array([0.0, 0.0, 1.0])[:, None], (3, 5))
    with pytest.raises(SpinlearnValueError, match=r"5 members.*3 members"):
        one.evolve(m, 1e-12, step=1e-12, key=jax.random.key(0))
