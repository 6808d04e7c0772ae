"""What conductances learn from all patterns of signs: drift, Hebb's rule, crosstalk, polarity."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import as_array, as_count, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.substrates._pairs import full_sum, off_diagonal, ratio, scaled

Array = jax.Array
_MOST = 8


def sign_patterns(n: int, balanced: bool = False, up_to_sign: bool = False) -> Float[Array, "p n"]:
    """All patterns of n signs.

    Parameters
    ----------
    n
        Number of signs, from 1 to 16 (no unit).
    balanced
        Only those with as many +1 as -1; for odd n, with one more of either.
    up_to_sign
        Only one of every pattern and its opposite, that with +1 first.

    Returns
    -------
    Array
        ``(p, n)`` numbers ±1 without unit. The first signs change last; a row begins with +1 in
        the first half.

    Raises
    ------
    SpinlearnValueError
        If n is not an integer from 1 to 16.

    Examples
    --------
    >>> sign_patterns(2).tolist()
    [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]]
    >>> sign_patterns(4, balanced=True, up_to_sign=True).shape
    (3, 4)
    """
    allowed, fix = "an integer from 1 to 16", "There are 2ⁿ patterns: use fewer contacts."
    n = as_count(n, "n", 1, allowed, fix)
    if n > 16:
        raise SpinlearnValueError("n", n, allowed, fix)
    bits = np.arange(2**n)[:, None] >> np.arange(n)[::-1]
    signs = 1 - 2 * (bits & 1)
    keep = np.ones(2**n, bool)
    if balanced:
        keep &= np.abs(signs.sum(axis=1)) <= n % 2
    if up_to_sign:
        keep &= signs[:, 0] == 1
    return jnp.asarray(signs[keep], jnp.result_type(float))


class LearningSpectrum(eqx.Module):
    """What a change of the conductances depends on, over all patterns of signs.

    The fractions of the mean square of ΔG_ij, over patterns and pairs i ≠ j, sum to one (all are
    zero if nothing changed).

    Parameters
    ----------
    coefficients
        Walsh–Hadamard coefficients ``(2ⁿ, n, n)``, S, by the set of signs that are multiplied:
        that of contact k counts ``2^(n-1-k)``.
    hebb
        Fraction of ``s_i s_j``, without unit.
    drift
        Fraction of what all patterns share. It is more than what changes without voltage: a film
        without drift that learns ``-(V_i - V_j)²``, Hebb's rule as far as gauge invariance
        admits it, has as much in it as in `hebb` (see `hebb_of_learned`).
    crosstalk
        Fraction of ``s_k s_l`` of other pairs (two signs, of which one may be i or j).
    polarity
        Fraction of what changes sign with the pattern (odd numbers of signs).
    higher
        Fraction of products of four, six or eight signs.

    Examples
    --------
    >>> s = sign_patterns(3)
    >>> spectrum = learning_spectrum(2.0 * s[:, :, None] * s[:, None, :])
    >>> float(spectrum.hebb), float(spectrum.hebb_coefficients[0, 1])
    (1.0, 2.0)
    """

    coefficients: Float[Array, "p n n"]
    hebb: Array
    drift: Array
    crosstalk: Array
    polarity: Array
    higher: Array

    @property
    def pair_coefficients(self) -> Float[Array, "n n n n"]:
        """What pair (i, j) learns from ``s_k s_l``, S, ``(n, n, n, n)``; zero where k = l.

        At a small amplitude v this is ``v² K_ij,kl``.
        """
        n = self.coefficients.shape[-1]
        bits = 2 ** np.arange(n)[::-1]
        pairs = self.coefficients[bits[:, None] ^ bits]
        off = off_diagonal(n, pairs.dtype)
        return jnp.transpose(pairs * off[:, :, None, None], (2, 3, 0, 1))

    @property
    def hebb_coefficients(self) -> Float[Array, "n n"]:
        """Coefficient of ``s_i s_j`` of every pair, S, ``(n, n)``; zero on the diagonal."""
        return jnp.einsum("ijij->ij", self.pair_coefficients)

    @property
    def hebb_of_learned(self) -> Array:
        """Hebb's fraction of the variance over patterns, ``hebb / (1 - drift)``, without unit."""
        learned = self.hebb + self.crosstalk + self.polarity + self.higher
        return ratio(self.hebb, learned)

    def strength(self, conductance: Any) -> Array:
        """Mean Hebb coefficient over the mean ``|G_ij|`` (S) of pairs i ≠ j, without unit.

        Signed: positive if G_ij follows ``s_i s_j``.
        """
        a = self.hebb_coefficients
        g = as_array(conductance, "conductance").astype(a.dtype)
        if g.shape != a.shape:
            raise SpinlearnValueError(
                "conductance.shape", g.shape, str(a.shape), "Give the matrix before the pulses."
            )
        return ratio(jnp.sum(a), jnp.sum(jnp.abs(g) * off_diagonal(len(a), a.dtype)))


