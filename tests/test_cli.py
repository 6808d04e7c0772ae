"""The command line."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import pytest
from typer.testing import CliRunner

import spinlearn
from spinlearn import cli

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
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict]]:
    folder = tmp_path_factory.mktemp("demo") / "new" / "folder"
    code, out, err = _run(PRECISION, "demo", "-o", str(folder), "--cells", "48", "--json")
    assert (code, err) == (0, "")
    return folder, [json.loads(line) for line in out.splitlines()]


def test_json_lines(demo: tuple[Path, list[dict]]) -> None:
    folder, events = demo
    assert [event["event"] for event in events] == ["start", "file", "file", "file", "summary"]
    assert events[0]["x64"] is (PRECISION == "--x64")
    summary = events[-1]
    assert Path(summary["store"]) == folder
    assert Path(summary["report"]).is_file()
    keys = {"name", "value", "unit", "interval", "seeds", "reference", "kind", "verdict"}
    assert all(set(claim) == keys and claim["verdict"] == "ours" for claim in summary["claims"])


def test_demo_draws_a_picture(demo: tuple[Path, list[dict]]) -> None:
    assert (demo[0] / "demo.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["conductance.csv", "conductance_uniform.csv"])
def test_demo_writes_the_matrix_with_units(demo: tuple[Path, list[dict]], name: str) -> None:
    with (demo[0] / name).open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header[0] == "current into contact"
    assert header[1:] == [f"G at contact {k} (S)" for k in range(8)]
    assert [row[0] for row in rows] == [str(k) for k in range(8)]
    g = np.array([[float(value) for value in row[1:]] for row in rows])
    np.testing.assert_allclose(g.sum(axis=1), 0, atol=1e-5 * g.max())
    assert 0.01 < g.max() < 0.1


def test_demo_prints_a_table_and_the_paths(tmp_path: Path) -> None:
    code, out, err = _run(PRECISION, "demo", "--output", str(tmp_path), "--cells", "48")
    assert (code, err) == (0, "")
    assert "conductance into a contact" in out
    assert "mS" in out
    assert "assumed" in out
    assert str(tmp_path / "demo.png") in out.splitlines()


def test_output_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    target = tmp_path / "file" / "folder"
    code, out, err = _run("demo", "-o", str(target))
    assert (code, out) == (2, "")
    assert err.startswith(f"error: cannot write to {target}: ")
    assert "--output" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("cells", ["0", "8"])
def test_bad_values_are_one_line_on_stderr(tmp_path: Path, cells: str) -> None:
    code, out, err = _run(PRECISION, "demo", "-o", str(tmp_path), "--cells", cells)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert "allowed is" in err
    assert err.count("\n") == 1


def test_doctor_passes() -> None:
    code, out, _ = _run(PRECISION, "doctor")
    assert code == 0
    assert "passed" in out
    assert spinlearn.__version__ in out
    assert ("float64" if PRECISION == "--x64" else "float32") in out


def test_doctor_in_json() -> None:
    code, out, _ = _run(PRECISION, "doctor", "--json")
    installation, check, summary = (json.loads(line) for line in out.splitlines())
    assert code == 0
    assert {"python", "jax", "devices", "precision", "memory_gib"} <= set(installation)
    assert check["error"] <= check["bound"]
    assert summary == {"event": "summary", "passed": True}


def test_doctor_fails_where_the_physics_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_square_error", lambda: 0.1)
    code, out, _ = _run(PRECISION, "doctor")
    assert code == 1
    assert "FAILED" in out


@pytest.mark.parametrize("value", ["--x64", "--no-x64"])
def test_precision_flag(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_square_error", lambda: 0.0)
    _, out, _ = _run(value, "doctor", "--json")
    precision = json.loads(out.splitlines()[0])["precision"]
    assert precision == {"--x64": "float64", "--no-x64": "float32"}[value]


def test_float64_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_square_error", lambda: 0.0)
    _, out, _ = _run("doctor", "--json")
    assert json.loads(out.splitlines()[0])["precision"] == "float64"


def test_version() -> None:
    assert _run("--version") == (0, f"spinlearn {spinlearn.__version__}\n", "")


@pytest.mark.parametrize("arguments", [["--help"], ["demo", "--help"], ["--version"]])
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
