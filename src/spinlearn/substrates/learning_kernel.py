r"""How a substrate's conductances answer to voltages, and how much of that is Hebb's rule.

For small voltages :math:`\Delta G_{ij}(V) = D_{ij} + \sum_k L_{ij,k} V_k
+ \tfrac12 \sum_{kl} K_{ij,kl} V_k V_l + O(V^3)`. Only differences of voltages drive a current, so
that :math:`\sum_k L_{ij,k} = 0` and :math:`\sum_l K_{ij,kl} = 0`, and therefore

.. math:: \tfrac12 \sum_{kl} K_{ij,kl} V_k V_l = -\tfrac12 \sum_{k<l} K_{ij,kl} (V_k - V_l)^2 :

every pair (i, j) learns from squares of differences. That of its own contacts is Hebb's rule:
with voltages ±v, :math:`-(V_i - V_j)^2 = 2 v^2 (s_i s_j - 1)`. The -1 is the price of gauge
invariance: contacts at one voltage learn nothing, all others learn "unlike".
"""

from __future__ import annotations

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import as_array, as_number, is_known, require_values
from spinlearn.errors import SpinlearnError, SpinlearnValueError
from spinlearn.substrates._pairs import full_sum, off_diagonal, ratio, scaled
from spinlearn.substrates.film import Film
from spinlearn.substrates.substrate import AbstractSubstrate
from spinlearn.transport import conductance_sensitivity
from spinlearn.typing import Key

Array = jax.Array
Method = Literal["difference", "sensitivity"]


class LearningKernel(eqx.Module):
    r"""Learning of all pairs of contacts to second order in the voltages.

    Parameters
    ----------
    drift
        What changes without voltage, D, ``(n, n)``, S.
    linear
        L, ``(n, n, n)``, the voltage last, S/V.
    quadratic
        K, ``(n, n, n, n)``, symmetric in the last two axes, the voltages, S/V².
    amplitude
        Voltage of the pulses that it was measured with, V.
    duration
        Their duration, s.

    Examples
    --------
    A pair (0, 1) that follows Hebb's rule, ``ΔG = -3 (V_0 - V_1)²``, to the letter:

    >>> rule = jnp.array([[-6.0, 6.0], [6.0, -6.0]])
    >>> quadratic = jnp.zeros((2, 2, 2, 2)).at[0, 1].set(rule).at[1, 0].set(rule)
    >>> one = jnp.asarray(1.0)
    >>> kernel = LearningKernel(jnp.zeros((2, 2)), jnp.zeros((2, 2, 2)), quadratic, one, one)
    >>> float(kernel.hebb_rate[0, 1]), float(kernel.hebb_fraction)
    (3.0, 1.0)
    >>> float(kernel.predict([0.5, -0.5])[0, 1])
    -3.0
    """

    drift: Float[Array, "n n"]
    linear: Float[Array, "n n n"]
    quadratic: Float[Array, "n n n n"]
    amplitude: Array
    duration: Array

    def predict(self, voltages: Any) -> Float[Array, "... n n"]:
        """Change of the conductances, S, ``(..., n, n)``, at voltages ``(..., n)``, V."""
        v = as_array(voltages, "voltages").astype(self.drift.dtype)
        if v.ndim == 0 or v.shape[-1] != len(self.drift):
            raise SpinlearnValueError(
                "voltages.shape", v.shape, f"(..., {len(self.drift)})", "Give one per contact."
            )
        first = full_sum("ijk,...k->...ij", self.linear, v)
        second = full_sum("ijkl,...k,...l->...ij", self.quadratic, v, v)
        return jnp.broadcast_to(self.drift, first.shape) + first + 0.5 * second

    @property
    def linear_residue(self) -> Array:
        r"""Part of L that a voltage common to all contacts makes, in norm, 0 to 1 without unit.

        :math:`\|\sum_k L_{ij,k}\| / (\sqrt n \|L\|)`: zero but for noise and the O(v²) of the
        differences.
        """
        return _common_part(self.linear)

    @property
    def quadratic_residue(self) -> Array:
        """The same for K, from 0 to 1 without unit.

        With three contacts the pulses see a failing gauge invariance, but not the O(v²).
        """
        return _common_part(self.quadratic)

    @property
    def hebb_rate(self) -> Float[Array, "n n"]:
        r"""η of the part ``-η_ij (V_i - V_j)²`` of every pair, S/V²; zero on the diagonal.

        The projection of K onto :math:`P = (e_i - e_j)(e_i - e_j)^\top` in Frobenius' norm,
        :math:`\eta = -\langle K, P\rangle / 2 \langle P, P\rangle`, with ⟨P, P⟩ = 4. Positive:
        G_ij, a weight with the sign of G, follows ``V_i V_j``; the conductance of the link, which
        is -G_ij, grows where the two differ.
        """
        k = self.quadratic
        same = jnp.einsum("ijii->ij", k) + jnp.einsum("ijjj->ij", k)
        cross = jnp.einsum("ijij->ij", k) + jnp.einsum("ijji->ij", k)
        return (cross - same) / 8

    @property
    def hebb_fraction(self) -> Array:
        """Hebb's part of the squared norm of K over all pairs i ≠ j, without unit.

        The squares of differences of voltages that share a contact overlap: a pair that learns
        from a neighbour pair alone has 1/16, and a kernel drawn blindly ``2/(n (n - 1))``.
        """
        off = off_diagonal(len(self.drift), self.quadratic.dtype)
        k, scale = scaled(self.quadratic * off[:, :, None, None])
        whole = jnp.sum(k**2)
        # K's part is -2 η P, its squared norm 16 η².
        return ratio(16 * jnp.sum((self.hebb_rate / scale) ** 2), whole)


