"""A film that is moved by the current it carries: time per simulated nanosecond.

Chiral stripes between contacts (exchange, anisotropy, interfacial DMI, Zhang–Li torque, AMR; with
and without the demagnetizing field). The potential is solved anew as the texture moves. The peer
is the loop that a user would write: magnum.np's equation of motion, and scipy's SuperLU of the
same bilinear elements (symmetric ordering) at the same mean interval. Both run at the loosest of
several tolerances whose error is below 1e-3: the root mean square over the film, against the same
code with a current found far more often and a far tighter tolerance. Times are the median over
pieces of the run, and processor time where a process has one core. Then the cost against mesh and
contacts, and ensembles of films. Compilation is excluded, and is given in rows of its own.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._film_peer import peer_loop
from benchmarks._film_problem import (
    CELL,
    CONDUCTIVITY,
    DRIFT,
    MAGNET,
    NONADIABATICITY,
    PERIOD,
    POLARIZATION,
)
from benchmarks._measure import (
    Row,
    best_time,
    clock,
    cores,
    parse,
    peak_memory,
    report,
    row,
    run_worker,
)

PEERS = Path(__file__).resolve().parent.parent / ".venv-peers" / "bin" / "python"
COVERAGE = 0.4  # of the perimeter under contacts
SETTLE = 1e-11  # s of motion before anything is measured
TOLERANCES = (1e-3, 1e-4, 1e-5)  # spinlearn's own is the second, magnum.np's the last
EQUAL_ERROR = 1e-3
PEER_LIMIT = 300.0  # s of a peer's run; beyond it the nanosecond is scaled from what was done
SHARE_BOUND = 0.25
FORCED_DEVICES = "--xla_force_host_platform_device_count=2"


# --- spinlearn


def build_film(cells: int, demag: bool, ratio: float, contacts: int, **options: Any) -> Any:
    """The film without its texture's history, and its voltages for the wanted drift, V."""
    import jax
    import jax.numpy as jnp

    from spinlearn import Material, Mesh
    from spinlearn.magnetics import (
        Demag,
        Exchange,
        InterfacialDMI,
        UniaxialAnisotropy,
        ZhangLi,
        maze_state,
    )
    from spinlearn.substrates import Film
    from spinlearn.transport import AMR, edge_electrodes

    mesh = Mesh((cells, cells, 1), CELL)
    material = Material(
        MAGNET["Ms"],
        MAGNET["A"],
        MAGNET["Ku"],
        interfacial_dmi=MAGNET["D"],
        damping=MAGNET["alpha"],
    )
    parts = [Exchange, UniaxialAnisotropy, InterfacialDMI] + [Demag] * demag
    energy = sum(part(mesh, material) for part in parts)

    def texture(key: Any) -> Any:
        return maze_state(mesh, key=key, period=PERIOD, helicity=np.pi)

    film = Film(
        energy,  # pyright: ignore[reportArgumentType]
        material,
        AMR(CONDUCTIVITY, ratio),
        edge_electrodes(contacts, mesh, coverage=COVERAGE, start=0.0),
        texture,
        ZhangLi(mesh, material, POLARIZATION, NONADIABATICITY),
        **options,
    )
    state = film.init(key=jax.random.key(0))
    volts = np.cos(2 * np.pi * np.arange(contacts) / contacts)
    density = film.potential(state, volts).current_density
    torque: Any = film.llg.torques[0]
    drift = torque.drift_velocity(density)
    volts = volts * DRIFT / float(jnp.sqrt(jnp.mean(jnp.sum(drift**2, axis=0))))
    return film, state, volts


class Runs:
    """Acts of one film, timed."""

    def __init__(self, film: Any, volts: np.ndarray) -> None:
        import jax

        self.jax, self.film, self.volts = jax, film, volts
        self.key = jax.random.key(1)

    def act(self, state: Any, duration: float) -> tuple[Any, Any, float]:
        """State and record after a duration (s), and the time that took, s."""
        start = clock()
        state, record = self.film.apply(state, self.volts, duration, key=self.key)
        self.jax.block_until_ready(state.m)
        return state, record, clock() - start

    def stretch(self, state: Any, pieces: tuple[float, ...]) -> dict[str, Any]:
        """Time per nanosecond (the median of the pieces), steps and updates per nanosecond."""
        times, steps, updates = [], 0, 0
        for piece in pieces:
            state, record, spent = self.act(state, piece)
            times.append(spent / piece)
            steps += int(record.details["steps"])
            updates += int(record.details["updates"])
        passed = sum(pieces)
        return {
            "time": float(np.median(times)) * 1e-9,
            "steps": steps / passed * 1e-9,
            "updates": updates / passed * 1e-9,
            "memory": peak_memory(),
        }


