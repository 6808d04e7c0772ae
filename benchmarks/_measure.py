"""What all benchmarks share: isolated workers, peak memory, the table and the JSON."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

Row = dict[str, Any]
COLUMNS = (
    "figure",
    "size",
    "value",
    "unit",
    "peer",
    "peer_value",
    "ratio",
    "bound",
    "peak_memory",
)


def row(
    figure: str,
    size: str,
    value: float,
    unit: str,
    *,
    peer: str = "",
    peer_value: float | None = None,
    ratio: float | None = None,
    bound: float | None = None,
    peak_memory: float | None = None,
) -> Row:
    """One line of the table; ratio > 1 means that spinlearn is ahead. Memory in bytes."""
    return dict(
        zip(
            COLUMNS,
            (figure, size, value, unit, peer, peer_value, ratio, bound, peak_memory),
            strict=True,
        )
    )


def cores() -> list[int]:
    """The (at most two) cores on which every process of a benchmark runs."""
    return sorted(os.sched_getaffinity(0))[:2]


def clock() -> float:
    """Processor time where the process has one core, s: other processes do not count; else time."""
    return time.process_time() if len(cores()) == 1 else time.perf_counter()


def run_worker(
    module: str,
    arguments: Sequence[str],
    *,
    python: str | None = None,
    limit: float = 1200.0,
    pinned: int = 2,
    double: bool = True,
    extra: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Run ``python -m module --worker …`` pinned, one thread per core; its last line is JSON."""
    used = cores()[:pinned]
    number = str(len(used))
    environment = dict(os.environ, JAX_ENABLE_X64=str(int(double)), TF_CPP_MIN_LOG_LEVEL="3")
    environment.update(extra or {})
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        environment[name] = number
    done = subprocess.run(
        [python or sys.executable, "-m", module, "--worker", *arguments],
        capture_output=True,
        text=True,
        timeout=limit,
        env=environment,
        check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, used),
    )
    if done.returncode != 0:
        raise RuntimeError(f"{module} {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def peak_memory() -> int:
    """Peak resident memory of this process, bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def best_time(action: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Shortest time of a few runs, s, and the last result: neighbours only ever add to it."""
    best, result = float("inf"), None
    for _ in range(repeats):
        start = clock()
        result = action()
        best = min(best, clock() - start)
    return best, result


def parser(description: str | None) -> argparse.ArgumentParser:
    """The options that all benchmarks have."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--quick", action="store_true", help="end in under 50 s on two cores")
    options.add_argument("--json", type=Path, help="write the rows here")
    return options


def parse(description: str | None) -> argparse.Namespace:
    """The command line of a benchmark that has no options of its own."""
    return parser(description).parse_args()


def report(rows: list[Row], path: Path | None) -> None:
    """Print the table; write the JSON if asked to."""
    table = Table(*COLUMNS, title="ratio > 1: spinlearn is ahead")
    for line in rows:
        table.add_row(*(_cell(name, line[name]) for name in COLUMNS))
    Console(width=170).print(table)
    if path is not None:
        path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "peak_memory":
        return f"{value / 2**20:.0f} MiB"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
