"""Runs end to end: the same result however often they were interrupted."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
import xarray

from spinlearn.errors import SpinlearnError, SpinlearnValueError
from spinlearn.runs import JsonProgress, Progress, Result, StoreError, _files, resume, run, runner
from spinlearn.runs.progress import Step
from tests.runs.small import files_of, small_spec, small_table

pytestmark = pytest.mark.once

SEGMENTS = 5


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A run without interruption."""
    return run(small_spec(), tmp_path_factory.mktemp("whole") / "run")


class StopAfter:
    """Stops a session after a number of segments."""

    def __init__(self, segments: int) -> None:
        self.left = segments

    def __call__(self) -> bool:
        self.left -= 1
        return self.left <= 0


def test_dataset_has_dims_coordinates_and_units(whole: Result) -> None:
    data = whole.dataset
    assert whole.status == "finished"
    assert data["conductance"].dims == ("step", "into", "at")
    assert data["conductance"].attrs["units"] == "S"
    assert data["field"].attrs["units"] == "A/m"
    np.testing.assert_allclose(data["field"], [8e4, 0, -8e4, 0, 8e4])
    assert list(data["component"].values) == ["x", "y", "z"]
    assert "field" in data["energy"].coords
    assert not any(np.isnan(data[name]).any() for name in data.data_vars)


def test_dataset_opens_without_spinlearn(whole: Result) -> None:
    with xarray.open_zarr(whole.path / "data.zarr", chunks=None) as data:
        assert data.attrs["hash"] == whole.hash
        assert data.attrs["versions"]["spinlearn"]
        assert json.loads(data.attrs["spec"])["film"]["length"] == 64e-9
        assert data.attrs["totals"]["field evaluations"]["value"] > 0


def test_conductance_is_a_conductance(whole: Result) -> None:
    g = whole.dataset["conductance"].values
    np.testing.assert_allclose(g, np.swapaxes(g, 1, 2), rtol=1e-5)
    np.testing.assert_allclose(g.sum(axis=2), 0, atol=1e-5 * g.max())


def test_reversed_film_conducts_alike(whole: Result) -> None:
    """At opposite saturating fields the textures are opposite, and AMR is even in m."""
    data = whole.dataset
    np.testing.assert_allclose(data["mean_m"][0], -data["mean_m"][2], atol=2e-2)
    np.testing.assert_allclose(data["conductance"][0], data["conductance"][2], rtol=1e-3)


def test_provenance(whole: Result) -> None:
    record = whole.provenance
    assert record["status"] == "finished"
    assert record["wall_time"] > 0
    assert len(record["sessions"]) == 1
    assert record["sessions"][0]["versions"]["jax"] == jax.__version__
    assert {claim.verdict for claim in whole.claims} == {"ours"}


@pytest.mark.parametrize("stops", [(1,), (2, 1), (1, 1, 1, 1), (4,)])
def test_stopped_and_resumed_is_bit_identical(
    whole: Result, stops: tuple[int, ...], tmp_path: Path
) -> None:
    path = tmp_path / "run"
    assert run(small_spec(), path, stop=StopAfter(stops[0])).status == "stopped"
    for count in stops[1:]:
        assert resume(path, stop=StopAfter(count)).status == "stopped"
    assert np.isnan(Result(path).dataset["energy"][-1])
    assert resume(path).status == "finished"
    assert files_of(path) == files_of(whole.path)
    assert len(Result(path).provenance["sessions"]) == 1 + len(stops)


def test_killed_and_resumed_is_bit_identical(whole: Result, tmp_path: Path) -> None:
    """kill -9 at two moments; benchmarks/run_faults.py does twenty."""
    path = tmp_path / "run"
    for wanted in (1, 3):
        _run_until_killed(path, wanted)
    assert resume(path).status == "finished"
    assert files_of(path) == files_of(whole.path)