def our_loop(
    cells: int,
    demag: bool,
    ratio: float,
    contacts: int,
    pieces: tuple[float, ...],
    check: float,
    most: int,
    file: str,
) -> dict[str, Any]:
    """Time per nanosecond, and what of it the transport takes: the same with the current held.

    `most` are the most steps under one current. With a file, also the error over a check stretch.
    """
    import jax.numpy as jnp

    film, state, volts = build_film(cells, demag, ratio, contacts, steps_per_update=most)
    runs = Runs(film, volts)
    state, _, first = runs.act(state, SETTLE)
    found: dict[str, Any] = {"tolerance": float(film.tolerance)}
    if file:
        contact = film.electrodes
        tightest = 1e-7 if state.m.dtype == jnp.float64 else 1e-6
        exact = Runs(_with(film, tightest, 1e-9), volts).act(state, check)[0].m
        end = exact
        for tolerance in TOLERANCES:
            runs = Runs(_with(film, tolerance), volts)
            end = runs.act(state, check)[0].m
            found |= {"tolerance": tolerance, "error": rms(end, exact)}
            if found["error"] < EQUAL_ERROR:
                break
        np.savez(
            file,
            m=np.asarray(state.m[..., 0], np.float64),
            end=np.asarray(end[..., 0], np.float64),
            exact=np.asarray(exact[..., 0], np.float64),
            voltages=volts,
            owner=np.asarray(contact.owner),
            free=np.asarray(contact.free),
            end_spring=np.asarray(contact.end_spring, np.float64),
        )
    found |= runs.stretch(state, pieces)
    never: dict[str, Any] = {"steps_per_update": 10**9}
    # With that many steps under one current the film itself may wait: nothing is compiled anew.
    waiting = film if most >= 1000 else build_film(cells, demag, ratio, contacts, **never)[0]
    held = Runs(_with(waiting, found["tolerance"], 1e9), volts)
    after, _, _ = held.act(state, pieces[0] / 8)  # compiles
    still = held.stretch(after, pieces[:3])
    per_step, per_held_step = found["time"] / found["steps"], still["time"] / still["steps"]
    found["share"] = 1 - per_held_step / per_step
    return found | {"per_step": per_step, "per_held_step": per_held_step, "first": first}


def _with(film: Any, tolerance: float, largest_turn: float | None = None) -> Any:
    """The film with another tolerance, and perhaps a current that is found more often."""
    import equinox as eqx
    import jax.numpy as jnp

    turn = film.largest_turn if largest_turn is None else jnp.asarray(largest_turn)
    leaves = (jnp.asarray(tolerance), turn)
    return eqx.tree_at(lambda tree: (tree.tolerance, tree.largest_turn), film, leaves)


def compare_ends(cells: int, demag: bool, ratio: float, file: str) -> dict[str, Any]:
    """What two codes made of one texture, and their rates at its start."""
    import jax.numpy as jnp

    given, theirs = np.load(file), np.load(Path(file).with_suffix(".peer.npz"))
    film, fresh, _ = build_film(cells, demag, ratio, 4)

    def state(m: np.ndarray) -> Any:
        return type(fresh)(jnp.asarray(m[..., None]), fresh.time, fresh.steps, fresh.step)

    start = state(given["m"])
    density = film.potential(start, given["voltages"]).current_density
    rate = np.asarray(film.llg.rhs(start.m, 0.0, density))[..., 0]
    apart = np.abs(rate - theirs["rate"]).max(axis=0) / np.abs(rate).max()
    end, other = given["end"], theirs["end"]

    def conductance(m: np.ndarray) -> np.ndarray:
        solved = [film.potential(state(m), unit).currents for unit in np.eye(4)]
        return np.stack([np.asarray(v) for v in solved])

    one, two = conductance(end), conductance(other)
    return {
        "apart": rms(end, other),
        "apart_converged": rms(given["exact"], theirs["exact"]),
        "mean_apart": float(np.abs(np.mean(end - other, axis=(1, 2))).max()),
        "moved": rms(end, given["m"]),
        "conductance_apart": float(np.abs(one - two).max() / np.abs(one).max()),
        "rate_inside": float(apart[2:-2, 2:-2].max()),
        "rate_at_edge": float(apart.max()),
    }


