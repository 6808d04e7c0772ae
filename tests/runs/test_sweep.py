"""Sweeps: which points there are, how they are computed, what failures leave."""

from __future__ import annotations

import csv
import errno
import itertools
import json
import math
import shutil
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from scipy import stats

from spinlearn.errors import SpinlearnError, SpinlearnValueError
from spinlearn.experiments.specs import EXPERIMENTS
from spinlearn.runs import (
    Progress,
    Result,
    SpecError,
    StoreError,
    SweepResult,
    _dispatch,
    _sweep_store,
    make_spec,
    resume,
    resume_sweep,
    run,
    sweep,
    sweep_result,
)
from spinlearn.runs._attempt import outcome_of
from spinlearn.runs._files import BusyError
from spinlearn.runs._points import make_plan, parse_over
from spinlearn.runs._worker import Task, compute
from tests.runs.toy import ENTRIES, Toy

pytestmark = pytest.mark.once

RATES = [1e8, 1e9, 1e10]


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, entry in ENTRIES.items():
        monkeypatch.setitem(EXPERIMENTS, name, entry)


def _table(name: str = "toy", **mishap: Any) -> dict[str, Any]:
    precision = "float64" if jax.config.jax_enable_x64 else "float32"
    return {"experiment": name, "precision": precision, "mishap": mishap}


def _starts(folder: Path) -> int:
    return len(list(folder.iterdir()))


def _values(result: SweepResult) -> np.ndarray:
    return result.dataset["mean voltage"].values


class TestPoints:
    def test_points_are_the_product_times_the_seeds(self) -> None:
        base = make_spec(_table() | {"seed": 3})
        plan = make_plan(base, {"walk.rate": RATES, "walk.size": [1, 2]}, 2)
        assert [list(p.values.values()) for p in plan.points] == [
            list(v) for v in itertools.product(RATES, [1, 2], [3, 4])
        ]
        assert all(p.spec.walk.rate == p.values["walk.rate"] for p in plan.points)
        assert len({p.hash for p in plan.points}) == 12

    def test_points_that_are_the_same_run_are_one(self) -> None:
        plan = make_plan(make_spec(_table()), {"walk.rate": [1e8, 1e8], "label": ["a", "b"]})
        assert len(plan.points) == 4
        assert len(plan.distinct) == 1

    def test_numbers_of_numpy_are_values(self) -> None:
        rates = make_plan(make_spec(_table()), {"walk.rate": np.array(RATES)}, np.arange(2))
        assert rates.over["walk.rate"] == tuple(RATES)
        assert rates.seeds == (0, 1)
        assert type(rates.seeds[0]) is int

    @pytest.mark.parametrize(
        ("over", "words"),
        [
            ({"walk.rate": [1e9, -1.0]}, ["point walk.rate = -1.0, seed = 0", "allowed is"]),
            ({"walk.rat": [1e9]}, ["walk.rat = ", "Did you mean 'rate'"]),
            ({"walk.rate.x": [1.0]}, ["rate is no table"]),
            ({"walk": [1.0]}, ["walk = 1.0"]),
        ],
    )
    def test_mistakes_are_told_before_anything_is_computed(
        self, over: dict, words: list[str], tmp_path: Path
    ) -> None:
        with pytest.raises(SpecError) as raised:
            sweep(_table(), over, path=tmp_path / "s")
        assert all(word in str(raised.value) for word in words)
        assert not (tmp_path / "s").exists()

    def test_many_mistakes_are_counted(self) -> None:
        with pytest.raises(SpecError) as raised:
            make_plan(make_spec(_table()), {"walk.rate": [-float(k) for k in range(1, 30)]})
        assert len(raised.value.lines) == 11
        assert raised.value.lines[-1] == "... and 19 more"

    @pytest.mark.parametrize(
        ("over", "seeds"),
        [
            ({"walk.rate": []}, None),
            ({"walk.rate": 1e9}, None),
            ({"walk.rate": "1e9"}, None),
            ({"experiment": ["toy"]}, None),
            ({"seed": [1]}, 2),
            ({}, 0),
            ({}, -1),
            ({}, True),
            ({}, []),
            ({}, [1, 1]),
            ({}, 1.5),
            ({"walk.rate": RATES, "walk.noise": [1.0] * 1000}, 1000),
        ],
    )
    def test_values_that_are_no_lists_and_seeds_that_are_none(self, over: dict, seeds: Any) -> None:
        with pytest.raises(SpinlearnValueError):
            make_plan(make_spec(_table()), over, seeds)

    @pytest.mark.parametrize("seeds", [[-1], ["a"], [1.5]])
    def test_seeds_that_a_specification_refuses(self, seeds: list) -> None:
        with pytest.raises(SpecError, match="seed = "):
            make_plan(make_spec(_table()), {}, seeds)

    @pytest.mark.parametrize(
        ("text", "values"),
        [
            ("a.b=1e-9,2e-9", [1e-9, 2e-9]),
            ("a.b=5", [5]),
            ("a.b=2e-9:8e-9:4", [2e-9, 4e-9, 6e-9, 8e-9]),
            ("a.b=1e-9:1e-6:4:log", [1e-9, 1e-8, 1e-7, 1e-6]),
            ("a.b=3:9:3", [3, 6, 9]),
            ("a.b=3:4:3", [3.0, 3.5, 4.0]),
            ("a.b=8:1:4:log", [8, 4, 2, 1]),
            ("a.b=vortex, random", ["vortex", "random"]),
            ("a.b='x:y'", ["x:y"]),
            ("a.b=true,false", [True, False]),
            ("a.b=[1, 2],[3]", [[1, 2], [3]]),
        ],
    )
    def test_values_on_the_command_line(self, text: str, values: list) -> None:
        assert parse_over(text) == ("a.b", values)
        assert [type(v) for v in parse_over(text)[1]] == [type(v) for v in values]

    @pytest.mark.parametrize(
        "text",
        [
            *("", "a", "a=", "=1", "a..b=1", "a=1:2", "a=1:2:1", "a=1:2:x", "a=-1:2:3:log"),
            *("a=1:2:3:cubic", "a=x:y:3", "a=1:2:3:log:4"),
        ],
    )
    def test_what_the_command_line_refuses(self, text: str) -> None:
        with pytest.raises(SpecError, match="--over"):
            parse_over(text)


