"""Recall: nodes follow the sign of their field, one after the other, until nothing changes."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from spinlearn._checks import as_amount, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.networks._plan import Plan, as_plan, one_of_two
from spinlearn.networks._states import as_square, as_states
from spinlearn.networks.readout import Readout
from spinlearn.substrates import AbstractSubstrate, Film
from spinlearn.typing import Key

Array = jax.Array


class Recall(eqx.Module):
    """Where a network went from a probe.

    Parameters
    ----------
    states
        Final states of the nodes, ``(n,)``, −1 or 1 (no unit).
    sweeps
        Sweeps done, the last one, which changed nothing, included (a number).
    converged
        Whether the last sweep changed nothing (no unit).
    energy_before, energy_after
        −½ sᵀWs of the probe and of the final states, in the unit of the weights (S or no unit).

    Examples
    --------
    >>> result = recall(jnp.ones((3, 3)) - jnp.eye(3), [1, -1, 1])
    >>> float(result.energy_before), float(result.energy_after)
    (1.0, -3.0)
    """

    states: Float[Array, " n"]
    sweeps: Int[Array, ""]
    converged: Bool[Array, ""]
    energy_before: Float[Array, ""]
    energy_after: Float[Array, ""]


def recall(
    weights: Any, probe: Any, *, order: Any = None, key: Key | None = None, sweeps: int = 100
) -> Recall:
    """States that a network with these weights goes to from a probe.

    Nodes are updated one after the other, ``s_i ← sign(Σ_j W_ij s_j)``, and one whose sum is
    exactly zero stays as it is. It ends when a sweep over all nodes has changed nothing: always,
    and with energy −½ sᵀWs that never rises, if the weights are symmetric and their diagonal is
    not negative. For many probes use `jax.vmap`, with a key for each.

    Parameters
    ----------
    weights
        Weights, ``(n, n)``, of `Readout.weights` (S or no unit).
    probe
        States to start from, ``(n,)``, −1 or 1 (no unit).
    order
        The nodes in the order of their updates, ``(n,)``; 0, 1, ... by default.
    key
        Random key of a new random order for every sweep, in place of `order`.
    sweeps
        Largest number of sweeps.

    Returns
    -------
    Recall
        Final states, and how they were reached (no unit).

    Raises
    ------
    SpinlearnValueError
        If the shapes differ, the probe is not ±1, weights are not finite, the order does not hold
        every node once, or order and key are both given.

    Examples
    --------
    >>> pattern = jnp.array([1.0, -1.0, 1.0, 1.0])
    >>> hebb = jnp.outer(pattern, pattern) - jnp.eye(4)
    >>> recall(hebb, [1, 1, 1, 1]).states.tolist()
    [1.0, -1.0, 1.0, 1.0]
    """
    matrix = as_square(weights, "weights", "S or no unit")
    start = as_states(probe, "probe", matrix.shape[0]).astype(matrix.dtype)
    if order is not None and key is not None:
        raise one_of_two()
    return _settle(_Weighted(matrix), matrix, start, as_plan(order, key, None, sweeps, matrix))


def recall_by_currents(
    substrate: AbstractSubstrate,
    state: Any,
    readout: Readout,
    probe: Any,
    voltage: Any,
    *,
    order: Any = None,
    key: Key | None = None,
    sweeps: int = 100,
    relative: bool = False,
    read_noise: Any = None,
    solve: bool = False,
) -> Recall:
    """States that a network goes to from a probe through the currents of its hardware.

    To update node i its contact is grounded and every other contact j is at V s_j. The current
    that leaves the substrate at contact i is compared with the one that leaves the reference at
    the same voltages,

    ``s_i ← sign(sign · (I_i − I_i^R))``, ``I_i = −Σ_j G_ij V_j = V Σ_j |G_ij| s_j``,

    with the sign of the readout. This is `recall` with the absolute weights of the readout. With
    `relative`, contacts that conduct well to node i are held at less voltage
    (`Readout.read_voltages`), which makes it `recall` with the relative weights.

    Parameters
    ----------
    substrate, state
        The hardware and its state.
    readout
        Reference and sign.
    probe
        States to start from, ``(n,)``, −1 or 1 (no unit).
    voltage
        Largest voltage V of a contact whose node is up, V; positive.
    order
        The nodes in the order of their updates, ``(n,)``; 0, 1, ... by default.
    key
        Random key: of the read noise, and of a new random order for every sweep if there is no
        `order`.
    sweeps
        Largest number of sweeps.
    relative
        Whether voltages are such that the current is a sum of relative weights.
    read_noise
        Standard deviation of what is compared, the difference of two currents, A: drawn anew for
        every update. None without noise.
    solve
        Whether the potential is solved for the voltages of every update, in place of one
        conductance matrix for all of them; for a `Film`. The same to the solver's tolerance.

    Returns
    -------
    Recall
        Final states, and how they were reached; energies are in S, or without unit if
        relative. With noise, converged means
        that one sweep happened to change nothing.

    Raises
    ------
    SpinlearnValueError
        If shapes differ, the probe is not ±1, the voltage is not positive, conductances between
        contacts are positive, the order does not hold every node once, order and key are both
        given without noise, noise has no key, or `solve` is asked of what is not a film.

    Examples
    --------
    >>> from spinlearn import Mesh, named_material
    >>> from spinlearn.magnetics import Exchange, uniform_state
    >>> from spinlearn.transport import AMR, edge_electrodes
    >>> mesh, py = Mesh((16, 16, 1), (4e-9, 4e-9, 5e-9)), named_material("permalloy")
    >>> film = Film(Exchange(mesh, py), py, AMR(py.conductivity, py.amr_ratio),
    ...     edge_electrodes(4, mesh), uniform_state(mesh, (1.0, 0.0, 0.0)))
    >>> state = film.init(key=jax.random.key(0))
    >>> readout = Readout(0.9 * film.conductance(state), 1, name="uniform")
    >>> recall_by_currents(film, state, readout, [1, -1, 1, 1], 1e-3).states.tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    # Reading does not disturb, and currents are linear in the voltages: one matrix holds all the
    # currents that would be read one after the other.
    conductance = as_square(substrate.conductance(state), "conductance", "S")
    _check_passive(conductance)
    weights = readout.weights(conductance, relative=relative)
    start = as_states(probe, "probe", weights.shape[0]).astype(weights.dtype)
    volts = as_amount(voltage, "voltage", "V", zero=False).astype(weights.dtype)
    if read_noise is None and order is not None and key is not None:
        raise one_of_two()
    plan = as_plan(order, key, read_noise, sweeps, weights)
    if not solve:
        return _settle(_Linear(readout, conductance, volts, relative), weights, start, plan)
    if not isinstance(substrate, Film):
        raise SpinlearnValueError(
            "solve", solve, "False, unless the substrate is a Film", "Leave it out."
        )
    return _settle(_Solved(readout, substrate, state, volts, relative), weights, start, plan)


