"""Measured learning against rules that are known."""

from __future__ import annotations

import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import Material, Mesh, SpinlearnError, SpinlearnValueError, key_from_seed
from spinlearn.magnetics import Exchange, UniaxialAnisotropy, uniform_state
from spinlearn.substrates import (
    AbstractSubstrate,
    Film,
    HeavyMetal,
    LearningKernel,
    Record,
    conductance_changes,
    hebb_correlation,
    learning_spectrum,
    measure_learning_kernel,
    sign_patterns,
)
from spinlearn.transport import AMR, edge_electrodes

pytestmark = pytest.mark.once

KEY = key_from_seed(3)
RNG = np.random.default_rng(0)
N = 4
OFF = 1 - np.eye(N)


def _float(value: Any) -> jax.Array:
    return jnp.asarray(value, jnp.result_type(float))


class Toy(AbstractSubstrate):
    """dG/dt is a known polynomial of the voltages, plus noise that the key decides."""

    start: jax.Array
    drift: jax.Array
    linear: jax.Array
    quadratic: jax.Array
    noise: jax.Array

    def init(self, *, key: Any) -> jax.Array:
        return self.start

    def conductance(self, state: jax.Array) -> jax.Array:
        return state

    def apply(
        self, state: jax.Array, voltages: Any, duration: Any, *, key: Any
    ) -> tuple[jax.Array, Record]:
        v = jnp.asarray(voltages, state.dtype)
        rate = self.drift + self.linear @ v + 0.5 * self.quadratic @ v @ v
        noise = self.noise * jax.random.normal(key, state.shape, state.dtype)
        zero = jnp.zeros((), state.dtype)
        return state + duration * rate + noise, Record(zero, zero, zero, {})


def _toy(drift: Any = 0.0, linear: Any = 0.0, quadratic: Any = 0.0, noise: float = 0.0) -> Toy:
    sizes = [(drift, 2), (linear, 3), (quadratic, 4)]
    parts = [_float(np.broadcast_to(value, (N,) * rank)) for value, rank in sizes]
    return Toy(_float(RNG.normal(size=(N, N))), *parts, _float(noise))


def _squares(weights: Any) -> np.ndarray:
    """K of ΔG_ij = -Σ_{k<l} w_ij,kl (V_k - V_l)²."""
    k = np.zeros((N, N, N, N))
    for a, b in itertools.combinations(range(N), 2):
        e = np.eye(N)[a] - np.eye(N)[b]
        k -= 2 * np.einsum("ij,k,l->ijkl", weights[:, :, a, b], e, e)
    return k


def _own(rate: Any) -> np.ndarray:
    """Weights of Hebb's rule with these rates."""
    eye = np.eye(N)
    weights = np.einsum("ij,ia,jb->ijab", rate * OFF, eye, eye)
    return weights + weights.transpose(0, 1, 3, 2)


def _measure(toy: Toy, amplitude: float = 0.5, duration: float = 2.0) -> LearningKernel:
    return measure_learning_kernel(toy, toy.init(key=KEY), amplitude, duration, key=KEY)


# Not symmetric in the pair (i, j), so that no exchange of axes goes unnoticed.
DRIFT = RNG.normal(size=(N, N))
LINEAR = RNG.normal(size=(N, N, N))
QUADRATIC = RNG.normal(size=(N, N, N, N))
QUADRATIC = QUADRATIC + QUADRATIC.transpose(0, 1, 3, 2)


def test_a_polynomial_is_recovered(double: bool) -> None:
    kernel = _measure(_toy(DRIFT, LINEAR, QUADRATIC))
    atol = 1e-12 if double else 5e-5
    np.testing.assert_allclose(kernel.drift, 2 * DRIFT, atol=atol)
    np.testing.assert_allclose(kernel.linear, 2 * LINEAR, atol=atol)
    np.testing.assert_allclose(kernel.quadratic, 2 * QUADRATIC, atol=atol)
    assert (float(kernel.amplitude), float(kernel.duration)) == (0.5, 2.0)


def test_noise_is_common_to_the_pulses(double: bool) -> None:
    kernel = _measure(_toy(DRIFT, LINEAR, QUADRATIC, noise=0.3))
    atol = 1e-12 if double else 5e-5
    noise = 0.3 * jax.random.normal(KEY, (N, N))
    np.testing.assert_allclose(kernel.drift, 2 * DRIFT + np.asarray(noise), atol=atol)
    np.testing.assert_allclose(kernel.quadratic, 2 * QUADRATIC, atol=atol)


