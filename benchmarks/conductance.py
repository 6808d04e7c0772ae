"""Conductance matrix of 35 contacts: time, memory and accuracy against a sparse direct solver.

The peer is scipy's SuperLU on the very same bilinear elements (contact ends included), in its
default ordering and in the symmetric one, which is the better of the two here; ratios against
both are given. Beside it magnum.np's OhmSolver, the tool that a user would find, on a random
±5 % conductivity. Each measurement runs in a process of its own; compilation is excluded.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._measure import Row, best_time, parse, peak_memory, report, row, run_worker

CONTACTS = 35
TOLERANCE = 1e-8
NUDGE = 1e-3  # rms rotation of every cell between two re-reads, rad
REREADS = 5
PEERS = Path(__file__).resolve().parent.parent / ".venv-peers" / "bin" / "python"


def texture(corners: int, seed: int = 0) -> np.ndarray:
    """Independent random directions in every cell: the worst case for an iteration."""
    m = np.random.default_rng(seed).normal(size=(3, corners - 1, corners - 1, 1))
    return m / np.linalg.norm(m, axis=0)


def nudged(m: np.ndarray, seed: int) -> np.ndarray:
    """The texture with every direction rotated a little, at random."""
    turned = m + NUDGE / np.sqrt(2) * np.random.default_rng(seed).normal(size=m.shape)
    return turned / np.linalg.norm(turned, axis=0)


def layout(corners: int) -> Any:
    from spinlearn import Mesh
    from spinlearn.transport import edge_electrodes

    mesh = Mesh((corners - 1, corners - 1, 1), (4e-9, 4e-9, 10e-9))
    return edge_electrodes(CONTACTS, mesh)


def ours(corners: int, ratio: float, repeats: int, rereading: bool) -> dict[str, Any]:
    """A read of a new film (contacts factored anew), a read of a new texture, and re-reads."""
    import jax
    import jax.numpy as jnp

    from spinlearn.transport import AMR, read_conductance

    amr, m = AMR(4e6, ratio), texture(corners)

    def read(contacts: Any, field: np.ndarray, **options: Any) -> Any:
        reading = read_conductance(amr.tensor(jnp.asarray(field)), contacts, **options)
        return jax.block_until_ready(reading)

    def cold() -> Any:
        return read(layout(corners), m, tolerance=TOLERANCE)

    iterations = int(cold().iterations)
    memory = peak_memory()  # of one read, before there is a second set of contacts
    contacts = layout(corners)
    cold_time, _ = best_time(cold, repeats)
    read_time, reading = best_time(lambda: read(contacts, m, tolerance=TOLERANCE), repeats)
    result = {
        "cold": cold_time,
        "read": read_time,
        "iterations": iterations,
        "bound": float(reading.error),
        "memory": memory,
        "g": np.asarray(reading.conductance).tolist(),
    }
    return result | (rereads(read, contacts, m) if rereading else {})


def rereads(read: Any, contacts: Any, m: np.ndarray) -> dict[str, Any]:
    """A sequence of re-reads as a simulation makes them: each from the one before."""
    import jax.numpy as jnp

    current = read(contacts, m, tolerance=1e-12)
    spent, solved = [], 0
    for step in range(REREADS + 1):
        m = nudged(m, step)
        start = time.perf_counter()
        current = read(contacts, m, previous=current, tolerance=TOLERANCE)
        if step > 0:  # the first compiles
            spent.append(time.perf_counter() - start)
            solved += int(current.iterations)
    exact = read(contacts, m, tolerance=1e-13).conductance
    error = jnp.abs(current.conductance - exact).max() / jnp.abs(exact).max()
    return {
        "reread": float(np.mean(spent)),
        "reread_iterations": solved / REREADS,
        "reread_error": float(error),
    }


def direct(corners: int, ratio: float, symmetric: bool) -> dict[str, Any]:
    """SuperLU of scipy on the same system: assembly, factorisation, 35 solutions, G."""
    import jax.numpy as jnp
    from scipy.sparse.linalg import splu

    from spinlearn.transport import AMR
    from spinlearn.transport._direct import assemble
    from spinlearn.transport._problem import build_problem

    contacts = layout(corners)
    problem = build_problem(
        AMR(4e6, ratio).tensor(jnp.asarray(texture(corners))), contacts, hall=False
    )
    cells = [np.asarray(v, np.float64) for v in problem.cells]
    spring = np.asarray(problem.spring)
    owner, free = np.asarray(contacts.owner).ravel(), np.asarray(contacts.free).ravel()
    options: dict[str, Any] = {}
    if symmetric:
        options = {
            "permc_spec": "MMD_AT_PLUS_A",
            "diag_pivot_thresh": 0.0,
            "options": {"SymmetricMode": True},
        }
    start = time.perf_counter()
    matrix = assemble(cells[0], cells[1], cells[2], cells[3], spring)
    metal = (owner[:, None] == np.arange(CONTACTS)).astype(float)
    held = metal * ~free[:, None]
    ties = spring.ravel()[:, None] * metal
    inner = matrix[free][:, free].tocsc()
    right = (ties - matrix @ held)[free]
    assembled = time.perf_counter()
    factor = splu(inner, **options)
    factored = time.perf_counter()
    phi = held
    phi[free] = factor.solve(right)
    tied = free & (owner >= 0)
    g = phi.T @ (matrix @ phi) - phi.T @ ties - ties.T @ phi
    g += metal[tied].T @ ties[tied]
    end = time.perf_counter()
    return {
        "total": end - start,
        "factor": factored - assembled,
        "solve": end - factored,
        "memory": peak_memory(),
        "g": g.tolist(),
    }


def magnum(cells: int) -> dict[str, Any]:
    """magnum.np's OhmSolver between two end contacts; runs in the peers' environment."""
    import torch  # type: ignore[import-not-found]
    from magnumnp import Mesh as PeerMesh  # type: ignore[import-not-found]
    from magnumnp import State  # type: ignore[import-not-found]
    from magnumnp.solvers.ohm_solver import OhmSolver  # type: ignore[import-not-found]

    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(2)
    state = State(PeerMesh((cells, cells, 1), (1.0, 1.0, 1.0)))
    sigma = 1 + 0.05 * (2 * np.random.default_rng(0).random((cells, cells, 1)) - 1)
    state.material = {"sigma": torch.tensor(sigma)}
    held = torch.zeros((cells, cells, 1, 1), dtype=torch.bool)
    held[0], held[-1] = True, True
    state.u = torch.zeros((cells, cells, 1, 1))
    state.u[-1] = 1.0
    solver = OhmSolver(held)
    start = time.perf_counter()
    u = solver.u(state, tol=1e-8, max_iter=1000)
    spent = time.perf_counter() - start
    u = u.numpy()[:, :, 0, 0]
    # Current through every section by the solver's own flux: alike if it converged.
    s = sigma[:, :, 0]
    between = 2 * s[1:] * s[:-1] / (s[1:] + s[:-1])
    crossing = (between * (u[1:] - u[:-1])).sum(axis=1)
    return {"time": spent, "spread": float(np.ptp(crossing) / np.abs(np.mean(crossing)))}


def ours_like_magnum(cells: int) -> dict[str, Any]:
    """The same random conductivity between two end contacts."""
    import jax
    import jax.numpy as jnp

    from spinlearn import Mesh
    from spinlearn.transport import edge_electrodes, solve_potential

    mesh = Mesh((cells, cells, 1), (1e-9, 1e-9, 1e-9))
    sigma = 1 + 0.05 * (2 * np.random.default_rng(0).random((cells, cells, 1)) - 1)
    tensor = jnp.eye(2)[:, :, None, None, None] * jnp.asarray(sigma)
    contacts = edge_electrodes((0, 1, 0, 1), mesh, coverage=1.0)

    def solve() -> Any:
        return jax.block_until_ready(solve_potential(tensor, contacts, [1.0, 0.0], tolerance=1e-8))

    solve()
    spent, solution = best_time(solve, 3)
    imbalance = abs(float(jnp.sum(solution.currents))) / float(jnp.abs(solution.currents).max())
    return {"time": spent, "spread": imbalance}


def worker(kind: str, *arguments: str) -> dict[str, Any]:
    """What a subprocess does."""
    if kind == "ours":
        rereading = arguments[3] == "reread"
        return ours(int(arguments[0]), float(arguments[1]), int(arguments[2]), rereading)
    if kind == "direct":
        return direct(int(arguments[0]), float(arguments[1]), arguments[2] == "symmetric")
    if kind == "magnum":
        return magnum(int(arguments[0]))
    return ours_like_magnum(int(arguments[0]))


def against_direct(corners: int, orderings: tuple[str, ...], repeats: int) -> list[Row]:
    """Time, memory and accuracy at one mesh, AMR 3 %."""
    size = f"{corners}², {CONTACTS} contacts"
    mine = run_worker(__spec__.name, ["ours", str(corners), "0.03", str(repeats), "reread"])
    rows = []
    for ordering in orderings:
        peer = run_worker(__spec__.name, ["direct", str(corners), "0.03", ordering])
        name = f"scipy splu, {ordering} ordering"
        exact = np.array(peer["g"])
        error = float(np.abs(np.array(mine["g"]) - exact).max() / np.abs(exact).max())
        for figure, key in (
            ("new film and contacts", "cold"),
            ("new texture", "read"),
            ("re-read, texture turned by 1 mrad", "reread"),
        ):
            rows.append(
                row(
                    figure,
                    size,
                    mine[key],
                    "s",
                    peer=name,
                    peer_value=peer["total"],
                    ratio=peer["total"] / mine[key],
                    peak_memory=mine["memory"],
                )
            )
        rows.append(
            row(
                "peak memory",
                size,
                mine["memory"] / 2**20,
                "MiB",
                peer=name,
                peer_value=peer["memory"] / 2**20,
                ratio=peer["memory"] / mine["memory"],
                peak_memory=mine["memory"],
            )
        )
        rows.append(row("error of G", size, error, "of largest", peer=name, bound=TOLERANCE))
    rows.append(
        row("error of re-read G", size, mine["reread_error"], "of largest", bound=TOLERANCE)
    )
    return rows


def scaling(sizes: tuple[int, ...], ratios: tuple[float, ...]) -> list[Row]:
    """Cost and iterations per mesh, with the fitted exponent in the number of corners."""
    rows = []
    for ratio in ratios:
        times = []
        for corners in sizes:
            mine = run_worker(__spec__.name, ["ours", str(corners), str(ratio), "2", "once"])
            times.append(mine["read"])
            size = f"{corners}², AMR {100 * ratio:g} %"
            memory = mine["memory"]
            rows.append(row("new texture", size, mine["read"], "s", peak_memory=memory))
            rows.append(
                row("iterations", size, mine["iterations"], "", bound=5 if ratio > 0.1 else 3)
            )
        exponent = float(np.polyfit(np.log(np.square(sizes)), np.log(times), 1)[0])
        rows.append(
            row(
                "exponent of time in corners",
                f"{sizes[0]}² to {sizes[-1]}², AMR {100 * ratio:g} %",
                exponent,
                "",
            )
        )
    return rows


def against_magnum(sizes: tuple[int, ...]) -> list[Row]:
    """What a user of a micromagnetic package finds: a scalar Ohm solver."""
    rows = []
    for cells in sizes:
        mine = run_worker(__spec__.name, ["like-magnum", str(cells)])
        size = f"{cells}², ±5 %"
        name = "magnum.np OhmSolver"
        if not PEERS.exists():
            name += " (not installed: make peers)"
            peer: dict[str, Any] = {"time": None, "spread": None}
        else:
            try:
                peer = run_worker(__spec__.name, ["magnum", str(cells)], python=str(PEERS))
            except RuntimeError as error:
                name += f" (failed: {str(error).strip().splitlines()[-1][:60]})"
                peer = {"time": None, "spread": None}
        for figure, key, unit in (
            ("two end contacts", "time", "s"),
            ("imbalance of current", "spread", "of mean"),
        ):
            theirs = peer[key]
            rows.append(
                row(
                    figure,
                    size,
                    mine[key],
                    unit,
                    peer=name,
                    peer_value=theirs,
                    ratio=None if theirs is None else theirs / max(mine[key], 1e-300),
                )
            )
    return rows


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        print(json.dumps(worker(*sys.argv[2:])))
        return
    options = parse(__doc__)
    if options.quick:
        rows = against_direct(257, ("symmetric",), 2) + scaling((129, 257), (0.03,))
        rows += against_magnum((64,))
    else:
        orderings = ("symmetric", "default")
        rows = against_direct(513, orderings, 5) + against_direct(1025, orderings, 3)
        rows += scaling((129, 257, 513, 1025, 2049), (0.03, 0.3))
        rows += against_magnum((64, 128, 256))
    report(rows, options.json)


if __name__ == "__main__":
    main()
