"""Landau–Lifshitz–Gilbert: time per right-hand side, and for 1 ns of standard problem 4.

Peers are magnum.np and neuralmag (JAX backend: its torch one was slower here), on the same grid,
precision, energy terms and cores. The right-hand side has exchange, uniaxial anisotropy,
interfacial DMI and the demagnetizing field of a random film. Beside it the bare transforms: the
share of the time that no program could save. Problem 4 is compared at equal error: every code runs
at several tolerances, and the loosest one counts that ends within 1e-3 of that code's own
converged result. Compilation is excluded everywhere.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._measure import Row, best_time, parse, peak_memory, report, row, run_worker

PEERS = Path(__file__).resolve().parent.parent / ".venv-peers" / "bin" / "python"
CELL = (4e-9, 4e-9, 1e-9)
TERMS = {"Ms": 5.8e5, "A": 15e-12, "Ku": 0.8e6, "D": 3e-3, "alpha": 0.3}
GAMMA = 2.211e5  # m/(A s), standard problem 4
PROBLEM_4 = {"shape": (128, 32, 1), "cell": (500e-9 / 128, 125e-9 / 32, 3e-9)}
FIELD_4 = (-24.6e-3, 4.3e-3, 0.0)  # T
MU_0 = 4e-7 * np.pi
EQUAL_ERROR = 1e-3
SHAPES = ("64x64x1", "128x128x1", "256x256x1", "512x512x1", "1024x1024x1", "64x64x64")
PEER_NAMES = {"magnum": "magnum.np", "neuralmag-jax": "neuralmag"}


def random_film(shape: tuple[int, ...]) -> np.ndarray:
    m = np.random.default_rng(0).normal(size=(3, *shape))
    return m / np.linalg.norm(m, axis=0)


def time_calls(call: Callable[[], Any], budget: float = 1.5) -> float:
    """Best time of a call, s, within a budget of time."""
    call()
    once, _ = best_time(call, 1)
    return best_time(call, max(3, min(50, int(budget / once))))[0]


def time_in_a_row(call: Callable[[], Any], size: int) -> float:
    """Mean time of calls one after another, s, as in `our_rhs`: a best single call is faster."""
    count = calls_in_a_row(size)

    def repeat() -> None:
        for _ in range(count):
            call()

    return time_calls(repeat) / count


def calls_in_a_row(size: int) -> int:
    """How many right-hand sides of so many numbers are timed as one."""
    return max(1, min(50, int(4e6 / size)))


# --- spinlearn


def our_energy(shape: tuple[int, int, int]) -> Any:
    from spinlearn import Material, Mesh
    from spinlearn.magnetics import Demag, Exchange, InterfacialDMI, UniaxialAnisotropy

    mesh = Mesh(shape, CELL)
    film = Material(TERMS["Ms"], TERMS["A"], TERMS["Ku"], interfacial_dmi=TERMS["D"])
    local = Exchange(mesh, film) + UniaxialAnisotropy(mesh, film) + InterfacialDMI(mesh, film)
    return local + Demag(mesh, film)


def our_rhs(shape: tuple[int, int, int]) -> dict[str, Any]:
    """Mean time of right-hand sides in a compiled loop, as an integrator runs them."""
    import jax
    import jax.numpy as jnp

    from spinlearn.magnetics import LLG
    from spinlearn.magnetics._precision import as_precision

    m = jnp.asarray(random_film(shape), jnp.result_type(float))
    llg = as_precision(LLG(our_energy(shape), damping=TERMS["alpha"]), m.dtype)
    count = calls_in_a_row(m.size)
    tiny = jnp.asarray(1e-20, m.dtype)

    @jax.jit
    def loop(llg: Any, m: Any) -> Any:
        return jax.lax.fori_loop(0, count, lambda _, v: v + tiny * llg.rhs(v), m)

    spent = time_calls(lambda: jax.block_until_ready(loop(llg, m))) / count

    @jax.jit
    def transforms(v: Any) -> Any:
        return jax.lax.fori_loop(0, count, lambda _, v: bare_transforms(v), v)

    bare = time_calls(lambda: jax.block_until_ready(transforms(m))) / count
    return {"time": spent, "bare": bare, "memory": peak_memory()}


def bare_transforms(v: Any) -> Any:
    """The same pruned transforms, forth and back, without a kernel, one whole array each."""
    import jax.numpy as jnp

    nx, ny, nz = v.shape[1:]
    waves = jnp.fft.rfft(jnp.moveaxis(v, 2, 3), n=2 * ny, axis=-1)
    waves = jnp.moveaxis(waves, 3, 1)
    if nz > 1:
        waves = jnp.fft.fft(waves, n=2 * nz, axis=-1)
    waves = jnp.fft.fft(jnp.swapaxes(waves, 2, 3), n=2 * nx, axis=-1)
    waves = jnp.swapaxes(jnp.fft.ifft(waves, axis=-1)[..., :nx], 2, 3)
    if nz > 1:
        waves = jnp.fft.ifft(waves, axis=-1)[..., :nz]
    waves = jnp.moveaxis(waves, 1, 3)
    return jnp.moveaxis(jnp.fft.irfft(waves, n=2 * ny, axis=-1)[..., :ny], 3, 2)


def our_problem_4() -> dict[str, Any]:
    import jax
    import jax.numpy as jnp

    from spinlearn import Material, Mesh
    from spinlearn.magnetics import LLG, Demag, Exchange, Zeeman, evolve, relax

    mesh, film = Mesh(PROBLEM_4["shape"], PROBLEM_4["cell"]), Material(8e5, 13e-12)
    energy = Exchange(mesh, film) + Demag(mesh, film)
    start = jnp.zeros((3, *mesh.shape)).at[0].set(1.0).at[1].set(0.1)
    m = relax(energy, start / jnp.linalg.norm(start, axis=0, keepdims=True)).m
    field = Zeeman(mesh, film, np.array(FIELD_4) / MU_0)
    llg = LLG(energy + field, damping=0.02, gyromagnetic_ratio=GAMMA / MU_0)

    def run(tolerance: float, method: str = "rk4-split") -> np.ndarray:
        end = jax.block_until_ready(evolve(llg, m, 1e-9, tolerance=tolerance, method=method).m)
        return np.asarray(end.mean((1, 2, 3)), np.float64)

    tight = 1e-8 if m.dtype == jnp.float64 else 1e-6
    exact = run(tight, "dormand-prince")
    return equal_error(run, (1e-3, 1e-4, 1e-5, 1e-6), exact)


def vmapped_films(members: int, cells: int) -> dict[str, Any]:
    """Evolutions of many films at once, and one after another."""
    import equinox as eqx
    import jax
    import jax.numpy as jnp

    from spinlearn.magnetics import LLG, evolve

    shape = (cells, cells, 1)
    llg = LLG(our_energy(shape), damping=TERMS["alpha"])
    films = np.stack([np.roll(random_film(shape), k, axis=1) for k in range(members)])
    films = jnp.asarray(films, jnp.result_type(float))

    def one(llg: Any, m: Any) -> Any:
        return evolve(llg, m, 2e-12, step=1e-13).m

    together = eqx.filter_jit(eqx.filter_vmap(one, in_axes=(None, 0)))
    batched = eqx.filter_jit(
        lambda llg, films: jax.lax.map(lambda m: one(llg, m), films, batch_size=8)
    )
    single = eqx.filter_jit(one)
    return {
        "vmap": time_calls(lambda: jax.block_until_ready(together(llg, films))),
        "map": time_calls(lambda: jax.block_until_ready(batched(llg, films))),
        "serial": time_calls(lambda: jax.block_until_ready([single(llg, m) for m in films])),
    }


def equal_error(run: Callable[[float], np.ndarray], tolerances: Any, exact: Any) -> dict[str, Any]:
    """The loosest run that ends near the converged one: time, s, its tolerance and error."""
    tolerance, error = np.nan, np.inf
    for tolerance in tolerances:
        error = float(np.abs(run(tolerance) - exact).max())
        if error < EQUAL_ERROR:
            break
    spent, _ = best_time(lambda: run(tolerance), 3)
    return {"time": spent, "tolerance": tolerance, "error": error, "end": exact.tolist()}


# --- peers; these run in an environment of their own


def magnum_state(shape: Any, cell: Any, double: bool) -> Any:
    import logging

    import magnumnp as peer  # type: ignore[import-not-found]
    import torch  # type: ignore[import-not-found]

    logging.disable(logging.CRITICAL)
    torch.set_default_dtype(torch.float64 if double else torch.float32)
    return peer, torch, peer.State(peer.Mesh(tuple(shape), tuple(cell)))


def magnum_rhs(shape: tuple[int, int, int], double: bool) -> dict[str, Any]:
    peer, torch, state = magnum_state(shape, CELL, double)
    state.material = {
        "Ms": TERMS["Ms"],
        "A": TERMS["A"],
        "Ku": TERMS["Ku"],
        "Ku_axis": [0, 0, 1],
        "Di": TERMS["D"],
        "alpha": TERMS["alpha"],
    }
    state.m = torch.tensor(np.moveaxis(random_film(shape), 0, -1), dtype=torch.get_default_dtype())
    terms = [
        peer.DemagField(),
        peer.ExchangeField(),
        peer.UniaxialAnisotropyField(),
        peer.InterfaceDMIField(),
    ]
    solver = peer.LLGSolver(terms)
    spent = time_in_a_row(lambda: solver.dm(0.0, state.m, state), state.m.numel())
    return {"time": spent, "memory": peak_memory()}


def magnum_problem_4(double: bool) -> dict[str, Any]:
    peer, torch, state = magnum_state(PROBLEM_4["shape"], PROBLEM_4["cell"], double)
    state.material = {"Ms": 8e5, "A": 13e-12, "alpha": 0.02}
    start = np.zeros((*PROBLEM_4["shape"], 3)) + np.array([1, 0.1, 0]) / np.hypot(1, 0.1)
    state.m = torch.tensor(start, dtype=torch.get_default_dtype())
    demag, exchange = peer.DemagField(), peer.ExchangeField()
    peer.LLGSolver([demag, exchange]).relax(state)
    relaxed = state.m.clone()
    field = peer.ExternalField(torch.tensor(np.array(FIELD_4) / MU_0))

    def run(tolerance: float) -> np.ndarray:
        state.m, state.t = relaxed.clone(), 0.0
        solver = peer.LLGSolver([demag, exchange, field], atol=tolerance, rtol=tolerance)
        for _ in range(10):
            solver.step(state, 1e-10)
        return state.m.mean(dim=(0, 1, 2)).numpy().astype(float)

    return equal_error(run, (1e-3, 1e-4, 1e-5, 1e-6), run(1e-6))


def neuralmag_state(shape: Any, cell: Any) -> Any:
    import logging

    import neuralmag as peer  # type: ignore[import-not-found]

    logging.disable(logging.CRITICAL)
    # Its guide asks for a mesh of two dimensions for one layer.
    cells = list(shape[:2]) if shape[2] == 1 else list(shape)
    mesh = peer.Mesh(cells, list(cell), [0.0, 0.0, 0.0])
    return peer, peer.State(mesh)


def neuralmag_rhs(shape: tuple[int, int, int]) -> dict[str, Any]:
    peer, state = neuralmag_state(shape, CELL)
    material = state.material
    material.Ms, material.A, material.alpha = TERMS["Ms"], TERMS["A"], TERMS["alpha"]
    material.Ku, material.Ku_axis = TERMS["Ku"], [0.0, 0.0, 1.0]
    material.Di, material.Di_axis = TERMS["D"], [0.0, 0.0, 1.0]
    state.m = peer.VectorFunction(state).fill((0.6, 0.0, 0.8))
    peer.ExchangeField().register(state, "exchange")
    peer.DemagField().register(state, "demag")
    peer.UniaxialAnisotropyField().register(state, "aniso")
    peer.InterfaceDMIField().register(state, "dmi")
    peer.TotalField("exchange", "demag", "aniso", "dmi").register(state)
    solver = peer.LLGSolver(state)
    if peer.config.backend_name == "jax":
        import jax

        rhs = jax.jit(lambda t, m: solver._term.vector_field(t, m, ()))
        m = state.m.tensor
        spent = time_in_a_row(lambda: jax.block_until_ready(rhs(0.0, m)), m.size)
    else:
        import torch  # type: ignore[import-not-found]

        t, m = state.tensor(0.0), state.m.tensor
        with torch.no_grad():
            spent = time_in_a_row(lambda: solver.forward(t, m), m.numel())
    return {"time": spent, "memory": peak_memory()}


def neuralmag_problem_4(double: bool) -> dict[str, Any]:
    peer, state = neuralmag_state(PROBLEM_4["shape"], PROBLEM_4["cell"])
    state.material.Ms, state.material.A, state.material.alpha = 8e5, 13e-12, 0.02
    state.m = peer.VectorFunction(state).fill((1 / np.hypot(1, 0.1), 0.1 / np.hypot(1, 0.1), 0.0))
    peer.ExchangeField().register(state, "exchange")
    peer.DemagField().register(state, "demag")
    peer.TotalField("exchange", "demag").register(state)
    peer.LLGSolver(state).relax()
    relaxed = np.array(state.m.tensor)
    field = peer.VectorFunction(state).fill([float(v) / MU_0 for v in FIELD_4])
    peer.ExternalField(field).register(state, "external")
    peer.TotalField("exchange", "demag", "external").register(state)
    solvers: dict[float, Any] = {}

    def run(tolerance: float) -> np.ndarray:
        if tolerance not in solvers:
            solvers[tolerance] = peer.LLGSolver(state, rtol=tolerance, atol=tolerance)
        state.m.tensor = state.tensor(relaxed)
        state.t = 0.0
        for _ in range(10):
            solvers[tolerance].step(1e-10)
        return np.asarray(state.m.tensor).reshape(-1, 3).mean(0).astype(float)

    return equal_error(run, (1e-3, 1e-4, 1e-5, 1e-6), run(1e-6))


# --- the table


def worker(kind: str, *arguments: str) -> dict[str, Any]:
    """What a subprocess does."""
    if kind.endswith("rhs"):
        shape: Any = tuple(int(n) for n in arguments[0].split("x"))
        if kind == "ours-rhs":
            return our_rhs(shape)
        return (
            magnum_rhs(shape, arguments[1] == "64")
            if "magnum-" in kind[:7]
            else neuralmag_rhs(shape)
        )
    if kind == "vmap":
        return vmapped_films(int(arguments[0]), int(arguments[1]))
    double = arguments[0] == "64"
    if kind == "ours-problem":
        return our_problem_4()
    return magnum_problem_4(double) if kind.startswith("magnum") else neuralmag_problem_4(double)


def ask(code: str, what: str, arguments: list[str], bits: int, pinned: int) -> dict[str, Any] | str:
    """A measurement of one code, or why there is none."""
    ours = code == "ours"
    if not ours and not PEERS.exists():
        return "not installed: make peers"
    extra = {"NM_DTYPE": f"float{bits}", "NM_BACKEND": code.split("-")[-1]}
    name = code if ours else code.split("-")[0]
    try:
        return run_worker(
            __spec__.name,
            [f"{name}-{what}", *arguments],
            python=None if ours else str(PEERS),
            pinned=pinned,
            double=bits == 64,
            extra=extra,
        )
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return f"failed: {lines[-1][:70]}"


def compare(
    figure: str, size: str, what: str, arguments: list[str], bits: int, pinned: int, peers: Any
) -> list[Row]:
    """Our time beside every peer's, in one run."""
    mine = ask("ours", what, arguments, bits, pinned)
    if isinstance(mine, str):
        raise RuntimeError(mine)
    label = f"{size}, float{bits}, {pinned} core{'s' if pinned > 1 else ''}"
    memory = mine.get("memory")
    rows = []
    for peer in peers:
        theirs = ask(peer, what, arguments, bits, pinned)
        name = PEER_NAMES[peer]
        value = None
        if isinstance(theirs, str):
            name += f" ({theirs})"
        else:
            value = 1e3 * theirs["time"]
            if "error" in theirs:
                name += f", tolerance {theirs['tolerance']:g}, error {theirs['error']:.1e}"
        rows.append(
            row(
                figure,
                label,
                1e3 * mine["time"],
                "ms",
                peer=name,
                peer_value=value,
                ratio=None if value is None else value / (1e3 * mine["time"]),
                peak_memory=memory,
            )
        )
    if "bare" in mine:
        share = mine["bare"] / mine["time"]
        rows.append(row("share of bare transforms", label, share, "", bound=0.7))
    if "error" in mine:
        rows.append(
            row(
                "error at that tolerance",
                label,
                mine["error"],
                "of unit vectors",
                bound=EQUAL_ERROR,
            )
        )
    return rows


