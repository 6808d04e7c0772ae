"""Figures of the validation page: what spinlearn finds (points) over closed forms (lines).

``python docs/_validation.py FOLDER`` draws them; the documentation does so when it is built.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import integrate, optimize, stats

from spinlearn import Material, Mesh, named_material, stream
from spinlearn.constants import GYROMAGNETIC_RATIO, K_B, MU_0
from spinlearn.junctions import MTJ, Macrospin, TelegraphNoise, write_error_rate
from spinlearn.magnetics import (
    LLG,
    Demag,
    Exchange,
    UniaxialAnisotropy,
    Zeeman,
    relax,
    two_domain_state,
    uniform_state,
)
from spinlearn.networks import load_curve, mean_field_capacity, mean_field_overlap, recall_thermal
from spinlearn.report._style import LINES, STYLE
from spinlearn.rules import hebb, node_perturbation, stdp_probability, stdp_step
from spinlearn.substrates import LinkModel
from spinlearn.transport import (
    AMR,
    Electrodes,
    conductance_matrix,
    crossbar_currents,
    edge_electrodes,
)

MARKS = ("o", "s", "^", "D")


def _line(ax: Axes, x: Any, y: Any, index: int, label: str = "") -> None:
    """A closed form."""
    color, dash = LINES[index]
    ax.plot(x, y, color=color, ls=dash, lw=1.0, label=label)


def _points(ax: Axes, x: Any, y: Any, index: int, label: str = "", error: Any = None) -> None:
    """What spinlearn found, with intervals where it was drawn by chance."""
    color = LINES[index][0]
    ax.errorbar(
        np.asarray(x),
        np.asarray(y),
        error,
        fmt=MARKS[index],
        ms=3.2,
        mfc="white",
        mec=color,
        ecolor=color,
        elinewidth=0.8,
        mew=0.9,
        ls="none",
        label=label,
        zorder=3,
    )


def magnetics(left: Axes, right: Axes) -> None:
    """Profile of a domain wall; resonance of a film in a field."""
    mesh, film = Mesh((200, 1, 1), (1e-9, 1e-9, 1e-9)), Material(8e5, 13e-12, anisotropy=4e5)
    start = two_domain_state(
        mesh, left=(0, 0, -1), wall=(0, 1, 0), right=(0, 0, 1), wall_width=9e-9
    )
    m = relax(Exchange(mesh, film) + UniaxialAnisotropy(mesh, film), start).m[:, :, 0, 0]
    x = (mesh.coordinates()[0] - 0.5 * mesh.extent[0]) * 1e9
    width = np.sqrt(13e-12 / 4e5) * 1e9
    shown = np.abs(x) < 26
    _line(left, x[shown], np.tanh(x[shown] / width), 0, r"$\tanh(x/\sqrt{A/K})$")
    _points(left, x[shown][::2], m[2][shown][::2], 0, "relaxed")
    left.set(xlabel="position x (nm)", ylabel="$m_z$ (no unit)", title="a  Domain wall")

    sheet = Mesh((4, 4, 1), (3e-9, 3e-9, 3e-9), periodic=(True, True, False))
    soft = named_material("permalloy")
    ms = float(soft.saturation_magnetization)
    along = [uniform_state(sheet, axis) for axis in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
    inner = Demag(sheet, soft) + Exchange(sheet, soft)

    @jax.jit
    def resonance(field: jax.Array) -> jax.Array:
        applied = jnp.stack([field, 0 * field, 0 * field])
        llg = LLG(inner + Zeeman(sheet, soft, applied), damping=0.0)
        y, z = (jax.jvp(llg.rhs, (along[0],), (turn,))[1][:, 0, 0, 0] for turn in along[1:])
        return jnp.sqrt(-y[2] * z[1]) / (2 * np.pi)

    fields = np.linspace(1e3, 2e5, 12)
    fine = np.linspace(0, 2e5, 200)
    exact = GYROMAGNETIC_RATIO * MU_0 * np.sqrt(fine * (fine + ms)) / (2 * np.pi)
    _line(right, fine / 1e3, exact / 1e9, 0, r"Kittel, $\gamma\mu_0\sqrt{H(H+M_s)}/2\pi$")
    found = [float(resonance(jnp.asarray(h))) for h in fields]
    _points(right, fields / 1e3, np.array(found) / 1e9, 0, "linearised LLG")
    right.set(xlabel="field H (kA/m)", ylabel="frequency (GHz)", title="b  Resonance of a film")


# A square whose contacts cover this part of its sides is the image of a disc with equal arcs.
SQUARE_FRACTION = 0.3168871007854949


def _of_bar(mesh: Mesh, contacts: Electrodes, ratio: Any, angle: jax.Array) -> jax.Array:
    axis = jnp.stack([jnp.cos(angle), jnp.sin(angle), jnp.zeros_like(angle)])
    m = jnp.broadcast_to(axis[:, None, None, None], (3, *mesh.shape))
    return conductance_matrix(AMR(4e6, ratio).tensor(m), contacts)[0, 0]


def transport(left: Axes, right: Axes) -> None:
    """Resistivity of a bar against the direction of m; error of a square against its mesh."""
    bar = Mesh((128, 4, 1), (4e-9, 4e-9, 10e-9))
    contacts = edge_electrodes((0, 1, 0, 1), bar, coverage=1.0)
    length, width, thickness = bar.extent
    fine = np.linspace(0, 180, 200)
    angles = np.arange(0, 181, 15)
    read = jax.jit(jax.vmap(partial(_of_bar, bar, contacts), (None, 0)))
    for index, ratio in enumerate((0.03, 0.3)):
        g = np.asarray(read(jnp.asarray(ratio), jnp.radians(angles)))
        found = width * thickness / length / g
        exact = 1 + ratio * np.cos(np.radians(fine)) ** 2
        _line(left, fine, exact, index, rf"$1 + {ratio:g}\,\cos^2$")
        _points(left, angles, found * 4e6, index, f"AMR {100 * ratio:.0f} %")
    left.set(
        xlabel="angle of m to the bar (°)",
        ylabel=r"resistivity, of $\rho_\perp$ (no unit)",
        title="a  Bar of uniform m",
        xticks=np.arange(0, 181, 45),
    )
    left.set_ylim(top=1.42)

    row = np.array([1.20710678, -0.5, -0.20710678, -0.5])
    exact = np.array([np.roll(row, shift) for shift in range(4)])
    sizes = np.array([50, 101, 202])
    errors = np.zeros((2, len(sizes)))
    for k, n in enumerate(sizes):
        mesh = Mesh((int(n), int(n), 1), (1e-9, 1e-9, 1e-9))
        sigma = AMR(1 / mesh.thickness, 0.0).tensor(uniform_state(mesh, (0.0, 0.0, 1.0)))
        first = round((1 - SQUARE_FRACTION) / 2 * n)
        masks, middle = np.zeros((4, n + 1, n + 1), bool), slice(first, n - first + 1)
        masks[0, middle, 0] = masks[1, -1, middle] = True
        masks[2, middle, -1] = masks[3, 0, middle] = True
        both = (Electrodes(mesh, masks), edge_electrodes(4, mesh, coverage=SQUARE_FRACTION))
        for i, each in enumerate(both):
            g = np.asarray(conductance_matrix(sigma, each))
            errors[i, k] = np.abs(g - exact).max() / row[0]
    corners = np.array([50.0, 202.0])
    _line(right, corners, errors[0, -1] * (corners[-1] / corners), 0, "first order")
    _line(right, corners, errors[1, -1] * (corners[-1] / corners) ** 2, 1, "second order")
    _points(right, sizes, errors[0], 0, "ends on corners (masks)")
    _points(right, sizes, errors[1], 1, "ends between (edge_electrodes)")
    right.set(
        xlabel="cells along a side",
        ylabel="error of G, of its largest (no unit)",
        title="b  Square, four contacts",
        xscale="log",
        yscale="log",
        ylim=(2e-6, 5.0),
    )
    right.set_xticks([50, 100, 200], ["50", "100", "200"], minor=False)
    right.xaxis.set_minor_formatter(mpl.ticker.NullFormatter())


def junctions(left: Axes, right: Axes) -> None:
    """Write errors of an ensemble; autocorrelation of telegraph noise."""
    field, members, stability = 3e5, 8000, 60.0
    turn = 1 / (GYROMAGNETIC_RATIO * MU_0 * field)
    device = MTJ(
        resistance_parallel=5e3,
        area=1e-15,
        tmr=1.0,
        thermal_stability=stability,
        critical_voltage=1.0,
        damping=1.0,
        anisotropy_field=field,
    )
    unit = float(device.relaxation_time)
    for index, (drive, last) in enumerate(((1.5, 7.0), (2.0, 4.5), (5.0, 1.4))):
        one = Macrospin(
            2 * stability * K_B * 300 / (MU_0 * field),
            field,
            damping=1.0,
            damping_like=drive * field,
        )
        keys = jax.random.split(jax.random.key(index))
        steps = 8 * round(last * unit / (0.1 / (1 + drive) * turn) / 8)
        run = one.evolve(
            one.equilibrium(members, key=keys[0]),
            last * unit,
            step=last * unit / steps,
            key=keys[1],
            save_every=steps // 8,
        )
        left_behind = np.sum(np.asarray(run.saved)[:, 2] > 0, axis=1)
        times = np.asarray(run.times) / unit
        fine = np.linspace(0.2, last, 40)
        exact = np.asarray(write_error_rate(device, drive, fine * unit))
        _line(left, fine, exact, index)
        seen = left_behind > 0
        share = left_behind[seen] / members
        low = stats.beta.ppf(0.025, left_behind[seen], members - left_behind[seen] + 1)
        high = stats.beta.ppf(0.975, left_behind[seen] + 1, members - left_behind[seen])
        bars = [share - low, np.nan_to_num(high, nan=1.0) - share]
        _points(left, times[seen], share, index, f"$V/V_c$ = {drive:g}", np.maximum(bars, 0))
    left.set(
        xlabel=r"pulse (relaxation times $\tau_D$)",
        ylabel="probability not to switch (no unit)",
        title="a  Write errors",
        yscale="log",
        ylim=(5e-5, 2),
    )

    noise = TelegraphNoise([1e-5, 5e-5], [2e-4, 3e-5], [0.0, 0.0], [1.0, 0.7], 1e-5, 0.0)
    shape, key = (400,), jax.random.key(3)
    lags = np.arange(0, 13)
    fine = np.linspace(0, 1.2e-4, 100)
    shares = np.array([2e-4, 3e-5]) / np.array([2.1e-4, 8e-5])
    parts = shares * (1 - shares) * np.array([1.0, 0.49])
    rates = 1 / np.array([1e-5, 5e-5]) + 1 / np.array([2e-4, 3e-5])
    exact = (parts[None] * np.exp(-fine[:, None] * rates)).sum(axis=1) / parts.sum()
    _, trace = noise.sample(noise.init(shape, key=key), 4000, key=key)
    x = np.asarray(trace, float) - float(shares @ [1.0, 0.7])
    each = np.array([(x[: len(x) - k] * x[k:]).mean(axis=0) for k in lags]) / parts.sum()
    error = 1.96 * each.std(axis=1) / np.sqrt(shape[0])
    _line(right, fine * 1e6, exact, 0, r"$\sum_i a_i\,e^{-t/\tau_i}$")
    _points(right, lags * 10, each.mean(axis=1), 0, "sampled", error)
    right.set(
        xlabel="lag t (µs)",
        ylabel="autocorrelation (no unit)",
        title="b  Telegraph noise, two junctions",
    )


def substrates(left: Axes, right: Axes) -> None:
    """Parts of links that pulses write; current into a line with resistance."""
    model = LinkModel(1e-3, 0.004, 0.1, 2.0, 3e9, 2.0, retention=2e-9)
    times = np.linspace(0, 3e-9, 13)
    fine = np.linspace(0, 3e-9, 200)
    for index, volts in enumerate((0.1, 0.2)):
        target, rate = 1 / (1 + (0.1 / volts) ** 2), 3e9 * (volts / 0.1) ** 2

        def slope(t: float, w: Any, target: float = target, rate: float = rate) -> Any:
            # One pulse of 1 ns, and then nothing.
            return (t < 1e-9) * rate * np.maximum(target - w, 0) - w / 2e-9

        exact = integrate.solve_ivp(
            slope, (0, 3e-9), [0.0], t_eval=fine, rtol=1e-9, atol=1e-12, max_step=1e-11
        )
        w, found = jnp.zeros(()), [0.0]
        for t in times[1:]:
            on = jnp.asarray(volts if t < 1.001e-9 else 0.0)
            w, _ = model.write(w, on, jnp.asarray(times[1]))
            found.append(float(w))
        _line(left, fine * 1e9, exact.y[0], index, f"integrated, {volts:g} V")
        _points(left, times * 1e9, found, index, f"closed form, {volts:g} V")
    left.set(xlabel="time (ns)", ylabel="part written w (no unit)", title="a  A link, 1 ns on")
    left.set_ylim(top=1.1)

    lengths = np.array([5, 10, 20, 50, 100, 200, 400])
    fine = np.geomspace(5, 400, 100)
    for index, (r, g) in enumerate(((0.1, 1e-4), (1.0, 1e-4), (10.0, 1e-4))):
        found = [
            float(crossbar_currents(np.full((n, 1), g), [1.0], r, 0.0).currents.sum())
            for n in lengths
        ]
        exact = np.sqrt(g / r) * np.tanh(fine * np.sqrt(r * g))
        _line(right, fine, 1e3 * exact, index)
        _points(right, lengths, 1e3 * np.array(found), index, f"{r:g} Ω a segment")
    right.set(
        xlabel="devices on the line",
        ylabel="current at 1 V (mA)",
        title="b  A word line of 10 kΩ devices",
        xscale="log",
        yscale="log",
    )


def rules(left: Axes, right: Axes) -> None:
    """Junctions written by chance; angle of a gradient estimated from noise."""
    synapses, spikes = 20_000, 80
    for index, (q, up, down) in enumerate(((0.5, 0.3, 0.3), (0.2, 0.1, 0.02), (0.1, 0.3, 0.05))):
        key = jax.random.key(index)

        def spike(
            states: jax.Array, n: jax.Array, q: float = q, p: Any = (up, down), key: Any = key
        ) -> Any:
            shown = jax.random.bernoulli(stream(key, "inputs", n), q, (synapses,))
            after = stdp_step(states, shown, [True], *p, key=stream(key, "switching", n))
            return after, after.mean()

        _, found = jax.lax.scan(spike, jnp.zeros((1, synapses), bool), jnp.arange(spikes))
        count = np.arange(1, spikes + 1)
        _line(left, count, stdp_probability(count, 0.0, q, up, down), index)
        shown = count[::6] - 1
        label = f"q = {q:g}, $p_+$ = {up:g}, $p_-$ = {down:g}"
        _points(left, count[shown], np.asarray(found)[shown], index, label)
    left.set(
        xlabel="spikes of the neuron",
        ylabel="part of junctions that is on (no unit)",
        title="a  Learning by chance",
        ylim=(0, 0.95),
    )

    ratios = np.geomspace(0.1, 50, 8)
    fine = np.geomspace(0.1, 50, 100)
    for index, units in enumerate((8, 128)):
        g = jax.random.normal(jax.random.key(units), (units,))
        means, errors = [], []
        for ratio in ratios:
            k = max(1, round(ratio * units))
            repeats = max(8, min(200, 40_000 // k))
            shape = (repeats, k, units)
            noise = 0.1 * jax.random.normal(jax.random.key(k), shape)
            rule = jax.vmap(lambda n, g=g: node_perturbation([n], n @ g, jnp.asarray(0.1))[0])
            estimate = np.asarray(rule(noise).mean(axis=1))
            size = np.linalg.norm(estimate, axis=1) * float(jnp.linalg.norm(g))
            cosines = estimate @ np.asarray(g) / size
            means.append(cosines.mean())
            errors.append(1.96 * cosines.std() / np.sqrt(repeats))
        actual = np.maximum(1, np.round(ratios * units)) / units
        _points(right, actual, means, index, f"N = {units} units", errors)
    _line(right, fine, 1 / np.sqrt(1 + 1 / fine), 0, r"$1/\sqrt{1 + N/K}$")
    right.set(
        xlabel="samples a unit, K/N",
        ylabel="cosine to the gradient (no unit)",
        title="b  Node perturbation",
        xscale="log",
    )


def networks(left: Axes, right: Axes) -> None:
    """Overlap of recall with the pattern against load; a ferromagnet in its heat bath."""
    fine = np.linspace(0.02, mean_field_capacity(), 200)
    for index, (n, trials) in enumerate(((250, 8), (800, 2))):
        loads = np.array([0.06, 0.1, 0.12, 0.135, 0.15, 0.18])
        found = load_curve(hebb, n, loads, key=jax.random.key(n), probes=40, trials=trials)
        _points(left, np.asarray(found.load), np.asarray(found.overlap), index, f"n = {n}")
    _line(left, fine, mean_field_overlap(fine), 3, "mean field")
    left.axvline(mean_field_capacity(), color="0.75", lw=0.6, zorder=0)
    left.set(
        xlabel="load p/n (no unit)",
        ylabel="final overlap (no unit)",
        title="a  Hebb's rule",
        ylim=(0.5, 1.03),
    )

    n = 400
    weights = (jnp.ones((n, n)) - jnp.eye(n)) / n
    temperatures = np.linspace(0.2, 1.4, 13)
    chains = recall_thermal(
        weights,
        np.ones((13 * 20, n)),
        np.repeat(temperatures, 20),
        key=jax.random.key(0),
        sweeps=150,
        discard=50,
    )
    found = np.abs(np.asarray(chains.mean).mean(axis=1)).reshape(13, 20).mean(axis=1)
    fine = np.linspace(0.05, 1.4, 300)
    exact = [
        optimize.brentq(lambda m, t=t: m - np.tanh(m / t), 1e-9, 1.0) if t < 0.999 else 0.0
        for t in fine
    ]
    _line(right, fine, exact, 0, r"$m = \tanh(m/T)$")
    _points(right, temperatures, found, 0, "heat bath, n = 400")
    right.set(
        xlabel="temperature (of the couplings' sum)",
        ylabel="magnetization (no unit)",
        title="b  Ferromagnet",
    )


FIGURES: tuple[Callable[[Axes, Axes], None], ...] = (
    magnetics,
    transport,
    junctions,
    substrates,
    rules,
    networks,
)


def main(folder: str, only: Sequence[str] = ()) -> None:
    """Draw every figure, or those that are named."""
    for draw in FIGURES:
        if only and draw.__name__ not in only:
            continue
        with mpl.rc_context(STYLE):
            figure = Figure(figsize=(6.6, 2.7), layout="constrained")
            left, right = figure.subplots(1, 2)
            draw(left, right)
            for ax in (left, right):
                ax.legend(frameon=False, fontsize=6.5)
            figure.savefig(Path(folder) / f"validation_{draw.__name__}.png", dpi=180)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
