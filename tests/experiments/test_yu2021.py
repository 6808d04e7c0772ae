"""A film that trains itself: protocol, controls, claims."""

from __future__ import annotations

import itertools
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
import xarray
from pydantic import ValidationError

from spinlearn import Mesh, key_from_seed
from spinlearn.experiments._conductance_changes import (
    balanced_patterns,
    correlation,
    orthogonal_mean,
    pair_products,
    relative_change,
)
from spinlearn.experiments._yu2021_bench import recall_all
from spinlearn.experiments._yu2021_claims import (
    _claim,
    _mean_share,
    learning_claims,
    recall_in_turn,
)
from spinlearn.experiments._yu2021_recall import (
    chance_of_recall,
    one_bit_recall,
    recall_of_changes,
)
from spinlearn.experiments.self_learning_film import (
    _granular,
    film_mesh,
    four_contacts,
    new_film,
    without_amr,
    without_torque,
)
from spinlearn.experiments.specs import preset_names, preset_text
from spinlearn.experiments.specs.yu2021 import FourContactsTable, Yu2021Spec
from spinlearn.experiments.yu2021 import Yu2021
from spinlearn.magnetics import grain_labels
from spinlearn.rng import stream
from spinlearn.runs import read_spec, run
from spinlearn.substrates import sign_patterns
from tests.experiments.measured import measured
from tests.fixed_hardware import Fixed

pytestmark = pytest.mark.as_installed

PATTERNS = balanced_patterns()
PROBES = np.asarray(sign_patterns(4), float)
ALIKE = pair_products(PATTERNS)
SMALL: dict[str, Any] = {
    "film.length": 240e-9,
    "film.cell": 15e-9,
    "training.voltage": 0.07,
    "training.pulse": 2e-10,
    "training.rest": 2e-10,
    "training.repetitions": 1,
    "ensemble.textures": 2,
    "ensemble.studied": 1,
    "controls.alternations": 2,
    "controls.disturb_time": 1e-11,
}


@pytest.fixture(scope="module")
def precision(double: bool) -> str:
    return "float64" if double else "float32"


@pytest.fixture(scope="module")
def spec(precision: str) -> Yu2021Spec:
    found = read_spec("yu2021", SMALL | {"precision": precision})
    assert isinstance(found, Yu2021Spec)
    return found


