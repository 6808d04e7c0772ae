"""What a fit to counts of switching found, and how far it is to be believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from spinlearn._checks import as_count, as_number
from spinlearn.constants import GYROMAGNETIC_RATIO, MU_0
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions._likely_units import unlikely_units
from spinlearn.junctions._switching_likelihood import SwitchingLikelihood
from spinlearn.junctions.estimate import Estimate
from spinlearn.junctions.mtj import MTJ
from spinlearn.junctions.switching_model import SwitchingModel
from spinlearn.junctions.switching_table import SwitchingTable

#: Fits whose p-value is below are taken for wrong.
REJECTED = 1e-3
_SHOWN_ROWS = 3
# Draws are chosen among so many at least, of Student's distribution with so many degrees.
_PROPOSED, _FREEDOM = 2000, 4


class SwitchingFit(NamedTuple):
    """Parameters fitted to counts of switching, and how well they describe them.

    Printed, it shows all of that, and what speaks against it.

    Parameters
    ----------
    model
        What was fitted.
    table
        The data (V, s).
    estimates
        Parameters by name with their intervals, in SI units.
    covariance
        Of the logarithms of the parameters, ``(k, k)``; zeros for those given (no unit).
    deviance
        Twice the distance in log-likelihood from a model that is right in every row (no unit).
    degrees
        Rows less fitted parameters (no unit).
    p_value
        Probability of such a deviance or a larger one if the model is right (no unit): below
        0.01, say, the model does not describe the data, and its intervals are too narrow. NaN
        where there is none: as many parameters as rows describe any data.
    outside
        Rows, counted from 0, to which the model does not apply with these parameters.

    Examples
    --------
    >>> SwitchingFit._fields[:3]
    ('model', 'table', 'estimates')
    """

    model: SwitchingModel
    table: SwitchingTable
    estimates: dict[str, Estimate]
    covariance: np.ndarray
    deviance: float
    degrees: int
    p_value: float
    outside: tuple[int, ...]

    def __repr__(self) -> str:
        lines = [f"{self.model.name}, {len(self.table.voltage)} rows"]
        lines += [f"{name}: {estimate}" for name, estimate in self.estimates.items()]
        lines.append(
            f"deviance {self.deviance:.1f} on {self.degrees} degrees of freedom, {self._agreement}"
        )
        return "\n".join(lines + [f"NOT TO BE TRUSTED: {text}" for text in self.concerns])

    @property
    def _agreement(self) -> str:
        """The p-value, or what it lacks (no unit)."""
        if self.degrees < 1:
            return "no p-value: it needs more rows than parameters"
        if np.isnan(self.p_value):
            return "no p-value: every count is certain"
        return f"p {_shown(self.p_value)}"

    @property
    def values(self) -> np.ndarray:
        """Fitted parameters in the order of the model, in SI units."""
        return np.array([estimate.value for estimate in self.estimates.values()])

    @property
    def rejected(self) -> bool:
        """Whether the data refuse the model: p below 0.001 (no unit)."""
        return bool(self.p_value < REJECTED)

    @property
    def concerns(self) -> list[str]:
        """What speaks against the fit, with rows and remedy (no unit); empty for nothing."""
        found = []
        if not self.rejected:
            found += unlikely_units(self.estimates, len(np.unique(self.table.pulse_length)))
        if self.outside:
            found.append(
                f"{self.model.name} holds for {self.model.limits}: not for {len(self.outside)} of "
                f"{len(self.table.voltage)} rows, {self._rows(self.outside)}. {self.model.remedy}"
            )
        if self.rejected:
            worst = np.argsort(-self.row_deviances)[:_SHOWN_ROWS]
            found.append(
                f"{self.model.name} does not describe the counts (p {_shown(self.p_value)}, the "
                f"worst of them in {self._rows(sorted(map(int, worst)))}): the parameters and "
                f"their intervals are wrong. {self.model.remedy}"
            )
        return found

    @property
    def row_deviances(self) -> np.ndarray:
        """The part that each row has in the deviance, ``(rows,)`` (no unit)."""
        _, _, switched, trials = (np.asarray(column, float) for column in self.table)
        chances = self.model.chances(
            self.values, np.abs(self.table.voltage), np.asarray(self.table.pulse_length)
        )
        total = np.zeros(len(trials))
        for count, chance in zip((switched, trials - switched), chances, strict=True):
            expected = np.maximum(trials * chance, 1e-300)
            total += 2 * count * np.log(np.where(count > 0, count / expected, 1.0))
        return total

    def probability(self, voltage: Any, pulse_length: Any) -> np.ndarray:
        """Probability (no unit) to switch at a voltage (V, its magnitude) in a time (s).

        The direction is that of the data: with positive voltages, from P to AP.
        """
        volts, length = np.broadcast_arrays(np.abs(voltage), pulse_length)
        return self.model.chances(self.values, volts.astype(float), length.astype(float))[0]

    def draw(self, count: int, *, seed: int = 0) -> np.ndarray:
        """Parameters as uncertain as the data leave them, ``(count, k)``, in SI units.

        From the likelihood of the data, with a prior that is flat in the logarithms: for the
        interval of what is computed from them. (Student's distribution about the fit, drawn again
        with weights.)

        Parameters
        ----------
        count
            How many.
        seed
            Of the random numbers (no unit).
        """
        number = as_count(count, "count", 1, "an integer >= 1", "Ask for one or more.")
        rng = np.random.default_rng(seed)
        free = np.diag(self.covariance) > 0
        proposed, size = max(4 * number, _PROPOSED), int(free.sum())
        root = np.linalg.cholesky(self.covariance[np.ix_(free, free)])
        normal = rng.standard_normal((proposed, size))
        heavy = normal / np.sqrt(rng.chisquare(_FREEDOM, (proposed, 1)) / _FREEDOM)
        logs = np.tile(np.log(self.values), (proposed, 1))
        logs[:, free] += heavy @ root.T
        likelihood = SwitchingLikelihood(self.model, self.table)
        log_density = -0.5 * (_FREEDOM + size) * np.log1p(np.sum(heavy**2, axis=1) / _FREEDOM)
        weight = -0.5 * np.array([likelihood.deviance(one) for one in logs]) - log_density
        weight = np.exp(weight - weight.max())
        return np.exp(logs[rng.choice(proposed, number, p=weight / weight.sum())])

    def junction(
        self,
        *,
        damping: Any = None,
        anisotropy_field: Any = None,
        sources: Mapping[str, str] | None = None,
        **others: Any,
    ) -> MTJ:
        """The junction that was measured, for circuits and networks.

        Δ and the critical voltage are those of the fit. So is the relaxation time, which one
        of damping and anisotropy field makes the other; a fitted attempt time is handed on as it
        is. What the counts do not tell comes from the caller.

        Parameters
        ----------
        damping
            α (no unit): with it, the anisotropy field is (1 + α²)/(α γ μ0 τ_D).
        anisotropy_field
            H_k, A/m: with it, the damping follows.
        sources
            Where the other numbers come from, by field; the fitted ones are filled in (no unit).
        others
            As in `MTJ`: tmr, two of resistance_parallel, resistance_area and area, the temperature
            of the measurement.

        Raises
        ------
        SpinlearnValueError
            If the model has no Δ and critical voltage, or damping and anisotropy field are neither
            one of both nor in keeping with the relaxation time.

        Examples
        --------
        >>> from spinlearn.junctions import fit_switching
        >>> volts, switched = [0.40, 0.45, 0.50, 0.55], [13, 38, 67, 87]
        >>> table = SwitchingTable(volts, [1e-8] * 4, switched, [100] * 4)
        >>> fit = fit_switching(table, given={"relaxation_time": 1e-9})
        >>> memory = fit.junction(damping=0.02, tmr=1.2, resistance_parallel=5e3, area=1e-15)
        >>> f"{float(memory.relaxation_time):.2g} s", dict(memory.sources)["thermal_stability"]
        ('1e-09 s', 'fit_switching, Fokker-Planck: 44.48 (27.86 to 71.75)')
        """
        fitted = {}
        for name in ("thermal_stability", "critical_voltage"):
            if name not in self.estimates:
                raise SpinlearnValueError(
                    "model", self.model.name, f"a model with the parameter {name}", "Fit another."
                )
            fitted[name] = self.estimates[name].value
        if "attempt_time" in self.estimates:
            fitted["attempt_time"] = self.estimates["attempt_time"].value
        measured = set(fitted)
        if "relaxation_time" in self.estimates:
            damping, anisotropy_field, made = _of_relaxation(
                self.estimates["relaxation_time"], damping, anisotropy_field
            )
            measured |= made
        given = {"damping": damping, "anisotropy_field": anisotropy_field}
        words = {}
        for name in sorted(measured):
            shown = self.estimates.get(name, self.estimates.get("relaxation_time"))
            kind = "" if name in self.estimates else "from the relaxation time, "
            words[name] = f"fit_switching, {self.model.name}: {kind}{shown}"
        return MTJ(
            **fitted,
            **{name: value for name, value in given.items() if value is not None},
            **others,
            sources=words | dict(sources or {}),
        )

    def _rows(self, rows: Sequence[int]) -> str:
        """Rows, counted from 1, and their voltages."""
        parts: list[list[int]] = []
        for row in rows:
            if parts and row == parts[-1][-1] + 1:
                parts[-1].append(row)
            else:
                parts.append([row])
        named = [f"{p[0] + 1} to {p[-1] + 1}" if len(p) > 1 else f"{p[0] + 1}" for p in parts]
        more = "" if len(named) <= 6 else ", …"
        volts = np.asarray(self.table.voltage)[list(rows)]
        ends = sorted({float(volts.min()), float(volts.max())})
        span = " to ".join(f"{v:.4g}" for v in ends)
        return f"{'row' if len(rows) == 1 else 'rows'} {', '.join(named[:6])}{more} ({span} V)"


def _shown(p_value: float) -> str:
    return f"= {p_value:.2g}" if not p_value < 1e-99 else "< 1e-99"


def _of_relaxation(
    relaxation: Estimate, damping: Any, anisotropy_field: Any
) -> tuple[float, float, set[str]]:
    """Damping, anisotropy field (A/m), and which of them follows from the relaxation time."""
    if damping is None and anisotropy_field is None:
        raise SpinlearnValueError(
            "damping",
            None,
            "one of damping (no unit) and anisotropy_field, A/m",
            "Give one; the relaxation time makes the other.",
        )
    positive = "one positive number"
    if anisotropy_field is None:
        alpha = as_number(damping, "damping", lambda v: v > 0, positive, "Pass α.")
        rate = (1 + alpha**2) / (alpha * relaxation.value)
        return alpha, rate / (GYROMAGNETIC_RATIO * MU_0), {"anisotropy_field"}
    field = as_number(
        anisotropy_field, "anisotropy_field", lambda v: v > 0, f"{positive}, A/m", "Pass A/m."
    )
    turns = GYROMAGNETIC_RATIO * MU_0 * field
    if damping is not None:
        alpha = as_number(damping, "damping", lambda v: v > 0, positive, "Pass α.")
        made = (1 + alpha**2) / (alpha * turns)
        if not 0.999 * relaxation.low <= made <= 1.001 * relaxation.high:
            raise SpinlearnValueError(
                "damping",
                f"{alpha:g} with {field:g} A/m, a relaxation time of {made:.3g} s",
                f"a relaxation time of {relaxation}",
                "Give one of the two, or hand the relaxation time to the fit as `given=`.",
            )
        return alpha, field, set()
    half = relaxation.value * turns / 2
    if half < 1:
        raise SpinlearnValueError(
            "anisotropy_field",
            field,
            f"{field / half:.3g} A/m or more, for a relaxation time of {relaxation.value:.3g} s",
            "Give the damping; the field follows.",
        )
    return half - np.sqrt(half**2 - 1), field, {"damping"}
