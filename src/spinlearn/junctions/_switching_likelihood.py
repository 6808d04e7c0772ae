"""The likelihood of counts of switching: its maximum, its profiles, its deviance."""

from __future__ import annotations

import numpy as np

from spinlearn.junctions.switching_model import SwitchingModel
from spinlearn.junctions.switching_table import SwitchingTable

_TINY = 1e-300
_STEP = 1e-5
# Profiles are followed to this factor from the fit; beyond, the data set no bound.
_FARTHEST = np.log(1e9)


class SwitchingLikelihood:
    """The likelihood of a table, as a function of the logarithms of the parameters."""

    def __init__(self, model: SwitchingModel, table: SwitchingTable) -> None:
        self.model, self.table = model, table
        self.volts = np.abs(table.voltage)
        self.count, self.trials = table.switched, table.trials
        self.rest = table.trials - table.switched
        share = self.count / self.trials
        # Of the model that is right in every row; zero counts add nothing.
        self.saturated = self.count * np.log(np.where(share > 0, share, 1))
        self.saturated += self.rest * np.log(np.where(share < 1, 1 - share, 1))

    def log_chances(self, logs: np.ndarray) -> np.ndarray:
        """Logarithms of both chances, ``(2, rows)``."""
        with np.errstate(over="ignore", under="ignore"):
            found = self.model.chances(np.exp(logs), self.volts, self.table.pulse_length)
        return np.log(np.clip(np.asarray(found, np.float64), _TINY, 1))

    def deviance(self, logs: np.ndarray) -> float:
        """Twice the distance in log-likelihood from the model that is right in every row."""
        switched, stayed = self.log_chances(logs)
        fitted = self.count * switched + self.rest * stayed
        return float(2 * np.sum(self.saturated - fitted))

    def slopes(self, logs: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Score and Fisher information of the free parameters."""
        change = []
        for k in np.flatnonzero(free):
            step = np.zeros(len(logs))
            step[k] = _STEP
            up, down = self.log_chances(logs + step), self.log_chances(logs - step)
            change.append((up - down) / (2 * _STEP))
        slope = np.array(change)  # (free, 2, rows)
        weight = self.trials * np.exp(self.log_chances(logs))
        score = slope[:, 0] @ self.count + slope[:, 1] @ self.rest
        return score, np.einsum("icr,jcr,cr->ij", slope, slope, weight)

    def best(
        self, starts: list[dict[str, float]], known: dict[str, float], free: np.ndarray
    ) -> tuple[np.ndarray, float]:
        """The most likely parameters, from the best of the starts that are near."""
        points = [np.log([(s | known)[name] for name in self.model.parameters]) for s in starts]
        points.sort(key=self.deviance)
        found = [self.climb(p, free) for p in points[:3]]
        return min(found, key=lambda pair: pair[1])

    def climb(self, start: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, float]:
        """Fisher scoring, damped as by Levenberg and Marquardt."""
        logs, value, damping = np.array(start), self.deviance(start), 1e-3
        if not free.any():
            return logs, value
        for _ in range(200):
            score, information = self.slopes(logs, free)
            diagonal = np.diag(np.diag(information) + 1e-12)
            while damping < 1e12:
                step = np.linalg.solve(information + damping * diagonal, score)
                longest = np.abs(step).max()
                trial = np.array(logs)
                trial[free] += step * min(1.0, 2.0 / max(longest, _TINY))
                after = self.deviance(trial)
                if after <= value:
                    break
                damping *= 10
            else:
                return logs, value
            # Twice the gain that the step promises.
            settled = float(step @ score) < 1e-9 or value - after < 1e-11 * (1 + value)
            logs, value, damping = trial, after, max(damping * 0.1, 1e-9)
            if settled:
                break
        return logs, value

    def end(
        self,
        best: np.ndarray,
        lowest: float,
        free: np.ndarray,
        k: int,
        side: int,
        width: float,
        level: float,
    ) -> float:
        """End of the interval of parameter k: where its profile has risen by the quantile of χ²."""
        from scipy.optimize import brentq
        from scipy.stats import chi2

        rise, others = float(chi2.ppf(level, 1)), np.array(free)
        others[k] = False
        near = {0.0: np.array(best)}

        def excess(distance: float) -> float:
            start = near[max((d for d in near if d <= distance), default=0.0)].copy()
            start[k] = best[k] + side * distance
            logs, value = self.climb(start, others)
            near[distance] = logs
            return value - lowest - rise

        inside, outside = 0.0, min(max(2.2 * width, 1e-4), 0.5)
        while excess(outside) < 0:
            inside, outside = outside, 1.7 * outside
            if outside > _FARTHEST:
                return side * np.inf
        distance = brentq(excess, inside, outside, xtol=1e-3 * (outside - inside) + 1e-12)
        return float(best[k] + side * distance)

    def p_value(self, logs: np.ndarray, deviance: float, degrees: int) -> float:
        """Of the deviance, by χ² with the mean and variance that these counts give."""
        from scipy.stats import binom, chi2

        if degrees < 1:
            return float("nan")
        mean = spread = 0.0
        chance = np.exp(self.log_chances(logs)[0])
        for n, p in zip(self.trials, chance, strict=True):
            middle, wide = n * p, 9 * np.sqrt(n * p * (1 - p)) + 20
            k = np.arange(np.floor(max(middle - wide, 0)), np.ceil(min(middle + wide, n)) + 1)
            if len(k) > 100_000:
                mean, spread = mean + 1, spread + 2
                continue
            weight = binom.pmf(k, n, p)
            apart = 2 * (_entropy(k, n, p) + _entropy(n - k, n, 1 - p))
            first = float(weight @ apart)
            mean, spread = mean + first, spread + float(weight @ (apart - first) ** 2)
        # Fitting takes its share of every row's deviance.
        share = degrees / len(chance)
        mean, spread = mean * share, spread * share
        if not mean > 0 or not spread > 0:
            return float("nan")
        return float(chi2.sf(deviance * 2 * mean / spread, 2 * mean**2 / spread))


def _entropy(k: np.ndarray, n: float, p: float) -> np.ndarray:
    """The sum's term k ln(k/(n p)); 0 where k is."""
    safe = np.where(k > 0, k, 1)
    return np.where(k > 0, k * np.log(safe / (n * max(p, _TINY))), 0)
