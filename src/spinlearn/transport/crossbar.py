"""Currents in a crossbar whose lines have resistance: exact, and as one matrix."""

from __future__ import annotations

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import as_float_array, as_leaf, require_values
from spinlearn.errors import SpinlearnValueError
from spinlearn.transport._ladder import Ladder

Array = jax.Array

# Ten times as many as a crossbar of 1024² of 1 kΩ junctions and 20 Ω segments took.
_MOST_ITERATIONS = 2000


class CrossbarCurrents(eqx.Module):
    """Currents in a crossbar at given voltages.

    Parameters
    ----------
    currents
        Out of every bit line, ``(post,)``, A.
    device_currents
        Through every device, from its word line to its bit line, ``(post, pre)``, A.
    power
        What sources deliver, dissipated in devices and lines together, W.
    iterations
        Of conjugate gradients (no unit); 0 where bit lines have no resistance.

    Examples
    --------
    >>> found = crossbar_currents([[1e-3, 1e-3]], [0.1, 0.2], 0.0, 0.0)
    >>> found.device_currents.round(5).tolist()
    [[9.999999747378752e-05, 0.00019999999494757503]]
    """

    currents: Float[Array, " post"]
    device_currents: Float[Array, "post pre"]
    power: Array
    iterations: Array


def crossbar_currents(
    conductance: Any,
    voltages: Any,
    word_resistance: Any,
    bit_resistance: Any,
    *,
    bit_voltages: Any = 0.0,
    tolerance: float | None = None,
) -> CrossbarCurrents:
    r"""Currents through a crossbar with resistance along its lines, exactly.

    Word line i, one for every input, is driven before its first device; bit line j is held at its
    voltage behind its last. A segment of the line lies between any two neighbouring devices, one
    before the first device of a word line, and one behind the last of a bit line. The device
    currents fulfil

    .. math:: I_{ji} / G_{ji} + (R_w I)_{ji} + (R_b I)_{ji} = V_i - U_j,

    with the drops along word and bit line. Word lines are eliminated, bit lines found by
    conjugate gradients, with bit lines at ideal word lines as preconditioner. Differentiable
    with respect to all of its arguments.

    Parameters
    ----------
    conductance
        Of the devices, ``(post, pre)``, S; 0 for an open one.
    voltages
        Of the word lines' sources, ``(pre,)``, V.
    word_resistance, bit_resistance
        Of one segment, Ω; 0 for ideal lines.
    bit_voltages
        Of the bit lines' ends, one number or ``(post,)``, V.
    tolerance
        Relative error of the drops along bit lines, in the norm of the dissipated power (no
        unit); by default 1e-10 in float64, 1e-5 in float32. The currents' error is smaller.

    Raises
    ------
    SpinlearnValueError
        If shapes differ, a conductance or resistance is negative or not finite, or the iteration
        does not converge.

    References
    ----------
    The same circuit: D. Joksas and A. Mehonic, SoftwareX 12, 100617 (2020), badcrossbar.

    Examples
    --------
    >>> crossbar_currents(jnp.full((2, 2), 1e-3), [0.1, 0.1], 1.0, 1.0).currents.round(8).tolist()
    [0.00019910000264644623, 0.00019890999828930944]
    """
    g, volts, ends, segments = _as_crossbar(
        conductance, voltages, bit_voltages, word_resistance, bit_resistance
    )
    wanted = _as_tolerance(tolerance, g.dtype)
    across, iterations = _device_voltages(g, volts[None, :] - ends[:, None], segments, wanted)
    require_values(
        lambda count: count < _MOST_ITERATIONS,
        "tolerance",
        iterations,
        f"fewer than {_MOST_ITERATIONS} iterations",
        "Ask for less accuracy, or calculate in float64: lines conduct hardly better than devices.",
    )
    devices = g * across
    out = jnp.sum(devices, axis=1)
    power = volts @ jnp.sum(devices, axis=0) - ends @ out
    return CrossbarCurrents(out, devices, power, iterations)


