"""All benchmarks, or those named, one after the other: ``python -m benchmarks [NAME ...]``.

Every one runs in a process of its own and writes NAME.json into a folder, which is not lost if a
later one fails; all rows together go to all.json. The table at the end says how many bounds hold.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
# By damaging files and runs: they have no peer, and take longer than all others.
LEFT_OUT = ("run_faults", "sweep_faults", "fuzz", "faults")
ALL = "all.json"


def names() -> list[str]:
    """Benchmarks that run by default."""
    found = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))
    return [name for name in found if name not in LEFT_OUT]


def arguments(known: list[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}")
    options.add_argument("--full", action="store_true", help="full sizes; --quick otherwise")
    options.add_argument("--output", type=Path, default=Path("out/benchmarks"), help="folder")
    options.add_argument("--limit", type=float, default=3600.0, help="of one benchmark, s")
    return options.parse_args()


def measure(name: str, options: argparse.Namespace) -> tuple[str, float]:
    """Run one; how it ended, and what it took, s."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--json", str(path_of(name, options))]
    start = time.perf_counter()
    try:
        done = subprocess.run(
            command + ([] if options.full else ["--quick"]),
            capture_output=True,
            text=True,
            timeout=options.limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"stopped after {options.limit:g} s", options.limit
    passed = time.perf_counter() - start
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return f"failed: {last[:100]}", passed
    return "done", passed


def path_of(name: str, options: argparse.Namespace) -> Path:
    return options.output / f"{name}.json"


def rows_of(name: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    path = path_of(name, options)
    rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return [{"benchmark": name, **row} for row in rows]


def holds(row: dict[str, Any]) -> bool | None:
    """Whether a ratio is at least its bound; None without either."""
    if row["bound"] is None or row["ratio"] is None:
        return None
    return row["ratio"] >= row["bound"]


def show(rows: list[dict[str, Any]], ends: dict[str, tuple[str, float]]) -> None:
    """Rows that have a peer or a bound, then how every benchmark ended."""
    table = Table(title="ratio > 1: spinlearn is ahead")
    for column in ("benchmark", "figure", "size", "value", "unit", "peer", "ratio", "bound"):
        table.add_column(column, overflow="fold")
    for row in rows:
        if row["ratio"] is None and not row["peer"]:
            continue
        kept = {True: "", False: " missed", None: ""}[holds(row)]
        table.add_row(
            row["benchmark"],
            row["figure"],
            str(row["size"]),
            f"{row['value']:.3g}",
            row["unit"],
            row["peer"],
            "" if row["ratio"] is None else f"{row['ratio']:.3g}",
            "" if row["bound"] is None else f"{row['bound']:g}{kept}",
        )
    console = Console(width=170)
    console.print(table)
    for name, (end, seconds) in ends.items():
        console.print(f"{name}: {end}, {seconds:.0f} s")
    judged = [kept for kept in map(holds, rows) if kept is not None]
    console.print(f"{sum(judged)} of {len(judged)} bounds hold")


def main() -> None:
    known = names()
    options = arguments(known)
    unknown = sorted(set(options.names) - {*known, *LEFT_OUT})
    if unknown:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}")
    options.output.mkdir(parents=True, exist_ok=True)
    ends, rows = {}, []
    for name in options.names or known:
        path_of(name, options).unlink(missing_ok=True)
        print(f"{name} …", flush=True)
        ends[name] = measure(name, options)
        rows += rows_of(name, options)
        (options.output / ALL).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    show(rows, ends)
    sys.exit(any(end != "done" for end, _ in ends.values()))


if __name__ == "__main__":
    main()
