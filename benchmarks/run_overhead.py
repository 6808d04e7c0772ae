"""What storing, checkpoints and progress cost: a run against the same segments alone.

Both in one process, compiled before, one after the other and in turns; the run writes to a folder
on this disk and draws its progress as JSON lines. The peer is the bare loop over the segments.
``--help`` is timed as a whole process.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks._measure import Row, parse, peak_memory, report, row, run_worker

NAME = "magnetoresistance"


def worker(points: str, turns: str) -> dict[str, Any]:
    import jax
    import numpy as np

    from spinlearn.experiments.specs import experiment_type
    from spinlearn.runs import JsonProgress, read_spec, run

    spec = read_spec(NAME, {"loop.points": int(points)})
    kind = experiment_type(NAME)
    segments = kind.layout(spec).segments

    def bare() -> float:
        started = time.perf_counter()
        experiment = kind.build(spec)
        state = experiment.start()
        for segment in range(segments):
            state, rows = experiment.advance(state, segment)
            jax.block_until_ready({name: np.asarray(values) for name, values in rows.items()})
        return time.perf_counter() - started

    def stored() -> float:
        with tempfile.TemporaryDirectory(dir=".") as folder:
            started = time.perf_counter()
            run(spec, folder, progress=JsonProgress(lambda line: len(line)))
            return time.perf_counter() - started

    stored()
    times = [(bare(), stored()) for _ in range(int(turns))]
    return {
        "segments": segments,
        "bare": statistics.median(t for t, _ in times),
        "stored": statistics.median(t for _, t in times),
        "memory": peak_memory(),
    }


def time_help(repeats: int) -> float:
    """Shortest wall time of ``spinlearn --help``, s."""
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        subprocess.run(
            [Path(sys.executable).with_name("spinlearn"), "--help"], check=True, capture_output=True
        )
        best = min(best, time.perf_counter() - started)
    return best


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        print(json.dumps(worker(*sys.argv[2:])))
        return
    options = parse(__doc__)
    rows: list[Row] = [row("spinlearn --help", "", time_help(5), "s", bound=0.5)]
    found = run_worker(__spec__.name, ["11", "1"] if options.quick else ["51", "3"])
    share = found["stored"] / found["bare"] - 1
    size = f"{found['segments']} segments of a 128² film, {found['bare']:.1f} s"
    rows.append(
        row(
            "store, checkpoints, progress",
            size,
            found["stored"],
            "s",
            peer="bare loop",
            peer_value=found["bare"],
            ratio=found["bare"] / found["stored"],
            peak_memory=found["memory"],
        )
    )
    rows.append(row("overhead of the run", size, 100 * share, "%", bound=3.0))
    report(rows, options.json)


if __name__ == "__main__":
    main()