def test_the_kernel_predicts_what_pulses_do(rtol: float) -> None:
    toy = _toy(DRIFT, LINEAR, QUADRATIC)
    volts = _float(RNG.normal(size=(2, 3, N)))
    found = [conductance_changes(toy, toy.init(key=KEY), v, 2.0, key=KEY) for v in volts]
    np.testing.assert_allclose(
        _measure(toy).predict(volts), jnp.stack(found), rtol=100 * rtol, atol=100 * rtol
    )


def test_hebbs_rule_is_found_with_its_rate(rtol: float) -> None:
    rate = RNG.normal(size=(N, N)) * OFF
    kernel = _measure(_toy(quadratic=_squares(_own(rate))), duration=1.0)
    np.testing.assert_allclose(kernel.hebb_rate, rate, rtol=100 * rtol, atol=100 * rtol)
    assert float(kernel.hebb_fraction) == pytest.approx(1, rel=10 * rtol)
    assert float(kernel.quadratic_residue) < 100 * rtol


def test_fractions_of_mixed_kernels(rtol: float) -> None:
    def fraction(weights: np.ndarray) -> float:
        kernel = _measure(_toy(quadratic=_squares(weights)))
        assert float(kernel.quadratic_residue) < 100 * rtol
        return float(kernel.hebb_fraction)

    own = _own(np.ones((N, N)))
    apart, beside = np.zeros((2, N, N, N, N))
    for i, j in itertools.permutations(range(N), 2):
        k, l = sorted(set(range(N)) - {i, j})  # noqa: E741
        apart[i, j, k, l] = 1  # the pair that shares no contact: orthogonal to Hebb's
        beside[i, j, min(i, k), max(i, k)] = 1  # one that shares a contact: cos = 1/4
    assert fraction(apart) == pytest.approx(0, abs=10 * rtol)
    assert fraction(2 * own + apart) == pytest.approx(4 / 5, rel=10 * rtol)
    assert fraction(beside) == pytest.approx(1 / 16, rel=100 * rtol)


def test_the_diagonal_does_not_count_as_learning(rtol: float) -> None:
    weights = _own(np.ones((N, N)))
    weights[np.arange(N), np.arange(N), 0, 1] = 50.0
    kernel = _measure(_toy(quadratic=_squares(weights)))
    assert float(kernel.hebb_fraction) == pytest.approx(1, rel=100 * rtol)
    np.testing.assert_array_equal(jnp.diag(kernel.hebb_rate), 0)


def test_hebbs_part_of_a_kernel_without_a_rule() -> None:
    """Isotropic in the n (n - 1) / 2 dimensions that gauge invariance leaves."""
    draws = RNG.normal(size=(300, N, N, N, N))
    project = np.eye(N) - 1 / N
    draws = np.einsum("ka,dijab,bl->dijkl", project, draws + draws.swapaxes(-1, -2), project)
    zero = _float(0.0)

    def fraction(k: jax.Array) -> jax.Array:
        kernel = LearningKernel(jnp.zeros((N, N)), jnp.zeros((N, N, N)), k, zero, zero)
        return kernel.hebb_fraction

    found = float(jnp.mean(jax.vmap(fraction)(_float(draws))))
    assert found == pytest.approx(2 / (N * (N - 1)), rel=0.05)


def test_residues_are_the_answer_to_a_common_voltage(rtol: float) -> None:
    kernel = _measure(_toy(DRIFT, LINEAR, QUADRATIC))
    for found, x in ((kernel.linear_residue, LINEAR), (kernel.quadratic_residue, QUADRATIC)):
        expected = np.linalg.norm(x.sum(-1)) / (np.sqrt(N) * np.linalg.norm(x))
        assert float(found) == pytest.approx(expected, rel=100 * rtol)
    assert float(_measure(_toy(linear=1.0)).linear_residue) == pytest.approx(1, rel=100 * rtol)


def test_nothing_learned_is_no_nan() -> None:
    kernel = _measure(_toy())
    values = [kernel.hebb_fraction, kernel.linear_residue, kernel.quadratic_residue]
    spectrum = learning_spectrum(jnp.zeros((16, N, N)))
    values += [spectrum.hebb, spectrum.drift, spectrum.hebb_of_learned]
    values += [spectrum.strength(jnp.zeros((N, N)))]
    assert [float(v) for v in values] == [0.0] * 7


# --- all patterns of signs