class TestInProcess:
    def test_stacked_points_are_those_one_by_one(self, tmp_path: Path, rtol: float) -> None:
        over = {"walk.rate": RATES, "walk.size": [1, 3]}
        together = sweep(_table(), over, seeds=3, path=tmp_path / "together")
        alone = sweep(_table("toy-alone"), over, seeds=3, path=tmp_path / "alone")
        assert together.status == alone.status == "finished"
        for chosen in (
            together.dataset["mean voltage"].stack(p=["walk.rate", "walk.size", "seed"]).p.values
        ):
            point = dict(zip(together.dims, chosen, strict=True))
            a, b = together.result(**point).dataset, alone.result(**point).dataset
            np.testing.assert_allclose(a["voltage"], b["voltage"], rtol=10 * rtol, atol=10 * rtol)
            np.testing.assert_array_equal(a["count"], b["count"])
        np.testing.assert_allclose(_values(together), _values(alone), rtol=1e3 * rtol)
        assert len(np.unique(_values(together))) == 18

    def test_stacked_points_are_ordinary_runs(self, tmp_path: Path, rtol: float) -> None:
        found = sweep(_table(), {"walk.rate": RATES}, path=tmp_path / "s")
        point = found.result(rate=1e9)
        assert point.status == "finished"
        assert point.provenance["wall_time"] > 0
        assert not (point.path / "checkpoint").exists()
        again = run(point.spec, tmp_path / "run")
        np.testing.assert_allclose(
            again.dataset["voltage"], point.dataset["voltage"], rtol=10 * rtol, atol=10 * rtol
        )
        assert resume(point.path).status == "finished"

    def test_one_compilation_for_a_batch(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        traced = []
        inner = Toy.advance

        def advance(self: Toy, state: jax.Array, segment: Any) -> Any:
            traced.append(segment)
            return inner(self, state, segment)

        monkeypatch.setattr(Toy, "advance", advance)
        table = _table(kind="none") | {"walk": {"size": 7, "segments": 6}}
        assert sweep(table, {"walk.rate": RATES}, seeds=5, path=tmp_path / "s").status == "finished"
        assert len(traced) == 1

    @pytest.mark.parametrize("name", list(ENTRIES))
    @pytest.mark.parametrize("kind", ["build", "check", "summary"])
    def test_a_failure_sinks_nothing(self, name: str, kind: str, tmp_path: Path) -> None:
        path = tmp_path / "s"
        found = sweep(_table(name), {"mishap.kind": ["none", kind]}, seeds=3, path=path)
        assert found.status == "failed"
        assert found.counts == {"finished": 3, "failed": 3}
        assert [point for point, _ in found.failed] == [
            {"mishap.kind": kind, "seed": seed} for seed in range(3)
        ]
        words = {
            "build": "RuntimeError: no build at seed 2",
            "check": "segment 1: the check failed. Change seed 2.",
            "summary": "RuntimeError: no summary",
        }
        assert found.failed[-1][1] == words[kind]
        assert np.isfinite(_values(found)[0]).all()
        assert np.isnan(_values(found)[1]).all()
        failed = found.result(**found.failed[0][0]) if kind != "layout" else None
        assert failed is not None
        assert failed.status == "failed"

    def test_a_point_that_fails_keeps_what_it_had(self, tmp_path: Path) -> None:
        over = {"mishap.kind": ["none", "check"]}
        found = sweep(_table(segment=2), over, path=tmp_path / "s")
        rows = found.result(kind="check").dataset["voltage"].values
        assert np.isfinite(rows[:2]).all()
        assert np.isnan(rows[2:]).all()

    def test_points_that_raise_together_are_computed_alone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def advance(self: Toy, state: jax.Array, segment: Any) -> Any:
            # Only a number can be asked whether it is even: traced, it raises.
            return inner(self, state, -segment if segment % 2 > 1 else segment)

        inner = Toy.advance
        monkeypatch.setattr(Toy, "advance", advance)
        table = _table() | {"walk": {"size": 5}}
        found = sweep(table, {"walk.rate": RATES}, path=tmp_path / "s")
        assert found.status == "finished"

    def test_more_points_than_are_stacked(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Toy, "stacked", 4)
        over = {"walk.size": [1, 2, 3, 4, 5, 6]}
        found = sweep(_table(), over, seeds=5, path=tmp_path / "s")
        assert found.counts == {"finished": 30}

    @pytest.mark.parametrize("precisions", [["float32", "float64"], None])
    def test_one_precision_in_a_process(
        self, precisions: list[str] | None, tmp_path: Path, double: bool
    ) -> None:
        other = "float32" if double else "float64"
        with pytest.raises(SpinlearnValueError, match=r"precision"):
            sweep(_table(), {"precision": precisions or [other]}, path=tmp_path / "s")
        assert not (tmp_path / "s" / "sweep.json").exists()
        own = _table()["precision"]
        assert sweep(_table(), {"precision": [own]}, path=tmp_path / "s").status == "finished"


class TestAgain:
    def test_what_is_stored_is_not_computed_again(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        log.mkdir()
        table = _table("toy-alone", log=str(log))
        first = sweep(table, {"walk.rate": RATES}, seeds=2, path=tmp_path / "s")
        assert _starts(log) == 6
        for file in log.iterdir():
            file.unlink()
        again = sweep(table, {"walk.rate": RATES}, seeds=2, path=tmp_path / "s")
        assert _starts(log) == 0
        more = sweep(table, {"walk.rate": [*RATES, 5e9]}, seeds=3, path=tmp_path / "s")
        assert _starts(log) == 6
        np.testing.assert_array_equal(_values(first), _values(again))
        np.testing.assert_array_equal(_values(first), _values(more)[:3, :2])

    @pytest.mark.parametrize("name", list(ENTRIES))
    def test_only_failures_are_tried_again(self, name: str, tmp_path: Path) -> None:
        log = tmp_path / "log"
        log.mkdir()
        table = _table(name, log=str(log))
        over = {"mishap.kind": ["none", "check"]}
        sweep(table, over, seeds=2, path=tmp_path / "s")
        finished = SweepResult(tmp_path / "s").result(kind="none", seed=1)
        before = (finished.path / "provenance.json").read_bytes()
        for file in log.iterdir():
            file.unlink()
        again = resume_sweep(tmp_path / "s")
        assert _starts(log) == 2
        assert again.counts == {"finished": 2, "failed": 2}
        assert (finished.path / "provenance.json").read_bytes() == before

    def test_a_failure_that_is_gone_is_forgotten(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        over = {"mishap.kind": ["none", "check"]}
        sweep(_table(), over, path=tmp_path / "s")
        monkeypatch.setattr(Toy, "check", classmethod(lambda cls, *_: None))
        found = resume_sweep(tmp_path / "s")
        assert found.status == "finished"
        assert found.failed == []
        assert not list((tmp_path / "s" / "failures").iterdir())

    @pytest.mark.parametrize("name", list(ENTRIES))
    def test_a_stopped_sweep_goes_on(self, name: str, tmp_path: Path) -> None:
        calls = itertools.count()
        over = {"walk.rate": RATES}
        found = sweep(
            _table(name), over, seeds=2, path=tmp_path / "s", stop=lambda: next(calls) >= 8
        )
        assert found.status == "stopped"
        assert found.counts.get("finished", 0) < 6
        whole = resume_sweep(tmp_path / "s")
        assert whole.status == "finished"
        other = sweep(_table(name), over, seeds=2, path=tmp_path / "other")
        np.testing.assert_array_equal(_values(whole), _values(other))
        rows = [found.variable("voltage").values for found in (whole, other)]
        np.testing.assert_array_equal(*rows)

    def test_stopped_together_taken_up_alone(self, tmp_path: Path, rtol: float) -> None:
        calls = itertools.count()
        path = tmp_path / "s"
        found = sweep(_table(), {"walk.rate": RATES}, path=path, stop=lambda: next(calls) >= 5)
        assert found.counts == {"stopped": 3}
        assert resume(found.result(rate=1e9).path).status == "finished"
        whole = resume_sweep(path)
        other = sweep(_table(), {"walk.rate": RATES}, path=tmp_path / "other")
        np.testing.assert_allclose(_values(whole), _values(other), rtol=1e3 * rtol)

    def test_another_sweep_in_the_folder(self, tmp_path: Path) -> None:
        sweep(_table(), {"walk.rate": RATES}, path=tmp_path / "s")
        for over in ({"walk.noise": [2.0]}, {"walk.rate": RATES[:2]}):
            with pytest.raises(StoreError, match="holds another sweep"):
                sweep(_table(), over, path=tmp_path / "s")
        with pytest.raises(StoreError, match="exists and is not a sweep"):
            sweep(_table(), {}, path=tmp_path)

    def test_two_at_once(self, tmp_path: Path) -> None:
        raised: list[str] = []

        def stop() -> bool:
            with pytest.raises(StoreError, match="another process computes this sweep") as error:
                resume_sweep(tmp_path / "s")
            raised.append(str(error.value))
            return False

        assert sweep(_table(), {}, path=tmp_path / "s", stop=stop).status == "finished"
        assert raised

    def test_a_point_that_is_computed_elsewhere_is_not_lost(self, tmp_path: Path) -> None:
        found = sweep(_table(), {}, path=tmp_path / "s", stop=lambda: True)
        from spinlearn.runs.store import RunStore

        point = found._plan.points[0]
        store = RunStore.create(found._store.folder(point), point.spec)
        with store.locked():
            busy = resume_sweep(tmp_path / "s")
        assert busy.counts == {"failed": 1}
        assert "another process is computing this run" in busy.failed[0][1]
        assert resume_sweep(tmp_path / "s").status == "finished"

    def test_a_sweep_that_is_refused_changes_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "s"

        def stop() -> bool:
            before = (path / "sweep.json").read_bytes()
            with pytest.raises(BusyError):
                sweep(_table(), {"walk.rate": RATES}, path=path)
            assert (path / "sweep.json").read_bytes() == before
            return False

        sweep(_table(), {"walk.rate": RATES[:1]}, path=path, stop=stop)
        assert SweepResult(path).counts == {"finished": 1}

    def test_killed_while_its_record_was_written(self, tmp_path: Path) -> None:
        path = tmp_path / "s"
        path.mkdir()
        (path / ".lock").touch()
        leftover = path / ".sweep.json.0123.partial"
        leftover.write_text("{")
        assert sweep(_table(), path=path).status == "finished"
        assert not leftover.exists()

    def test_nothing_to_do_on_a_closed_disk(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: Any) -> None:
            raise OSError(errno.EROFS, "Read-only file system")

        done = sweep(_table(), {"walk.rate": RATES}, path=tmp_path / "s")
        monkeypatch.setattr(_sweep_store, "lock_file", refuse)
        for module in (_sweep_store, sweep_result):
            monkeypatch.setattr(module, "write_text", refuse)
        assert resume_sweep(done.path).status == "finished"
        assert sweep(_table(), {"walk.rate": RATES}, path=done.path).status == "finished"
        with pytest.raises(OSError, match="Read-only"):
            sweep(_table(), {"walk.rate": [*RATES, 5e8]}, path=done.path)

    @pytest.mark.parametrize("name", list(ENTRIES))
    def test_damaged_results_of_a_point_sink_nothing(self, name: str, tmp_path: Path) -> None:
        calls = itertools.count()
        over = {"walk.rate": RATES}
        path = tmp_path / "s"
        found = sweep(_table(name), over, path=path, stop=lambda: next(calls) >= 5)
        hurt = next(
            p for p in found._plan.points if (found._store.folder(p) / "data.zarr").exists()
        )
        (found._store.folder(hurt) / "data.zarr" / "zarr.json").unlink()
        again = resume_sweep(path)
        assert again.counts == {"finished": 2, "failed": 1}
        assert again.failed[0][0] == hurt.values
        assert "data.zarr" in again.failed[0][1]

    def test_a_finished_point_that_is_lost_is_told(self, tmp_path: Path) -> None:
        found = sweep(_table(), {"walk.rate": RATES}, path=tmp_path / "s")
        point = found.result(rate=1e9).path
        shutil.rmtree(point / "data.zarr")
        again = resume_sweep(tmp_path / "s")
        assert again.counts == {"finished": 2, "failed": 1}
        assert f"Remove the folder {point}" in again.failed[0][1]
        shutil.rmtree(point)
        assert resume_sweep(tmp_path / "s").status == "finished"

    @pytest.mark.parametrize(
        ("number", "status"),
        [(errno.EIO, "unwritable"), (errno.EACCES, "unwritable"), (errno.ENOENT, "failed")],
    )
    def test_what_closes_the_disk(self, number: int, status: str) -> None:
        error = StoreError("cannot write")
        error.__cause__ = OSError(number, "told by the system")
        assert outcome_of(error).status == status

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", "{}", '{"spec": {}, "over": {}, "seeds": [0]}', "null"]
    )
    def test_a_record_that_is_spoilt(self, text: str, tmp_path: Path) -> None:
        sweep(_table(), {}, path=tmp_path / "s")
        (tmp_path / "s" / "sweep.json").write_text(text)
        with pytest.raises(StoreError, match=r"sweep\.json"):
            SweepResult(tmp_path / "s")

    @pytest.mark.parametrize("spoilt", ["provenance.json", "spec.toml"])
    def test_a_point_that_is_spoilt_sinks_nothing(self, spoilt: str, tmp_path: Path) -> None:
        found = sweep(_table(), {"mishap.kind": ["none", "check"]}, path=tmp_path / "s")
        (found.result(kind="check").path / spoilt).write_text("spoilt")
        again = resume_sweep(tmp_path / "s")
        assert again.counts == {"finished": 1, "failed": 1}
        assert spoilt in again.failed[0][1] or "specification" in again.failed[0][1]

    def test_a_disk_that_is_full_stops_the_sweep(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from spinlearn.runs.store import RunStore

        def write_rows(*_: Any) -> None:
            try:
                raise OSError(28, "No space left on device")
            except OSError as error:
                raise StoreError("cannot write: No space left on device.") from error

        with monkeypatch.context() as full:
            full.setattr(RunStore, "write_rows", write_rows)
            for name in ENTRIES:
                with pytest.raises(StoreError, match=r"No space left.* spinlearn resume"):
                    sweep(_table(name), {"walk.rate": RATES}, path=tmp_path / name)
        for name in ENTRIES:
            assert resume_sweep(tmp_path / name).status == "finished"


class TestResult:
    @pytest.fixture
    def found(self, tmp_path: Path) -> SweepResult:
        over = {"walk.rate": RATES, "mishap.kind": ["none", "check"]}
        return sweep(_table(), over, seeds=4, path=tmp_path / "s")

    def test_dataset(self, found: SweepResult) -> None:
        table = found.dataset
        assert dict(table.sizes) == {"walk.rate": 3, "mishap.kind": 2, "seed": 4}
        assert table["walk.rate"].attrs == {"units": "1/s", "long_name": "Rate of return"}
        assert table["mean voltage"].attrs["units"] == "V"
        point = table.sel({"walk.rate": 1e9, "mishap.kind": "none", "seed": 2})
        single = found.result(rate=1e9, kind="none", seed=2)
        assert {c.name: c.value for c in single.claims} == {
            name: float(point[name]) for name in ("mean voltage", "largest voltage")
        }
        assert float(point["wall_time"]) > 0
        assert set(np.unique(table["status"])) == {"finished", "failed"}
        assert (table["error"].sel({"mishap.kind": "none"}) == "").all()

    def test_means_and_intervals_over_seeds(self, found: SweepResult) -> None:
        means = found.over_seeds()
        for k in range(3):
            values = _values(found)[k, 0]
            ends = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
            assert float(means["mean voltage"][k, 0]) == pytest.approx(values.mean())
            got = [float(means[f"mean voltage {end}"][k, 0]) for end in ("low", "high")]
            assert got == pytest.approx(ends)
        assert means["mean voltage seeds"].values.tolist() == [[4, 0]] * 3
        assert np.isnan(means["mean voltage low"][:, 1]).all()

    def test_one_seed_has_no_interval(self, tmp_path: Path) -> None:
        means = sweep(_table(), {}, path=tmp_path / "s").over_seeds()
        assert math.isfinite(float(means["mean voltage"]))
        assert math.isnan(float(means["mean voltage low"]))

    def test_variables_stacked(self, found: SweepResult) -> None:
        voltage = found.variable("voltage")
        assert voltage.dims == ("walk.rate", "mishap.kind", "seed", "step", "walker")
        assert voltage.attrs["units"] == "V"
        single = found.result(rate=1e8, kind="none", seed=3).dataset["voltage"]
        np.testing.assert_array_equal(voltage.values[0, 0, 3], single)
        assert np.isnan(voltage.values[:, 1]).all()
        assert found.variable("count").values[0, 0, 0].tolist() == [0, 1, 2, 3]
        assert "step" in voltage.coords
        with pytest.raises(SpinlearnValueError, match="name = volts: allowed is one of"):
            found.variable("volts")

    def test_variables_of_other_shapes(self, tmp_path: Path) -> None:
        found = sweep(_table(), {"walk.size": [1, 2]}, path=tmp_path / "s")
        with pytest.raises(SpinlearnError, match=r"voltage: has shape .* at walk\.size = 2"):
            found.variable("voltage")
        assert found.variable("count").shape == (2, 1, 4)

    def test_nothing_finished(self, tmp_path: Path) -> None:
        found = sweep(_table(), {}, path=tmp_path / "s", stop=lambda: True)
        assert found.counts == {"missing": 1}
        assert list(found.dataset.data_vars) == ["status", "error", "wall_time"]
        with pytest.raises(SpinlearnError, match="no point is finished"):
            found.variable("voltage")

    @pytest.mark.parametrize(
        ("point", "words"),
        [
            ({"rate": 1e9, "kind": "none"}, "seed = not given: allowed is one of 0, 1, 2, 3"),
            ({"rate": 2e9, "kind": "none", "seed": 0}, "walk.rate = 2000000000.0"),
            ({"speed": 2e9}, "point = speed: allowed is one of walk.rate"),
        ],
    )
    def test_points_that_are_none(self, found: SweepResult, point: dict, words: str) -> None:
        with pytest.raises(SpinlearnValueError, match=words.replace(".", r"\.")):
            found.result(**point)

    def test_values_with_rounding_errors_are_found(self, found: SweepResult) -> None:
        point = found.result(**{"walk.rate": 1e9 * (1 + 1e-13), "kind": "none", "seed": 0})
        assert isinstance(point, Result)

    def test_table(self, found: SweepResult) -> None:
        with (found.path / "sweep.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == 24
        assert list(rows[0])[:4] == ["walk.rate (1/s)", "mishap.kind", "seed", "mean voltage (V)"]
        good = [row for row in rows if row["status"] == "finished"]
        values = [float(row["mean voltage (V)"]) for row in good]
        np.testing.assert_array_equal(values, _values(found)[:, 0].ravel())
        assert rows[-1]["error"] == "segment 1: the check failed. Change seed 3."
        assert (found.path / "points" / rows[0]["hash"] / "spec.toml").is_file()

    def test_progress_counts_points(self, tmp_path: Path) -> None:
        class Log(Progress):
            def __init__(self) -> None:
                self.seen: list[Any] = []

            def begin(self, name: str, step: Any) -> None:
                self.seen.append((name, step.done, step.segments))

            def advance(self, step: Any) -> None:
                self.seen.append(step.done)

            def end(self, step: Any, status: str) -> None:
                self.seen.append((status, step.done))

        log = Log()
        sweep(_table(), {"walk.rate": RATES}, path=tmp_path / "s", progress=log)
        assert log.seen == [("sweep of toy", 0, 3), 1, 2, 3, ("finished", 3)]


class TestWorkers:
    """Processes that compute points; the fault injection at length is in benchmarks."""

    def test_two_workers(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Points that raise, that kill their worker once, and that kill every worker."""
        monkeypatch.setattr(_dispatch, "_MOST_DEATHS", 2)
        log, path, temporary = tmp_path / "log", tmp_path / "s", tmp_path / "temporary"
        log.mkdir()
        temporary.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(temporary))
        table = _table("toy-alone", log=str(log))
        over = {"mishap.kind": ["none", "build", "advance", "die-once", "die"]}
        found = sweep(table, over, seeds=[5], path=path, workers=2)
        assert found.dataset["status"].values[:, 0].tolist() == [
            *("finished", "failed", "failed", "finished", "failed")
        ]
        assert [error for _, error in found.failed] == [
            "RuntimeError: no build at seed 5",
            "RuntimeError: no advance at seed 5",
            "2 workers in a row died of it without a new checkpoint. Give them more memory, or "
            "make a segment smaller.",
        ]
        here = sweep(table, {}, seeds=[5], path=tmp_path / "here")
        np.testing.assert_array_equal(_values(found)[[0, 3], 0], _values(here)[[0, 0]])
        assert len(found.result(kind="die-once").provenance["sessions"]) == 2
        assert not list(path.glob(".stop-*"))
        assert not list(temporary.iterdir())
        assert json.loads((path / "sweep.json").read_text())["means"] == {"workers": 2}

    def test_a_scheduler_that_is_there(self, tmp_path: Path) -> None:
        """Workers that somebody else started, with several threads and another precision."""
        distributed = pytest.importorskip("distributed")
        with distributed.LocalCluster(
            n_workers=1, threads_per_worker=3, dashboard_address="127.0.0.1:0", silence_logs=50
        ) as cluster:
            address = str(cluster.scheduler_address)
            over = {"walk.rate": RATES, "mishap.kind": ["none", "check"]}
            path = tmp_path / "s"
            found = sweep(_table("toy-alone"), over, path=path, scheduler=address)
            assert found.counts == {"finished": 3, "failed": 3}
            assert resume_sweep(path).counts == {"finished": 3, "failed": 3}
        here = sweep(_table("toy-alone"), {"walk.rate": RATES}, path=tmp_path / "here")
        np.testing.assert_array_equal(_values(found)[:, 0], _values(here))

    def test_a_scheduler_that_is_not_there(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("spinlearn.runs._cluster._CONNECT_SECONDS", 0.5)
        for address in ("tcp://127.0.0.1:9", str(tmp_path / "none.json"), "nonsense"):
            with pytest.raises(SpinlearnError, match="no scheduler answers there"):
                sweep(_table(), {}, path=tmp_path / "s", scheduler=address)

    @pytest.mark.parametrize(
        ("workers", "scheduler"), [(0, None), (-1, None), (1.5, None), (True, None), (2, "x")]
    )
    def test_bad_means(self, workers: Any, scheduler: Any, tmp_path: Path) -> None:
        with pytest.raises(SpinlearnValueError):
            sweep(_table(), {}, path=tmp_path / "s", workers=workers, scheduler=scheduler)

    def test_without_dask(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "distributed", None)
        with pytest.raises(SpinlearnError, match=r"pip install 'spinlearn\[cluster\]'"):
            sweep(_table(), {}, path=tmp_path / "s", workers=2)

    def test_a_worker_that_does_not_see_the_sweep(self, tmp_path: Path) -> None:
        spec = make_spec(_table()).model_dump(mode="json")
        folder = str(tmp_path / "s")
        task = Task(spec, ENTRIES["toy"]._asdict(), folder, f"{folder}/points/x", f"{folder}/.stop")
        status, error = compute(task)
        assert status == "unwritable"
        assert "not seen by the worker" in error