class _Weighted(eqx.Module):
    """Field of a node from weights."""

    weights: Array

    def __call__(self, states: Array, node: Array) -> Array:
        return self.weights[node] @ states


class _Linear(eqx.Module):
    """Field of a node, A, from a conductance matrix."""

    readout: Readout
    conductance: Array
    voltage: Array
    relative: bool = eqx.field(static=True)

    def __call__(self, states: Array, node: Array) -> Array:
        return self.readout.local_field(self.conductance, states, node, self.voltage, self.relative)


class _Solved(eqx.Module):
    """Field of a node, A, from the potential at the voltages that it is read with."""

    readout: Readout
    film: Film
    state: Any
    voltage: Array
    relative: bool = eqx.field(static=True)

    def __call__(self, states: Array, node: Array) -> Array:
        voltages = self.voltage * states.at[node].set(0)
        if self.relative:
            voltages = states * self.readout.read_voltages(node, self.voltage).astype(states.dtype)
        # Currents of a potential go into the film, and contact i takes what leaves it.
        current = -self.film.potential(self.state, voltages).currents[node]
        reference = jnp.abs(self.readout.reference[node]).astype(states.dtype) @ voltages
        return self.readout.sign.astype(states.dtype) * (current.astype(states.dtype) - reference)


@eqx.filter_jit
def _settle(field: Any, weights: Array, start: Array, plan: Plan) -> Recall:
    n = start.shape[0]

    def sweep(now: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        before, done, _ = now
        nodes = plan.nodes(done, n)

        def update(place: Array, states: Array) -> Array:
            node = nodes[place]
            drive = plan.disturbed(field(states, node), done * n + place)
            kept = states[node]
            return states.at[node].set(jnp.where(drive == 0, kept, jnp.sign(drive)))

        after = jax.lax.fori_loop(0, n, update, before)
        return after, done + 1, jnp.all(after == before)

    def goes_on(now: tuple[Array, Array, Array]) -> Array:
        return ~now[2] & (now[1] < plan.sweeps)

    begin = (start, jnp.asarray(0, jnp.int32), jnp.asarray(False))
    states, done, converged = jax.lax.while_loop(goes_on, sweep, begin)
    return Recall(states, done, converged, _energy(weights, start), _energy(weights, states))


def _energy(weights: Array, states: Array) -> Array:
    return -0.5 * (states @ weights @ states)


def _check_passive(conductance: Array) -> None:
    """Currents are the magnitudes of conductances only where those between contacts are <= 0."""

    def good(g: np.ndarray) -> bool:
        between = np.where(np.eye(len(g), dtype=bool), 0, g)
        return bool(np.max(between) <= 1e-3 * np.max(np.abs(g)))

    require_values(
        good,
        "substrate.conductance",
        conductance,
        "not positive off the diagonal, S: currents into one conductor",
        "Pass weights to recall instead.",
    )