def test_patterns_of_signs() -> None:
    s = np.asarray(sign_patterns(4))
    assert [tuple(row) for row in s] == list(itertools.product((1.0, -1.0), repeat=4))
    np.testing.assert_array_equal(sign_patterns(4, up_to_sign=True), s[:8])
    np.testing.assert_array_equal(sign_patterns(4, balanced=True), s[s.sum(1) == 0])
    assert sign_patterns(4, balanced=True, up_to_sign=True).shape == (3, 4)
    odd = np.asarray(sign_patterns(5, balanced=True))
    assert len(odd) == 20
    assert set(odd.sum(1)) == {-1.0, 1.0}


def _monomials(n: int, *weights: tuple[float, Any]) -> jax.Array:
    """ΔG_ij = Σ weight · product of the signs of a set that the pair names."""
    s = np.asarray(sign_patterns(n))
    found = np.zeros((len(s), n, n))
    for i, j in itertools.product(range(n), repeat=2):
        for weight, members in weights:
            found[:, i, j] += weight * np.prod(s[:, members(i, j)], axis=1)
    return _float(found)


def _rest(i: int, j: int) -> list[int]:
    return sorted(set(range(N)) - {i, j})


CLASSES = {
    "hebb": (1.0, lambda i, j: [i, j] if i != j else []),
    "drift": (2.0, lambda i, j: []),
    "crosstalk": (3.0, lambda i, j: [i, _rest(i, j)[0]]),
    "polarity": (4.0, lambda i, j: [j, *_rest(i, j)[:2]] if i != j else []),
    "higher": (5.0, lambda i, j: [0, 1, 2, 3]),
}


@pytest.mark.parametrize("name", CLASSES)
def test_each_class_alone_is_the_whole(name: str, rtol: float) -> None:
    spectrum = learning_spectrum(_monomials(N, CLASSES[name]))
    for other in CLASSES:
        expected = float(other == name)
        assert float(getattr(spectrum, other)) == pytest.approx(expected, abs=rtol)


def test_fractions_of_a_mixture_are_squares(rtol: float) -> None:
    changes = 1e-22 * _monomials(N, *CLASSES.values())  # squares of these underflow in float32
    junk = 1e-20 * jnp.eye(N)[None] * _float(RNG.normal(size=(16, N, N)))
    spectrum = learning_spectrum(changes + junk)
    for name, (weight, _) in CLASSES.items():
        assert float(getattr(spectrum, name)) == pytest.approx(weight**2 / 55, rel=100 * rtol)
    assert float(spectrum.hebb_of_learned) == pytest.approx(1 / 51, rel=100 * rtol)


def test_hebbs_rule_of_voltage_differences_is_half_drift(rtol: float) -> None:
    """-(s_i - s_j)² = 2 s_i s_j - 2."""
    toy = _toy(quadratic=_squares(_own(np.ones((N, N)))))
    changes = conductance_changes(toy, toy.init(key=KEY), sign_patterns(N), 1.0, key=KEY)
    spectrum = learning_spectrum(changes)
    assert float(spectrum.hebb) == pytest.approx(0.5, rel=100 * rtol)
    assert float(spectrum.drift) == pytest.approx(0.5, rel=100 * rtol)
    assert float(spectrum.hebb_of_learned) == pytest.approx(1, rel=100 * rtol)
    np.testing.assert_allclose(spectrum.hebb_coefficients, 2 * OFF, atol=100 * rtol)
    g = -4 * OFF + 100 * np.eye(N)
    assert float(spectrum.strength(g)) == pytest.approx(0.5, rel=100 * rtol)
    assert float(learning_spectrum(-changes).strength(g)) == pytest.approx(-0.5, rel=100 * rtol)


@pytest.mark.parametrize("n", [2, 3, 6])
def test_the_coefficients_give_the_changes_back(n: int, rtol: float) -> None:
    changes = RNG.normal(size=(2**n, n, n))
    spectrum = learning_spectrum(_float(changes))
    back = np.zeros_like(changes)
    for members in itertools.product((0, 1), repeat=n):
        index = int("".join(map(str, members)), 2)
        sign = np.prod(np.asarray(sign_patterns(n)) ** np.array(members), axis=1)
        back += sign[:, None, None] * np.asarray(spectrum.coefficients[index], float)
    np.testing.assert_allclose(back, changes, atol=10 * rtol)
    total = sum(float(getattr(spectrum, name)) for name in CLASSES)
    assert total == pytest.approx(1, rel=10 * rtol)


