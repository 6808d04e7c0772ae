"""Macrospins: steps per second against cmtj, what is left of the statistics, and a table of errors.

1000 stochastic macrospins with a perpendicular easy axis and a spin-transfer torque, Heun's scheme,
the same step, on one core, one program after the other in one run. cmtj knows no ensembles: 20 of
its junctions run one after another, records written once at the end, and their rate is that of
any number. It works in float64 alone; its
second scheme, EulerHeun, takes one evaluation of the torque fewer. Times are processor time:
neighbours on the core do not count. Compilation is excluded.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._measure import Row, parse, peak_memory, report, row, run_worker

PEERS = Path(__file__).resolve().parent.parent / ".venv-peers" / "bin" / "python"
# A/m, and so on: an effective anisotropy of 2e5 J/m³ at Ms of 1.2 T, and 20 k_B T of it.
MU_0, BOLTZMANN = 4e-7 * np.pi, 1.380649e-23
SATURATION, ANISOTROPY, STABILITY, DAMPING = 1.2, 2e5, 20.0, 0.1
FIELD = 2 * ANISOTROPY / SATURATION
STEP = 2e-13
MEMBERS = 1000
KINDS = ("two-point", "three-point", "gaussian")
MODES = ("Heun", "EulerHeun")


def ours(kind: str, steps: int) -> dict[str, Any]:
    """Steps of all members a second of processor time, best of three."""
    import jax

    spin = our_spin(STABILITY, 0.5, DAMPING)
    start = spin.equilibrium(MEMBERS, key=jax.random.key(0))

    def run() -> Any:
        return jax.block_until_ready(
            spin.evolve(start, steps * STEP, step=STEP, key=jax.random.key(1), increments=kind).m
        )

    first = np.asarray(run())
    best, again = np.inf, first
    for _ in range(3):
        began = time.process_time()
        again = np.asarray(run())
        best = min(best, time.process_time() - began)
    return {
        "rate": steps * MEMBERS / best,
        "memory": peak_memory(),
        "same": bool(np.all(first == again)),
    }


def our_spin(stability: float, drive: float, damping: float) -> Any:
    from spinlearn.junctions import Macrospin

    moment = 2 * stability * BOLTZMANN * 300 / (MU_0 * FIELD)
    return Macrospin(moment, FIELD, damping=damping, damping_like=drive * damping * FIELD)


def statistics(kind: str, batches: int) -> dict[str, Any]:
    """Switched parts of ensembles beside the Fokker–Planck equation, by increments and step."""
    import jax

    from spinlearn.junctions import MTJ, switching_probability

    found = []
    members = 4000
    for stability, drive, lasts in ((8.0, 0.0, 20.0), (60.0, 2.0, 3.0), (60.0, 2.0, 6.5)):
        spin = our_spin(stability, drive, 1.0)
        unit = float(spin.relaxation_time)
        device = MTJ(
            resistance_parallel=5e3,
            area=1e-15,
            tmr=1.0,
            thermal_stability=stability,
            critical_voltage=1.0,
            damping=1.0,
            anisotropy_field=FIELD,
        )
        exact = float(switching_probability(device, drive, lasts * unit))
        for part in (0.025, 0.0125):
            stays = 0
            for batch in range(batches):
                keys = jax.random.split(jax.random.key(batch))
                start = spin.equilibrium(members, key=keys[0])
                end = spin.evolve(
                    start, lasts * unit, step=part * unit, key=keys[1], increments=kind
                ).m
                stays += int((end[2] > 0).sum())
            total = batches * members
            rare = min(exact, 1 - exact)
            count = stays if exact > 0.5 else total - stays
            found.append(
                {
                    "size": f"Δ={stability:g}, i={drive:g}, t={lasts:g} τ_D, step {part:g} τ_D",
                    "value": count / total,
                    "exact": rare,
                    "error": (rare * (1 - rare) / total) ** 0.5,
                }
            )
    return {"points": found}


def table() -> dict[str, Any]:
    """A table of 64 voltages and 64 durations, to write errors of 1e-12."""
    from spinlearn.junctions import MTJ, tabulate_switching

    device = MTJ(
        resistance_parallel=5e3,
        area=1e-15,
        tmr=1.0,
        thermal_stability=60.0,
        critical_voltage=0.5,
        damping=0.02,
        anisotropy_field=3e5,
    )
    unit = float(device.relaxation_time)
    best, made = np.inf, None
    for _ in range(2):
        wall, began = time.perf_counter(), time.process_time()
        made = tabulate_switching(device, (0.5, 1.5), (unit, 20 * unit))
        best = min(best, time.process_time() - began)
        wall = time.perf_counter() - wall
    assert made is not None
    least = float(made.write_error_rate(1.5, 16 * unit))
    return {"time": best, "error": float(made.error), "least": least, "memory": peak_memory()}


def theirs(mode: str, steps: int) -> dict[str, Any]:
    """The same of cmtj, of which one member is a junction of its own."""
    import cmtj  # type: ignore[import-not-found]

    vector, driver = cmtj.CVector, cmtj.ScalarDriver.getConstantDriver
    thickness = 1e-9
    surface = STABILITY * BOLTZMANN * 300 / ANISOTROPY / thickness

    def junction() -> Any:
        layer = cmtj.Layer.createSTTLayer(
            "free",
            vector(0.0, 0.0, 1.0),
            vector(0.0, 0.0, 1.0),
            SATURATION,
            thickness,
            surface,
            [vector(0.0, 0.0, 0.0)] * 3,
            damping=DAMPING,
            SlonczewskiSpacerLayerParameter=1.0,
            beta=0.0,
            spinPolarisation=0.5,
        )
        layer.setReferenceLayer(vector(0.0, 0.0, 1.0))
        made = cmtj.Junction([layer])
        made.setLayerAnisotropyDriver("free", driver(ANISOTROPY))
        made.setLayerTemperatureDriver("free", driver(300.0))
        made.setLayerCurrentDriver("free", driver(1e9))
        return made

    best = np.inf
    members = 20
    for _ in range(3):
        several = [junction() for _ in range(members)]
        began = time.process_time()
        for one in several:
            one.runSimulation(
                steps * STEP, STEP, steps * STEP, solverMode=getattr(cmtj.SolverMode, mode)
            )
        best = min(best, time.process_time() - began)
    return {"rate": steps * members / best, "memory": peak_memory()}


def peer(mode: str, steps: int) -> dict[str, Any] | str:
    """A measurement of cmtj, or why there is none."""
    if not PEERS.exists():
        return "not installed: make peers"
    try:
        return run_worker(__spec__.name, ["theirs", mode, str(steps)], python=str(PEERS), pinned=1)
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return f"failed: {lines[-1][:70]}"


def speed(steps: int, kinds: tuple[str, ...]) -> list[Row]:
    """Ours in both precisions beside both schemes of the peer."""
    rows = []
    peers = {mode: peer(mode, steps) for mode in MODES}
    for bits, bound in ((32, 10.0), (64, 3.0)):
        for kind in kinds:
            mine = run_worker(
                __spec__.name, ["ours", kind, str(steps)], pinned=1, double=bits == 64
            )
            if not mine["same"]:
                raise RuntimeError("two runs of one key differ")
            for mode, other in peers.items():
                known = isinstance(other, dict)
                value = other["rate"] / 1e6 if isinstance(other, dict) else None
                rows.append(
                    row(
                        "steps of macrospins",
                        f"Heun, {kind}, float{bits}, 1000 at once",
                        mine["rate"] / 1e6,
                        "1e6/s",
                        peer=f"cmtj, {mode}, 20 in turn" if known else f"cmtj ({other})",
                        peer_value=value,
                        ratio=None if value is None else mine["rate"] / 1e6 / value,
                        bound=bound if mode == "Heun" and kind != "gaussian" else None,
                        peak_memory=mine["memory"],
                    )
                )
    return rows


def kept(batches: int) -> list[Row]:
    """How many switched, in float32, beside the Fokker–Planck equation."""
    rows = []
    for kind in KINDS:
        found = run_worker(
            __spec__.name, ["statistics", kind, str(batches)], pinned=1, double=False
        )
        rows += [
            row(
                f"switched or not, {kind}",
                f"{point['size']}, ± {point['error']:.2g}",
                point["value"],
                "",
                peer="Fokker–Planck",
                peer_value=point["exact"],
                ratio=point["value"] / point["exact"],
            )
            for point in found["points"]
        ]
    return rows


def tabulated() -> list[Row]:
    found = run_worker(__spec__.name, ["table"], pinned=1)
    size = f"64×64, write error to {found['least']:.1e}"
    return [
        row("table", size, found["time"], "s", bound=5.0, peak_memory=found["memory"]),
        row("bound of its relative error", size, found["error"], ""),
    ]


def worker(kind: str, *arguments: str) -> dict[str, Any]:
    if kind == "table":
        return table()
    action = {"ours": ours, "theirs": theirs, "statistics": statistics}[kind]
    return action(arguments[0], int(arguments[1]))


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        print(json.dumps(worker(*sys.argv[2:])))
        return
    options = parse(__doc__)
    rows = speed(2000, KINDS[:2]) if options.quick else speed(20000, KINDS)
    rows += tabulated()
    if not options.quick:
        rows += kept(50)
    report(rows, options.json)


if __name__ == "__main__":
    main()