def rms(one: Any, other: Any) -> float:
    """Root mean square difference of two textures, per cell."""
    return float(np.sqrt(np.mean(np.sum((np.asarray(one) - np.asarray(other)) ** 2, axis=0))))


def compile_times(cells: int, demag: bool) -> dict[str, Any]:
    """Tracing and compiling of an act, s, without JAX's cache."""
    import equinox as eqx
    import jax

    jax.config.update("jax_enable_compilation_cache", False)
    film, state, volts = build_film(cells, demag, 0.3, 4)

    def act(film: Any, state: Any, volts: Any) -> Any:
        return film.apply(state, volts, 1e-12, key=jax.random.key(1))

    compiled: Any = eqx.filter_jit(act)
    start = time.perf_counter()
    lowered = compiled.lower(film, state, volts)
    traced = time.perf_counter()
    lowered.compile()
    return {"trace": traced - start, "compile": time.perf_counter() - traced}


# --- ensembles


def ensemble(
    members: int, cells: int, demag: bool, duration: float, step: float, ways: str
) -> dict[str, Any]:
    """Many textures in the same film, in several ways: s. A step of zero is an adaptive one."""
    import equinox as eqx
    import jax

    options = {} if step == 0 else {"step": step}
    film, _, volts = build_film(cells, demag, 0.3, 4, **options)
    states = jax.vmap(lambda key: film.init(key=key))(jax.random.split(jax.random.key(0), members))
    key = jax.random.key(1)

    def one(film: Any, state: Any) -> Any:
        return film.apply(state, volts, duration, key=key)[0].m

    def mapped(size: int | None) -> Callable[[Any, Any], Any]:
        def run(film: Any, states: Any) -> Any:
            return jax.lax.map(lambda state: one(film, state), states, batch_size=size)

        return eqx.filter_jit(run)

    def in_turn() -> Callable[[Any, Any], Any]:
        single = eqx.filter_jit(one)
        alone = [jax.tree.map(lambda leaf, k=k: leaf[k], states) for k in range(members)]
        return lambda film, states: [single(film, state) for state in alone]

    def sharded() -> Callable[[Any, Any], Any]:
        from jax.sharding import Mesh as Devices
        from jax.sharding import PartitionSpec as P

        devices = Devices(np.array(jax.devices()), ("films",))
        arrays, rest = eqx.partition(film, eqx.is_array)

        def run(arrays: Any, states: Any) -> Any:
            own = eqx.combine(arrays, rest)
            return jax.lax.map(lambda state: one(own, state), states)

        spread = jax.jit(
            jax.shard_map(
                run,
                mesh=devices,
                in_specs=(P(), P("films")),
                out_specs=P("films"),
                check_vma=False,
            )
        )
        return lambda film, states: spread(arrays, states)

    makers: dict[str, Callable[[], Callable[[Any, Any], Any]]] = {
        "serial": in_turn,
        "vmap": lambda: eqx.filter_jit(eqx.filter_vmap(one, in_axes=(None, 0))),
        "map1": lambda: mapped(None),
        "map4": lambda: mapped(4),
        "map8": lambda: mapped(8),
        "sharded": sharded,
    }
    found: dict[str, Any] = {}
    for way in ways.split(","):
        run = makers[way]()
        jax.block_until_ready(run(film, states))  # compiles
        found[way], _ = best_time(lambda run=run: jax.block_until_ready(run(film, states)), 2)
    return found | {"memory": peak_memory()}


# --- the table


def worker(kind: str, *arguments: str) -> dict[str, Any]:
    """What a subprocess does; times in ps on its command line."""
    if kind == "ensemble":
        members, cells, demag, duration, step, ways, *core = arguments
        if core:
            os.sched_setaffinity(0, {int(core[0])})
        return ensemble(
            int(members),
            int(cells),
            demag == "demag",
            1e-12 * float(duration),
            1e-12 * float(step),
            ways,
        )
    cells, demag, ratio = int(arguments[0]), arguments[1] == "demag", float(arguments[2])
    if kind == "ours":
        contacts, pieces, check, most, file = arguments[3:]
        return our_loop(
            cells,
            demag,
            ratio,
            int(contacts),
            _pieces(pieces),
            1e-12 * float(check),
            int(most),
            file,
        )
    if kind == "compare":
        return compare_ends(cells, demag, ratio, arguments[3])
    if kind == "compile":
        return compile_times(cells, demag)
    bits, interval, check, pieces, file = arguments[3:]
    given = np.load(file)
    found, ends = peer_loop(
        given,
        ratio,
        demag,
        bits == "64",
        float(interval),
        1e-12 * float(check),
        _pieces(pieces),
        TOLERANCES,
        EQUAL_ERROR,
        PEER_LIMIT,
    )
    np.savez(Path(file).with_suffix(".peer.npz"), **ends)  # pyright: ignore[reportArgumentType]
    return found


