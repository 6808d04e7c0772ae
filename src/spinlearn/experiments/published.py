"""What is published of the four systems, and how a run's numbers are held against it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from spinlearn.errors import SpinlearnValueError
from spinlearn.experiments.experiment import Claim, Verdict

#: Specifications that `spinlearn reproduce all` runs, by preset.
RUNS: Mapping[str, tuple[str, ...]] = {
    "demo": (
        "koenders2025",
        "koenders2025-teacher",
        "zhou2025",
        "niu2024",
        "yu2021",
        "yu2021-transfer",
    ),
    "paper": (
        "koenders2025-teacher",
        "koenders2025-single",
        "koenders2025-feedback-paper",
        "koenders2025-paper",
        "zhou2025-mnist",
        "niu2024-paper",
        "yu2021-paper",
        "yu2021-transfer-paper",
    ),
}

_YU = "Phys. Rev. B 104, L180405 (2021), abstract; the text was not available"
_NIU = "PNAS 121, e2416294121 (2024), abstract; the text was not available"
_ZHOU = "Commun. Eng. 4, 142 (2025), abstract; the text was not available"
_KOENDERS = "Phys. Rev. Applied 23, 054035 (2025), arXiv 2412.12783, figures"


@dataclass(frozen=True)
class Comparison:
    """A published claim beside what was measured (SI units).

    Parameters
    ----------
    experiment
        "yu2021", "niu2024", "zhou2025" or "koenders2025".
    published
        The claim.
    source
        Where it is published, and how it is known here.
    measured
        Headline number of a run; None where no run has one.
    run
        Specification of that run; empty without one.
    verdict
        "agrees", "differs" or "unknown".
    why
        What the verdict rests on.

    Examples
    --------
    >>> [c.verdict for c in compare_published({}) if c.experiment == "yu2021"]
    ['unknown', 'unknown', 'unknown']
    """

    experiment: str
    published: str
    source: str
    measured: Claim | None
    run: str
    verdict: Verdict
    why: str


@dataclass(frozen=True)
class _Published:
    experiment: str
    statement: str
    source: str
    # Beginning of the names of the runs, and pattern of the name of the number, that measure it.
    runs: str
    number: str
    # Of the number: whether it agrees, None where that cannot be told.
    judge: Callable[[Claim], bool | None]
    criterion: str
    otherwise: str = "No run that was made measures it."


def _above(least: float, sign: int = 1) -> Callable[[Claim], bool | None]:
    """Whether the interval, times a sign, lies above a number; None where it holds it."""

    def judge(claim: Claim) -> bool | None:
        if claim.interval is None:
            return None
        low, high = sorted(sign * end for end in claim.interval)
        return True if low > least else False if high < least else None

    return judge


def _own(claim: Claim) -> bool | None:
    return {"agrees": True, "differs": False}.get(claim.verdict)


_OPEN = "So few samples do not tell."
_DESCENT = r"cosine of changes with the descent of Oja's objective, mean over 1 epoch"
_MNIST = "The demo learns scikit-learn's digits; MNIST takes --preset paper --set data.folder=PATH."

_PUBLISHED = (
    _Published(
        "yu2021",
        "A film with four contacts, trained by its own currents through spin-transfer torque and "
        "read through its magnetoresistance, changes its conductance by Hebb's rule.",
        _YU,
        "yu2021-transfer",
        r"correlation with s_i s_j of the mean over films, change against the mean .*",
        _above(0.0, -1),
        "Agrees where the correlation is of one sign in 95 % of samples; contacts at unlike "
        "voltages gain, so that Hebb's sign sits in the readout. No number is known.",
    ),
    _Published(
        "yu2021",
        "The same, by any torque: here spin–orbit torque of a heavy metal.",
        f"{_YU}; this mechanism is ours",
        r"yu2021(-paper)?$",
        r"correlation with s_i s_j of the mean over films, change against the mean .*",
        _above(0.0, -1),
        "Agrees where the correlation is of one sign in 95 % of samples. No number is known.",
    ),
    _Published(
        "yu2021",
        "The trained film is an associative memory: it corrects patterns.",
        _YU,
        r"yu2021(-paper)?$",
        r"one-bit errors corrected, trained films",
        _above(0.5),
        "Agrees where most one-bit errors are corrected; untrained films correct none. By "
        "spin–orbit torque, which is ours: by spin-transfer torque two thirds are "
        "(yu2021-transfer-paper). No number is known.",
    ),
    _Published(
        "niu2024",
        "The conductance matrix follows Oja's rule, down a gradient: links with reads in between.",
        _NIU,
        "niu2024",
        rf"{_DESCENT}, links, subspace",
        _above(0.0),
        "Agrees where changes go down Oja's objective in 95 % of samples. Our links do so in a "
        "protocol that reads between pulses. No number is known.",
    ),
    _Published(
        "niu2024",
        "The same by itself: links that are driven by the patterns alone, and forget.",
        _NIU,
        "niu2024",
        rf"{_DESCENT}, links, leaky",
        _above(0.0),
        "Agrees where changes go down Oja's objective. Our single links follow Hebb's rule with "
        "decay, which leads elsewhere; whether the published device does otherwise, and by what, "
        "cannot be told without its text.",
    ),
    _Published(
        "niu2024",
        "Patterns of high similarity are recalled.",
        _NIU,
        "niu2024",
        r"recall of CLU after 3 flips, links, residual",
        _above(0.5),
        "Agrees where most probes of the letters C, L and U are recalled; Hebb's rule recalls "
        "none. The letters are ours.",
    ),
    _Published(
        "zhou2025",
        "A 4×2 array of stochastic binary junctions learns two patterns of 2×2 pixels.",
        _ZHOU,
        "zhou2025",
        r"small arrays that hold both patterns .*",
        _above(0.5),
        "Agrees where most arrays hold both patterns. Device parameters are assumed.",
    ),
    _Published(
        "zhou2025",
        "A single layer reaches 90 % on MNIST.",
        "second-hand; the text was not available",
        "zhou2025-mnist",
        r"accuracy on \d+ held-out images, mnist, first \d+ spikes",
        lambda claim: None if claim.interval is None else claim.interval[1] >= 0.9,
        "Agrees where 95 % of samples reach 0.9. How many neurons is not known: here 400.",
        _MNIST,
    ),
    _Published(
        "koenders2025",
        "Networks of 2-2-2-1 units learn from the noise of a junction what teachers say.",
        f"{_KOENDERS}; the choice of inputs, teachers and optimizer is ours",
        "koenders2025-teacher",
        r"largest ratio to the published median loss, .*",
        _own,
        "Agrees where the median loss is within a factor of 2 of the curve from epoch 10 to 50.",
    ),
    _Published(
        "koenders2025",
        "Three layers of 500 units learn MNIST from the noise of a junction: 95.4 % after 50 "
        "epochs, 96.85 % after 2500.",
        f"{_KOENDERS}, digitised",
        "koenders2025-paper",
        r"accuracy on \d+ held-out images, mnist, \d+ epochs, from noise",
        _own,
        "Agrees where the digitised accuracy at the same epoch is within the interval.",
        _MNIST,
    ),
    _Published(
        "koenders2025",
        "The gap to back-propagation on MNIST is 1.75 points after 2500 epochs.",
        f"{_KOENDERS}, digitised",
        "koenders2025-paper",
        r"gap to back-propagation",
        _own,
        "Agrees where the gap is no larger. After 50 epochs the published one is 3 points too.",
        _MNIST,
    ),
    _Published(
        "koenders2025",
        "Learning from noise comes near to back-propagation.",
        f"{_KOENDERS}; digits in place of MNIST are ours",
        r"koenders2025$",
        r"gap to back-propagation",
        lambda claim: None if claim.interval is None else claim.interval[0] <= 0.0175,
        "Agrees where the gap is not above the 1.75 points that are published for MNIST.",
        "The demo measures it.",
    ),
)


def compare_published(found: Mapping[str, Sequence[Claim]]) -> list[Comparison]:
    """Every published claim beside the headline number that measures it (SI units).

    Parameters
    ----------
    found
        Headline numbers by the name of their specification.

    Examples
    --------
    >>> gap = Claim("gap to back-propagation", 0.005, "1", (0.0, 0.01), 5)
    >>> [c.verdict for c in compare_published({"koenders2025": [gap]}) if c.measured]
    ['agrees']
    """
    return [_compared(claim, found) for claim in _PUBLISHED]


def runs_of(preset: str) -> tuple[str, ...]:
    """Specifications that measure what is published (no unit).

    Parameters
    ----------
    preset
        "demo" or "paper".

    Raises
    ------
    SpinlearnValueError
        If the preset is another.

    Examples
    --------
    >>> len(runs_of("demo"))
    6
    """
    if preset not in RUNS:
        raise SpinlearnValueError(
            "preset", preset, f"one of {', '.join(RUNS)} for all", "Choose one."
        )
    return RUNS[preset]


def _compared(published: _Published, found: Mapping[str, Sequence[Claim]]) -> Comparison:
    told = published.experiment, published.statement, published.source
    for run, claims in found.items():
        if not re.match(published.runs, run):
            continue
        for claim in claims:
            if re.fullmatch(published.number, claim.name):
                agrees = published.judge(claim)
                verdict: Verdict = (
                    "unknown" if agrees is None else "agrees" if agrees else "differs"
                )
                why = (
                    published.criterion if agrees is not None else f"{_OPEN} {published.criterion}"
                )
                return Comparison(*told, claim, run, verdict, why)
    return Comparison(*told, None, "", "unknown", published.otherwise)
