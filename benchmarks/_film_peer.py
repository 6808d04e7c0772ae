"""The loop of `film_loop` made of magnum.np and scipy; runs in the peers' environment."""

from __future__ import annotations

import logging
import time
from typing import Any

import numpy as np

from benchmarks._film_problem import CELL, MAGNET, NONADIABATICITY, POLARIZATION, SparseFilm
from benchmarks._measure import clock, peak_memory

BOHR_MAGNETON, ELEMENTARY_CHARGE = 9.2740100783e-24, 1.602176634e-19


class PeerLoop:
    """magnum.np's equation of motion under a current that scipy finds anew every interval."""

    def __init__(self, given: Any, ratio: float, demag: bool, double: bool) -> None:
        import magnumnp as peer  # type: ignore[import-not-found]
        import torch  # type: ignore[import-not-found]

        logging.disable(logging.CRITICAL)
        torch.set_default_dtype(torch.float64 if double else torch.float32)
        self.torch, self.peer = torch, peer
        shape = (*given["m"].shape[1:3], 1)
        self.state = peer.State(peer.Mesh(shape, CELL))
        drift = POLARIZATION * BOHR_MAGNETON / (ELEMENTARY_CHARGE * MAGNET["Ms"])
        self.state.material = {
            "Ms": MAGNET["Ms"],
            "A": MAGNET["A"],
            "Ku": MAGNET["Ku"],
            "Ku_axis": [0, 0, 1],
            "Di": MAGNET["D"],
            "alpha": MAGNET["alpha"],
            "b": drift / (1 + NONADIABATICITY**2),
            "xi": NONADIABATICITY,
        }
        self.terms = [
            peer.ExchangeField(),
            peer.UniaxialAnisotropyField(),
            peer.InterfaceDMIField(),
            peer.SpinTorqueZhangLi(),
        ]
        if demag:
            self.terms.append(peer.DemagField())
        self.film = SparseFilm(given, ratio)
        self.begin(given["m"])

    def begin(self, m: np.ndarray) -> None:
        self.state.m = self._tensor(m)
        self.state.t = 0.0
        self.in_transport = 0.0

    def solver(self, tolerance: float) -> Any:
        return self.peer.LLGSolver(self.terms, atol=tolerance, rtol=tolerance)

    def update(self) -> None:
        """The current of the present texture."""
        start = clock()
        density, _ = self.film.solve(self.texture())
        self.state.j = self._tensor(density)
        self.in_transport += clock() - start

    def run(self, solver: Any, duration: float, interval: float) -> None:
        number = max(1, round(duration / interval))
        for _ in range(number):
            self.update()
            solver.step(self.state, duration / number)

    def rate(self, m: np.ndarray) -> np.ndarray:
        """dm/dt of a texture with its current, 1/s."""
        self.begin(m)
        self.update()
        rate = self.solver(1e-5).dm(0.0, self.state.m, self.state)
        return np.moveaxis(rate[:, :, 0].numpy(), -1, 0)

    def texture(self) -> np.ndarray:
        return np.moveaxis(self.state.m[:, :, 0].numpy(), -1, 0).astype(np.float64)

    def _tensor(self, v: np.ndarray) -> Any:
        given = np.ascontiguousarray(np.moveaxis(v, 0, -1)[:, :, None])
        return self.torch.tensor(given, dtype=self.torch.get_default_dtype())


def peer_loop(
    given: Any,
    ratio: float,
    demag: bool,
    double: bool,
    interval: float,
    check: float,
    pieces: tuple[float, ...],
    tolerances: tuple[float, ...],
    wanted: float,
    limit: float,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Errors over the check stretch, and the time of as many pieces as the limit (s) allows."""
    loop = PeerLoop(given, ratio, demag, double)
    loop.run(loop.solver(1e-3), 1e-14, 1e-14)  # compiles
    ends = {"rate": loop.rate(given["m"])}

    def end(tolerance: float, every: float) -> np.ndarray:
        loop.begin(given["m"])
        loop.run(loop.solver(tolerance), check, every)
        return loop.texture()

    ends["exact"] = end(1e-7 if double else 1e-6, interval / 8)
    tolerance, error = np.nan, np.inf
    for tolerance in tolerances:
        ends["end"] = end(tolerance, interval)
        error = float(np.sqrt(np.mean(np.sum((ends["end"] - ends["exact"]) ** 2, axis=0))))
        if error < wanted:
            break
    loop.begin(given["m"])
    solver = loop.solver(tolerance)
    loop.run(solver, check, interval)  # its steps grow from 1e-15 s
    loop.in_transport, begun = 0.0, loop.state._step
    times, passed = [], 0.0
    start, begun_at = clock(), time.perf_counter()
    for piece in pieces:
        before = clock()
        loop.run(solver, piece, interval)
        times.append((clock() - before) / piece)
        passed += piece
        if time.perf_counter() - begun_at > limit:
            break
    spent = clock() - start
    found = {
        "time": float(np.median(times)) * 1e-9,
        "passed": passed,
        "share": loop.in_transport / spent,
        "steps": (loop.state._step - begun) / passed * 1e-9,
        "tolerance": tolerance,
        "error": error,
        "memory": peak_memory(),
    }
    return found, ends
