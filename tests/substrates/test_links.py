"""Compact magnetic links: the closed form against an integrator, networks of them, the fit."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from spinlearn import SpinlearnValueError, key_from_seed, stream
from spinlearn.substrates import LinkModel, LinkResponse, Links, fit_links, measure_link

KEY = key_from_seed(7)
PARAMETERS = {
    "conductance": 1e-3,
    "change": -0.02,
    "threshold": 0.1,
    "steepness": 3.0,
    "rate": 2e9,
    "acceleration": 1.5,
}


def _model(**changes: float) -> LinkModel:
    return LinkModel(**(PARAMETERS | changes))


def _integrated(start: float, volts: float, time: float, retention: float) -> tuple[float, float]:
    """Part written, and ∫ g dt, by adaptive steps from the equations in the docstring."""
    p = PARAMETERS
    limit = 1 / (1 + (p["threshold"] / abs(volts)) ** p["steepness"]) if volts else 0.0
    speed = p["rate"] * (abs(volts) / p["threshold"]) ** p["acceleration"]

    def motion(t: float, y: np.ndarray) -> list[float]:
        # In nanoseconds, so that all numbers are of order one.
        w = y[0]
        rate = speed * max(limit - w, 0.0) - w / retention
        return [1e-9 * rate, p["conductance"] * (1 + p["change"] * w)]

    found = solve_ivp(motion, (0, time * 1e9), [start, 0.0], rtol=1e-11, atol=1e-14, max_step=1e-2)
    return float(found.y[0, -1]), float(found.y[1, -1]) * 1e-9


class TestModel:
    @pytest.mark.parametrize("retention", [np.inf, 5e-9, 3e-10])
    @pytest.mark.parametrize(
        ("start", "volts"),
        [(0.0, 0.2), (0.3, 0.1), (0.9, 0.1), (0.9, -0.1), (0.5, 0.0), (0.02, -0.35)],
    )
    def test_closed_form_is_the_integral(self, start, volts, retention, double):
        time = 1.7e-9
        wanted, area = _integrated(start, volts, time, retention)
        written, mean = _model(retention=retention).write(
            jnp.asarray(start), jnp.asarray(volts), jnp.asarray(time)
        )
        rel = 1e-7 if double else 2e-5
        assert float(written) == pytest.approx(wanted, rel=rel)
        g = 1e-3 * (1 - 0.02 * float(mean))
        assert g * time == pytest.approx(area, rel=rel)

    @pytest.mark.parametrize("retention", [np.inf, 4e-10])
    @pytest.mark.parametrize("start", [0.0, 0.4, 1.0])
    def test_a_pulse_may_be_cut_in_parts(self, start, retention, rtol):
        model, volts = _model(retention=retention), jnp.asarray(0.13)
        times = (3e-10, 5e-11, 9e-10)
        whole, mean = model.write(jnp.asarray(start), volts, jnp.asarray(sum(times)))
        part, area = jnp.asarray(start), 0.0
        for time in times:
            part, own = model.write(part, volts, jnp.asarray(time))
            area += float(own) * time
        assert float(part) == pytest.approx(float(whole), rel=10 * rtol)
        assert area / sum(times) == pytest.approx(float(mean), rel=10 * rtol)

    def test_ends_where_writing_and_wearing_off_balance(self, rtol):
        model, volts = _model(retention=1e-9), jnp.asarray(0.2)
        written, _ = model.write(jnp.asarray(0.0), volts, jnp.asarray(1e-3))
        speed, limit = model.speed(volts), model.limit(volts)
        assert float(written) == pytest.approx(float(speed * limit / (speed + 1e9)), rel=10 * rtol)

    def test_no_time_changes_nothing(self):
        written, mean = _model().write(jnp.asarray(0.3), jnp.asarray(0.2), jnp.asarray(0.0))
        assert float(written) == float(mean) == pytest.approx(0.3)

    def test_gradients_are_finite(self):
        def end(volts: Any, retention: Any) -> Any:
            model = LinkModel(**(PARAMETERS | {"retention": retention}))
            return model.write(jnp.asarray(0.1), volts, jnp.asarray(1e-10))[0]

        slope = jax.grad(end)(jnp.asarray(0.2), jnp.asarray(1e-8))
        step = 1e-3
        both = [float(end(jnp.asarray(0.2 + s), jnp.asarray(1e-8))) for s in (step, -step)]
        assert float(slope) == pytest.approx((both[0] - both[1]) / (2 * step), rel=1e-2)

    @pytest.mark.parametrize("name", [*sorted(set(PARAMETERS) - {"change"}), "retention"])
    @pytest.mark.parametrize("bad", [0.0, -1.0, float("nan")])
    def test_bad_numbers_are_named(self, name, bad):
        with pytest.raises(SpinlearnValueError, match=f"model.{name}"):
            _model(**{name: bad})

    def test_a_link_never_conducts_less_than_nothing(self):
        with pytest.raises(SpinlearnValueError, match=r"model\.change"):
            _model(change=-1.0)


class TestNetwork:
    def test_conductance_is_that_of_a_passive_network(self, rtol):
        links = Links(_model(), 6, device_spread=0.1)
        state, _ = links.apply(links.init(key=KEY), _volts(6), 3e-10, key=KEY)
        g = np.asarray(links.conductance(state))
        np.testing.assert_array_equal(g, g.T)
        np.testing.assert_allclose(g.sum(axis=1), 0, atol=10 * rtol * np.abs(g).max())
        assert np.all(g[~np.eye(6, dtype=bool)] < 0)
        assert np.linalg.eigvalsh(g).min() > -1e-6 * np.abs(g).max()

    def test_only_given_pairs_conduct(self):
        g = np.asarray(_chain().conductance(_chain().init(key=KEY)))
        np.testing.assert_array_equal(g != 0, np.abs(np.subtract.outer(range(4), range(4))) <= 1)

    def test_every_link_follows_its_own_voltage(self, rtol):
        links, volts = _chain(), jnp.asarray([0.3, 0.1, 0.1, -0.1])
        state, _ = links.apply(links.init(key=KEY), volts, 3e-10, key=KEY)
        across = jnp.asarray([0.2, 0.0, 0.2])
        wanted, _ = _model().write(jnp.zeros(3), across, jnp.asarray(3e-10))
        np.testing.assert_allclose(state.written, wanted, rtol=10 * rtol)

    def test_energy_is_the_integral_of_power(self, double):
        links, volts, time = Links(_model(retention=2e-9), 2), 0.17, 1.1e-9
        _, record = links.apply(links.init(key=KEY), [volts, 0.0], time, key=KEY)
        _, area = _integrated(0.0, volts, time, 2e-9)
        assert float(record.energy) == pytest.approx(area * volts**2, rel=1e-8 if double else 1e-5)
        assert float(record.charge[0]) == pytest.approx(area * volts, rel=1e-8 if double else 1e-5)

    def test_charge_sums_to_zero_and_carries_the_energy(self, rtol):
        links, volts = Links(_model(), 5, device_spread=0.2), _volts(5)
        _, record = links.apply(links.init(key=KEY), volts, 3e-10, key=KEY)
        charge = np.asarray(record.charge)
        assert abs(charge.sum()) < 10 * rtol * np.abs(charge).max()
        assert float(record.energy) == pytest.approx(float(charge @ volts), rel=10 * rtol)

    def test_spread_of_devices_has_the_stated_size(self):
        links = Links(_model(), 120, device_spread=0.1)
        state = links.init(key=KEY)
        drawn = [np.log(x) for x in (state.conductance, state.change, state.threshold)]
        count = len(drawn[0])
        for logs in drawn:
            assert abs(logs.mean()) < 4 * 0.1 / np.sqrt(count)
            assert logs.std() == pytest.approx(0.1, abs=4 * 0.1 / np.sqrt(2 * count))
        between = np.corrcoef(drawn)[np.triu_indices(3, 1)]
        assert np.abs(between).max() < 4 / np.sqrt(count)

    def test_spread_of_cycles_has_the_stated_size(self):
        pairs = [[0, k] for k in range(1, 4001)]
        links = Links(_model(), 4001, pairs, cycle_spread=0.02)
        volts = jnp.zeros(4001).at[0].set(0.1)
        first, _ = links.apply(links.init(key=KEY), volts, 1e-10, key=KEY)
        second, _ = links.apply(first, volts, 1e-10, key=stream(KEY, "next"))
        size = np.asarray(first.written) / np.asarray(first.written).mean() - 1
        assert size.std() == pytest.approx(0.02, abs=4 * 0.02 / np.sqrt(8000))
        more = np.asarray(second.written - first.written)
        # A link that got more in the first cycle has less left; beyond that cycles know nothing
        # of each other.
        rest = more - np.polyval(np.polyfit(size, more, 1), size)
        assert more.mean() + 4 * more.std() < np.asarray(first.written).mean()
        assert rest.std() / more.mean() == pytest.approx(0.02, rel=0.1)

    def test_three_spreads_mean_one_compilation(self):
        traces = []

        @jax.jit
        def taught(links: Links) -> Any:
            traces.append(1)
            return links.apply(links.init(key=KEY), _volts(4), 1e-10, key=KEY)[0]

        for spread in (0.0, 0.1, 0.2):
            taught(Links(_model(threshold=0.1 + spread), 4, device_spread=spread))
        assert len(traces) == 1

    @pytest.mark.parametrize(
        ("options", "name"),
        [
            ({"nodes": 1}, "nodes"),
            ({"pairs": [[0, 0]]}, "pairs"),
            ({"pairs": [[0, 1], [1, 0]]}, "pairs"),
            ({"pairs": [[0, 4]]}, "pairs"),
            ({"pairs": [0, 1]}, "pairs"),
            ({"pairs": []}, "pairs"),
            ({"device_spread": -0.1}, "device_spread"),
            ({"cycle_spread": [0.1, 0.2]}, "cycle_spread"),
        ],
    )
    def test_bad_input_is_named(self, options, name):
        with pytest.raises(SpinlearnValueError, match=f"links.{name}"):
            Links(_model(), **({"nodes": 4} | options))

    def test_bad_pulses_are_named(self):
        links = Links(_model(), 4)
        state = links.init(key=KEY)
        with pytest.raises(SpinlearnValueError, match="voltages"):
            links.apply(state, [0.1, 0.2], 1e-10, key=KEY)
        with pytest.raises(SpinlearnValueError, match="duration"):
            links.apply(state, _volts(4), -1e-10, key=KEY)


def _chain() -> Links:
    return Links(_model(), 4, [[0, 1], [1, 2], [2, 3]])


def _volts(nodes: int) -> jax.Array:
    return jnp.linspace(-0.1, 0.15, nodes)


VOLTS = np.array([0.05, 0.08, 0.12, 0.2, 0.4])


def _response(devices: int, spread: float, noise: float) -> LinkResponse:
    """Devices of the model whose changes differ, read with noise on the change."""
    rng = np.random.default_rng(3)
    one = Links(_model(), 2)
    g = np.stack([measure_link(one, VOLTS, 1e-10, 8, 1e-10, key=KEY)] * devices)
    relative = g / g[..., :1] - 1
    relative *= np.exp(spread * rng.standard_normal((devices, 1, 1)))
    relative[..., 1:] += noise * 0.02 * rng.standard_normal(relative[..., 1:].shape)
    return LinkResponse(VOLTS, 1e-10, 1e-10, g[..., :1] * (1 + relative))


def test_steep_links_at_high_voltages_are_written_whole():
    """Powers that overflow are no NaN, in float32 either."""
    model = LinkModel(1e-3, 0.004, 0.01, 80.0, 3e9, 90.0)
    written, mean = model.write(jnp.zeros(3), jnp.asarray([0.0, 0.009, 0.2]), jnp.asarray(1e-9))
    assert np.asarray(written).tolist() == pytest.approx([0.0, 0.0, 1.0], abs=1e-3)
    assert bool(jnp.all(jnp.isfinite(mean)))


class TestFit:
    def test_a_clean_device_gives_back_its_parameters(self, double):
        fit = fit_links(_response(1, 0.0, 0.0))
        for name, value in PARAMETERS.items():
            rel = 1e-5 if double else 2e-2
            assert float(getattr(fit.model, name)) == pytest.approx(value, rel=rel), name
        assert fit.residual < (1e-6 if double else 1e-3)
        assert np.isnan(fit.device_spread)

    def test_noisy_devices_give_back_theirs_and_their_spreads(self):
        fit = fit_links(_response(200, 0.1, 0.03))
        for name, value in PARAMETERS.items():
            assert float(getattr(fit.model, name)) == pytest.approx(value, rel=0.05), name
        assert fit.device_spread == pytest.approx(0.1, rel=0.2)
        assert fit.saturated_scatter == pytest.approx(0.03, rel=0.1)
        assert fit.residual < 0.01

    def test_what_cannot_be_fitted_is_said(self):
        good = _response(2, 0.1, 0.0)
        for response, options, field in (
            (good._replace(conductance=np.full_like(good.conductance, np.nan)), {}, "conductance"),
            (good._replace(conductance=np.ones_like(good.conductance)), {}, "conductance"),
            (good, {"retention": 1e-9}, "retention"),
        ):
            with pytest.raises(SpinlearnValueError, match=field):
                fit_links(response, **options)

    def test_order_and_sign_of_the_voltages_do_not_matter(self):
        given = _response(3, 0.1, 0.01)
        turned = given._replace(voltages=-VOLTS[::-1], conductance=given.conductance[:, ::-1])
        found = [fit_links(r).model for r in (given, turned)]
        assert all(map(np.allclose, *map(jax.tree.leaves, found)))

    def test_what_the_model_cannot_follow_is_in_the_residual(self):
        given = _response(1, 0.0, 0.0)
        bent = given.conductance.copy()
        bent[:, 2, 4:] = bent[:, 2, :1]  # one voltage forgets
        assert fit_links(given._replace(conductance=bent)).residual > 0.05

    @pytest.mark.parametrize(
        ("voltages", "shape"),
        [(VOLTS[:2], (1, 2, 9)), (VOLTS, (1, 4, 9)), (VOLTS, (1, 5, 3)), (VOLTS, (5, 9))],
    )
    def test_bad_shapes_are_named(self, voltages, shape):
        with pytest.raises(SpinlearnValueError, match=r"response\.conductance"):
            fit_links(LinkResponse(voltages, 1e-10, 1e-10, np.ones(shape)))

    def test_a_device_of_two_contacts_is_wanted(self):
        with pytest.raises(SpinlearnValueError, match="device"):
            measure_link(Links(_model(), 3), VOLTS, 1e-10, 2, 1e-10, key=KEY)
        with pytest.raises(SpinlearnValueError, match="pulses"):
            measure_link(Links(_model(), 2), VOLTS, 1e-10, 0, 1e-10, key=KEY)