def ensemble(members: int, cells: int, bits: int) -> list[Row]:
    found = run_worker(__spec__.name, ["vmap", str(members), str(cells)], double=bits == 64)
    size = f"{members} films of {cells}², float{bits}, 20 steps"
    return [
        row(
            figure,
            size,
            1e3 * found[key],
            "ms",
            peer="spinlearn, one after another",
            peer_value=1e3 * found["serial"],
            ratio=found["serial"] / found[key],
        )
        for figure, key in (("films by vmap", "vmap"), ("films by lax.map, eight at a time", "map"))
    ]


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        print(json.dumps(worker(*sys.argv[2:])))
        return
    options = parse(__doc__)
    peers = list(PEER_NAMES)
    rows: list[Row] = []
    if options.quick:
        rows += compare("right-hand side", "256²×1", "rhs", ["256x256x1", "64"], 64, 2, ["magnum"])
        rows += ensemble(16, 64, 64)
    else:
        for pinned in (1, 2):
            for bits in (64, 32):
                for shape in SHAPES:
                    args = [shape, str(bits)]
                    rows += compare("right-hand side", shape, "rhs", args, bits, pinned, peers)
        for bits in (64, 32):
            rows += compare("1 ns of problem 4", "128x32x1", "problem", [str(bits)], bits, 2, peers)
        rows += ensemble(64, 64, 64) + ensemble(64, 64, 32)
    report(rows, options.json)


if __name__ == "__main__":
    main()
