"""The free layer as one spin at a temperature, driven by a spin-polarized current."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from spinlearn._checks import as_count, as_float_array, as_leaf, require_values
from spinlearn.constants import GYROMAGNETIC_RATIO, K_B, MU_0
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions._equilibrium import bingham
from spinlearn.junctions._heun import Parameters, run
from spinlearn.junctions._increments import KINDS
from spinlearn.junctions._member_values import as_direction, as_member_number, as_vector
from spinlearn.junctions._no_reverse import forward_only
from spinlearn.junctions._step_count import count_steps, require_small
from spinlearn.junctions.mtj import MTJ
from spinlearn.rng import stream
from spinlearn.typing import Key

Array = jax.Array


class Trajectories(eqx.Module):
    """Where an ensemble of macrospins went.

    Parameters
    ----------
    m
        Unit vectors at the end, ``(3, n)`` (no unit).
    saved
        Unit vectors on the way, ``(records, 3, n)`` (no unit), or None where none were asked for.
    times
        Of the records, counted from the first step of all, ``(records,)``, s, or None.
    steps
        Steps done so far, those before this run included (no unit).

    Examples
    --------
    >>> from spinlearn.junctions import Macrospin, named_junction
    >>> spin = Macrospin.from_junction(named_junction("ikeda2010"))
    >>> start = spin.equilibrium(4, key=jax.random.key(0))
    >>> run = spin.evolve(start, 1e-11, step=1e-12, key=jax.random.key(1), save_every=5)
    >>> run.saved.shape, run.times.shape
    ((2, 3, 4), (2,))
    """

    m: Float[Array, "3 n"]
    saved: Array | None
    times: Array | None
    steps: int


class Macrospin(eqx.Module):
    r"""Stochastic Landau–Lifshitz–Gilbert equation of one magnetic moment,

    .. math:: \dot m = -\gamma\mu_0\, m\times (H + a\, m\times p + b\, p + H_{th})
              + \alpha\, m\times\dot m, \qquad
              H = H_k (m\cdot e)\,e - H_d (m\cdot n)\,n + H_{app},

    with the damping-like and field-like torque of a fixed layer along p as fields a and b: positive
    a pulls m towards p. The thermal field has :math:`\langle H^2\rangle = 2\alpha k_B T/(\gamma
    \mu_0^2 \mathcal{M}\,\Delta t)` per component (Brown, 1963), read in the sense of Stratonovich.
    Every number may be one per member of the ensemble, ``(n,)``.

    Parameters
    ----------
    moment
        Magnetic moment, Ms times volume, A m².
    anisotropy_field
        H_k along the easy axis, A/m.
    easy_axis
        e, three numbers (no unit), normalised here.
    easy_plane_field
        H_d, which keeps m out of the direction n, A/m.
    plane_normal
        n, three numbers (no unit), normalised here.
    damping
        α (no unit); by default 0.01, assumed.
    temperature
        T, K; by default 300, assumed.
    applied_field
        H_app, ``(3,)`` or ``(3, n)``, A/m.
    fixed_layer
        p, three numbers (no unit), normalised here.
    damping_like, field_like
        a and b, A/m.
    gyromagnetic_ratio
        γ, rad/(s T).

    Raises
    ------
    SpinlearnValueError
        If a value is out of range.

    References
    ----------
    W. F. Brown, Phys. Rev. 130, 1677 (1963); J. C. Slonczewski, J. Magn. Magn. Mater. 159, L1
    (1996).

    Examples
    --------
    >>> spin = Macrospin(moment=1e-18, anisotropy_field=2e5, damping=0.02, temperature=300.0)
    >>> round(float(spin.thermal_stability), 1)  # μ0 M H_k / 2 k_B T
    30.3
    """

    moment: Array
    anisotropy_field: Array
    easy_axis: Array
    easy_plane_field: Array
    plane_normal: Array
    damping: Array
    temperature: Array
    applied_field: Array
    fixed_layer: Array
    damping_like: Array
    field_like: Array
    gyromagnetic_ratio: Array

    def __init__(
        self,
        moment: Any,
        anisotropy_field: Any,
        easy_axis: Sequence[float] | Array = (0.0, 0.0, 1.0),
        easy_plane_field: Any = 0.0,
        plane_normal: Sequence[float] | Array = (0.0, 0.0, 1.0),
        damping: Any = 0.01,
        temperature: Any = 300.0,
        applied_field: Sequence[float] | Array = (0.0, 0.0, 0.0),
        fixed_layer: Sequence[float] | Array = (0.0, 0.0, -1.0),
        damping_like: Any = 0.0,
        field_like: Any = 0.0,
        gyromagnetic_ratio: Any = GYROMAGNETIC_RATIO,
    ) -> None:
        self.moment = as_member_number(moment, "moment", "A m²", lambda v: v > 0)
        self.anisotropy_field = as_member_number(
            anisotropy_field, "anisotropy_field", "A/m", lambda v: v >= 0
        )
        self.easy_axis = as_direction(easy_axis, "easy_axis")
        self.easy_plane_field = as_member_number(
            easy_plane_field, "easy_plane_field", "A/m", lambda v: v >= 0
        )
        self.plane_normal = as_direction(plane_normal, "plane_normal")
        self.damping = as_member_number(damping, "damping", "no unit", lambda v: v >= 0)
        self.temperature = as_member_number(temperature, "temperature", "K", lambda v: v >= 0)
        self.applied_field = as_vector(applied_field, "applied_field", "A/m")
        self.fixed_layer = as_direction(fixed_layer, "fixed_layer")
        self.damping_like = as_member_number(damping_like, "damping_like", "A/m", np.isfinite)
        self.field_like = as_member_number(field_like, "field_like", "A/m", np.isfinite)
        self.gyromagnetic_ratio = as_member_number(
            gyromagnetic_ratio, "gyromagnetic_ratio", "rad/(s T)", lambda v: v > 0
        )

    @classmethod
    def from_junction(
        cls, junction: MTJ, voltage: Any = 0.0, *, field_like_ratio: Any = 0.0
    ) -> Macrospin:
        """The free layer of a junction under a voltage (V), one member per device or voltage.

        The fixed layer is along +e: z for a perpendicular easy axis, x for one in the plane (normal
        z). So m along it is the parallel state, the cosine of `MTJ.conductance` is m·e, and a
        positive voltage leaves P for AP. At the critical voltage the damping-like
        field is α H_k, in the plane α (H_k + H_d/2), where the state becomes unstable at zero
        temperature.

        Parameters
        ----------
        junction
            Gives Δ, H_k, damping, temperature and critical voltage.
        voltage
            Across the junction, V, one number or ``(n,)``.
        field_like_ratio
            b/a (no unit).
        """
        volts = as_leaf(voltage, "voltage", "V")
        upright = junction.easy_axis == "perpendicular"
        threshold = junction.damping * (junction.anisotropy_field + 0.5 * junction.easy_plane_field)
        torque = volts / junction.critical_voltage * threshold
        axis = (0.0, 0.0, 1.0) if upright else (1.0, 0.0, 0.0)
        return cls(
            junction.moment,
            junction.anisotropy_field,
            axis,
            junction.easy_plane_field,
            (0.0, 0.0, 1.0),
            junction.damping,
            junction.temperature,
            fixed_layer=axis,
            # Away from the fixed layer.
            damping_like=-torque,
            field_like=-torque * as_leaf(field_like_ratio, "field_like_ratio", "no unit"),
        )

    @property
    def thermal_stability(self) -> Array:
        """Δ = μ0 M H_k/(2 k_B T) (no unit)."""
        return 0.5 * self._energy_scale * self.anisotropy_field

    @property
    def relaxation_time(self) -> Array:
        """τ_D = (1 + α²)/(α γ μ0 H_k), s."""
        rate = self.gyromagnetic_ratio * MU_0 * self.anisotropy_field
        return (1 + self.damping**2) / (self.damping * rate)

    @property
    def _energy_scale(self) -> Array:
        """μ0 M/(k_B T), m/A, in an order that float32 holds."""
        return MU_0 / K_B * self.moment / self.temperature

    def equilibrium(self, count: int, *, key: Key, well: int | None = 1) -> Array:
        """Members drawn from the Boltzmann distribution without torques, ``(3, count)`` (no unit).

        Parameters
        ----------
        count
            Number of members n.
        key
            Random key.
        well
            1 for those with m·e > 0, −1 for the others, None for both.

        Raises
        ------
        SpinlearnValueError
            If there is an applied field, whose distribution is another, or no temperature.
        """
        number = as_count(count, "count", 1, "an integer >= 1", "Draw at least one.")
        if well not in (1, -1, None):
            raise SpinlearnValueError("well", well, "1, -1 or None", "Choose a side.")
        require_values(
            lambda v: v == 0,
            "applied_field",
            self.applied_field,
            "zero, A/m",
            "Draw without the field, then let evolve lead to equilibrium with it.",
        )
        require_values(
            lambda v: v > 0, "temperature", self.temperature, "above 0, K", "Start from a state."
        )
        scale = 0.5 * self._energy_scale

        def quadratic(strength: Array, axis: Array) -> Array:
            outer = axis[:, None] * axis[None, :]
            return jnp.expand_dims(scale * strength, (-2, -1)) * outer.reshape(
                (1,) * jnp.ndim(scale * strength) + (3, 3)
            )

        easy = quadratic(self.anisotropy_field, self.easy_axis)
        plane = quadratic(self.easy_plane_field, self.plane_normal)
        shape = jnp.broadcast_shapes(easy.shape, plane.shape)
        matrix = jnp.broadcast_to(plane, shape) - jnp.broadcast_to(easy, shape)
        m = bingham(matrix, number, stream(key, "macrospin equilibrium"))
        if well is None:
            return m
        along = jnp.einsum("i,in->n", self.easy_axis, m)
        return m * jnp.where(along * well < 0, -1, 1).astype(m.dtype)[None]

    def evolve(
        self,
        m: Any,
        duration: Any,
        *,
        step: Any,
        key: Key,
        increments: str = "three-point",
        first_step: int = 0,
        save_every: int | None = None,
        reverse_mode: bool = False,
    ) -> Trajectories:
        """Trajectories for a duration, by stochastic Heun steps that end on the unit sphere.

        Heun's scheme is of weak order one here, of order two without temperature. Weak order one
        needs no normal numbers: "two-point" increments take three bits a step, "three-point" ones
        thirty (see the theory page for what is left of the statistics at a finite step). Two
        halves of a run give the same numbers as the whole: hand in ``first_step``.

        Parameters
        ----------
        m
            Unit vectors to start from, ``(3, n)`` or ``(3,)`` (no unit). They set the precision.
        duration
            s; rounded up to whole steps.
        step
            Time step, s. Heun's step drives what it should damp: by (γ μ0 H step)³/(8 α) of the
            damping, H all fields and torques together. Take γ μ0 H step = (0.08 α)^⅓ for 1 %, 0.1
            at α = 0.0125; beyond 10 %, and beyond 0.5, a step is refused. Near the critical voltage
            even 1 % counts.
        key
            Random key; equal keys give the same numbers to the last bit.
        increments
            "two-point", "three-point" or "gaussian".
        first_step
            Steps done before, of which the random numbers are passed over.
        save_every
            Steps between records, a divisor of the number of steps; None for none.
        reverse_mode
            Whether `jax.grad` and `jax.vjp` are to pass through, with the random numbers held:
            compiled for this number of steps, whose root is the number of states that are kept.
            Without, `jax.jvp` passes and they are refused. The same trajectories, but for rounding.

        Raises
        ------
        SpinlearnValueError
            If an argument is out of range, or the ensemble has another size than the parameters.
        """
        start, single = _as_ensemble(m)
        steps = count_steps(duration, step)
        first = as_count(first_step, "first_step", 0, "an integer >= 0", "Count from zero.")
        if increments not in KINDS:
            raise SpinlearnValueError(
                "increments", increments, f"one of {', '.join(KINDS)}", "Choose one."
            )
        parameters = self._parameters(start.dtype)
        _require_members(parameters, start.shape[1])
        require_small(parameters, step)
        every = None
        if save_every is not None:
            every = as_count(save_every, "save_every", 1, "an integer >= 1", "Or leave it out.")
            if steps % every:
                raise SpinlearnValueError(
                    "save_every", every, f"a divisor of the {steps} steps", "Change either."
                )
        interval = as_leaf(step, "step", "s").astype(start.dtype)
        records = 0 if every is None else steps // every
        each = steps if every is None else every
        end, saved = run(
            parameters,
            interval,
            start,
            key,
            jnp.asarray(first, jnp.uint32),
            jnp.asarray(each, jnp.uint32),
            increments,
            records,
            each if reverse_mode else None,
        )
        if not reverse_mode:
            end = forward_only(end)
            saved = None if saved is None else forward_only(saved)
        times = None
        if every is not None:
            times = (first + every * (1 + jnp.arange(records))).astype(start.dtype) * interval
        if single:
            end = end[:, 0]
            saved = None if saved is None else saved[:, :, 0]
        return Trajectories(end, saved, times, first + steps)

    def _parameters(self, dtype: Any) -> Parameters:
        """What a step needs, in the precision of the ensemble."""
        along = self.fixed_layer.reshape((3,) + (1,) * self.field_like.ndim)
        pushed = self.field_like[None] * along
        applied = self.applied_field
        if pushed.ndim != applied.ndim:
            pushed, applied = (v[:, None] if v.ndim == 1 else v for v in (pushed, applied))
        heat = K_B / MU_0 * self.temperature / self.moment
        values = (
            self.damping,
            MU_0 * self.gyromagnetic_ratio,
            self.anisotropy_field,
            self.easy_axis,
            self.easy_plane_field,
            self.plane_normal,
            pushed + applied,
            self.damping_like,
            self.fixed_layer,
            heat,
        )
        return Parameters(*(value.astype(dtype) for value in values))


def _require_members(parameters: Parameters, count: int) -> None:
    """Parameters of one number, or of one per member of the ensemble."""
    sizes = {np.shape(value)[0] for value in parameters.numbers if np.ndim(value)}
    sizes |= set(parameters.constant.shape[1:])
    others = sizes - {1, count}
    if others:
        raise SpinlearnValueError(
            "m",
            f"{count} members",
            f"{' and '.join(map(str, sorted(others)))} members, as the parameters have",
            "Start as many as there are devices or voltages, shape (3, n).",
        )


def _as_ensemble(m: Any) -> tuple[Array, bool]:
    """Unit vectors ``(3, n)``, and whether one alone was given."""
    start = as_float_array(m, "m")
    if start.ndim not in (1, 2) or start.shape[0] != 3:
        raise SpinlearnValueError(
            "m", f"shape {start.shape}", "shape (3, n) or (3,)", "Put the components first."
        )
    require_values(
        lambda v: np.abs(np.sum(np.square(v), axis=0) - 1) < 1e-3,
        "m",
        start,
        "unit vectors (no unit)",
        "Divide by their length.",
    )
    return (start[:, None], True) if start.ndim == 1 else (start, False)
