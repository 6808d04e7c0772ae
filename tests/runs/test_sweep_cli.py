"""``spinlearn sweep`` and ``spinlearn resume`` of a sweep."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jax
import pytest
from typer.testing import CliRunner

from spinlearn import cli
from spinlearn.experiments.specs import EXPERIMENTS
from spinlearn.runs import SweepResult, spec_toml
from tests.runs.small import small_spec
from tests.runs.toy import ENTRIES

pytestmark = pytest.mark.once

PRECISION = "float64" if jax.config.jax_enable_x64 else "float32"


@pytest.fixture(autouse=True)
def _restore(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command line sets JAX's global flag; the other tests run in this process too."""
    for name, entry in ENTRIES.items():
        monkeypatch.setitem(EXPERIMENTS, name, entry)
    before = jax.config.jax_enable_x64
    yield
    jax.config.update("jax_enable_x64", before)


@pytest.fixture
def toy(tmp_path: Path) -> str:
    path = tmp_path / "toy.toml"
    path.write_text(f'experiment = "toy"\nprecision = "{PRECISION}"\n')
    return str(path)


def _run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_all_points_there(toy: str, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    code, out, err = _run(
        "sweep", toy, "--over", "walk.rate=1e8:1e10:3:log", "--seeds", "3", "-o", path
    )
    assert (code, err) == (0, "")
    assert "sweep of toy: 9 finished" in out
    assert "3/3" in out
    assert "±" in out
    assert out.splitlines()[-2:] == [f"store: {path}", f"table: {path}/sweep.csv"]


def test_failures_are_listed(toy: str, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    over = ("--over", "mishap.kind=none,check", "--seeds", "2")
    code, out, err = _run("sweep", toy, *over, "-o", path)
    assert code == 1
    assert "2 finished, 2 failed" in out
    assert err.splitlines() == [
        f"failed: mishap.kind = check, seed = {seed}: segment 1: the check failed. "
        f"Change seed {seed}."
        for seed in (0, 1)
    ]
    code, out, err = _run("resume", path, "--json")
    assert (code, err) == (1, "")
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events[-3:]] == ["failure", "failure", "summary"]
    assert events[-2]["point"] == {"mishap.kind": "check", "seed": 1}


def test_summary_in_json(toy: str, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    code, out, err = _run(
        *("sweep", toy, "--over", "walk.rate=1e8,1e9", "--seeds", "3", "-o", path, "--json")
    )
    assert (code, err) == (0, "")
    events = [json.loads(line) for line in out.splitlines()]
    assert {event["event"] for event in events[:-1]} == {"begin", "progress", "finished"}
    summary = events[-1]
    assert summary["points"] == {"finished": 6}
    assert summary["store"] == path
    means = SweepResult(path).over_seeds()
    claims = [c for c in summary["claims"] if c["name"] == "mean voltage"]
    assert [c["point"] for c in claims] == [{"walk.rate": 1e8}, {"walk.rate": 1e9}]
    assert [c["value"] for c in claims] == means["mean voltage"].values.tolist()
    assert [c["interval"][0] for c in claims] == means["mean voltage low"].values.tolist()
    assert {c["seeds"] for c in claims} == {3}
    keys = {"name", "value", "unit", "interval", "seeds", "reference", "kind", "verdict", "point"}
    assert set(claims[0]) == keys


def test_values_and_changes_together(toy: str, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    assert _run("sweep", toy, "--set", "walk.size=5", "--set", "seed=7", "-o", path)[0] == 0
    found = SweepResult(path)
    assert found.dims == {"seed": (7,)}
    assert found.spec.walk.size == 5  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--over", "walk.rate=-1,1e9"), 2, "point walk.rate = -1, seed = 0: walk.rate = -1"),
        (("--over", "walk.rate"), 2, "allowed is KEY=VALUES"),
        (
            ("--over", "walk.rate=1e8", "--over", "walk.rate=1e9"),
            2,
            "--over walk.rate: given twice: allowed is once. "
            "Write --over walk.rate=100000000.0,1000000000.0",
        ),
        (("--seeds", "0"), 2, "seeds"),
        (("--workers", "0"), 2, "workers"),
        (("--workers", "1", "--scheduler", "tcp://x:1"), 2, "none beside workers"),
        (("-o", "/proc/none"), 3, "/proc/none"),
    ],
)
def test_bad_input(toy: str, options: tuple[str, ...], code: int, words: str) -> None:
    got, out, err = _run("sweep", toy, *options)
    assert got == code
    assert words in " ".join(err.replace("│", " ").split())
    assert out == ""


def test_another_sweep_in_the_folder(toy: str, tmp_path: Path) -> None:
    assert _run("sweep", toy, "-o", str(tmp_path / "s"), "--seeds", "2")[0] == 0
    code, _, err = _run("sweep", toy, "-o", str(tmp_path / "s"))
    assert code == 3
    assert "holds another sweep" in err


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGINT") or os.name == "nt", reason="needs signals")
def test_stopped_with_workers_and_resumed(tmp_path: Path) -> None:
    """Ctrl-C in mid-sweep, to all processes as a terminal does; then again without workers."""
    spec, path = tmp_path / "small.toml", tmp_path / "s"
    spec.write_text(spec_toml(small_spec()))
    arguments = [sys.executable, "-m", "spinlearn.cli"]
    over = ["--over", "film.thickness=5e-9:20e-9:16", "--workers", "1", "-o", str(path), "--json"]
    with subprocess.Popen(
        [*arguments, "sweep", str(spec), *over],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "begin"
        assert json.loads(process.stdout.readline())["event"] == "progress"
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=100)
    assert process.returncode == 130, err
    assert err.splitlines()[-1] == f"stopped. Go on with: spinlearn resume {path}"
    assert json.loads(out.splitlines()[-1])["event"] == "stopped"
    counts = SweepResult(path).counts
    assert counts["finished"] >= 1
    assert counts["missing"] >= 1
    assert not list(path.glob(".stop-*"))
