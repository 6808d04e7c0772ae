"""From counts of switching to the parameters of a junction."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from spinlearn._checks import as_count, as_number
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions._switching_likelihood import SwitchingLikelihood
from spinlearn.junctions.estimate import Estimate
from spinlearn.junctions.switching_model import SwitchingModel, thermal_activation
from spinlearn.junctions.switching_table import SwitchingTable, checked_table


class SwitchingFit(NamedTuple):
    """Parameters fitted to counts of switching, and how well they describe them.

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
        0.01, say, the model does not describe the data, and its intervals are too narrow.
    outside
        Rows whose voltage is beyond what the model holds for (no unit).

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
    outside: int

    @property
    def values(self) -> np.ndarray:
        """Fitted parameters in the order of the model, in SI units."""
        return np.array([estimate.value for estimate in self.estimates.values()])

    def probability(self, voltage: Any, pulse_length: Any) -> np.ndarray:
        """Probability (no unit) to switch at a voltage (V, its magnitude) in a time (s)."""
        volts, length = np.broadcast_arrays(np.abs(voltage), pulse_length)
        return self.model.chances(self.values, volts.astype(float), length.astype(float))[0]

    def draw(self, count: int, *, seed: int = 0) -> np.ndarray:
        """Parameters as uncertain as the data leave them, ``(count, k)``, in SI units.

        Log-normal, with the covariance of the fit: for the interval of what is computed from them.

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
        apart = np.zeros((number, len(free)))
        root = np.linalg.cholesky(self.covariance[np.ix_(free, free)])
        apart[:, free] = rng.standard_normal((number, len(root))) @ root.T
        return self.values * np.exp(apart)


def fit_switching(
    data: str | os.PathLike[str] | SwitchingTable,
    model: SwitchingModel | None = None,
    *,
    given: Mapping[str, float] | None = None,
    confidence: float = 0.95,
) -> SwitchingFit:
    """The parameters under which counts of switching are most likely, with intervals.

    Counts of every row are binomial, rows are independent. Intervals are those of the profile
    likelihood: all values of a parameter at which, with the others fitted anew, twice the
    log-likelihood is less than the quantile of χ² with one degree of freedom below its maximum. An
    end that is not found within nine decades is 0 or infinity: the data set no such bound.

    Parameters
    ----------
    data
        CSV file as `read_switching` describes it, or the table itself (V, s).
    model
        By default `thermal_activation()`.
    given
        Parameters that are known, by name, in SI units: they are not fitted.
    confidence
        Of the intervals (no unit).

    Returns
    -------
    SwitchingFit
        Estimates in SI units, deviance and its p-value. Where counts are small the deviance does
        not follow χ²; its mean and variance are summed from the binomial distributions instead,
        and those of a scaled χ² are matched to them.

    Raises
    ------
    SpinlearnValueError
        If the data are bad (with file and line), no or every trial switched, there are fewer rows
        than parameters, or the data do not determine them.

    Examples
    --------
    >>> volts = np.linspace(0.30, 0.48, 10)
    >>> model = thermal_activation()
    >>> p, _ = model.chances(np.array([45.0, 0.5, 1e-9]), volts, np.full(10, 1e-8))
    >>> table = SwitchingTable(volts, np.full(10, 1e-8), np.round(1000 * p), np.full(10, 1000))
    >>> fit = fit_switching(table, given={"attempt_time": 1e-9})
    >>> fit.estimates["critical_voltage"].covers(0.5), fit.estimates["stability"].covers(45.0)
    (True, True)
    """
    table = checked_table(data)
    used = thermal_activation() if model is None else model
    level = as_number(
        confidence, "confidence", lambda c: 0 < c < 1, "a number from 0 to 1", "Pass 0.95, say."
    )
    known = _known(used, given)
    free = np.array([name not in known for name in used.parameters])
    if not 0 < table.switched.sum() < table.trials.sum():
        raise SpinlearnValueError(
            "data, switched",
            "none of the trials" if table.switched.sum() == 0 else "all trials",
            "some trials that switched and some that did not",
            "Measure at voltages or lengths in between.",
        )
    if len(table.voltage) < free.sum():
        raise SpinlearnValueError(
            "data, rows",
            len(table.voltage),
            f"at least {free.sum()}, the parameters to be fitted",
            "Measure at more voltages and lengths, or pass `given=`.",
        )
    problem = SwitchingLikelihood(used, table)
    logs, deviance = problem.best(used.guess(table, known), known, free)
    covariance = _covariance(problem, logs, free, used)
    estimates = {}
    for k, (name, unit) in enumerate(used.parameters.items()):
        value = float(np.exp(logs[k]))
        if free[k]:
            width = float(np.sqrt(covariance[k, k]))
            low, high = (problem.end(logs, deviance, free, k, s, width, level) for s in (-1, 1))
            estimates[name] = Estimate(value, float(np.exp(low)), float(np.exp(high)), unit)
        else:
            estimates[name] = Estimate(value, value, value, unit)
    degrees = len(table.voltage) - int(free.sum())
    limit = estimates[used.limit].value if used.limit else np.inf
    return SwitchingFit(
        used,
        table,
        estimates,
        covariance,
        deviance,
        degrees,
        problem.p_value(logs, deviance, degrees),
        int(np.sum(np.abs(table.voltage) >= limit)),
    )


def _known(model: SwitchingModel, given: Mapping[str, float] | None) -> dict[str, float]:
    known = {}
    for name, value in (given or {}).items():
        if name not in model.parameters:
            raise SpinlearnValueError(
                "given", name, f"one of {', '.join(model.parameters)}", "Check the spelling."
            )
        unit = model.parameters[name] or "no unit"
        known[name] = as_number(
            value, f"given[{name!r}]", lambda v: v > 0, f"a positive number, {unit}", "Pass SI."
        )
    if len(known) == len(model.parameters):
        raise SpinlearnValueError(
            "given", list(known), "fewer than all parameters", "Leave one or more to the fit."
        )
    return known


def _covariance(
    problem: SwitchingLikelihood, logs: np.ndarray, free: np.ndarray, model: SwitchingModel
) -> np.ndarray:
    """Inverse of the information on the logarithms, if there is one."""
    _, information = problem.slopes(logs, free)
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    if values[0] < 1e-9 * values[-1] or np.diag(information).min() <= 0:
        names = [name for name, one in zip(model.parameters, free, strict=True) if one]
        raise SpinlearnValueError(
            "data",
            f"no more than {int(np.sum(values > 1e-9 * values[-1]))} of {', '.join(names)}",
            "data that determine all parameters",
            "Pass one as `given=`, or measure over a wider range.",
        )
    found = np.zeros((len(free), len(free)))
    found[np.ix_(free, free)] = (vectors / values) @ vectors.T / np.outer(scale, scale)
    return found
