"""Kills of all four experiments, files outside the output, memory of long runs and long traces.

Every experiment runs as a process of its own, small; it is killed (SIGKILL) at random moments and
resumed until it is finished, and every file of its store must be that of a run that nobody killed,
bit by bit. All these processes have a home, a folder for temporary files and a working folder of
their own, in which nothing may appear. A run of 10^4 segments in one process must need no more
memory than after 10^3, and a recording of 10 GB is checked and played within 1 GB.
`run_faults` has full and closed disks, `sweep_faults` workers of sweeps.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._measure import Row, parser, peak_memory, report, row, run_worker
from benchmarks.run_faults import files_of

#: Values under which a run takes a few seconds once it is compiled.
SMALL: Mapping[str, tuple[str, ...]] = {
    "yu2021": (
        *("film.length=150e-9", "film.cell=10e-9", "training.voltage=0.07"),
        *("training.pulse=1e-10", "training.rest=1e-10", "training.repetitions=1"),
        *("ensemble.textures=2", "ensemble.studied=1", "controls.alternations=2"),
        *("controls.disturb_time=1e-11", "solver.relaxation=0.1"),
    ),
    "niu2024": (
        *("devices=2", "training.epochs=40", "memory.trials=8", "memory.most_flips=3"),
        *('memory.sets=["ABF"]', "memory.similarities=[0.5]", "memory.loads=[3]"),
        *("memory.spreads=[0.0]", "film.devices=1", "film.pitch=4"),
        *("film.voltage=0.05", "film.pulse=2e-10", "film.rest=2e-10"),
    ),
    "zhou2025": (
        *("arrays=1", "array.neurons=20", "learning.epochs=2", "twin.arrays=50"),
        *("twin.presentations=8", "twin.every=8", "twin.probabilities=[0.3]"),
        "twin.spreads=[0.0]",
    ),
    "koenders2025": ("seeds=2", "network.hidden=[16]", "learning.epochs=12"),
}
#: Of the experiment whose segments cost least: an epoch of a few examples.
LONG = {
    "seeds": 1,
    "network.hidden": [2],
    "data.teacher_examples": 10,
    "baseline.trained": False,
}
_FLAT = 16 << 20  # bytes that a run may grow by from a tenth of its segments to the last
_TRACE_MEMORY = 1_000_000_000  # bytes
_GROUP = 1 << 20  # samples that are written together
_UNITS, _STEPS, _PLAYED = 100, 10_000, 40_000_000


class Place:
    """Folders in which processes run, and which must stay as they are."""

    def __init__(self, folder: Path) -> None:
        self.watched = {name: folder / name for name in ("home", "tmp", "cwd")}
        for path in self.watched.values():
            path.mkdir()
        # What is compiled once serves all; it is asked for, and no part of the comparison.
        own = {
            "HOME": str(self.watched["home"]),
            "TMPDIR": str(self.watched["tmp"]),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.1",
            "PYTHONPATH": str(Path(__file__).resolve().parents[1] / "src"),
        }
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "MPL"))}
        self.environment = kept | own

    def strangers(self) -> list[str]:
        """Files that appeared where nothing should."""
        return [str(p) for path in self.watched.values() for p in sorted(path.rglob("*"))]

    def run(self, arguments: list[str], seconds: float | None = None) -> bool:
        """Run the command line; whether it was killed after so long."""
        with subprocess.Popen(
            [sys.executable, "-m", "spinlearn.cli", *arguments, "--json"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd=self.watched["cwd"],
        ) as process:
            try:
                _, errors = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                return True
        if process.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {errors[-2000:]}")
        return False


def begin(name: str, path: Path) -> list[str]:
    changes = [part for change in SMALL[name] for part in ("--set", change)]
    return ["run", name, "-o", str(path), *changes]


def differing(a: Mapping[str, bytes], b: Mapping[str, bytes]) -> list[str]:
    return sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))


def kill_at_random(name: str, place: Place, folder: Path, kills: int, seed: int) -> list[Row]:
    """Rows of one experiment: kills, when they struck, and what differs after them."""
    rng = random.Random(f"{seed} {name}")
    whole = folder / f"{name}-whole"
    place.run(begin(name, whole))  # with its report, which is a file, too
    expected = files_of(whole)
    struck: list[float] = []
    wrong: list[str] = []
    finished, seconds = 0, 0.0
    while finished == 0 or len(struck) < kills:
        path = folder / f"{name}-{finished}"
        arguments = [*begin(name, path), "--no-report"]
        if finished == 0:  # measured with everything compiled, and compared: two alike
            started = time.perf_counter()
            place.run(arguments)
            seconds = time.perf_counter() - started
        while finished:
            after = rng.uniform(0.2, 1.2 * seconds) if len(struck) < kills else None
            if not place.run(arguments, after):
                break
            struck.append(after or 0.0)
            # Killed before there was a folder: that run is started again.
            if (path / "spec.toml").exists():
                arguments = ["resume", str(path), "--no-report"]
        finished += 1
        wrong += [f"{path.name}: {file}" for file in differing(files_of(path), expected)]
    moments = ", ".join(f"{moment:.1f}" for moment in struck)
    print(f"{name}: seed {seed}, {seconds:.1f} s a run, killed after {moments} s", flush=True)
    for file in wrong:
        print(f"   differs: {file}", flush=True)
    size = f"{seconds:.1f} s a run, {len(expected)} files"
    return [
        row(f"{name}: kills", size, len(struck), "1"),
        row(f"{name}: runs finished after kills", size, finished - 1, "1"),
        row(f"{name}: files that differ", size, len(wrong), "1", bound=0),
    ]


def kills_of_all(options: Namespace) -> list[Row]:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        place = Place(folder)
        for experiment in options.experiments:
            output = folder / "output"
            output.mkdir()
            number = 1 if options.quick else options.kills
            rows += kill_at_random(experiment, place, output, number, options.seed)
            shutil.rmtree(output)
        found = place.strangers()
        for path in found:
            print(f"written outside of the output: {path}", flush=True)
        size = "home, temporary files, working folder"
        rows.append(row("files outside of the output", size, len(found), "1", bound=0))
    return rows


def long_run(epochs: int) -> dict[str, Any]:
    """In a process of its own: memory at moments of a run of many segments, bytes."""
    import jax

    from spinlearn.runs import Progress, read_spec, run

    class Watched(Progress):
        def __init__(self) -> None:
            self.found: dict[int, int] = {}

        def advance(self, step: Any) -> None:
            if step.done in (step.segments // 10, step.segments // 2, step.segments):
                self.found[step.done] = _resident()

    precision = "float64" if jax.config.read("jax_enable_x64") else "float32"
    changes = LONG | {"learning.epochs": epochs, "precision": precision}
    spec, progress, started = (
        read_spec("koenders2025-teacher", changes),
        Watched(),
        time.perf_counter(),
    )
    with tempfile.TemporaryDirectory() as name:
        run(spec, Path(name) / "run", progress=progress)
    return {"marks": progress.found, "seconds": time.perf_counter() - started}


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def memory_of_segments(options: Namespace) -> list[Row]:
    epochs = 1000 if options.quick else 10_000
    found = run_worker("benchmarks.faults", ["--segments", str(epochs)])
    (first, low), *_, (last, high) = ((int(k), v) for k, v in found["marks"].items())
    size = f"{last} segments, {found['seconds']:.0f} s"
    grown = (high - low) / 2**20
    return [
        row(f"memory after {first} segments", size, low / 2**20, "MiB"),
        row(f"memory after {last} segments", size, high / 2**20, "MiB"),
        row("growth between them", size, grown, "MiB", bound=_FLAT / 2**20),
    ]


def write_trace(path: Path, size: int) -> int:
    """A recording of so many bytes; its number of samples. Little of it is ever in memory."""
    volts = 0.04 + 0.01 * np.random.default_rng(0).normal(size=_GROUP)
    if path.suffix == ".csv":
        lines = "".join(f"{v:.9f}\n" for v in volts).encode()
        groups = max(1, size // len(lines))
        with path.open("wb") as file:
            file.write(b"V\n")
            for _ in range(groups):
                file.write(lines)
        return groups * _GROUP
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema([("V", pyarrow.float64())])
    groups = max(1, -(-size // (8 * _GROUP)))
    # Neither packed nor by a dictionary: as many bytes as numbers have.
    with pyarrow.parquet.ParquetWriter(
        path, schema, compression="none", use_dictionary=False, write_statistics=False
    ) as file:
        for k in range(groups):
            values = volts + 1e-3 * np.sin(k)
            file.write_table(pyarrow.table({"V": values}, schema), row_group_size=_GROUP)
    return groups * _GROUP


def stream(path: Path) -> dict[str, Any]:
    """In a process of its own: check a recording, play a part of it, and say what it took."""
    import jax

    from spinlearn.junctions import MeasuredNoise

    started = time.perf_counter()
    noise = MeasuredNoise(path, sample_time=1e-6)
    checked = time.perf_counter() - started
    state, played = noise.init((_UNITS,), key=jax.random.key(0)), 0
    while played < _PLAYED:
        state, volts = noise.sample(state, _STEPS)
        played += volts.block_until_ready().size
    seconds = time.perf_counter() - started - checked
    found = {"samples": noise.samples, "mean": noise.mean, "checked": checked}
    return found | {"rate": played / seconds, "peak": peak_memory()}


def long_traces(options: Namespace) -> list[Row]:
    rows: list[Row] = []
    wanted = int(2e8 if options.quick else options.bytes)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        # Text is read far slower, in the same blocks: a part of it says as much.
        for ending, whole in ((".parquet", wanted), (".csv", wanted // 20)):
            size = min(whole, int(0.8 * shutil.disk_usage(name).free))
            if size < whole:
                print(f"{ending}: the disk has room for {size / 1e9:.3g} GB alone", flush=True)
            path = Path(name) / f"trace{ending}"
            samples = write_trace(path, size)
            found = run_worker("benchmarks.faults", ["--trace", str(path)])
            if found["samples"] != samples:
                raise RuntimeError(f"{path.name}: {found['samples']} of {samples} samples")
            text = f"{path.stat().st_size / 1e9:.3g} GB {ending[1:]}, {samples:.3g} samples"
            bound = _TRACE_MEMORY / 1e9
            rows += [
                row("trace: memory at its peak", text, found["peak"] / 1e9, "GB", bound=bound),
                row("trace: time to check it", text, found["checked"], "s"),
                row("trace: samples played", text, found["rate"], "1/s"),
            ]
            path.unlink()
    return rows


PARTS = {"kills": kills_of_all, "memory": memory_of_segments, "traces": long_traces}


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    options.add_argument("--experiments", nargs="+", choices=SMALL, default=list(SMALL))
    options.add_argument("--kills", type=int, default=6, help="of each experiment [6]")
    options.add_argument("--seed", type=int, default=0, help="of the moments [0]")
    options.add_argument("--bytes", type=float, default=1e10, help="of the recording [1e10]")
    options.add_argument("--folder", type=Path, default=Path(), help="where there is room [.]")
    options.add_argument("--worker", action="store_true", help="for the benchmark itself")
    options.add_argument("--segments", type=int, help="for the benchmark itself")
    options.add_argument("--trace", type=Path, help="for the benchmark itself")
    given = options.parse_args()
    if given.worker:
        print(json.dumps(long_run(given.segments) if given.segments else stream(given.trace)))
        return
    given.folder = given.folder.resolve()
    rows = [line for part in given.parts for line in PARTS[part](given)]
    report(rows, given.json)
    wrong = [line for line in rows if line["bound"] is not None and line["value"] > line["bound"]]
    if wrong:
        sys.exit("FAILED: " + ", ".join(str(line["figure"]) for line in wrong))


if __name__ == "__main__":
    main()