def measure_learning_kernel(
    substrate: AbstractSubstrate,
    state: Any,
    amplitude: Any,
    duration: Any,
    *,
    key: Key,
    method: Method = "difference",
) -> LearningKernel:
    """Measure a learning kernel by pulses.

    From one state, ``1 + n + n²`` pulses: none, ±v at one contact, ±v at two. Central differences
    are good to O(v²); they lose ``ε |G| / v²`` to the rounding ε of G (in K), so that a too small
    amplitude is as bad as a too large one: compare two. Gauge invariance is not imposed: see
    `LearningKernel.linear_residue`. A film should have a fixed step, since one that
    adapts differs from pulse to pulse.

    Parameters
    ----------
    substrate
        What learns; as many contacts drive as are driven (SI units).
    state
        Its state before every pulse (SI units).
    amplitude
        Voltage of the pulses v, V.
    duration
        Their duration, s.
    key
        Random key of every pulse alike: noise is common to them, and in the drift.
    method
        See `conductance_changes`.

    Returns
    -------
    LearningKernel
        Drift (S), linear (S/V) and quadratic answer (S/V²).

    Raises
    ------
    SpinlearnValueError
        If the amplitude or the duration is not positive, or the method does not fit.
    SpinlearnError
        If a pulse left a conductance that is not finite.

    Examples
    --------
    Hardware of one's own, two contacts whose conductance follows the product of the voltages:

    >>> from spinlearn.substrates import Record
    >>> class Product(AbstractSubstrate):
    ...     def init(self, *, key):
    ...         return jnp.eye(2)
    ...     def conductance(self, state):
    ...         return state
    ...     def apply(self, state, voltages, duration, *, key):
    ...         zero = jnp.zeros(())
    ...         change = duration * jnp.outer(voltages, voltages)
    ...         return state + change, Record(zero, duration, jnp.zeros(2), {})
    >>> device, key = Product(), jax.random.key(0)
    >>> kernel = measure_learning_kernel(device, device.init(key=key), 0.5, 0.5, key=key)
    >>> kernel.quadratic[0, 1].tolist()
    [[0.0, 0.5], [0.5, 0.0]]

    Such hardware is not gauge invariant: it answers to a voltage common to its contacts.

    >>> bool(kernel.quadratic_residue > 0.5)
    True
    """
    v = as_number(amplitude, "amplitude", _is_positive, "a positive voltage in V", "Use e.g. 1e-2.")
    n = _contacts(substrate, state)
    one = np.eye(n)
    k, l = np.triu_indices(n, 1)  # noqa: E741
    two = one[k] + one[l]
    pulses = v * np.concatenate([np.zeros((1, n)), one, -one, two, -two])
    found = conductance_changes(substrate, state, pulses, duration, key=key, method=method)
    drift, *signed = jnp.split(found, np.cumsum([1, n, n, len(k)]))
    up, down, both_up, both_down = signed
    volt = jnp.asarray(v, found.dtype)
    diagonal = _second_difference(up, down, drift) / volt**2
    crossed = 0.5 * (
        _second_difference(both_up, both_down, drift) / volt**2 - diagonal[k] - diagonal[l]
    )
    quadratic = jnp.zeros((n, n, *found.shape[1:]), found.dtype)
    quadratic = quadratic.at[np.arange(n), np.arange(n)].set(diagonal)
    quadratic = quadratic.at[k, l].set(crossed).at[l, k].set(crossed)
    return LearningKernel(
        drift[0],
        jnp.moveaxis(up - down, 0, -1) / (2 * volt),
        jnp.transpose(quadratic, (2, 3, 0, 1)),
        volt,
        jnp.asarray(duration, found.dtype),
    )