@pytest.fixture(scope="module")
def result(spec: Yu2021Spec, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return run(spec, tmp_path_factory.mktemp("yu2021") / "run")


def _pure_hebb(rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Untrained film, and films whose links gain where their ends are unlike."""
    g = -np.array([[0, 1, 2, 3], [1, 0, 4, 5], [2, 4, 0, 6], [3, 5, 6, 0]], float)
    after = np.stack([g * (1 - rate * np.outer(p, p)) for p in PATTERNS])
    return g, after


class TestLayout:
    @pytest.mark.parametrize("layout", ["centre", "ring"])
    def test_outer_contacts_are_equivalent(self, layout, spec):
        """A film with threefold contacts: what differs is the square around them."""
        mesh = Mesh((96, 96, 1), (1e-8, 1e-8, 1e-9))
        contacts = four_contacts(mesh, FourContactsTable(layout=layout, size=0.2))
        from spinlearn.transport import AMR, read_conductance

        m = jnp.zeros((3, 96, 96, 1)).at[2].set(1.0)
        g = np.asarray(read_conductance(AMR(1e6, 0.0).tensor(m), contacts).conductance)
        np.testing.assert_allclose(g[0, 1], g[0, 2], rtol=0.1)
        np.testing.assert_allclose(g[0, 2], g[0, 3], rtol=1e-4)  # mirror images
        np.testing.assert_allclose(g[1, 2], g[1, 3], rtol=1e-4)
        assert abs(g[0, 1]) > abs(g[1, 2])

    def test_first_outer_contact_is_at_the_top(self):
        mesh = Mesh((32, 32, 1), (1e-8, 1e-8, 1e-9))
        for layout, ends in (("centre", ((3, 8), (29, 8))), ("ring", ((2, 8), (30, 8)))):
            table = FourContactsTable(layout=layout, size=0.2)
            owner = np.asarray(four_contacts(mesh, table).owner)
            assert owner[16, 16] == 0
            assert owner[16, 32 if layout == "ring" else 30] == 1
            assert [owner[at] for at in ends] == [2, 3]

    def test_grains_are_the_same_on_a_finer_mesh(self, spec):
        fine = spec.model_copy(update={"film": spec.film.model_copy(update={"cell": 7.5e-9})})
        coarse_energy, fine_energy = (
            _granular(one, four_contacts(film_mesh(one), one.contacts), key_from_seed(1))[1]
            for one in (spec, fine)
        )
        # Away from boundaries a grain of the coarse mesh has the axis of the fine one.
        one = np.asarray(_axes(coarse_energy))[:, :, :, 0]
        other = np.asarray(_axes(fine_energy))[:, ::2, ::2, 0]
        assert np.mean(np.abs(one - other).max(axis=0) < 1e-5) > 0.7


def _axes(energy: Any) -> Any:
    from spinlearn.magnetics import CubicAnisotropy

    return next(t for t in energy.terms if isinstance(t, CubicAnisotropy)).axes[0]


class TestControls:
    def test_a_film_without_torque_rests_at_any_voltage(self, spec):
        # Without the current's field both films have the same parts, and one compilation.
        spec = spec.model_copy(update={"oersted": False})
        film = new_film(spec, four_contacts(film_mesh(spec), spec.contacts), key_from_seed(2))
        state = film.init(key=key_from_seed(0))
        volts = jnp.asarray([0.1, -0.1, 0.1, -0.1], state.m.dtype)
        still, _ = without_torque(film).apply(state, volts, 1e-10, key=key_from_seed(0))
        moved, _ = film.apply(state, volts, 1e-10, key=key_from_seed(0))
        assert float(jnp.abs(moved.m - state.m).max()) > 0.1
        assert float(jnp.abs(still.m - state.m).max()) < 0.02

    def test_a_film_without_amr_conducts_alike_in_every_texture(self, spec):
        film = new_film(spec, four_contacts(film_mesh(spec), spec.contacts), key_from_seed(2))
        flat = without_amr(film)
        state = film.init(key=key_from_seed(0))
        turned = jnp.stack([-state.m[1], state.m[0], state.m[2]])
        import equinox as eqx

        other = eqx.tree_at(lambda s: s.m, state, turned)
        same = np.asarray(flat.conductance(state)), np.asarray(flat.conductance(other))
        np.testing.assert_allclose(*same, rtol=1e-5, atol=1e-9)
        assert not np.allclose(film.conductance(state), film.conductance(other), rtol=1e-5)


class TestRun:
    def test_every_film_is_its_own(self, result):
        g = result.dataset["untrained"].values
        assert np.all(np.isfinite(g))
        assert np.abs(g[0] - g[1]).max() > 1e-4 * np.abs(g[0]).max()

    def test_unlike_pairs_gain(self, result):
        data = result.dataset
        last = data["trained"].values[:, :, -1]
        mean = orthogonal_mean(last, data["waited"].values)
        change = relative_change(last, mean[:, None])
        assert change[:, ALIKE < 0].mean() > change[:, ALIKE > 0].mean()

    def test_controls_learn_nothing(self, result, double):
        data = result.dataset
        learned = np.abs(
            relative_change(data["trained"].values[:1, :, -1], data["untrained"].values[:1, None])
        ).mean()
        still = relative_change(data["no_torque"].values, data["untrained"].values[:1, None])
        flat = relative_change(data["no_amr"].values, data["no_amr_untrained"].values[:, None])
        assert np.abs(still).max() < 0.05 * learned
        claims = {claim.name: claim.value for claim in result.claims}
        assert measured("yu2021", result.claims) == 2
        assert measured("yu2021-transfer", result.claims) == 1
        still_over = claims["change without torque over change by training"]
        assert still_over == pytest.approx(np.abs(still).mean() / learned)
        waited = relative_change(data["waited"].values, data["untrained"].values)
        # Voltages do not enter without torque: that film has only waited.
        np.testing.assert_allclose(still[0, 0], waited[0], atol=1e-12 if double else 1e-6)
        assert np.abs(flat).max() < (1e-9 if double else 1e-5)

    def test_charge_and_energy(self, result, spec, double):
        """Currents add up; the energy is that of the conductances before and after, about."""
        data = result.dataset
        assert data["charge_imbalance"].values.max() < (1e-9 if double else 1e-3)
        g = data["untrained"].values[0]
        for k, pattern in enumerate(PATTERNS):
            volts = spec.training.voltage * pattern
            expected = volts @ g @ volts * spec.training.pulse
            assert data["pulse_energy"].values[0, k, 0] == pytest.approx(expected, rel=0.05)

    def test_density_is_that_of_the_metal(self, result, spec):
        """Uniform layers in parallel share the field: j = σ E in each."""
        contacts = four_contacts(film_mesh(spec), spec.contacts)
        film = new_film(spec, contacts, stream(key_from_seed(spec.seed), "film", 0))
        found = result.dataset["current_density"].values[0]
        for k, pattern in enumerate(PATTERNS):
            volts = jnp.asarray(pattern * spec.training.voltage, film.texture.dtype)
            total = film.potential(film.init(key=key_from_seed(0)), volts).current_density[:2]
            sheet = np.moveaxis(np.asarray(film.sheet(film.texture)), (0, 1), (-2, -1))
            field = np.linalg.solve(sheet, np.moveaxis(np.asarray(total), 0, -1)[..., None])
            density = spec.heavy_metal.conductivity * np.sqrt(np.mean(np.sum(field**2, (-2, -1))))
            # To the AMR of the sheet: the row takes the conductivity across m everywhere.
            assert found[k] == pytest.approx(density, rel=0.02)

    def test_claims_name_films_and_intervals(self, result, spec):
        claims = {claim.name: claim for claim in result.claims}
        energy = claims["energy of a training pulse"]
        assert energy.unit == "J"
        assert energy.value > 0
        assert energy.seeds == 2
        # Two films, three patterns, two polarities.
        pulses = 2 * 3 * 2 * spec.training.repetitions
        total = result.dataset.attrs["totals"]["energy of all trainings"]["value"]
        assert total == pytest.approx(pulses * energy.value, rel=1e-6)

    def test_pictures_are_left_out_where_no_film_is_studied(self, spec):
        none = spec.model_copy(update={"ensemble": spec.ensemble.model_copy(update={"studied": 0})})
        names = set(Yu2021.layout(none).variables)
        assert "trained" in names
        assert not names & {"m_before", "frames", "no_amr"}


class TestRecall:
    """Recall through currents, with the sign and the reference that the experiment uses."""

    @pytest.mark.parametrize("relative", [True, False])
    def test_films_of_pure_hebb_recall_every_pattern(self, spec, relative):
        readout = spec.readout.model_copy(update={"relative": relative})
        spec = spec.model_copy(update={"readout": readout})
        even = -jnp.ones((4, 4))
        for p in PATTERNS:
            states = recall_all(spec, Fixed(), even * (1 - 0.01 * np.outer(p, p)), even)
            back = one_bit_recall(np.asarray(states)[None, None], p[None], PROBES)
            assert back.all()

    def test_the_wrong_sign_recalls_nothing(self, spec):
        even, p = -jnp.ones((4, 4)), PATTERNS[0]
        states = recall_all(spec, Fixed(), even * (1 + 0.01 * np.outer(p, p)), even)
        assert not one_bit_recall(np.asarray(states)[None, None], p[None], PROBES).any()

    def test_a_run_recalls_against_the_mean_over_orthogonal_patterns(self, result, spec):
        data = result.dataset
        last, waited = data["trained"].values[:, :, -1], data["waited"].values
        mean = orthogonal_mean(last, waited)
        dtype = jnp.result_type(spec.precision)
        for film in range(2):
            for k in range(3):
                wanted = recall_all(
                    spec,
                    Fixed(),
                    jnp.asarray(last[film, k], dtype),
                    jnp.asarray(mean[film], dtype),
                )
                np.testing.assert_array_equal(data["recalled"].values[film, k], wanted)

    def test_weights_in_numbers_recall_what_the_currents_do(self, result):
        data = result.dataset
        last, waited = data["trained"].values[:, :, -1], data["waited"].values
        by_currents = one_bit_recall(data["recalled"].values, PATTERNS, PROBES).mean(axis=-1)
        found = recall_of_changes(last, orthogonal_mean(last, waited)[:, None], PATTERNS)
        np.testing.assert_allclose(found, by_currents, atol=1e-6)

    def test_after_two_patterns_in_turn_the_last_change_decides(self):
        """A film that holds the second pattern alone corrects it, and nothing of the first."""
        before, after = _pure_hebb(0.01)
        dataset = xarray.Dataset(
            {
                "trained": (("studied", "p", "r", "i", "j"), after[None, :, None]),
                "waited": (("studied", "i", "j"), (before * 0.99)[None]),
                "alternated": (("studied", "turn", "i", "j"), after[None, :2]),
            }
        )
        found = recall_in_turn(dataset, "alternated")
        np.testing.assert_array_equal(found[0], np.eye(2))

    def test_probes_are_in_the_order_of_the_sign_patterns(self, spec):
        """Without weights every probe stays where it is."""
        even = -jnp.ones((4, 4))
        np.testing.assert_array_equal(recall_all(spec, Fixed(), even, even), PROBES)

    def test_shuffled_pairs_recall_as_often_as_chance_has_it(self):
        """Of the 14 wrong ways to put two like and four unlike weights on pairs, by brute force."""
        before, after = _pure_hebb(0.01)
        waited = before * (1 - 0.01)
        found = chance_of_recall(np.stack([after] * 20), np.stack([waited] * 20)).mean()
        ways = []
        own = np.flatnonzero((np.outer(PATTERNS[0], PATTERNS[0])[np.triu_indices(4, 1)]) > 0)
        wrong = [p for p in itertools.combinations(range(6), 2) if p != tuple(own)]
        for pair in wrong:
            w = np.zeros((4, 4))
            values = np.where(np.isin(np.arange(6), pair), 1.0, -1.0)
            w[np.triu_indices(4, 1)] = values
            w = w + w.T
            ways.append(_plain_recall(w, PATTERNS[0]))
        assert found == pytest.approx(np.mean(ways), abs=1e-12)


def _plain_recall(w: np.ndarray, pattern: np.ndarray) -> float:
    back = 0
    for bit in range(4):
        s = np.where(np.arange(4) == bit, -pattern, pattern)
        for _ in range(10):
            for node in range(4):
                h = w[node] @ s
                s[node] = np.sign(h) if h else s[node]
        back += s @ pattern == 4
    return back / 4


class TestEverythingAtOnce:
    """Retention, spectrum, alternating polarity, in both mechanisms, on films of few cells."""

    @pytest.mark.parametrize("name", ["yu2021", "yu2021-transfer"])
    def test_runs_to_its_claims(self, name, precision, tmp_path):
        changes = SMALL | {
            "precision": precision,
            "training.polarities": "alternating",
            "controls.spectrum": True,
            "controls.retention_temperature": 300.0,
            "controls.retention_time": 1e-12,
        }
        if name == "yu2021-transfer":
            changes |= {"film.length": 64e-9, "film.cell": 4e-9, "contacts.size": 0.2}
            changes |= {"training.pulse": 2e-11, "training.rest": 1e-11, "training.voltage": 0.4}
        found = run(read_spec(name, changes), tmp_path / "run")
        assert found.status == "finished"
        data = found.dataset
        for variable in data.variables:
            assert np.all(np.isfinite(data[variable].values)), variable
        every = data["every_pattern"].values[0]
        untrained = data["untrained"].values[0]
        # All nodes alike drive nothing: both of these films rest.
        alike = [k for k, p in enumerate(PROBES) if abs(p.sum()) == 4]
        largest = np.abs(every - untrained).max()
        assert np.abs(every[alike] - untrained).max() < 0.05 * largest
        warm = data["retained"].values[0, -1] - data["trained"].values[0, 0, -1]
        assert np.abs(warm).max() > 0
        assert any("300 K" in claim.name for claim in found.claims)


@pytest.mark.parametrize("name", ["yu2021", "yu2021-transfer"])
def test_grains_that_differ_pin(name):
    changes = {"film.length": 128e-9, "film.cell": 4e-9, "film.grain_size": 30e-9}
    changes |= {"film.anisotropy_spread": 0.2, "contacts.size": 0.2, "solver.relaxation": 0.1}
    spec, key = read_spec(name, changes), key_from_seed(3)
    film = new_film(spec, four_contacts(film_mesh(spec), spec.contacts), key)
    term = film.llg.energy.terms[1]
    found = term.constants[0] if name == "yu2021" else term.constant
    labels = np.asarray(grain_labels(film.mesh, 30e-9, key=key))
    assert len(np.unique(labels)) > 10
    for label in np.unique(labels):
        inside = np.asarray(found)[labels == label] / spec.film.anisotropy
        assert np.ptp(inside) == 0
        assert 0.3 < inside[0] < 3
    assert np.std(found) > 0.1 * spec.film.anisotropy


def test_cells_wider_than_a_wall_are_told():
    """√(A/K) is 15.8 nm: with four times the anisotropy the cells of 15 nm are too wide."""
    wide = SMALL | {"film.anisotropy": 2.4e5, "solver.relaxation": 0.1}
    spec = read_spec("yu2021", wide)
    with pytest.warns(UserWarning, match="exceeds the exchange length"):
        _granular(spec, four_contacts(film_mesh(spec), spec.contacts), key_from_seed(0))


def test_stripes_may_lie_on_their_heavy_metal():
    """Layers in parallel: the pairs gain what the metal conducts, and its torques act."""
    changes = {"film.length": 64e-9, "contacts.size": 0.2, "solver.relaxation": 0.1}
    changes |= {"film.amr_ratio": 0.0, "heavy_metal.conductivity": 5e5}
    films = []
    for below in (False, True):
        spec = read_spec("yu2021-transfer", changes | {"heavy_metal.below_stripes": below})
        contacts = four_contacts(film_mesh(spec), spec.contacts)
        films.append(new_film(spec, contacts, key_from_seed(0)))
    alone, both = films
    assert alone.heavy_metal is None
    assert both.heavy_metal.dampinglike == pytest.approx(0.1)
    g = [film.conductance(film.init(key=key_from_seed(0))) for film in films]
    # 1 nm of 1 MS/m, and 3 nm of half as much.
    np.testing.assert_allclose(g[1], 2.5 * np.asarray(g[0]), rtol=2e-3)
    np.testing.assert_array_equal(alone.texture, both.texture)


class TestClaims:
    def test_pure_hebb_correlates_by_minus_one(self):
        before, after = _pure_hebb(0.01)
        change = relative_change(after, before)
        assert correlation(change, ALIKE) == pytest.approx(-1)
        assert correlation(-change, ALIKE) == pytest.approx(1)
        assert correlation(0 * change, ALIKE) == 0

    def test_mean_over_orthogonal_patterns_is_the_film_before(self):
        """In the three patterns and the one of no current every pair is alike as often as not."""
        before, after = _pure_hebb(0.01)
        waited = before * (1 - 0.01)  # all alike
        np.testing.assert_allclose(orthogonal_mean(after[None], waited[None])[0], before)

    def test_recall_counts_a_negative_only_if_asked(self):
        probes = np.asarray(sign_patterns(4), float)
        good = np.stack([[probes * 0 + p for p in PATTERNS]])
        assert one_bit_recall(good, PATTERNS, probes).all()
        assert not one_bit_recall(-good, PATTERNS, probes).any()
        assert one_bit_recall(-good, PATTERNS, probes, up_to_sign=True).all()
        assert not one_bit_recall(np.stack([[probes] * 3]), PATTERNS, probes).any()
        wrong = np.stack([[probes * 0 + p for p in PATTERNS[[1, 2, 0]]]])
        assert not one_bit_recall(wrong, PATTERNS, probes).any()

    def test_share_has_wilsons_interval(self, result):
        claim = next(c for c in result.claims if c.name.startswith("trained films that correct"))
        assert claim.interval is not None
        low, high = claim.interval
        assert 0 <= low <= claim.value <= high <= 1 + 1e-12
        if claim.value == 1:
            assert low == pytest.approx(2 / (2 + 1.959964**2))

    def test_a_mean_share_without_scatter_has_wilsons_interval(self):
        whole = _mean_share("x", np.ones((16, 3, 4)))
        assert whole.interval == pytest.approx((16 / (16 + 1.959964**2), 1.0))
        none = _mean_share("x", np.zeros(16))
        assert none.interval == pytest.approx((0.0, 1.959964**2 / (16 + 1.959964**2)))
        few = _mean_share("x", np.array([[1.0, 1.0], [1.0, 0.0], [1.0, 1.0]]))
        assert few.interval is not None
        assert few.interval[1] == 1.0  # Student's would pass it

    def test_intervals_are_those_of_a_mean(self):
        """Of 400 normal numbers: the mean, and 1.96 standard errors about it."""
        values = np.random.default_rng(0).normal(3.0, 2.0, 400)
        claim = _claim("x", values, np.mean)
        assert claim.interval is not None
        error = values.std() / 20
        assert claim.value == pytest.approx(values.mean())
        low, high = claim.interval
        assert low == pytest.approx(claim.value - 1.96 * error, abs=0.1 * error)
        assert high == pytest.approx(claim.value + 1.96 * error, abs=0.1 * error)
        assert _claim("x", values[:2], np.mean).interval is None

    def test_few_films_have_students_interval(self):
        """Of four numbers: t(0.975, 3) = 3.182 standard errors of the mean."""
        values = np.array([1.0, 2.0, 4.0, 5.0])
        claim = _claim("x", values, np.mean)
        error = values.std(ddof=1) / 2
        assert claim.interval == pytest.approx(
            (3 - 3.182446 * error, 3 + 3.182446 * error), rel=1e-4
        )

    def test_made_up_films_give_their_numbers(self, spec):
        import xarray

        before, after = _pure_hebb(0.01)
        trained = np.stack([after] * 3)[:, :, None]
        recalled = np.tile(PATTERNS[None, :, None], (3, 1, 16, 1))
        data = xarray.Dataset(
            {
                "untrained": (("film", "to", "from"), np.stack([before] * 3)),
                "waited": (("film", "to", "from"), np.stack([before * 0.99] * 3)),
                "trained": (("film", "pattern", "repetition", "to", "from"), trained),
                "driven": (("film", "pattern", "to", "from"), trained[:, :, 0]),
                "recalled": (("film", "pattern", "probe", "node"), recalled),
                "recalled_untrained": (("film", "probe", "node"), np.ones((3, 16, 4))),
                "pulse_energy": (("film", "pattern", "repetition"), np.full((3, 3, 1), 2e-12)),
            }
        )
        found = {claim.name: claim for claim in learning_claims(spec, data)}
        singles = [c for name, c in found.items() if "in a single film" in name]
        # In S the links of the film, 1 to 6, gain by their size.
        in_siemens = correlation(0.01 * np.arange(1, 7) * -ALIKE, ALIKE)
        assert [c.value for c in singles] == pytest.approx([-1, -1, in_siemens, -1])
        assert -0.95 < in_siemens < -0.8
        gain = found["conductance gained by unlike over like pairs, of G"]
        assert gain.value == pytest.approx(0.02)
        assert found["one-bit errors corrected, trained films"].value == 1
        assert found["one-bit errors corrected, untrained films"].value == 0
        assert found["energy of a training pulse"].value == pytest.approx(2e-12)


class TestSpecification:
    def test_presets_are_valid(self):
        names = [name for name in preset_names() if name.startswith("yu2021")]
        assert {"yu2021", "yu2021-paper", "yu2021-teaching", "yu2021-transfer"} <= set(names)
        for name in names:
            assert isinstance(read_spec(name), Yu2021Spec), preset_text(name)

    def test_teaching_says_so_and_the_others_are_realistic(self):
        for name in preset_names():
            if name.startswith("yu2021"):
                ratio = read_spec(name).film.amr_ratio
                assert (ratio > 0.05) == (name == "yu2021-teaching")

    @pytest.mark.parametrize(
        ("changes", "name"),
        [
            ({"film": {"cell": 1e-10, "length": 1e-6}}, "cell"),
            ({"film": {"grain_size": 5e-9}}, "film.grain_size"),
            ({"ensemble": {"textures": 2, "studied": 3}}, "studied"),
            ({"training": {"voltage": -1.0}}, "voltage"),
            ({"contacts": {"layout": "triangle"}}, "layout"),
        ],
    )
    def test_bad_input_is_named(self, changes, name):
        with pytest.raises(ValidationError, match=name):
            Yu2021Spec.model_validate({"experiment": "yu2021"} | changes)