def crossbar_matrix(
    conductance: Any,
    word_resistance: Any,
    bit_resistance: Any,
    *,
    tolerance: float | None = None,
) -> Float[Array, "post pre"]:
    """Matrix T of a crossbar with resistance along its lines: currents = T @ voltages, exactly.

    As long as no device changes, lines and devices are one linear network: one solution for every
    bit line, after which a read costs what it does without lines. For crossbars that change at
    every read see `attenuated_conductance`.

    Parameters
    ----------
    conductance, word_resistance, bit_resistance, tolerance
        As in `crossbar_currents`: ``(post, pre)``, S, and Ω.

    Returns
    -------
    Array
        ``(post, pre)``, S: current out of bit line j per volt on word line i, the others at zero.

    Raises
    ------
    SpinlearnValueError
        As `crossbar_currents`.

    Examples
    --------
    >>> matrix = crossbar_matrix(jnp.full((2, 2), 1e-3), 1.0, 1.0)
    >>> (matrix @ jnp.full(2, 0.1)).round(8).tolist()
    [0.00019910000264644623, 0.00019890999828930944]
    """
    g = as_float_array(conductance, "conductance")
    if g.ndim != 2:
        raise _bad_shape(g)

    def words(row: Array) -> Array:
        # One volt below zero at one bit line: by reciprocity the word lines carry T's row.
        found = crossbar_currents(
            g,
            jnp.zeros(g.shape[1], g.dtype),
            word_resistance,
            bit_resistance,
            bit_voltages=-row,
            tolerance=tolerance,
        )
        return jnp.sum(found.device_currents, axis=0)

    return jax.lax.map(words, jnp.eye(g.shape[0], dtype=g.dtype), batch_size=16)


def attenuated_conductance(
    conductance: Any, word_resistance: Any, bit_resistance: Any, activity: Any = 1.0
) -> Float[Array, "post pre"]:
    """Conductances that devices seem to have behind their lines: a fast, approximate matrix.

    Of one exact solution with all inputs at one volt: ``currents ≈ matrix @ voltages``. Exact where
    all inputs are alike; otherwise it takes an input's neighbours for their mean. Where lines take
    an eighth of the current it is 3e-4 off, where they take a quarter 4e-4, nine tenths 1 %
    ("Lines with resistance" in the documentation).

    Parameters
    ----------
    conductance, word_resistance, bit_resistance
        As in `crossbar_currents`: ``(post, pre)``, S, and Ω.
    activity
        Part of the inputs that is active at a time, where silent ones are cut off, above 0 and up
        to 1 (no unit): their devices carry nothing then, and bit lines lose less. 1 where silent
        inputs are held at some voltage, 0 V too, as `crossbar_currents` has them.

    Returns
    -------
    Array
        ``(post, pre)``, S.

    Raises
    ------
    SpinlearnValueError
        As `crossbar_currents`, or if the activity is out of range.

    Examples
    --------
    >>> found = attenuated_conductance(jnp.full((2, 2), 1e-3), 1.0, 1.0)
    >>> (found @ jnp.full(2, 0.1)).round(8).tolist()
    [0.00019910000264644623, 0.00019890999828930944]
    """
    share = as_leaf(activity, "activity", "no unit")
    require_values(
        lambda v: (v > 0) & (v <= 1),
        "activity",
        activity,
        "a number above 0, up to 1 (no unit)",
        "Pass the mean of the inputs, 0 and 1.",
    )
    g = as_float_array(conductance, "conductance")
    if g.ndim != 2:
        raise _bad_shape(g)
    bits = as_leaf(bit_resistance, "bit_resistance", "Ω") * share
    ones = jnp.ones(g.shape[1], g.dtype)
    return crossbar_currents(g, ones, word_resistance, bits).device_currents


