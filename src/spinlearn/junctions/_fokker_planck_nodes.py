"""Computes the file of `_fokker_planck_table`: python -m spinlearn.junctions._fokker_planck_nodes.

Half an hour on one core; OPENBLAS_NUM_THREADS=1 is faster than more threads. Columns in time
are solved with steps of half the size that `_fokker_planck.log_log` takes.
"""

from __future__ import annotations

import numpy as np

from spinlearn.junctions import _fokker_planck as solver
from spinlearn.junctions import _fokker_planck_table as table

Numbers = np.ndarray

_FINER = 2
# A step is not made smaller than so many points resolve.
_MOST_POINTS = 900
# The solver is asked where it has digits; one rate continues it beyond.
_SMALLEST = 1e-40
_DRIVES = (-0.6, 8.0)
_NEARLY_CRITICAL = 0.99


def column(stability: float, drive: float, times: Numbers) -> Numbers:
    """ln(−ln S) at growing times (τ_D), to about 1e-5."""
    found = np.empty(len(times))
    barrier = stability * max(1 - abs(drive), 0.0) ** 2
    longest = min(solver._STEP / (1 + abs(drive)), solver._BARRIER_STEP / max(barrier, 1.0) ** 0.5)
    shortest = 2 * stability * (solver._DENSITY * np.pi / _MOST_POINTS) ** 2
    start = 0
    while start < len(times):
        step = min(longest, times[start] / solver._FEWEST) / _FINER
        step = max(float(step), shortest)
        end = len(times)
        if step < longest / _FINER:
            end = max(start + 1, int(np.searchsorted(times, 2 * times[start], side="right")))
        now = times[start:end]
        coarse = solver._one_step_size(stability, drive, now, step)
        fine = solver._one_step_size(stability, drive, now, step / 2)
        with np.errstate(invalid="ignore"):
            better = fine + (fine - coarse) / 3
        found[start:end] = np.where(np.isfinite(better), better, fine)
        start = end
    return found


def reduced(stability: float, drive: float, times: Numbers, log_log: Numbers) -> Numbers:
    """Logarithm of the table's K, from ln(−ln S); where digits end, by the slowest rate."""
    ends, stays = (float(v) for v in table.final(np.array(stability), np.array(drive)))
    slowest = solver.slowest_rate(stability, drive) if abs(drive) < _NEARLY_CRITICAL else None
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        switched, left = np.exp(-np.exp(log_log)), -np.expm1(-np.exp(log_log))
        if drive >= 0:
            early, late = -np.log1p(-switched / ends), np.log(ends) - np.log(left - stays)
            grown = ends * np.where(switched < 0.5 * ends, early, late)
            known = ((switched < 0.8 * ends) | (left > 1.5 * stays)) & (left > _SMALLEST)
        else:
            # What thermal angles do at first may be more than what is left in the end.
            assert slowest is not None
            ahead = switched + ends * np.expm1(-slowest * times)
            grown = ends * slowest * times + ahead * np.exp(slowest * times)
            known = slowest * times < 1
    if not known.all():
        last = int(np.argmin(known)) - 1
        rate = (grown[last] - grown[last - 1]) / (times[last] - times[last - 1])
        if slowest is not None:
            rate = ends * slowest
        grown[last + 1 :] = grown[last] + rate * (times[last + 1 :] - times[last])
    return np.log(np.maximum(grown, 1e-300))


def plane(root: float) -> tuple[Numbers, Numbers]:
    """Values ``(n_y, n_t)`` and rates ``(n_y,)`` of one Δ = root⁴."""
    scale, stability = root**2, root**4
    times = np.exp(table.nodes(table.LOG_TIMES))
    distances = table.distance_at(table.nodes(table.PLACES))
    values, rates = np.full((len(distances), len(times)), np.nan), np.full(len(distances), np.nan)
    for k, y in enumerate(distances):
        drive = 1 - y / scale
        if _DRIVES[0] <= drive <= _DRIVES[1]:
            found = column(stability, drive, times)
            values[k] = table.compress(reduced(stability, drive, times, found))
        if abs(drive) < _NEARLY_CRITICAL:
            ends, _ = table.final(np.array(stability), np.array(drive))
            rates[k] = np.log(ends * solver.slowest_rate(stability, drive)) + y**2
    return _filled(values), _filled(rates)


def _filled(values: Numbers) -> Numbers:
    """The nearest known value in place of NaN, along the first axis."""
    known = np.flatnonzero(np.isfinite(values.reshape(len(values), -1)[:, 0]))
    return values[known[np.abs(np.arange(len(values))[:, None] - known).argmin(axis=1)]]


def main() -> None:
    planes = [plane(float(root)) for root in table.nodes(table.ROOTS)]
    values, rates = (np.stack(part).astype(np.float32) for part in zip(*planes, strict=True))
    np.savez_compressed(table.FILE, values=values, rates=rates)


if __name__ == "__main__":
    main()