def conductance_changes(
    substrate: AbstractSubstrate,
    state: Any,
    voltages: Any,
    duration: Any,
    *,
    key: Key,
    method: Method = "difference",
) -> Float[Array, "p n n"]:
    r"""Change of the conductances by each of several pulses, all from one state.

    The states after all pulses are held at once: give many pulses of a large film in parts.

    Parameters
    ----------
    substrate
        What learns (SI units).
    state
        Its state before every pulse (SI units).
    voltages
        Voltages of the pulses, ``(p, n)``, V.
    duration
        Duration of each, s.
    key
        Random key of every pulse alike.
    method
        ``"difference"`` of two readings, or ``"sensitivity"``: for a film of thickness t
        :math:`\delta G_{ij} = t \int \nabla\phi_i \cdot \delta\sigma\, \nabla\phi_j\, dA` with
        the potentials before the pulse. That takes no difference of nearly equal G, which helps
        in float32, but is of first order in δσ. Since δσ has a part of first order in V, what is
        left out is of the order of K's own part of ΔG, smaller by about the AMR ratio.

    Returns
    -------
    Array
        ΔG, ``(p, n, n)``, S.

    Raises
    ------
    SpinlearnValueError
        If the voltages have the wrong shape, the duration is not positive, the conductance matrix
        is not square, or the sensitivity is asked of what is not a film.
    SpinlearnError
        If a pulse left a conductance that is not finite.

    Examples
    --------
    >>> from spinlearn.substrates import Record, sign_patterns
    >>> class Product(AbstractSubstrate):
    ...     def init(self, *, key):
    ...         return jnp.eye(2)
    ...     def conductance(self, state):
    ...         return state
    ...     def apply(self, state, voltages, duration, *, key):
    ...         zero = jnp.zeros(())
    ...         change = duration * jnp.outer(voltages, voltages)
    ...         return state + change, Record(zero, duration, jnp.zeros(2), {})
    >>> device, key = Product(), jax.random.key(0)
    >>> changes = conductance_changes(
    ...     device, device.init(key=key), sign_patterns(2), 0.5, key=key)
    >>> changes[:, 0, 1].tolist()
    [0.5, -0.5, -0.5, 0.5]
    """
    n = _contacts(substrate, state)
    volts = as_array(voltages, "voltages")
    if volts.ndim != 2 or volts.shape[1] != n:
        raise SpinlearnValueError(
            "voltages.shape", volts.shape, f"(pulses, {n})", "Give one voltage per contact."
        )
    require_values(np.isfinite, "voltages", volts, "finite voltages in V", "Look for NaN.")
    require_values(_is_positive, "duration", duration, "a positive time in s", "Use e.g. 1e-9.")
    if method not in ("difference", "sensitivity"):
        raise SpinlearnValueError(
            "method", method, '"difference" or "sensitivity"', "Choose one of the two."
        )
    if method == "sensitivity" and not isinstance(substrate, Film):
        raise SpinlearnValueError(
            "method",
            method,
            f'"difference" for a {type(substrate).__name__}',
            "Only a Film has a conductivity in every cell.",
        )
    g = jax.eval_shape(substrate.conductance, state)
    time = jnp.asarray(duration, g.dtype)
    after = _states_after(substrate, state, volts.astype(g.dtype), time, key)
    if isinstance(substrate, Film) and method == "sensitivity":
        changes = _by_sensitivity(substrate, state, after)
    else:
        changes = _differences(substrate, state, after)
    if is_known(changes) and not bool(jnp.all(jnp.isfinite(changes))):
        raise SpinlearnError(
            "conductance_changes: a conductance is not finite after a pulse. Lower the voltages "
            "or the step, and look for NaN in the state."
        )
    return changes


# Pulses and readings are compiled apart: both methods share the pulses, which take the longest.
@eqx.filter_jit
def _states_after(
    substrate: AbstractSubstrate, state: Any, voltages: Array, duration: Array, key: Key
) -> Any:
    return jax.lax.map(lambda v: substrate.apply(state, v, duration, key=key)[0], voltages)


@eqx.filter_jit
def _differences(substrate: AbstractSubstrate, state: Any, after: Any) -> Array:
    together = jax.tree.map(lambda one, many: jnp.concatenate([one[None], many]), state, after)
    found = jax.lax.map(substrate.conductance, together)
    return found[1:] - found[:1]


@eqx.filter_jit
def _by_sensitivity(film: Film, state: Any, after: Any) -> Array:
    sheet = film.sheet(state.m)
    answer = conductance_sensitivity(sheet, film.electrodes, hall=False)
    return jax.lax.map(
        lambda m: full_sum("ijabxyz,abxyz->ij", answer, film.sheet(m) - sheet), after.m
    )


def _second_difference(up: Array, down: Array, middle: Array) -> Array:
    return up + down - 2 * jnp.broadcast_to(middle, up.shape)


def _common_part(kernel: Array) -> Array:
    """Norm of the sum over the last axis, relative to the largest it can have."""
    unit, _ = scaled(kernel)
    whole = jnp.sqrt(jnp.sum(unit**2) * kernel.shape[-1])
    return ratio(jnp.sqrt(jnp.sum(jnp.sum(unit, axis=-1) ** 2)), whole)


def _is_positive(value: Any) -> Any:
    return np.isfinite(value) & (np.asarray(value) > 0)


def _contacts(substrate: AbstractSubstrate, state: Any) -> int:
    shape = jax.eval_shape(substrate.conductance, state).shape
    if len(shape) != 2 or shape[0] != shape[1]:
        raise SpinlearnValueError(
            "substrate.conductance.shape",
            shape,
            "a square matrix",
            "Pairs of contacts need one voltage per row and column.",
        )
    return shape[0]