def selected_voltages(
    conductance: Any, voltages: Any, line: Any, word_resistance: Any, bit_resistance: Any
) -> Float[Array, " pre"]:
    """Voltages across the devices of one bit line while all the others are cut off.

    As a write of one neuron's devices has it: a word line carries the current of its own device
    alone, over all segments up to there; the bit line, held at zero, carries all of them.

    Parameters
    ----------
    conductance
        Of the line's devices, ``(pre,)``, S.
    voltages
        Of the word lines' sources, ``(pre,)``, V.
    line
        Index of the bit line, from 0 (no unit); may be traced.
    word_resistance, bit_resistance
        Of one segment, Ω, 0 for ideal lines.

    Returns
    -------
    Array
        ``(pre,)``, V.

    Raises
    ------
    SpinlearnValueError
        As `crossbar_currents`.

    Examples
    --------
    >>> selected_voltages([1e-3, 1e-3], [1.0, 1.0], 0, 1.0, 1.0).round(4).tolist()
    [0.9959999918937683, 0.996999979019165]
    """
    row = as_float_array(conductance, "conductance")
    if row.ndim != 1:
        raise SpinlearnValueError(
            "conductance", f"shape {row.shape}", "(pre,), S", "Pass the devices of one bit line."
        )
    g, volts, _, segments = _as_crossbar(row[None], voltages, 0.0, word_resistance, bit_resistance)
    passes = 1 / (1 + g[0] * (jnp.asarray(line) + 1).astype(g.dtype) * segments[0])
    series = g[0] * passes
    ladder = Ladder.of(series[:, None], segments[1])
    return (volts - ladder.potentials((series * volts)[:, None])[:, 0]) * passes


def _bad_shape(g: Array) -> SpinlearnValueError:
    return SpinlearnValueError(
        "conductance", f"shape {g.shape}", "a matrix (post, pre), S", "One row for every bit line."
    )


def _as_crossbar(
    conductance: Any, voltages: Any, bit_voltages: Any, word: Any, bit: Any
) -> tuple[Array, Array, Array, Array]:
    """Arrays of one precision; the two resistances in one."""
    g = as_float_array(conductance, "conductance")
    if g.ndim != 2 or 0 in g.shape:
        raise _bad_shape(g)
    require_values(
        lambda v: (v >= 0) & np.isfinite(v),
        "conductance",
        conductance,
        "finite numbers >= 0, S",
        "An open device has 0; a short one a large conductance.",
    )
    post, pre = g.shape
    volts = _as_ends(voltages, "voltages", pre, "one for every word line")
    ends = _as_ends(bit_voltages, "bit_voltages", post, "one for every bit line, or one number")
    segments = []
    for value, field in ((word, "word_resistance"), (bit, "bit_resistance")):
        leaf = as_leaf(value, field, "Ω")
        require_values(
            lambda v: (v >= 0) & np.isfinite(v),
            field,
            value,
            "a finite number >= 0, Ω",
            "Resistance of the line between two neighbouring devices.",
        )
        if leaf.ndim:
            raise SpinlearnValueError(
                field, f"shape {leaf.shape}", "one number, Ω", "All segments are alike."
            )
        segments.append(leaf.astype(g.dtype))
    return g, volts.astype(g.dtype), ends.astype(g.dtype), jnp.stack(segments)


def _as_ends(value: Any, field: str, count: int, what: str) -> Array:
    leaf = as_leaf(value, field, "V")
    if leaf.shape not in ((count,), ()) or (leaf.ndim == 0 and field == "voltages"):
        raise SpinlearnValueError(
            field,
            f"shape {leaf.shape}",
            f"({count},), {what}, V",
            "The conductance is (post, pre).",
        )
    require_values(np.isfinite, field, value, "finite numbers, V", "Pass volts.")
    return jnp.broadcast_to(leaf, (count,))


