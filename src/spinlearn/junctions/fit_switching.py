"""From counts of switching to the parameters of a junction."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping

import numpy as np

from spinlearn._checks import as_number
from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions._switching_likelihood import SwitchingLikelihood
from spinlearn.junctions.estimate import Estimate
from spinlearn.junctions.fokker_planck_model import fokker_planck
from spinlearn.junctions.switching_fit import SwitchingFit
from spinlearn.junctions.switching_model import SwitchingModel
from spinlearn.junctions.switching_table import SwitchingTable, checked_table
from spinlearn.junctions.thermal_models import brown_rate, thermal_activation

#: Models by name.
MODELS = {
    "fokker-planck": fokker_planck,
    "brown": brown_rate,
    "thermal-activation": thermal_activation,
}


def fit_switching(
    data: str | os.PathLike[str] | SwitchingTable,
    model: SwitchingModel | str = "fokker-planck",
    *,
    given: Mapping[str, float] | None = None,
    confidence: float = 0.95,
) -> SwitchingFit:
    """The parameters under which counts of switching are most likely, with intervals.

    Counts of every row are binomial, rows are independent. The free layer is taken for a
    perpendicular macrospin unless another model is asked for. Data that the model does not
    describe (p below 0.001), or rows outside of its range, are told by a warning.

    Intervals are those of the profile likelihood: all values of a parameter at which, with the
    others fitted anew, twice the log-likelihood is less than the quantile of χ² with one degree of
    freedom below its maximum. An end that is not found within nine decades is 0 or infinity: the
    data set no such bound.

    Parameters
    ----------
    data
        CSV file as `read_switching` describes it, or the table itself (V, s).
    model
        "fokker-planck", right at any voltage; "brown", its limit for high barriers;
        "thermal-activation", with a constant attempt time; or a model, as
        `thermal_activation(1.0)`.
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
        than parameters, the data do not determine them or lead out of all that the model holds
        for, or there is no such model.

    Examples
    --------
    >>> from spinlearn.junctions import named_junction, switching_probability
    >>> memory = named_junction("ikeda2010")
    >>> volts = np.linspace(0.45, 0.85, 9)
    >>> p = np.asarray(switching_probability(memory, volts, 2e-8))
    >>> table = SwitchingTable(volts, np.full(9, 2e-8), np.round(1000 * p), np.full(9, 1000))
    >>> fit = fit_switching(table, given={"relaxation_time": float(memory.relaxation_time)})
    >>> fit.estimates["thermal_stability"].covers(43.0)
    True
    >>> fit.estimates["critical_voltage"].covers(float(memory.critical_voltage))
    True
    """
    table = checked_table(data)
    used = _model(model)
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
    holds = np.ones(len(table.voltage), bool)
    if used.holds is not None:
        holds = np.asarray(used.holds(np.exp(logs), problem.volts, table.pulse_length))
    if not holds.any():
        found = zip(used.parameters, np.exp(logs), strict=True)
        raise SpinlearnValueError(
            "data",
            ", ".join(f"{name} {value:.3g}" for name, value in found),
            f"what {used.name} holds for: {used.limits}",
            _undetermined(used, table, free) or used.remedy,
        )
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
    fit = SwitchingFit(
        used,
        table,
        estimates,
        covariance,
        deviance,
        degrees,
        problem.p_value(logs, deviance, degrees),
        tuple(map(int, np.flatnonzero(~holds))),
    )
    for text in fit.concerns:
        warnings.warn(text, stacklevel=2)
    return fit


def _model(model: SwitchingModel | str) -> SwitchingModel:
    if isinstance(model, SwitchingModel):
        return model
    if model not in MODELS:
        raise SpinlearnValueError(
            "model", model, f"one of {', '.join(MODELS)}, or a SwitchingModel", "Choose one."
        )
    return MODELS[model]()


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


def _undetermined(model: SwitchingModel, table: SwitchingTable, free: np.ndarray) -> str | None:
    """What to do where rows of one pulse length leave a time and a barrier undetermined."""
    times = [name for name, unit in model.parameters.items() if unit == "s"]
    known = [name for name, own in zip(model.parameters, free, strict=True) if not own]
    if len(np.unique(table.pulse_length)) > 1 or not set(times) - set(known):
        return None
    return (
        f"Pulses of one length do not tell {' and '.join(model.parameters)} apart: measure at a "
        f"second length, or pass given={{{times[0]!r}: ...}} (s)."
    )
