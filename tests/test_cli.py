"""The command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import pytest
from typer.testing import CliRunner

import spinlearn
from spinlearn import cli
from spinlearn.cli import _doctor, _runs
from spinlearn.experiments.specs import EXPERIMENTS
from spinlearn.runs import Result, StoreError, spec_toml
from tests.runs.small import small_spec

pytestmark = pytest.mark.once

PRECISION = "--x64" if jax.config.jax_enable_x64 else "--no-x64"


@pytest.fixture(autouse=True)
def _restore_precision() -> Iterator[None]:
    """The command line sets JAX's global flag; the other tests run in this process too."""
    before = jax.config.jax_enable_x64
    yield
    jax.config.update("jax_enable_x64", before)


def _run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A specification that runs in a second."""
    path = tmp_path_factory.mktemp("specs") / "small.toml"
    path.write_text(spec_toml(small_spec()))
    return path


@pytest.fixture(scope="module")
def finished(small: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict]]:
    folder = tmp_path_factory.mktemp("run") / "new" / "folder"
    code, out, err = _run("run", str(small), "-o", str(folder), "--json")
    assert (code, err) == (0, "")
    return folder, [json.loads(line) for line in out.splitlines()]


def test_run_in_json_lines(finished: tuple[Path, list[dict]]) -> None:
    folder, events = finished
    assert events[0]["event"] == "begin"
    assert {event["event"] for event in events[1:-2]} == {"progress"}
    assert [event["event"] for event in events[-2:]] == ["finished", "summary"]
    summary = events[-1]
    assert Path(summary["store"]) == folder
    assert Path(summary["report"]).is_file()
    keys = {"name", "value", "unit", "interval", "seeds", "reference", "kind", "verdict"}
    assert summary["claims"]
    assert all(set(claim) == keys and claim["verdict"] == "ours" for claim in summary["claims"])


def test_run_prints_a_table_and_ends_with_the_report(
    small: Path, finished: tuple[Path, list[dict]]
) -> None:
    folder = finished[0]
    code, out, err = _run("run", str(small), "--output", str(folder))
    assert (code, err) == (0, "")
    assert "remanence" in out
    assert out.splitlines()[-2:] == [f"store: {folder}", f"report: {folder / 'report.html'}"]


def test_resume_of_a_finished_run(finished: tuple[Path, list[dict]]) -> None:
    code, out, _ = _run("resume", str(finished[0]), "--json", "--no-report")
    assert code == 0
    assert json.loads(out.splitlines()[-1])["claims"] == finished[1][-1]["claims"]


def test_export(finished: tuple[Path, list[dict]], tmp_path: Path) -> None:
    code, out, err = _run("export", str(finished[0]), "-o", str(tmp_path / "run.nc"))
    assert (code, out, err) == (0, f"{tmp_path / 'run.nc'}\n", "")
    assert (tmp_path / "run.nc").is_file()


def test_list_and_show(small: Path) -> None:
    code, out, _ = _run("list", "--json")
    assert code == 0
    assert [json.loads(line)["name"] for line in out.splitlines()] == list(EXPERIMENTS)
    assert "magnetoresistance" in _run("list")[1]
    code, out, _ = _run("show", str(small), "--set", "film.thickness=5e-9")
    assert code == 0
    for part in ("film.thickness", "5e-09", "given", "assumed", "NIST", "A/m"):
        assert part in out
    code, out, _ = _run("show", "magnetoresistance", "--json", "--set", "seed=3")
    assert json.loads(out)["spec"]["seed"] == 3
    code, out, _ = _run("show", "magnetoresistance", "--toml", "--set", "seed=3")
    assert tomllib.loads(out)["seed"] == 3
    for arguments in ((), ("magnetoresistance",)):
        code, out, _ = _run("show", *arguments, "--schema")
        assert code == 0
        assert json.loads(out)["oneOf"]


def test_precision_option_changes_the_specification() -> None:
    for option, precision in (("--x64", "float64"), ("--no-x64", "float32")):
        out = _run(option, "show", "magnetoresistance", "--json")[1]
        assert json.loads(out)["spec"]["precision"] == precision


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (("run", "nowhere.toml"), 2, "nowhere.toml: no such file"),
        (("run", "magnetoresistance", "--set", "film.length=512"), 2, "write 5.12e-07"),
        (("run", "magnetoresistance", "--set", "film.lenght=5e-7"), 2, "Did you mean 'length'"),
        (("run", "magnetoresistance", "--set", "film"), 2, "key=value"),
        (("reproduce", "yu2020"), 2, "name = yu2020: allowed is one of"),
        (("reproduce", "nothing"), 2, ", or all. See 'spinlearn list'."),
        (("reproduce", "magnetoresistance", "--preset", "paper"), 2, "preset = paper"),
        (("resume", "nowhere"), 3, "nowhere: no such folder"),
        (("show",), 2, "SPEC = not given"),
        (("run", "x" * 256), 2, "cannot be read: File name too long"),
        (("resume", "x" * 256), 3, "no such folder"),
        (("report", "x" * 256), 3, "no such folder"),
        (("run", "magnetoresistance", "-o", "x" * 256), 3, "File name too long"),
        (("sweep", "magnetoresistance", "-o", "x" * 256), 3, "File name too long"),
        (("export", "nowhere", "-o", "x.nc"), 3, "nowhere: no such folder"),
        (("report", "nowhere"), 3, "nowhere: no such folder"),
    ],
)
def test_bad_input_is_one_line_on_stderr(arguments: tuple[str, ...], code: int, named: str) -> None:
    found, out, err = _run(*arguments)
    assert (found, out) == (code, "")
    assert err.startswith("error: ")
    assert named in err
    assert err.count("\n") == 1


def test_output_folder_that_cannot_be_written(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    target = tmp_path / "file" / "folder"
    code, out, err = _run("run", str(small), "-o", str(target))
    assert (code, out) == (3, "")
    assert err.startswith(f"error: cannot write to {target}: ")
    assert "--output" in err
    assert err.count("\n") == 1


def _start(*arguments: str, **streams: Any) -> subprocess.Popen[str]:
    code = "from spinlearn.cli import main; main()"
    return subprocess.Popen([sys.executable, "-c", code, *arguments], text=True, **streams)


@pytest.mark.skipif(os.name == "nt", reason="needs pipes of Unix")
def test_a_reader_that_goes_away_ends_no_run(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    read, write = os.pipe()
    arguments = (PRECISION, "run", str(small), "-o", str(folder), "--json", "--no-report")
    with _start(*arguments, stdout=write, stderr=subprocess.PIPE) as process:
        os.close(write)
        os.read(read, 1)
        os.close(read)
        _, err = process.communicate(timeout=100)
    assert (process.returncode, err) == (0, "")
    assert Result(folder).status == "finished"


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_the_second_signal_ends_at_once(tmp_path: Path) -> None:
    """Even where no step of the interpreter ends: a lock that is never free."""
    code = (
        "import threading\n"
        "from spinlearn.runs.interrupt import stop_on_signals\n"
        "say = lambda text: print(text, flush=True)\n"
        "with stop_on_signals(say, 'spinlearn resume RUN'):\n"
        "    say('ready')\n"
        "    held = threading.Lock()\n"
        "    held.acquire()\n"
        "    held.acquire()\n"
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        with subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=tmp_path
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.send_signal(number)
            assert "once more to stop at once" in process.stdout.readline()
            process.send_signal(number)
            out, _ = process.communicate(timeout=10)
        assert out == "stopped at once. Go on with: spinlearn resume RUN\n"
        assert process.returncode == 128 + number


def test_verbose_shows_the_log(small: Path, tmp_path: Path) -> None:
    arguments = (PRECISION, "--verbose", "run", str(small), "-o", str(tmp_path), "--no-report")
    with _start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        _, err = process.communicate(timeout=100)
    assert process.returncode == 0
    assert "spinlearn.runs: magnetoresistance: segment 0 of" in err
    assert "spinlearn.runs: finished" in err
    assert all(line.startswith("spinlearn") for line in err.splitlines())


def test_nothing_to_do_and_no_place_for_the_report(
    finished: tuple[Path, list[dict]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> Path:
        raise StoreError(f"cannot write to {path}: Read-only file system.")

    monkeypatch.setattr(_runs, "_report", refuse)
    code, out, err = _run("resume", str(finished[0]))
    assert code == 0
    assert "store: " in out
    assert err.startswith("no report: cannot write to")


def test_export_of_a_sweep(tmp_path: Path) -> None:
    (tmp_path / "sweep.json").write_text("{}")
    code, out, err = _run("export", str(tmp_path), "-o", "x.nc")
    assert (code, out) == (3, "")
    assert "a sweep, not a run" in err
    assert "sweep.csv" in err


def test_doctor_passes() -> None:
    code, out, _ = _run(PRECISION, "doctor")
    assert code == 0
    assert "passed" in out
    assert spinlearn.__version__ in out
    assert ("float64" if PRECISION == "--x64" else "float32") in out


def test_doctor_in_json() -> None:
    code, out, _ = _run(PRECISION, "doctor", "--json")
    installation, *checks, summary = (json.loads(line) for line in out.splitlines())
    assert code == 0
    assert {"python", "jax", "devices", "precision", "memory_gib"} <= set(installation)
    assert len(checks) == 3
    assert all(check["error"] <= check["bound"] for check in checks)
    assert summary == {"event": "summary", "passed": True}


def test_doctor_fails_where_the_physics_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_doctor, "square_error", lambda: 0.1)
    code, out, _ = _run(PRECISION, "doctor")
    assert code == 1
    assert "FAILED" in out


@pytest.mark.parametrize("value", ["--x64", "--no-x64"])
def test_precision_flag(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_doctor, "self_check", list)
    _, out, _ = _run(value, "doctor", "--json")
    precision = json.loads(out.splitlines()[0])["precision"]
    assert precision == {"--x64": "float64", "--no-x64": "float32"}[value]


def test_float64_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_doctor, "self_check", list)
    _, out, _ = _run("doctor", "--json")
    assert json.loads(out.splitlines()[0])["precision"] == "float64"


def test_version() -> None:
    assert _run("--version") == (0, f"spinlearn {spinlearn.__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["run", "--help"], ["--version"], ["list"], ["show", "magnetoresistance"]],
)
def test_help_does_not_load_jax(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from spinlearn.cli import main\n"
        f"sys.argv = ['spinlearn', *{arguments!r}]\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "heavy = {'jax', 'equinox', 'numpy', 'scipy', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # Ten times what was measured: a busy machine must not fail a test of what is imported.
    assert time.perf_counter() - start < 5