def _as_tolerance(value: float | None, dtype: Any) -> float:
    if value is None:
        return 1e-10 if dtype == jnp.float64 else 1e-5
    if not 0 < value < 1:
        raise SpinlearnValueError("tolerance", value, "above 0, below 1 (no unit)", "Try 1e-8.")
    return float(value)


@partial(jax.jit, static_argnames="tolerance")
def _device_voltages(
    g: Array, emf: Array, segments: Array, tolerance: float
) -> tuple[Array, Array]:
    """Voltages v across the devices by a voltage e in series with each: (1 + R G) v = e."""
    held = jax.lax.stop_gradient
    inner = partial(_by_gradients, *_ladders(held(g), held(segments)), tolerance=tolerance)

    def system(across: Array) -> Array:
        return across + _drops(g * across, segments)

    # The transpose: (1 + G R)⁻¹ h = h − G (1 + R G)⁻¹ R h.
    def solve_transposed(_: Any, h: Array) -> tuple[Array, Array]:
        across, iterations = inner(_drops(h, held(segments)))
        return h - held(g) * across, iterations

    return jax.lax.custom_linear_solve(
        system, emf, lambda _, e: inner(e), transpose_solve=solve_transposed, has_aux=True
    )


def _drops(current: Array, segments: Array) -> Array:
    """R I: voltage lost along word and bit line by device currents, ``(post, pre)``, V."""
    along_word = jnp.cumsum(_sum_from(current, 0), axis=0)
    along_bit = _sum_from(jnp.cumsum(current, axis=1), 1)
    return segments[0] * along_word + segments[1] * along_bit


def _sum_from(values: Array, axis: int) -> Array:
    """Sums from every place to the end."""
    return jnp.flip(jnp.cumsum(jnp.flip(values, axis), axis), axis)


def _ladders(g: Array, segments: Array) -> tuple[Array, Ladder, Ladder]:
    """Conductances, word lines from their far ends, and bit lines from theirs."""
    return g, Ladder.of(jnp.flip(g, 0), segments[0]), Ladder.of(g.T, segments[1])


def _by_gradients(
    g: Array, words: Ladder, bits: Ladder, emf: Array, *, tolerance: float
) -> tuple[Array, Array]:
    """(1 + R G)⁻¹ e, with potentials w of the bit lines as unknowns: R_b⁻¹ w + L w = L e.

    L w are the device currents that potentials w would draw with ideal bit lines. With P =
    (R_b⁻¹ + G)⁻¹ as preconditioner, R_b⁻¹ P r = r − G P r: the inverse of R_b is never needed.
    """

    def across(e: Array) -> Array:
        return e + jnp.flip(words.potentials(-jnp.flip(g * e, 0)), 0)

    def drawn(e: Array) -> Array:
        return g * across(e)

    def precondition(r: Array) -> Array:
        return bits.potentials(r.T).T

    def going(s: _Descent) -> Array:
        return (s.size > s.enough) & (s.count < _MOST_ITERATIONS)

    def step(s: _Descent) -> _Descent:
        image = s.unladdered + drawn(s.direction)
        length = s.size / jnp.sum(s.direction * image)
        found, left = s.found + length * s.direction, s.left - length * image
        better = precondition(left)
        size = jnp.sum(left * better)
        again = size / s.size
        return _Descent(
            found,
            left,
            better + again * s.direction,
            left - g * better + again * s.unladdered,
            size,
            s.enough,
            s.count + 1,
        )

    right = drawn(emf)
    first = precondition(right)
    size = jnp.sum(right * first)
    start = _Descent(
        jnp.zeros_like(right),
        right,
        first,
        right - g * first,
        size,
        tolerance**2 * size,
        jnp.zeros((), jnp.int32),
    )
    last = jax.lax.while_loop(going, step, start)
    return across(emf - last.found), last.count


class _Descent(eqx.Module):
    """State of conjugate gradients; `unladdered` is R_b⁻¹ of the direction."""

    found: Array
    left: Array
    direction: Array
    unladdered: Array
    size: Array
    enough: Array
    count: Array