def test_the_spectrum_of_a_kernel_is_the_kernel(rtol: float) -> None:
    """a_ij,kl = v² K_ij,kl and a_ij,∅ = D + ½ v² tr K for k ≠ l: which pair learns from which."""
    parts = [_float(x) for x in (DRIFT, LINEAR, QUADRATIC, 1.0, 1.0)]
    spectrum = learning_spectrum(LearningKernel(*parts).predict(0.3 * sign_patterns(N)))
    np.testing.assert_allclose(spectrum.pair_coefficients, 0.09 * QUADRATIC * OFF, atol=10 * rtol)
    constant = DRIFT + 0.045 * np.einsum("ijkk->ij", QUADRATIC)
    np.testing.assert_allclose(spectrum.coefficients[0], constant, atol=10 * rtol)
    np.testing.assert_allclose(spectrum.coefficients[8], 0.3 * LINEAR[:, :, 0], atol=10 * rtol)


def test_correlation_with_hebbs_rule(rtol: float) -> None:
    s = np.asarray(sign_patterns(N, balanced=True))
    products = s[:, :, None] * s[:, None, :]
    noisy = 0.3 * products + RNG.normal(size=products.shape) + 1e3 * np.eye(N)
    pairs = np.nonzero(OFF)
    r = np.corrcoef(noisy[:, *pairs].ravel(), products[:, *pairs].ravel())[0, 1]
    assert 0.1 < r < 0.6
    assert float(hebb_correlation(1e-25 * _float(noisy))) == pytest.approx(r, rel=10 * rtol)
    assert float(hebb_correlation(_float(-products))) == pytest.approx(-1, rel=10 * rtol)
    order = RNG.permutation(len(s))
    found = hebb_correlation(_float(noisy[order]), _float(s[order]))
    assert float(found) == pytest.approx(r, rel=10 * rtol)


def test_correlation_of_what_does_not_vary_is_zero() -> None:
    constant = jnp.full((6, N, N), 0.1)
    assert float(hebb_correlation(constant)) == 0
    s = sign_patterns(N, balanced=True)
    rounding = s[:, :, None] * s[:, None, :] * jnp.finfo(s.dtype).eps
    assert float(hebb_correlation(constant * (1 + rounding))) == 0
    assert float(hebb_correlation(_float(RNG.normal(size=(2, 2, 2))))) == 0  # s_0 s_1 = -1


# --- a film


AXIS = (0.8, 0.6, 0.0)
LEVELS = (0.16, 0.32, 0.64)  # V
PULSE = 5e-12  # s


def _film() -> Film:
    """At rest, so that it drifts by rounding alone; easy axis along no symmetry of the contacts."""
    mesh = Mesh((16, 16, 1), (4e-9, 4e-9, 5e-9))
    material = Material(8e5, 13e-12, 1e4, anisotropy_axis=AXIS, damping=0.3)
    return Film(
        Exchange(mesh, material) + UniaxialAnisotropy(mesh, material),
        material,
        AMR(4e6, 0.3),
        edge_electrodes(4, mesh),
        uniform_state(mesh, AXIS),
        heavy_metal=HeavyMetal(1e6, 4e-9, fieldlike=0.3),
        step=1e-13,
        steps_per_update=10,
    )


def _kernel(film: Film, amplitude: float, method: Any) -> LearningKernel:
    state = film.init(key=KEY)
    return measure_learning_kernel(film, state, amplitude, PULSE, key=KEY, method=method)


@pytest.fixture(scope="module")
def kernels() -> dict[str, list[LearningKernel]]:
    film = _film()
    methods = ("difference", "sensitivity")
    return {method: [_kernel(film, v, method) for v in LEVELS] for method in methods}


def _apart(a: Any, b: Any) -> float:
    return float(jnp.linalg.norm((a - b).ravel()) / jnp.linalg.norm(a.ravel()))


@pytest.mark.parametrize("method", ["difference", "sensitivity"])
@pytest.mark.parametrize("part", ["linear", "quadratic"])
def test_differences_are_of_second_order(kernels: Any, method: str, part: str) -> None:
    a, b, c = (getattr(kernel, part) for kernel in kernels[method])
    assert _apart(a, b) < 0.03
    assert 3.3 < _apart(b, c) / _apart(a, b) < 4.5


@pytest.mark.parametrize("method", ["difference", "sensitivity"])
def test_a_film_does_not_see_a_common_voltage(kernels: Any, method: str, double: bool) -> None:
    small, large, _ = kernels[method]
    assert float(jnp.max(jnp.abs(small.drift))) < (1e-15 if double else 1e-7)
    assert 0 < float(small.linear_residue) < 5e-3
    assert 3.3 < float(large.linear_residue / small.linear_residue) < 4.5
    assert float(small.quadratic_residue) < 5e-4


