"""Models of switching: the table of the Fokker–Planck equation, and fits to what it says.

The data of fits are drawn from the equation solved for every row, as benchmarks/fit_coverage.py
does for 300 data sets; here are fewer.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.fit_coverage import (
    BROWN,
    DAMPING,
    FIELD,
    brown_counts,
    junction,
    pulsed,
    truth_of,
)
from spinlearn import SpinlearnValueError
from spinlearn.junctions import (
    SwitchingTable,
    brown_rate,
    fit_switching,
    fokker_planck,
    junction_names,
    named_junction,
    read_switching,
    thermal_switching,
)
from spinlearn.junctions import _fokker_planck as solver
from spinlearn.junctions import _fokker_planck_nodes as source
from spinlearn.junctions import _fokker_planck_table as table

pytestmark = pytest.mark.once

#: Δ and V/V_c: at none of the table's nodes.
PLACES = (
    (5.3, 0.05),
    (9.0, 0.30),
    (21.7, 0.93),
    (31.0, 0.11),
    (44.0, 0.62),
    (45.0, 1.04),
    (61.3, 1.70),
    (28.0, 5.30),
    (95.0, 0.80),
)


@pytest.mark.parametrize(("stability", "drive"), PLACES)
def test_table_is_the_equation(stability: float, drive: float) -> None:
    rng = np.random.default_rng(0)
    times = np.exp(np.sort(np.append(rng.uniform(-1.8, 8.0, 40), rng.uniform(8.0, 24.0, 12))))
    exponent = np.exp(solver.log_log(stability, drive, times))
    found = table.chances(np.array(stability), np.array(drive), times)
    for exact, ours in zip((np.exp(-exponent), -np.expm1(-exponent)), found, strict=True):
        counted = exact > 1e-6
        assert counted.sum() > 5
        # The solver's own error, 3e-4 and for low barriers 2e-3, is part of the difference.
        rtol = 1.5e-3 if stability > 20 else 4e-3
        np.testing.assert_allclose(ours[counted], exact[counted], rtol)


def test_table_follows_the_barrier_for_any_time_and_has_slopes() -> None:
    long = np.geomspace(1e2, 1e22, 60)
    for stability, drive in ((12.0, 0.2), (60.0, 0.1)):
        rate = solver.slowest_rate(stability, drive)
        ends, _ = table.final(np.array(stability), np.array(drive))
        switched, stayed = table.chances(np.array(stability), np.array(drive), long)
        np.testing.assert_allclose(switched + stayed, 1, rtol=1e-12)
        late = rate * long > 1e-6 if stability < 20 else long > 1e4
        np.testing.assert_allclose(
            switched[late],
            ends * -np.expm1(-rate * long[late]),
            rtol=2e-3 if stability > 20 else 0.05,
        )
    # The slope over a small step is that over a large one, also across nodes.
    drives = np.linspace(0.3, 1.6, 400)

    def logs(shift: float) -> np.ndarray:
        chance = table.chances(np.array(45.0), drives + shift, np.array(12.0))[1]
        return np.log(-np.log(chance))

    near, far = ((logs(h) - logs(-h)) / (2 * h) for h in (1e-6, 1e-3))
    np.testing.assert_allclose(near, far, rtol=5e-3, atol=5e-3)


def test_file_holds_what_its_source_computes() -> None:
    values, rates = table._table()
    times = np.exp(table.nodes(table.LOG_TIMES))
    for a, b in ((8, 44), (12, 57)):
        root = table.nodes(table.ROOTS)[a]
        distance = table.distance_at(table.nodes(table.PLACES))[b]
        stability, drive = root**4, 1 - distance / root**2
        exact = source.reduced(stability, drive, times, source.column(stability, drive, times))
        np.testing.assert_allclose(values[a, b], table.compress(exact), atol=1e-5)
        ends, _ = table.final(np.array(stability), np.array(drive))
        if drive < 0.99:
            rate = np.log(ends * solver.slowest_rate(stability, drive)) + distance**2
            assert rates[a, b] == pytest.approx(rate, abs=1e-5)


def _scores(
    model: str, data: str, sets: int, *, given: bool = False
) -> tuple[list[bool], list[float], list[float]]:
    """Whether intervals contain the truth, and how far estimates are off in their widths."""
    draw = brown_counts if data == "brown" else pulsed(data)
    truth = truth_of(model, data)
    known = {"relaxation_time": truth["relaxation_time"]} if given else {}
    inside, scores, p_values = [], [], []
    for seed in range(sets):
        fit = fit_switching(
            SwitchingTable(*draw(np.random.default_rng([7, seed]))), model, given=known
        )
        p_values.append(fit.p_value)
        for name in set(truth) - set(known):
            found = fit.estimates[name]
            inside.append(found.covers(truth[name]))
            width = np.log(found.high / found.low) / (2 * 1.96)
            scores.append(float(np.log(found.value / truth[name]) / width))
    return inside, scores, p_values


def test_fokker_planck_intervals_contain_the_truth_below_and_above() -> None:
    parts = [
        _scores("fokker-planck", "across V_c", 14, given=True),
        _scores("fokker-planck", "write errors above V_c", 6),
        _scores("fokker-planck", "below V_c", 4),
    ]
    inside, scores, p_values = (np.concatenate(part) for part in zip(*parts, strict=True))
    # Four standard errors: three of four of intervals half as long would do far worse.
    assert inside.mean() > 0.95 - 4 * np.sqrt(0.95 * 0.05 / inside.size)
    assert 0.7 < np.sqrt(np.mean(scores**2)) < 1.3
    assert 0.3 < np.mean(p_values) < 0.75


@pytest.mark.filterwarnings("ignore:Brown's rate holds")
def test_brown_intervals_contain_the_truth() -> None:
    inside, scores, p_values = map(np.array, _scores("brown", "brown", 30))
    assert inside.mean() > 0.95 - 4 * np.sqrt(0.95 * 0.05 / inside.size)
    assert 0.7 < np.sqrt(np.mean(scores**2)) < 1.3
    assert 0.3 < np.mean(p_values) < 0.75


def test_models_are_the_probabilities_they_name() -> None:
    values, volts = np.array([30.0, 0.5, 1e-9]), np.array([0.1, 0.25, 0.35])
    length = np.array([1e-7, 1e-6, 1e-7])
    switched, left = brown_rate().chances(values, volts, length)
    np.testing.assert_allclose(switched, thermal_switching(30.0, volts / 0.5, length / 1e-9), 1e-5)
    np.testing.assert_allclose(switched + left, 1, rtol=1e-12)
    # Beyond its barrier Brown's rate is held, so that a fit can come back.
    beyond, _ = brown_rate().chances(values, np.array([0.45, 0.5, 5.0]), np.full(3, 1e-9))
    assert beyond[1] == beyond[2] > 0.9 * beyond[0]
    # The table gives its border where it ends, and says that it does.
    model = fokker_planck()
    far = np.array([3.0, 3.1])
    same, _ = model.chances(values, far, np.full(2, 2e-10))
    assert same[0] == same[1]
    assert model.holds is not None
    assert model.holds(values, far, np.full(2, 2e-10)).tolist() == [True, False]
    assert not model.holds(np.array([200.0, 0.5, 1e-9]), far[:1], np.full(1, 1e-8)).any()


def test_a_model_of_barriers_is_refused_above_the_critical_voltage() -> None:
    data = SwitchingTable(*pulsed("write errors above V_c")(np.random.default_rng(1)))
    for model in ("brown", "thermal-activation"):
        with pytest.warns(UserWarning, match="fokker-planck") as caught:
            fit = fit_switching(data, model)
        text = "\n".join(str(one.message) for one in caught)
        assert "rows" in text
        assert " V)" in text
        assert "model='fokker-planck'" in text
        assert fit.rejected
        assert fit.outside
        assert "NOT TO BE TRUSTED" in str(fit)
        assert caught[0].filename == __file__
    right = fit_switching(data)
    assert not right.concerns
    assert right.p_value > 0.01


def test_voltages_beyond_the_table_are_told() -> None:
    volts, length = np.array([0.4, 0.5, 0.6, 3.5]), np.full(4, 1e-8)
    p, _ = fokker_planck().chances(np.array([45.0, 0.5, 1e-9]), volts, length)
    data = SwitchingTable(volts, length, np.round(1000 * p), np.full(4, 1000))
    given = {"thermal_stability": 45.0, "relaxation_time": 1e-9}
    with pytest.warns(UserWarning, match=r"up to 6 V_c.*1 of 4 rows, row 4 \(3.5 V\)"):
        fit = fit_switching(data, given=given)
    assert fit.estimates["critical_voltage"].covers(0.5)
    # Steeper than any barrier of the table: no fit at its border.
    steep = SwitchingTable([0.40, 0.43, 0.46], [1e-8] * 3, [12, 55, 91], [100] * 3)
    with pytest.raises(SpinlearnValueError, match="Δ from 5 to 140"):
        fit_switching(steep, given={"relaxation_time": 1e-9})


def test_a_fit_makes_the_junction_that_was_measured() -> None:
    device = junction()
    data = SwitchingTable(*pulsed("across V_c")(np.random.default_rng(3)))
    fit = fit_switching(data, given={"relaxation_time": float(device.relaxation_time)})
    rest = {"tmr": 1.0, "resistance_parallel": 5e3, "area": 1e-15}
    for known, name, value in (
        ({"damping": DAMPING}, "anisotropy_field", FIELD),
        ({"anisotropy_field": FIELD}, "damping", DAMPING),
    ):
        made = fit.junction(**known, **rest, sources={"tmr": "a guess"})
        assert float(getattr(made, name)) == pytest.approx(value, rel=1e-5)
        assert float(made.relaxation_time) == pytest.approx(float(device.relaxation_time), rel=1e-5)
        assert float(made.critical_voltage) == pytest.approx(fit.values[1], rel=1e-6)
        assert float(made.thermal_stability) == pytest.approx(fit.values[0], rel=1e-6)
        sources = dict(made.sources)
        assert sources["tmr"] == "a guess"
        assert sources["critical_voltage"].startswith("fit_switching, Fokker-Planck: ")
        assert "relaxation time" in sources[name]
    assert float(fit.junction(damping=DAMPING, anisotropy_field=FIELD, **rest).damping) > 0
    for bad, match in (
        ({}, "one of damping"),
        ({"damping": 0.1, "anisotropy_field": FIELD}, "a relaxation time of"),
        ({"anisotropy_field": 1e3}, "or more, for a relaxation time"),
        ({"damping": -1.0}, "positive"),
    ):
        with pytest.raises(SpinlearnValueError, match=match):
            fit.junction(**bad, **rest)

    counted = SwitchingTable(*brown_counts(np.random.default_rng(3)))
    with pytest.warns(UserWarning, match="wrong|holds"):
        thermal = fit_switching(counted, "thermal-activation")
    made = thermal.junction(damping=DAMPING, anisotropy_field=FIELD, **rest)
    assert float(made.attempt_time) == pytest.approx(thermal.values[2], rel=1e-6)
    assert BROWN["critical_voltage"] > 0


def test_pulses_of_one_length_that_do_not_tell_are_refused_with_the_remedy() -> None:
    rows = SwitchingTable(
        np.array([0.3, 0.4, 0.5, 0.6, 0.7]),
        np.full(5, 2e-8),
        np.array([0, 0, 50, 100, 100]),
        np.full(5, 100),
    )
    with pytest.raises(SpinlearnValueError, match=r"second length, or.*relaxation_time"):
        fit_switching(rows)


def test_a_time_that_one_length_made_up_is_not_only_blamed_on_the_unit() -> None:
    whole = read_switching(Path(__file__).parents[2] / "docs/howto/switching_counts.csv")
    one = SwitchingTable(*(column[whole.pulse_length > 5e-8][:5] for column in whole))
    assert len(np.unique(one.pulse_length)) == 1
    with pytest.warns(UserWarning, match=r"Pulses of one length .*given=.'relaxation_time'"):
        fit_switching(one)
    assert fit_switching(one, given={"relaxation_time": 0.837e-9}).concerns == []


@pytest.mark.parametrize(
    ("times", "volts", "said"),
    [
        (1e3, 1, r"relaxation_time .*'pulse_length \(ms\)'"),
        (1e6, 1, r"relaxation_time .*'pulse_length \(µs\)'"),
        (1e-3, 1, r"relaxation_time .*pulse_length may be in s, read as ms"),
        (1, 10, r"critical_voltage .*voltage is in V and of the right scale"),
        (1, 1e-6, r"critical_voltage .*voltage may be in V, read as µV"),
    ],
)
def test_an_array_in_another_unit_is_told_by_what_it_leads_to(
    times: float, volts: float, said: str
) -> None:
    across, length = np.repeat([0.3, 0.4, 0.5, 0.6, 0.8], 3), np.tile([3e-9, 1e-8, 1e-7], 5)
    p, _ = fokker_planck().chances(np.array([45.0, 0.5, 0.8e-9]), across, length)
    switched, trials = np.round(300 * p), np.full(15, 300)
    data = SwitchingTable(volts * across, times * length, switched, trials)
    with pytest.warns(UserWarning, match=said):
        fit = fit_switching(data, given={"thermal_stability": 45.0})
    assert len(fit.concerns) == 1


def test_no_preset_is_taken_for_another_unit() -> None:
    """Good data with the numbers of every preset, those in the plane too."""
    for name in junction_names():
        device = named_junction(name)
        values = [device.thermal_stability, device.critical_voltage, device.relaxation_time]
        stability, critical, unit = map(float, values)
        volts = critical * np.repeat([0.5, 0.8, 1.0, 1.2, 1.5, 2.0, 2.5], 3)
        length = unit * np.tile([3.0, 10.0, 100.0], 7)
        p, _ = fokker_planck().chances(np.array([stability, critical, unit]), volts, length)
        data = SwitchingTable(volts, length, np.round(300 * p), np.full(21, 300))
        assert fit_switching(data, given={"thermal_stability": stability}).concerns == []
