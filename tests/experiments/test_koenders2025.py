"""Runs of networks that learn from noise: small ones, taken up again, drawn."""

from __future__ import annotations

import numpy as np
import pytest

from spinlearn.errors import SpinlearnError, SpinlearnValueError
from spinlearn.experiments._koenders2025_bench import NoiseBench
from spinlearn.experiments._koenders2025_published import TEACHER
from spinlearn.experiments._koenders2025_source import noise_of
from spinlearn.experiments.koenders2025 import Koenders2025, learning_rate
from spinlearn.experiments.specs.koenders2025 import Koenders2025Spec, NoiseTable
from spinlearn.junctions import BernoulliNoise, GaussianNoise, RecordedNoise, TelegraphNoise
from spinlearn.report._view import view_run
from spinlearn.report.experiments import koenders2025 as figures
from spinlearn.rng import key_from_seed
from spinlearn.runs import read_spec, resume, run
from tests.experiments.measured import measured

pytestmark = pytest.mark.as_installed
SMALL = {
    "seeds": 3,
    "network.hidden": [32],
    "learning.epochs": 12,
    "learning.learning_rate": 0.01,
    "baseline.learning_rate": 0.01,
}


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    spec = read_spec("koenders2025", SMALL)
    return run(spec, tmp_path_factory.mktemp("koenders2025") / "run")


class TestDigits:
    def test_networks_learn_from_noise(self, digits):
        claims = {claim.name: claim for claim in digits.claims}
        own = next(c for name, c in claims.items() if name.endswith("from noise"))
        exact = next(c for name, c in claims.items() if name.endswith("back-propagation"))
        assert own.value > 0.85
        assert exact.value > own.value - 0.02
        assert own.interval[0] < own.value < own.interval[1]
        assert measured("koenders2025", digits.claims) == 1
        gap = claims["gap to back-propagation"]
        assert gap.value == pytest.approx(exact.value - own.value, abs=1e-6)
        # 42 units, two samples each, 104 µW for 25 µs.
        energy = claims["energy of the noise for an example"]
        assert energy.value == pytest.approx(2 * 42 * 1.04e-4 * 25e-6)
        assert {c.verdict for c in digits.claims} == {"ours"}

    def test_credit_points_down_all_the_time(self, digits):
        cosines = digits.dataset["alignment"].values
        assert cosines.shape == (12, 3)
        assert np.mean(cosines[:6]) > 0.1

    def test_the_same_to_the_bit_when_taken_up_again(self, digits, tmp_path):
        spec = read_spec("koenders2025", SMALL)
        calls = iter([False] * 4 + [True] * 50)
        cut = run(spec, tmp_path / "cut", stop=lambda: next(calls))
        assert cut.status == "stopped"
        again = resume(tmp_path / "cut")
        for name in ("accuracy", "loss", "accuracy_exact", "alignment"):
            np.testing.assert_array_equal(again.dataset[name].values, digits.dataset[name].values)

    def test_figures(self, digits):
        view = view_run(digits.path)
        names = [picture.name for picture in figures.pictures(view)]
        assert names == ["learning", "credit"]
        runs = figures.comparison([view, view])
        assert [picture.name for picture in runs] == ["runs"]
        assert set(digits.dataset.data_vars) <= figures.COVERED


def test_students_learn_what_teachers_say(tmp_path):
    spec = read_spec("koenders2025-teacher", {"seeds": 20, "learning.epochs": 10})
    found = run(spec, tmp_path / "run")
    median = np.median(found.dataset["loss_after"].values, axis=1)
    assert median[-1] < 0.5 * median[0]
    # The median of twenty is known to a factor of two or so.
    assert TEACHER[10] / 4 < median[9] < TEACHER[10] * 4
    assert any("largest ratio" in claim.name for claim in found.claims)
    assert measured("koenders2025-teacher", found.claims) == 1
    assert [p.name for p in figures.pictures(view_run(found.path))] == ["learning", "credit"]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"source": "gaussian"}, GaussianNoise),
        ({"source": "bernoulli"}, BernoulliNoise),
        ({"source": "telegraph", "junctions": 2}, TelegraphNoise),
        ({"source": "trace", "trace_samples": 2000}, RecordedNoise),
        ({}, TelegraphNoise),
    ],
)
def test_sources_have_the_published_mean_and_spread(changes, kind):
    noise = noise_of(NoiseTable(**changes), key=key_from_seed(0))
    assert type(noise) is kind
    assert float(noise.mean) == pytest.approx(0.042092104, rel=0.05)
    spread = 0.0060007 * (2**0.5 if changes.get("junctions") == 2 else 1)
    # Readout noise is that of one, junctions two.
    assert float(noise.standard_deviation) == pytest.approx(spread, rel=0.05)


def test_a_barrier_gives_the_published_dwell():
    noise = noise_of(NoiseTable(source="telegraph"), key=key_from_seed(0))
    low, high = (float(part[0]) for part in noise.mean_dwell)
    assert low == pytest.approx(12.36, rel=0.03)
    assert high == pytest.approx(low)
    tilted = noise_of(NoiseTable(source="telegraph", bias=0.05), key=key_from_seed(0))
    assert float(tilted.dwell_high[0]) > 2 * float(tilted.dwell_low[0])


def test_a_recording_from_a_file(tmp_path):
    file = tmp_path / "trace.csv"
    values = np.random.default_rng(0).normal(0.04, 0.006, 500)
    file.write_text("V\n" + "\n".join(f"{v:.6f}" for v in values) + "\n")
    noise = noise_of(NoiseTable(source="trace", trace=str(file)), key=key_from_seed(0))
    assert noise.samples == 500
    assert float(noise.mean) == pytest.approx(values.mean(), rel=1e-4)


def test_a_recording_lasts_for_all_units():
    short = NoiseTable(source="trace", trace_samples=20)
    with pytest.raises(SpinlearnValueError, match=r"noise\.trace_samples"):
        noise_of(short, units=21, key=key_from_seed(0))
    assert noise_of(short, units=20, key=key_from_seed(0)) is not None


def test_validation_images_are_not_learned():
    spec = Koenders2025Spec(data={"held_out": "validation"}, seeds=1)
    own, whole = NoiseBench(spec).examples, NoiseBench(Koenders2025Spec(seeds=1)).examples
    assert len(own.train) + len(own.test) == len(whole.train)
    np.testing.assert_array_equal(np.concatenate([own.train, own.test]), whole.train)


def test_rates_fall_along_a_cosine():
    table = Koenders2025Spec().learning
    rates = [learning_rate(table, k, 10) for k in range(10)]
    assert rates[0] == table.learning_rate
    assert rates[5] == pytest.approx(0.5 * rates[0])
    assert 0 < rates[-1] < 0.03 * rates[0]


def test_what_diverged_is_told():
    spec = Koenders2025Spec()
    with pytest.raises(SpinlearnError, match=r"learning\.learning_rate"):
        Koenders2025.check(spec, 0, {"loss": np.array([[np.nan]])})
    Koenders2025.check(spec, 0, {"loss": np.array([[1.0]])})


def test_wrong_layers_are_named():
    with pytest.raises(SpinlearnError, match="hidden"):
        read_spec("koenders2025", {"network.hidden": [0]})