def test_the_sensitivity_leaves_out_the_second_order_of_the_film(kernels: Any) -> None:
    """L is the same, K lacks G''(σ) δσ δσ / 2, which is smaller by the AMR ratio."""
    exact, first = (kernels[method][0] for method in ("difference", "sensitivity"))
    assert _apart(exact.linear, first.linear) < 2e-3
    strong = _apart(exact.quadratic, first.quadratic)
    assert 0.005 < strong < 0.05
    film = eqx.tree_at(lambda f: f.conductivity.ratio, _film(), _float(0.03))
    exact, first = (_kernel(film, LEVELS[0], method) for method in ("difference", "sensitivity"))
    assert _apart(exact.quadratic, first.quadratic) < 0.3 * strong


def test_sensitivity_and_difference_agree_to_first_order(double: bool) -> None:
    film = _film()
    state = film.init(key=KEY)
    shape = _float(RNG.normal(size=(21, N)))  # as many as the kernel's: compiled once
    changes, errors = [], []
    for scale in (0.03, 0.06) if double else (0.2, 0.4):
        exact, first = (
            conductance_changes(film, state, scale * shape, PULSE, key=KEY, method=method)
            for method in ("difference", "sensitivity")
        )
        changes.append(float(jnp.linalg.norm(exact.ravel())))
        errors.append(float(jnp.linalg.norm((exact - first).ravel())))
    assert errors[0] < 0.02 * changes[0]
    assert 3.5 < errors[1] / errors[0] < 4.5
    if double:  # so small that ΔG itself is of first order
        assert changes[1] / changes[0] < 2.6


def test_a_films_kernel_predicts_its_learning(kernels: Any) -> None:
    film, volts = _film(), 0.1 * _float(RNG.normal(size=(21, N)))
    found = conductance_changes(film, film.init(key=KEY), volts, PULSE, key=KEY)
    assert _apart(found, kernels["difference"][0].predict(volts)) < 0.02


# --- what is refused


def test_bad_arguments() -> None:
    toy = _toy()
    state = toy.init(key=KEY)
    for amplitude in (0.0, -1.0, np.nan, "1 V"):
        with pytest.raises(SpinlearnValueError, match="amplitude"):
            measure_learning_kernel(toy, state, amplitude, 1.0, key=KEY)
    for duration in (0.0, -1.0, np.inf):
        with pytest.raises(SpinlearnValueError, match="duration"):
            conductance_changes(toy, state, jnp.zeros((1, N)), duration, key=KEY)
    for volts in (jnp.zeros(N), jnp.zeros((2, N + 1)), jnp.full((1, N), jnp.nan)):
        with pytest.raises(SpinlearnValueError, match="voltages"):
            conductance_changes(toy, state, volts, 1.0, key=KEY)
    for method in ("sensitivity", "guess"):
        with pytest.raises(SpinlearnValueError, match="method"):
            measure_learning_kernel(toy, state, 1.0, 1.0, key=KEY, method=method)  # type: ignore
    with pytest.raises(SpinlearnValueError, match="square"):
        measure_learning_kernel(toy, jnp.zeros((N, N + 1)), 1.0, 1.0, key=KEY)
    with pytest.raises(SpinlearnValueError, match="voltages"):
        _measure(toy).predict(jnp.zeros(N + 1))


def test_a_conductance_that_is_not_finite_is_an_error() -> None:
    toy = _toy(drift=np.nan)
    with pytest.raises(SpinlearnError, match="not finite"):
        _measure(toy)


def test_bad_changes_and_patterns() -> None:
    for n in (0, 17, 2.0):
        with pytest.raises(SpinlearnValueError, match="n ="):
            sign_patterns(n)  # type: ignore[arg-type]
    bad = [(15, 4, 4), (16, 4, 3), (2, 1, 1), (16, 4)]
    for shape in bad:
        with pytest.raises(SpinlearnValueError, match=r"changes\.shape"):
            learning_spectrum(jnp.zeros(shape))
    with pytest.raises(SpinlearnValueError, match="changes"):
        learning_spectrum(jnp.full((4, 2, 2), jnp.nan))
    with pytest.raises(SpinlearnValueError, match=r"patterns\.shape"):
        hebb_correlation(jnp.zeros((16, N, N)))
    with pytest.raises(SpinlearnValueError, match=r"conductance\.shape"):
        learning_spectrum(jnp.zeros((4, 2, 2))).strength(jnp.zeros((3, 3)))
