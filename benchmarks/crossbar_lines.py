"""Crossbars with resistance along their lines: spinlearn against badcrossbar.

Both solve the same circuit exactly, in float64: n word lines and n bit lines, devices of 2 or 5 kΩ,
5 Ω between neighbours. Timed are

- one read: the output currents of one vector of voltages, from conductances alone
  (`crossbar_currents`; badcrossbar is asked for output currents only),
- the whole matrix: the outputs for one volt on each word line in turn (`crossbar_matrix`;
  badcrossbar is given n vectors at once, for which it factors its equations once); not at the
  largest size, where it would take a quarter of an hour,
- a further read of the same devices: a product with that matrix; badcrossbar keeps nothing from
  call to call and solves anew (a matrix of its making could be used alike).

Compilation is excluded; devices and voltages may change without a new one. Peak memory is of a
process that does nothing but one kind of read; what it takes before its first one (interpreter,
libraries, inputs) is subtracted in rows of their own.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._measure import Row, best_time, parser, peak_memory, report, row, run_worker

PEERS = Path(__file__).resolve().parent.parent / ".venv-peers" / "bin" / "python"
PEER = "badcrossbar"
SEGMENT = 5.0  # Ω
FASTER, LEANER = 10.0, 4.0  # aims for one read at the largest size
LARGEST = 512


def problem(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Conductances (bit line, word line), S, and voltages of the word lines, V."""
    random = np.random.default_rng(0)
    devices = np.where(random.random((n, n)) < 0.5, 1 / 2e3, 1 / 5e3)
    return devices, random.uniform(-0.3, 0.3, n)


def ours(kind: str, n: int, repeats: int) -> tuple[dict[str, Any], np.ndarray]:
    import jax

    from spinlearn.transport import crossbar_currents, crossbar_matrix

    devices, volts = problem(n)
    jax.block_until_ready(jax.numpy.asarray(devices) @ jax.numpy.asarray(volts))
    before = peak_memory()

    def read() -> Any:
        return jax.block_until_ready(crossbar_currents(devices, volts, SEGMENT, SEGMENT).currents)

    def matrix() -> Any:
        return jax.block_until_ready(crossbar_matrix(devices, SEGMENT, SEGMENT))

    solve = read if kind == "read" else matrix
    solve()
    time, found = best_time(solve, repeats)
    result = {"time": time, "before": before, "memory": peak_memory()}
    if kind == "matrix":
        again, _ = best_time(lambda: jax.block_until_ready(found @ volts), 20)
        result["again"] = again
    return result, np.asarray(found)


def theirs(kind: str, n: int, repeats: int) -> tuple[dict[str, Any], np.ndarray]:
    logging.disable(logging.INFO)
    warnings.simplefilter("ignore")
    import badcrossbar  # pyright: ignore[reportMissingImports]

    # Its own filter warns of the missing library for its drawings.
    warnings.simplefilter("ignore")
    devices, volts = problem(n)
    resistances, applied = 1 / devices.T, volts[:, None] if kind == "read" else np.eye(n)
    before = peak_memory()

    def solve() -> Any:
        return badcrossbar.compute(
            applied, resistances, r_i=SEGMENT, node_voltages=False, all_currents=False
        ).currents.output

    time, found = best_time(solve, repeats)
    outputs = found[0] if kind == "read" else found.T
    return {"time": time, "before": before, "memory": peak_memory()}, outputs


CODES: dict[str, Callable[..., tuple[dict[str, Any], np.ndarray]]] = {"ours": ours, "peer": theirs}


def worker(code: str, kind: str, n: str, repeats: str, out: str) -> dict[str, Any]:
    result, found = CODES[code](kind, int(n), int(repeats))
    np.save(out, found)
    return result


def measure(
    code: str, kind: str, n: int, repeats: int, python: Path, folder: str
) -> tuple[Any, np.ndarray]:
    """A result, or why there is none, and the currents."""
    foreign = code == "peer"
    if foreign and not python.exists():
        return "not installed: make peers", np.empty(0)
    out = str(Path(folder) / f"{code}-{kind}-{n}.npy")
    arguments = [code, kind, str(n), str(repeats), out]
    try:
        found = run_worker(__spec__.name, arguments, python=str(python) if foreign else None)
        return found, np.load(out)
    except RuntimeError as error:
        if not foreign:
            raise
        return f"failed: {str(error).strip().splitlines()[-1][:60]}", np.empty(0)


def beside(kind: str, n: int, repeats: int, python: Path) -> list[Row]:
    """Time, agreement and memory of one kind of read at one size."""
    with tempfile.TemporaryDirectory() as folder:
        mine, currents = measure("ours", kind, n, repeats, python, folder)
        other, wanted = measure("peer", kind, n, repeats, python, folder)
    what = {"read": "one read", "matrix": "whole matrix"}[kind]
    aimed = kind == "read" and n == LARGEST
    size = f"{n}², {'1 vector' if kind == 'read' else f'{n} vectors'}"
    if isinstance(other, str):
        bound = FASTER if aimed else None
        missing = f"{PEER} ({other})"
        found = [
            row(
                f"{what}, time",
                size,
                mine["time"],
                "s",
                peer=missing,
                bound=bound,
                peak_memory=mine["memory"],
            )
        ]
    else:
        found = [
            _ratio(f"{what}, time", size, mine, other, "time", "s", FASTER if aimed else None),
            row(
                f"{what}, largest difference over largest",
                size,
                float(np.abs(currents - wanted).max() / np.abs(wanted).max()),
                "",
                peer=PEER,
            ),
            _ratio(f"{what}, peak memory", size, mine, other, "memory", "MiB", LEANER * aimed),
            _ratio(f"{what}, memory of its own", size, mine, other, "own", "MiB", None),
        ]
    if kind == "matrix":
        found.append(row("further read, time", size, mine["again"], "s"))
    return found


def _ratio(
    figure: str,
    size: str,
    mine: dict[str, Any],
    other: dict[str, Any],
    what: str,
    unit: str,
    bound: float | None,
) -> Row:
    def amount(found: dict[str, Any]) -> float:
        if what == "own":
            return max(found["memory"] - found["before"], 1) / 2**20
        return found[what] / (2**20 if unit == "MiB" else 1)

    own, peers = amount(mine), amount(other)
    return row(
        figure,
        size,
        own,
        unit,
        peer=PEER,
        peer_value=peers,
        ratio=peers / own,
        bound=bound or None,
        peak_memory=mine["memory"] if unit == "s" else None,
    )


def compared_again(rows: list[Row]) -> list[Row]:
    """A further read beside the peer's read of the same size, which starts from nothing."""
    reads = {
        line["size"].split(",")[0]: line["peer_value"]
        for line in rows
        if line["figure"] == "one read, time" and line["peer_value"] is not None
    }
    for line in rows:
        value = reads.get(line["size"].split(",")[0])
        if line["figure"] == "further read, time" and value is not None:
            line.update(peer=f"{PEER}, one read", peer_value=value, ratio=value / line["value"])
    return rows


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        print(json.dumps(worker(*sys.argv[2:])))
        return
    parsed = parser(__doc__)
    parsed.add_argument("--peers", type=Path, default=PEERS, help="Python with badcrossbar")
    options = parsed.parse_args()
    python = options.peers.absolute()
    sizes = (128, 256) if options.quick else (128, 256, LARGEST)
    rows = [line for n in sizes for line in beside("read", n, 3, python)]
    for n in sizes[:1] if options.quick else sizes[:2]:
        rows += beside("matrix", n, 2 if n == sizes[0] else 1, python)
    report(compared_again(rows), options.json)


if __name__ == "__main__":
    main()