def _run_until_killed(path: Path, segment: int) -> None:
    """Another process, killed as soon as it has stored this segment."""
    code = (
        "import json, sys, time\n"
        "from spinlearn.runs import Progress, make_spec, run, runner\n"
        "runner._CHECKPOINT_SECONDS, runner._CHECKPOINT_SHARE = 0.0, 1e9\n"
        "class Told(Progress):\n"
        "    def advance(self, step):\n"
        "        print(step.done, flush=True)\n"
        "        time.sleep(0.05)\n"
        "run(make_spec(json.loads(sys.argv[1])), sys.argv[2], progress=Told())\n"
    )
    arguments = [sys.executable, "-c", code, json.dumps(small_table()), str(path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= segment:
                process.kill()
                break
    assert process.returncode == -signal.SIGKILL


def test_a_finished_run_is_not_computed_again(whole: Result) -> None:
    before = files_of(whole.path)
    assert run(small_spec(label="another label"), whole.path).status == "finished"
    assert resume(whole.path).status == "finished"
    assert files_of(whole.path) == before
    assert len(whole.provenance["sessions"]) == 1


def test_another_run_in_the_same_folder(whole: Result) -> None:
    with pytest.raises(StoreError, match="holds another run"):
        run(small_spec(seed=1), whole.path)


def test_a_folder_with_other_files(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(StoreError, match="not a run"):
        run(small_spec(), tmp_path)
    assert os.listdir(tmp_path) == ["thesis.tex"]


def test_two_processes_do_not_write_one_run(tmp_path: Path) -> None:
    def inner() -> bool:
        with pytest.raises(StoreError, match="another process"):
            resume(tmp_path / "run")
        return True

    run(small_spec(), tmp_path / "run", stop=inner)


def test_a_failed_segment_keeps_what_was_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spinlearn.experiments import Magnetoresistance

    def fail_at_two(spec: Any, segment: int, rows: Any) -> None:
        if segment == 2:
            raise SpinlearnError("did not come to rest")

    path = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(Magnetoresistance, "check", fail_at_two)
        with pytest.raises(SpinlearnError, match="come to rest"):
            run(small_spec(), path)
    stored = Result(path)
    assert stored.status == "failed"
    assert "come to rest" in stored.provenance["error"]
    assert np.isfinite(stored.dataset["energy"].values).tolist() == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert resume(path).status == "finished"


def test_not_coming_to_rest_names_the_remedy(tmp_path: Path) -> None:
    spec = small_spec(relax={"tolerance": 1e-9, "max_evaluations": 10})
    with pytest.raises(SpinlearnError, match=r"relax\.max_evaluations.*Raise one"):
        run(spec, tmp_path / "run")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_disk_error_is_clear_and_loses_nothing(
    whole: Result, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run"
    run(small_spec(), path, stop=StopAfter(2))

    def refuse(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(_files.os, "fsync", refuse)
        with pytest.raises(StoreError, match=os.strerror(number)) as caught:
            resume(path)
    if number in (errno.ENOSPC, errno.EDQUOT):
        assert f"spinlearn resume {path}" in str(caught.value)
    assert np.isfinite(Result(path).dataset["energy"].values[:2]).all()
    assert resume(path).status == "finished"
    assert files_of(path) == files_of(whole.path)


@pytest.mark.skipif(
    not shutil.which("mount") or not hasattr(os, "geteuid") or os.geteuid() != 0,
    reason="mounting a small file system needs root",
)
@pytest.mark.parametrize("read_only", [False, True])
def test_a_real_full_or_closed_disk(whole: Result, read_only: bool, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs here: {mounted.stderr.decode().strip()}")
    try:
        path = disk / "run"
        run(small_spec(), path, stop=StopAfter(2))
        if read_only:
            _remount(disk, "ro")
            match = "cannot write to"
        else:
            _fill(disk / "ballast")
            match = "No space left on device.*Make room.*spinlearn resume"
        with pytest.raises(StoreError, match=match):
            resume(path)
        assert np.isfinite(Result(path).dataset["energy"].values[:2]).all()
        if read_only:
            _remount(disk, "rw")
        else:
            (disk / "ballast").unlink()
        assert resume(path).status == "finished"
        assert files_of(path) == files_of(whole.path)
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def _fill(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("wb") as file:
        while True:
            file.write(b"x" * 1024)
            file.flush()


def _remount(disk: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", str(disk)], check=True)


def test_precision_must_be_the_process_own(tmp_path: Path) -> None:
    other = "float32" if jax.config.jax_enable_x64 else "float64"
    with pytest.raises(SpinlearnValueError, match="jax_enable_x64"):
        run(small_spec(precision=other), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_names_and_dictionaries_are_specifications_too(tmp_path: Path) -> None:
    result = run(small_table(), tmp_path / "run", stop=StopAfter(1))
    assert result.spec == small_spec()


def test_default_path_tells_runs_apart() -> None:
    a, b = (runner.default_path(small_spec(seed=seed)) for seed in (0, 1))
    assert a != b
    assert a.name.startswith("magnetoresistance-")


def test_json_progress_counts_segments(tmp_path: Path) -> None:
    lines: list[str] = []
    run(small_spec(), tmp_path / "run", progress=JsonProgress(lines.append, per_second=1e9))
    events = [json.loads(line) for line in lines]
    assert [e["event"] for e in events] == ["begin", *["progress"] * SEGMENTS, "finished"]
    assert [e["segment"] for e in events] == [0, *range(1, SEGMENTS + 1), SEGMENTS]
    assert events[-1]["eta"] == 0


def test_rate_leaves_compilation_out() -> None:
    step = Step(11, 21, 11, 30.0, 1e-9, warmup=10.0)
    assert step.rate == pytest.approx(0.5)
    assert step.remaining == pytest.approx(20.0)
    assert Step(1, 21, 1, 10.0, None).remaining == pytest.approx(200.0)
    assert Step(0, 21, 0, 0.0, None).remaining is None


def test_library_is_quiet(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run(small_spec(), tmp_path / "run", progress=Progress())
    assert capfd.readouterr() == ("", "")


def test_export_to_netcdf(whole: Result, tmp_path: Path) -> None:
    path = whole.export(tmp_path / "new" / "run.nc")
    with xarray.open_dataset(path, engine="h5netcdf") as data:
        np.testing.assert_array_equal(data["conductance"], whole.dataset["conductance"])
        assert data["conductance"].attrs["units"] == "S"
        assert json.loads(data.attrs["versions"])["jax"] == jax.__version__


def test_export_to_csv(whole: Result, tmp_path: Path) -> None:
    folder = whole.export(tmp_path / "tables")
    header, *rows = (folder / "conductance.csv").read_text().splitlines()
    assert header == "field (A/m),into,at,conductance (S)"
    assert len(rows) == SEGMENTS * 16
    field, into, at, value = rows[18].split(",")
    data = whole.dataset
    assert float(field) == float(data["field"][1])
    assert float(value) == float(data["conductance"][1, int(into), int(at)])


def test_export_elsewhere_is_refused(whole: Result, tmp_path: Path) -> None:
    with pytest.raises(SpinlearnError, match=r"\.nc"):
        whole.export(tmp_path / "run.xlsx")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write"):
        whole.export(tmp_path / "file" / "run.nc")


def test_interrupt_waits_for_the_segment(tmp_path: Path) -> None:
    """SIGINT in the middle of a segment: it is stored, and the way to go on is said."""
    path = tmp_path / "run"
    spec = tmp_path / "run.toml"
    from spinlearn.runs import spec_toml

    spec.write_text(spec_toml(small_spec(loop={"points": 5000, "largest": 8e4})))
    arguments = [sys.executable, "-m", "spinlearn.cli", "run", str(spec), "-o", str(path), "--json"]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line).get("segment", 0) >= 2:
                break
        time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert f"spinlearn resume {path}" in err
    assert json.loads(out.splitlines()[-1])["event"] == "stopped"
    assert Result(path).status == "stopped"
    done = json.loads(out.splitlines()[-1])["segment"]
    assert int(np.isfinite(Result(path).dataset["energy"]).sum()) == done


KILLED_AT_A_RENAME = """
import json, os, pathlib, signal, sys
from spinlearn.runs import make_spec, run, runner
runner._CHECKPOINT_SECONDS, runner._CHECKPOINT_SHARE = 0.0, 1e9
name, left = sys.argv[3], [int(sys.argv[4])]
replace = pathlib.Path.replace
def killed(self, target):
    left[0] -= str(target).endswith(name)
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)
pathlib.Path.replace = killed
run(make_spec(json.loads(sys.argv[1])), sys.argv[2])
"""


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "which"),
    [("spec.toml", 1), ("data.zarr", 1), ("c/0", 4), (".npz", 3), ("provenance.json", 2)],
)
def test_killed_just_before_a_file_is_in_its_place(
    whole: Result, name: str, which: int, tmp_path: Path
) -> None:
    """The narrow moments: a file is written, but not under its name yet."""
    path = tmp_path / "run"
    arguments = [json.dumps(small_table()), str(path), name, str(which)]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AT_A_RENAME, *arguments], check=False, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert list(path.rglob("*.partial")) or name == "data.zarr"
    assert run(small_spec(), path).status == "finished"
    assert files_of(path) == files_of(whole.path)
    assert not list(path.rglob("*.partial"))
    assert not (path / "checkpoint").exists()


def test_going_on_elsewhere_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(small_spec(), tmp_path / "run", stop=StopAfter(1))
    here = runner.device()
    monkeypatch.setattr(runner, "device", lambda: here | {"cores": 1000})
    resume(tmp_path / "run")
    assert "goes on with other cores" in caplog.text
    sessions = Result(tmp_path / "run").provenance["sessions"]
    assert [session["cores"] for session in sessions] == [here["cores"], 1000]
    assert all(session["versions"]["jax"] == jax.__version__ for session in sessions)
