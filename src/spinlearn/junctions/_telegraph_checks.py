"""Whether a trace is what the fit of two levels assumes, and if not, what it is instead.

Every test compares the trace with the fitted model: by the probability of a sample given those
before it, which the model makes uniform and independent, or with traces drawn from the model.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spinlearn.junctions import _telegraph_likelihood as likelihood

#: A test below this speaks against the model; of clean traces eight tests nominally refuse 0.2 %.
REJECTED = 2e-4

_SLOW = 8  # cycles in a trace, taken for drift
_FIRST = 3  # cycles in a trace, told as a line
_MOST = 0.6  # of the slow power in one line
_NEIGHBOURS = 60  # frequencies beside a line, which tell what the noise is there
_MODEL_SAMPLES = 40_000
_FAR = 4.5  # from both levels, in standard deviations, counted as an outlier
_UNMOVED = 0.4  # of samples, equal to the one before
_FEWEST_VISITS = 20
_SHORTEST = 1.5  # mean visit, in samples, whose spread is looked at
_SEED = 20250


class Decoded(NamedTuple):
    """A trace as the model sees it: the high state, residuals, and cumulative probabilities."""

    high: np.ndarray
    residual: np.ndarray
    below: np.ndarray


def decoded(point: np.ndarray, volts: np.ndarray, step: float = 0.0) -> Decoded:
    """The more likely state, the distance from its level in standard deviations, and the cumulative
    probability of every sample given those before.

    Samples that are whole steps of a digitiser are spread over their step, whose variance the
    noise of the fit then lacks.
    """
    spread = np.random.default_rng(_SEED).uniform(-0.5, 0.5, len(volts)) * step
    wider = np.array(point)
    wider[2:4] += 0.5 * np.log1p(step**2 / 12 * np.exp(-2 * point[2:4]))
    below, chance = likelihood.look(wider, volts + spread)
    high = chance > 0.5
    residual = (volts - point[:2][high.astype(int)]) * np.exp(-point[2:4])[high.astype(int)]
    return Decoded(high, residual, below)


def normal_scores(below: np.ndarray) -> np.ndarray:
    """White noise of unit variance if the model is right."""
    from scipy.stats import norm

    scores = norm.ppf(np.clip(below, 1e-15, 1 - 1e-15))
    return (scores - scores.mean()) / scores.std()


def code_step(volts: np.ndarray) -> float:
    """The step between the values that a digitiser gives; next to nothing if there is none."""
    values, counts = np.unique(volts, return_counts=True)
    gaps = np.diff(values)
    order = np.argsort(gaps)
    share = np.cumsum((0.5 * (counts[1:] + counts[:-1]))[order])
    return float(gaps[order][np.searchsorted(share, 0.5 * share[-1])])


def is_coarse(volts: np.ndarray) -> bool:
    """Whether the noise mostly stays within one step of a digitiser."""
    return bool(np.mean(np.diff(volts) == 0) > _UNMOVED)


def spikes(volts: np.ndarray) -> np.ndarray:
    """Samples that stand alone, far outside of nearly all others."""
    low, high = np.quantile(volts, [0.02, 0.98])
    far = (volts < low - (high - low)) | (volts > high + (high - low))
    beside = np.concatenate([[False], far[:-1]]) | np.concatenate([far[1:], [False]])
    alone = far & ~beside
    return np.flatnonzero(far if alone.sum() > _MOST * far.sum() else np.zeros_like(far))


def outliers(point: np.ndarray, volts: np.ndarray, seen: Decoded) -> tuple[float, np.ndarray]:
    """p-value of the farthest sample from both levels, and all that are far.

    Samples during a flip do not count: a filter leaves them between the levels.
    """
    from scipy.special import erfc

    apart = np.abs(volts[:, None] - point[:2]) * np.exp(-point[2:4])
    far = apart.min(axis=1)
    steady = np.ones(len(volts), bool)
    steady[1:-1] = seen.high[2:] == seen.high[:-2]
    far = np.where(steady, far, 0.0)
    p_value = len(volts) * float(erfc(far.max() / np.sqrt(2)))
    return min(p_value, 1.0), np.flatnonzero(far > _FAR)


def spectrum(scores: np.ndarray) -> np.ndarray:
    """Power at every number of cycles in the trace, from 0 (no unit)."""
    return np.abs(np.fft.rfft(scores)) ** 2


def drift(power: np.ndarray) -> float:
    """p-value of the slowest cycles of the trace, beside those that follow (F test)."""
    from scipy.stats import f

    slow, rest = power[1 : _SLOW + 1], power[_SLOW + 1 : 9 * _SLOW]
    return float(f.sf(slow.mean() / rest.mean(), 2 * len(slow), 2 * len(rest)))


def line(power: np.ndarray) -> tuple[float, int]:
    """p-value of the largest line in the spectrum, and its place.

    The periodogram of white noise is exponential; that at a frequency is compared with the mean of
    those beside it (Fisher's test, with the noise taken locally). Of the slowest cycles a line has
    to hold most of the power: a drift has several.
    """
    last = len(power) - 1
    at = np.arange(_FIRST, last)
    if len(at) < 2 * _NEIGHBOURS:
        return 1.0, 0
    sums = np.concatenate([[0.0], np.cumsum(power)])

    def summed(reach: int) -> tuple[np.ndarray, np.ndarray]:
        a, b = np.maximum(at - reach, 1), np.minimum(at + reach + 1, last)
        return sums[b] - sums[a], b - a

    (wide, many), (near, few) = summed(_NEIGHBOURS), summed(2)
    beside = np.maximum((wide - near) / (many - few), 1e-300)
    log_p = -(many - few) * np.log1p(power[at] / beside / (many - few))
    slow = at <= 2 * _SLOW
    lonely = (summed(1)[0] > _MOST * power[1 : 4 * _SLOW + 1].sum()) | ~slow
    log_p = np.where(lonely, log_p, 0.0)
    k = int(np.argmin(log_p))
    return float(min(1.0, len(at) * np.exp(log_p[k]))), int(at[k])


def drawn(point: np.ndarray, count: int) -> list[Decoded]:
    """Traces of the fitted model, of this length, seen as the model sees them."""
    rng = np.random.default_rng(_SEED)
    number = int(np.clip(np.ceil(_MODEL_SAMPLES / count), 2, 20))
    return [decoded(point, _trace(point, count, rng)) for _ in range(number)]


def _trace(point: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """A scaled trace of the chain, visit by visit; half as many again as fill it on average."""
    rates = np.exp(point[4:])
    leave = rates / rates.sum() * -np.expm1(-rates.sum())
    pairs = int(1.5 * count / np.sum(1 / leave)) + 50
    stays = rng.geometric(np.tile(leave, pairs))
    first = int(rng.uniform() > rates[1] / rates.sum())
    state = np.repeat(np.tile([0, 1], pairs)[first:], stays[first:])[:count]
    return point[:2][state] + np.exp(point[2:4])[state] * rng.standard_normal(count)


def lengths(seen: Decoded) -> tuple[np.ndarray, np.ndarray]:
    """Samples in a row in the low and in the high state; those cut by the ends left out."""
    flips = np.flatnonzero(seen.high[1:] != seen.high[:-1]) + 1
    found, state = np.diff(flips), seen.high[flips[:-1]]
    return found[~state], found[state]


def dwell(seen: Decoded, model: list[Decoded]) -> float:
    """p-value of the spread of the visits' lengths beside the model's: in either state, or both."""
    from scipy.stats import norm

    rng = np.random.default_rng(_SEED)
    scores = []
    for k in (0, 1):
        own = lengths(seen)[k]
        pool = np.concatenate([lengths(one)[k] for one in model])
        if min(len(own), len(pool)) < _FEWEST_VISITS or own.mean() < _SHORTEST:
            continue
        many = min(len(own), 2000)
        spread = _dispersion(rng.choice(pool, (2000, many)))
        apart = _dispersion(own[None])[0] - np.median(spread)
        # Lopsided where visits are few: on either side by its own quantile.
        width = abs(np.quantile(spread, norm.cdf(2.5 * np.sign(apart))) - np.median(spread)) / 2.5
        width *= np.sqrt(many * (1 / len(own) + 1 / len(pool)))
        scores.append(apart / max(width, 1e-9))
    if len(scores) == 2:
        scores.append(sum(scores) / np.sqrt(2))
    return float(min([1.0, *(2 * len(scores) * norm.sf(abs(score)) for score in scores)]))


def edges(seen: Decoded, model: list[Decoded]) -> float:
    """p-value of the first sample after a flip being nearer to the old level than the model's."""
    from scipy.stats import norm

    own, pool = _first(seen), np.concatenate([_first(one) for one in model])
    if min(len(own), len(pool)) < _FEWEST_VISITS:
        return 1.0
    width = np.sqrt(own.var() / len(own) + pool.var() / len(pool))
    return float(norm.sf((own.mean() - pool.mean()) / max(width, 1e-9)))


def _first(seen: Decoded) -> np.ndarray:
    flips = np.flatnonzero(seen.high[1:] != seen.high[:-1]) + 1
    return np.where(seen.high[flips], -seen.residual[flips], seen.residual[flips])


def neighbours(scores: np.ndarray) -> tuple[float, float]:
    """p-value of the correlation of scores one sample apart, and that correlation."""
    from scipy.stats import norm

    found = float(scores[1:] @ scores[:-1] / (scores @ scores))
    return float(2 * norm.sf(abs(found) * np.sqrt(len(scores)))), found


def correlations(scores: np.ndarray, lags: int) -> float:
    """p-value of the correlations of scores up to so many samples apart (Ljung and Box)."""
    from scipy.stats import chi2

    count, apart = len(scores), np.arange(1, lags + 1)
    found = np.array([scores[k:] @ scores[:-k] for k in apart]) / count
    together = count * (count + 2) * float(np.sum(found**2 / (count - apart)))
    return float(chi2.sf(together, lags))


def _dispersion(found: np.ndarray) -> np.ndarray:
    """Logarithm of the variance of lengths over that of a geometric law of their mean."""
    mean = found.mean(axis=1)
    return np.log(found.var(axis=1) / np.maximum(mean * (mean - 1), 1e-9) + 1e-6)
