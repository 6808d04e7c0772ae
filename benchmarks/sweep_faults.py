"""Workers killed in mid-sweep, and points that raise: nothing is lost, nothing computed twice.

A sweep of 200 field loops (40 bounds of the field evaluations, one of which is too small for any
film, times 5 seeds) runs on two worker processes; every few seconds one of them is killed
(SIGKILL), whatever it is doing. It must end with 195 results and 5 recorded errors, the results
equal to those of a sweep that nobody disturbed, bit by bit; the same command again must compute
the five that failed and nothing else.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks._measure import Row, parse, report, row
from spinlearn.runs import SweepResult

WORKERS = 2
PAUSE = (4.0, 8.0)  # s between kills, or longer on a machine that is slow or busy: see `pauses`
CHANGES = (
    *("film.length=64e-9", "film.width=64e-9", "film.grain_size=16e-9"),
    *("loop.points=6", "loop.largest=8e4", "relax.tolerance=1e-4"),
)
TOO_SMALL = 10


def command(path: Path, bounds: int, seeds: int) -> list[str]:
    values = [*range(2000, 2000 + bounds - 1), TOO_SMALL]
    options = [part for change in CHANGES for part in ("--set", change)]
    over = ("--over", "relax.max_evaluations=" + ",".join(map(str, values)), "--seeds", str(seeds))
    means = ("--workers", str(WORKERS), "-o", str(path), "--json")
    return [
        *(sys.executable, "-m", "spinlearn.cli", "sweep", "magnetoresistance"),
        *(*options, *over, *means),
    ]


def workers_of(process: psutil.Process) -> list[psutil.Process]:
    """Worker processes, those included that are only starting."""
    found = []
    for child in process.children(recursive=True):
        try:
            if any("spawn_main" in part for part in child.cmdline()):
                found.append(child)
        except psutil.Error:
            continue
    return found


def pauses(seconds: float) -> tuple[float, float]:
    """Time between kills, s, where the shortest of sweeps takes so long, s.

    A worker starts and traces its first point in most of that time. One that is always killed
    before does nothing: the sweep would end, but with points given up.
    """
    return max(PAUSE[0], seconds / 3), max(PAUSE[1], 2 * seconds / 3)


def sweep(
    arguments: list[str], pause: tuple[float, float] | None = None
) -> tuple[int, float, dict[str, Any], int]:
    """Exit code, wall time in s, the summary, and how many workers were killed."""
    rng, kills, started = random.Random(0), 0, time.perf_counter()
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        watched = psutil.Process(process.pid)
        while pause is not None and process.poll() is None:
            try:
                process.wait(rng.uniform(*pause))
            except subprocess.TimeoutExpired:
                alive = workers_of(watched)
                if alive:
                    rng.choice(alive).kill()
                    kills += 1
        out = process.communicate()[0]
    summary = json.loads(out.splitlines()[-1])
    return process.returncode, time.perf_counter() - started, summary, kills


def differing(a: SweepResult, b: SweepResult) -> int:
    """Points whose results are not the same bit by bit."""
    count = 0
    for folder in sorted((a.path / "points").iterdir()):
        other = b.path / "points" / folder.name
        files = sorted(p for p in (folder / "data.zarr").rglob("*") if p.is_file())
        same = all(p.read_bytes() == (other / p.relative_to(folder)).read_bytes() for p in files)
        count += not same
    return count


def records(path: Path) -> dict[str, bytes]:
    return {p.parent.name: p.read_bytes() for p in path.glob("points/*/provenance.json")}


def sessions(path: Path) -> int:
    found = (json.loads(text) for text in records(path).values())
    return sum(len(record["sessions"]) for record in found)


def main() -> None:
    arguments = parse(__doc__)
    bounds, seeds = (8, 2) if arguments.quick else (40, 5)
    size = f"{bounds * seeds} points, {WORKERS} workers"
    good = (bounds - 1) * seeds
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        calm, torn = Path(name) / "calm", Path(name) / "torn"
        _, quiet_time, _, _ = sweep(command(calm, bounds, seeds))
        _, shortest, _, _ = sweep(command(Path(name) / "short", 2, 1))
        pause = pauses(shortest)
        code, wild_time, summary, kills = sweep(command(torn, bounds, seeds), pause)
        points = summary["points"]
        rows.append(row("workers killed", size, kills, "1"))
        rows.append(row("time between kills, mean", size, sum(pause) / 2, "s"))
        rows.append(row("finished", size, points.get("finished", 0), "1", bound=good))
        rows.append(row("recorded errors", size, points.get("failed", 0), "1", bound=seeds))
        rows.append(row("points begun", size, sessions(torn), "1"))
        differ = differing(SweepResult(calm), SweepResult(torn))
        rows.append(row("points that differ from undisturbed ones", size, differ, "1", bound=0))
        rows.append(row("wall time undisturbed", size, quiet_time, "s"))
        rows.append(row("wall time with kills", size, wild_time, "s"))
        before, begun = records(torn), sessions(torn)
        again, again_time, _, _ = sweep(command(torn, bounds, seeds))
        after = records(torn)
        touched = sum(before[point] != after[point] for point in before)
        rows.append(row("points computed by a rerun", size, touched, "1", bound=seeds))
        rows.append(row("points begun by a rerun", size, sessions(torn) - begun, "1", bound=seeds))
        rows.append(row("wall time of a rerun", size, again_time, "s"))
        rows.append(row("exit codes of both", size, 10 * code + again, "1", bound=11))
    report(rows, arguments.json)
    wrong = [r for r in rows if r["bound"] is not None and r["value"] != r["bound"]]
    if wrong:
        sys.exit("FAILED: " + ", ".join(str(r["figure"]) for r in wrong))


if __name__ == "__main__":
    main()
