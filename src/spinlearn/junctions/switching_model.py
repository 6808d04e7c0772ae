"""Probability that a pulse switches a junction, as a model with parameters to be fitted."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from spinlearn.junctions.switching_table import SwitchingTable

Chances = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
Guess = Callable[[SwitchingTable, dict[str, float]], list[dict[str, float]]]
Range = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


class SwitchingModel(NamedTuple):
    """What `fit_switching` fits: any probability with positive parameters.

    Parameters
    ----------
    name
        For figures and messages.
    parameters
        SI unit of each parameter, by name; empty for none.
    chances
        Function of parameters ``(k,)``, magnitudes of voltages (V) and pulse lengths (s),
        ``(rows,)`` each, that returns the probabilities to switch and not to switch, both to full
        relative precision.
    guess
        Function of the table and of the parameters that are given, which returns one or more
        starting points, by name.
    holds
        Function of the same as `chances` that says for every row whether the model holds there;
        None if it does everywhere.
    limits
        In words, where it holds.
    remedy
        What to do with data that it does not describe, one sentence.

    Examples
    --------
    >>> def chances(values, volts, length):
    ...     odds = np.exp((volts - values[0]) / values[1])
    ...     return odds / (1 + odds), 1 / (1 + odds)
    >>> logistic = SwitchingModel(
    ...     "logistic", {"centre": "V", "width": "V"}, chances,
    ...     lambda table, given: [{"centre": 0.5, "width": 0.1}])
    >>> float(logistic.chances(np.array([0.5, 0.1]), np.array([0.5]), np.array([1e-9]))[0][0])
    0.5
    """

    name: str
    parameters: dict[str, str]
    chances: Chances
    guess: Guess
    holds: Range | None = None
    limits: str = ""
    remedy: str = "Fit another model, or see whether units and rows are right."