def _pieces(text: str) -> tuple[float, ...]:
    """``5x200`` are five pieces of 200 ps, s."""
    number, length = text.split("x")
    return (1e-12 * float(length),) * int(number)


def against_peer(
    cells: int,
    demag: bool,
    ratio: float,
    bits: int,
    pinned: int,
    pieces: str,
    check: float,
    most: int = 20,
) -> list[Row]:
    """The loop in both codes, from one texture."""
    label = (
        f"{cells}², {'with' if demag else 'no'} demag, AMR {100 * ratio:g} %, float{bits}, "
        f"{pinned} core{'s' * (pinned > 1)}"
    )
    film = [str(cells), "demag" if demag else "local", str(ratio)]

    def ask(kind: str, *rest: Any, python: str | None = None) -> dict[str, Any]:
        return run_worker(
            __spec__.name,
            [kind, *film, *map(str, rest)],
            python=python,
            pinned=pinned,
            double=bits == 64,
        )

    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "film.npz")
        peer, theirs = "magnum.np and splu", None
        mine = ask("ours", 4, pieces, check, most, file)
        interval = 1e-9 / mine["updates"]
        both: dict[str, Any] = {}
        if not PEERS.exists():
            peer += " (not installed: make peers)"
        else:
            told = bits, interval, check, pieces, file
            try:
                theirs = ask("peer", *told, python=str(PEERS))
                both = ask("compare", file)
            except Exception as error:
                last = (str(error).strip().splitlines() or [type(error).__name__])[-1]
                peer += f" (failed: {last[:60]})"
    rows: list[Row] = []

    def beside(figure: str, key: str, unit: str, better: bool = False, **more: Any) -> None:
        value = None if theirs is None else theirs[key]
        ratio = None if value is None or not better else value / mine[key]
        rows.append(
            row(figure, label, mine[key], unit, peer=name, peer_value=value, ratio=ratio, **more)
        )

    name = peer
    if theirs is not None and theirs["passed"] < 0.99e-9:
        name += f", {1e12 * theirs['passed']:.3g} ps scaled"
    mine["memory_mib"] = mine["memory"] / 2**20
    if theirs is not None:
        theirs["memory_mib"] = theirs["memory"] / 2**20
    beside("1 ns", "time", "s", better=True, peak_memory=mine["memory"])
    beside("share of the transport", "share", "", bound=SHARE_BOUND)
    beside("steps in 1 ns", "steps", "")
    beside("tolerance of a step", "tolerance", "")
    rows.append(row("updates of the current in 1 ns", label, mine["updates"], "", peer="the same"))
    rows.append(row("mean interval of updates", label, 1e12 * interval, "ps", peer="the same"))
    rows.append(row("a step", label, 1e3 * mine["per_step"], "ms"))
    rows.append(row("a step, current held", label, 1e3 * mine["per_held_step"], "ms"))
    beside(f"error after {check:g} ps", "error", "of unit vectors", bound=EQUAL_ERROR)
    beside("peak memory", "memory_mib", "MiB", better=True)
    for figure, key in (
        ("codes apart, converged", "apart_converged"),
        ("codes apart, as timed", "apart"),
        ("mean magnetization apart", "mean_apart"),
        ("conductance matrix apart, of largest", "conductance_apart"),
        ("dm/dt apart inside, of largest", "rate_inside"),
        ("dm/dt apart at the edge, of largest", "rate_at_edge"),
        ("moved in that time", "moved"),
    ):
        if key in both:
            rows.append(row(figure, label, both[key], "", peer=peer))
    return rows