def learning_spectrum(changes: Any) -> LearningSpectrum:
    r"""Decompose what a substrate learns from all patterns of signs, at full amplitude.

    :math:`\Delta G_{ij}(s) = \sum_S a_{ij,S} \prod_{k \in S} s_k` exactly, with
    :math:`a_{ij,S} = 2^{-n} \sum_s \Delta G_{ij}(s) \prod_{k \in S} s_k`, and by Parseval the mean
    square over patterns is :math:`\sum_S a_{ij,S}^2`.

    Parameters
    ----------
    changes
        ΔG of the ``sign_patterns(n)`` in their order, ``(2ⁿ, n, n)``, S, for 2 to 8 contacts.

    Returns
    -------
    LearningSpectrum
        Coefficients (S) and fractions (without unit).

    Raises
    ------
    SpinlearnValueError
        If the shape is another, or a value not finite.

    Examples
    --------
    Hebb's rule as a film can have it:

    >>> s = sign_patterns(4)
    >>> spectrum = learning_spectrum(-(s[:, :, None] - s[:, None, :]) ** 2)
    >>> float(spectrum.hebb), float(spectrum.drift), float(spectrum.hebb_of_learned)
    (0.5, 0.5, 1.0)
    """
    found = _as_changes(changes)
    n = found.shape[-1]
    if not 2 <= n <= _MOST or len(found) != 2**n:
        raise SpinlearnValueError(
            "changes.shape",
            found.shape,
            f"(2ⁿ, n, n) with n from 2 to {_MOST}",
            "Give the changes of all sign_patterns(n).",
        )
    index = np.arange(2**n)
    count = np.array([int(i).bit_count() for i in index])
    parity = np.array([int(i).bit_count() % 2 for i in (index[:, None] & index).flat])
    walsh = jnp.asarray((1 - 2 * parity.reshape(2**n, 2**n)) / 2**n, found.dtype)
    unit, scale = scaled(found)
    a = full_sum("st,tij->sij", walsh, unit)
    off = off_diagonal(n, found.dtype)
    power = a**2 * off[None]
    bits = 2 ** np.arange(n)[::-1]
    own = jnp.asarray(index[:, None, None] == (bits[:, None] | bits)[None])
    whole = jnp.sum(power)

    def fraction(of: Any) -> Array:
        chosen = jnp.broadcast_to(jnp.asarray(of), power.shape)
        return ratio(jnp.sum(jnp.where(chosen, power, 0)), whole)

    size = count[:, None, None]
    return LearningSpectrum(
        a * scale,
        hebb=fraction((size == 2) & own),
        drift=fraction(size == 0),
        crosstalk=fraction((size == 2) & ~own),
        polarity=fraction(size % 2 == 1),
        higher=fraction((size % 2 == 0) & (size >= 4)),
    )


def hebb_correlation(changes: Any, patterns: Any = None) -> Array:
    """Correlation of the changes with the products ``s_i s_j``, over pairs i ≠ j and patterns.

    Parameters
    ----------
    changes
        ΔG, ``(p, n, n)``, S.
    patterns
        Signs (or voltages, V) of each change, ``(p, n)``; by default the balanced
        `sign_patterns` in their order.

    Returns
    -------
    Array
        Pearson's r, a number without unit from -1 to 1; 0 where either does not vary.

    Raises
    ------
    SpinlearnValueError
        If the shapes do not fit, or a value is not finite.

    Examples
    --------
    >>> s = sign_patterns(4, balanced=True)
    >>> changes = 1e-6 * (s[:, :, None] * s[:, None, :] - 1.0)
    >>> round(float(hebb_correlation(changes)), 6)
    1.0
    """
    found = _as_changes(changes)
    n = found.shape[-1]
    s = sign_patterns(n, balanced=True) if patterns is None else as_array(patterns, "patterns")
    if s.shape != (len(found), n):
        raise SpinlearnValueError(
            "patterns.shape", s.shape, f"({len(found)}, {n})", "Give one pattern per change."
        )
    s = s.astype(found.dtype)
    i, j = np.nonzero(~np.eye(n, dtype=bool))
    x, y = _standardized(found[:, i, j]), _standardized(s[:, i] * s[:, j])
    return jnp.clip(jnp.mean(x * y), -1, 1)


def _standardized(x: Array) -> Array:
    """Zero mean and unit variance; zero where x varies by its rounding alone."""
    unit, _ = scaled(x)
    centred = unit - jnp.mean(unit)
    variance = jnp.mean(centred**2)
    varies = variance > (4 * jnp.finfo(x.dtype).eps) ** 2
    return jnp.where(varies, centred / jnp.sqrt(jnp.where(varies, variance, 1)), 0)


def _as_changes(changes: Any) -> Array:
    found = as_array(changes, "changes")
    if not jnp.issubdtype(found.dtype, jnp.floating):
        found = found.astype(jnp.result_type(float))
    if found.ndim != 3 or found.shape[1] != found.shape[2]:
        raise SpinlearnValueError(
            "changes.shape", found.shape, "(patterns, n, n)", "Give one matrix per pattern."
        )
    require_values(np.isfinite, "changes", found, "finite conductances in S", "Look for NaN.")
    return found