def scaling(
    sizes: tuple[tuple[int, int], ...], pieces: dict[int, str], what: str, pinned: int
) -> list[Row]:
    """Cost per nanosecond over ``(cells, contacts)``, with the fitted exponent."""
    rows, along, times, steps = [], [], [], []
    for cells, contacts in sizes:
        mine = run_worker(
            __spec__.name,
            ["ours", str(cells), "demag", "0.3", str(contacts), pieces[cells], "0", "20", ""],
            pinned=pinned,
        )
        size = f"{cells}², {contacts} contacts"
        memory = mine["memory"]
        rows.append(row("1 ns", size, mine["time"], "s", peak_memory=memory))
        rows.append(row("steps in 1 ns", size, mine["steps"], ""))
        rows.append(row("updates of the current in 1 ns", size, mine["updates"], ""))
        rows.append(row("share of the transport", size, mine["share"], "", bound=SHARE_BOUND))
        along.append(cells**2 if what == "cells" else contacts)
        times.append(mine["time"])
        steps.append(mine["per_step"])
    span = f"{along[0]} to {along[-1]} {what}"
    for figure, values in (("1 ns", times), ("a step", steps)):
        exponent = float(np.polyfit(np.log(along), np.log(values), 1)[0])
        rows.append(row(f"exponent of {figure} in {what}", span, exponent, ""))
    return rows


def ensembles(
    members: int, cells: int, demag: bool, bits: int, duration: float, step: float, ways: str
) -> list[Row]:
    """Ways to move many films, against one after another on the same cores."""
    film = [str(cells), "demag" if demag else "local", str(duration), str(step)]
    double = bits == 64
    used = cores()
    found = run_worker(
        __spec__.name, ["ensemble", str(members), *film, f"serial,{ways}"], double=double
    )
    if len(used) > 1 and step == 0:
        found["sharded"] = run_worker(
            __spec__.name,
            ["ensemble", str(members), *film, "sharded"],
            double=double,
            extra={"XLA_FLAGS": FORCED_DEVICES},
        )["sharded"]

        def half(core: int) -> float:
            arguments = ["ensemble", str(members // 2), *film, "serial", str(core)]
            return run_worker(__spec__.name, arguments, double=double, pinned=1)["serial"]

        with ThreadPoolExecutor(2) as pool:
            found["processes"] = max(pool.map(half, used))
    kind = "adaptive steps" if step == 0 else "fixed steps"
    size = (
        f"{members} films of {cells}², {'with' if demag else 'no'} demag, float{bits}, "
        f"{duration:g} ps, {kind}, {len(used)} core{'s' * (len(used) > 1)}"
    )
    names = {
        "vmap": "films by vmap",
        "map1": "films by lax.map",
        "map4": "films by lax.map, four at a time",
        "map8": "films by lax.map, eight at a time",
        "sharded": "films by lax.map on two host devices",
        "processes": "films in two processes",
    }
    return [
        row(
            figure,
            size,
            found[key],
            "s",
            peer="spinlearn, one after another",
            peer_value=found["serial"],
            ratio=found["serial"] / found[key],
            bound=found["serial"] / 4,
            peak_memory=found["memory"],
        )
        for key, figure in names.items()
        if key in found
    ]


def compilation(cells: int, demag: bool) -> list[Row]:
    found = run_worker(__spec__.name, ["compile", str(cells), "demag" if demag else "local", "0.3"])
    size = f"{cells}², {'with' if demag else 'no'} demag"
    return [
        row("tracing of an act", size, found["trace"], "s"),
        row("compilation of an act", size, found["compile"], "s"),
    ]


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        print(json.dumps(worker(*sys.argv[2:])))
        return
    options = parse(__doc__)
    rows: list[Row] = []
    if options.quick:
        # Without ensembles, each way of which compiles for ten seconds.
        rows += against_peer(64, True, 0.3, 64, 1, "4x10", 5.0, most=1000)
        report(rows, options.json)
        return
    for pinned in range(1, len(cores()) + 1):
        for demag in (True, False):
            for bits in (64, 32):
                rows += against_peer(256, demag, 0.3, bits, pinned, "5x200", 20.0)
    rows += against_peer(256, True, 0.03, 64, 1, "5x200", 20.0)
    pieces = {64: "5x100", 128: "5x50", 256: "5x20", 512: "5x10"}
    rows += scaling(tuple((n, 4) for n in pieces), pieces, "cells", 1)
    rows += scaling(tuple((128, n) for n in (4, 8, 16, 35)), pieces, "contacts", 1)
    for bits in (64, 32):
        for demag in (True, False):
            rows += ensembles(32, 64, demag, bits, 10.0, 0.0, "vmap,map1,map4,map8")
            rows += ensembles(32, 64, demag, bits, 10.0, 0.25, "vmap,map8")
    rows += compilation(64, True) + compilation(256, True) + compilation(256, False)
    report(rows, options.json)


if __name__ == "__main__":
    main()
