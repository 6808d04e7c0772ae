"""Fokker–Planck equation of m_z: positive at every probability, whatever the duration.

In units of τ_D the angle of a perpendicular macrospin drifts and diffuses on the sphere,

    dθ/dτ = sin θ (i − cos θ),    D = 1/(2Δ).

One step δ is half a step of drift, a step of diffusion and half a step of drift. The drift only
moves points. The diffusion is a von Mises–Fisher kernel, averaged over the azimuth, of that
concentration κ at which the mean of the cosine is exp(−2Dδ): its eigenvalues are those of the
heat kernel up to (Dδ)³, so that a step has a local error of δ³, and it is positive and known to
rounding however small it is. On Gauss–Legendre points that is a matrix without negative entry
and with row sums of one. Its powers are sums of positive numbers: no digit is lost in the tail.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import special

from spinlearn.errors import SpinlearnValueError

Numbers = np.ndarray

# A step in units of the drift's time, and over the root of the barrier, since an error of the
# barrier counts in full; half of it is computed too, and the two are extrapolated.
_STEP = 0.3
_BARRIER_STEP = 0.5
# Steps in the shortest duration: in between, four neighbours are interpolated.
_FEWEST = 8
# Points for every width of the diffusion's kernel, and the most that are affordable.
_DENSITY = 1.45
_MOST_POINTS = 2000
# Jumps further than so many widths in one step play no part (a path of eight steps that is as
# rare as 1e-308 has none above 14); denormal numbers would be slow.
_FURTHEST = 20.0
_NEVER = 1e-250


def log_log(stability: float, overdrive: float, times: Numbers) -> Numbers:
    """ln(−ln S) with S the probability to have left the half m_z > 0 by each time (in τ_D).

    Write errors W = 1 − S are near its exponential where they are small. +inf is S = 0.
    """
    found = np.full(times.shape, np.inf)
    order = np.argsort(times, kind="stable")
    order = order[times[order] > 0]
    barrier = stability * max(1 - abs(overdrive), 0.0) ** 2
    longest = min(_STEP / (1 + abs(overdrive)), _BARRIER_STEP / max(barrier, 1.0) ** 0.5)
    while order.size:
        first = float(times[order[0]])
        step = min(longest, first / _FEWEST)
        count = (
            order.size
            if step == longest
            else int(np.searchsorted(times[order], _FEWEST * first, side="right"))
        )
        now, order = order[:count], order[count:]
        _require_points(stability, overdrive, step / 2, first, short=step < longest)
        coarse = _one_step_size(stability, overdrive, times[now], step)
        fine = _one_step_size(stability, overdrive, times[now], step / 2)
        with np.errstate(invalid="ignore"):
            better = fine + (fine - coarse) / 3
        found[now] = np.where(np.isfinite(better), better, fine)
    return found


def _points_wanted(stability: float, step: float) -> float:
    """Points at the distance of a kernel's width √(2Dδ), over the density."""
    return float(_DENSITY * np.pi * np.sqrt(stability / step))


def _require_points(
    stability: float, overdrive: float, step: float, first: float, *, short: bool
) -> None:
    """Name what asks for more points than are affordable: a short pulse, or the barrier."""
    share = _points_wanted(stability, step) / _MOST_POINTS
    if share <= 1:
        return
    if short:
        raise SpinlearnValueError(
            "duration",
            f"{first:.3g} τ_D",
            f"0, or at least {first * share**2:.3g} τ_D at this thermal stability",
            "So short a pulse leaves the equilibrium as it is: pass 0.",
        )
    raise SpinlearnValueError(
        "thermal_stability",
        stability,
        f"at most {stability / share**2:.3g} here (no unit)",
        f"Use method='{'ballistic' if overdrive > 1 else 'activation'}' for a barrier as high.",
    )


def _one_step_size(stability: float, overdrive: float, times: Numbers, step: float) -> Numbers:
    """The same with one size of step, unextrapolated: its error is of second order."""
    start, matrix, stays, left = _chain(stability, overdrive, step)
    # `stays` and `left` hold the last step, `start` the first: two steps without the matrix.
    steps = [int(t / step) for t in times]
    rows = _powers(start, matrix, [n - 3 for n in steps])
    values = np.empty((4, len(times)))
    for k in range(4):
        values[k] = _from_pair(rows @ stays, rows @ left)
        rows = rows @ matrix
    whole = np.array(steps, float)
    nodes = np.log1p(np.arange(-1, 3)[:, None] / whole)
    return _interpolated(nodes, values, np.log1p((times / step - whole) / whole))


def _from_pair(stays: Numbers, left: Numbers) -> Numbers:
    """ln(−ln S) of two complementary probabilities, from the smaller one."""
    total = stays + left
    with np.errstate(divide="ignore"):
        small = np.log(-np.log1p(-np.minimum(stays / total, 0.5)))
        large = np.log(-np.log(np.minimum(left / total, 0.5)))
    return np.where(stays < left, small, large)


def _interpolated(nodes: Numbers, values: Numbers, at: Numbers) -> Numbers:
    """Lagrange's polynomial through the nodes of each column; the nearest where one is infinite."""
    total = np.zeros_like(at)
    for j in range(len(nodes)):
        weight = np.ones_like(at)
        for k in range(len(nodes)):
            if k != j:
                weight *= (at - nodes[k]) / (nodes[j] - nodes[k])
        with np.errstate(invalid="ignore"):
            total += weight * values[j]
    return np.where(np.all(np.isfinite(values), axis=0), total, values[1])


def _powers(start: Numbers, matrix: Numbers, exponents: list[int]) -> Numbers:
    """Rows ``start @ matrix**n``, one for every n, by repeated squaring."""
    rows = np.repeat(start[None], len(exponents), axis=0)
    square, left = matrix, list(exponents)
    while True:
        odd = [k for k, n in enumerate(left) if n & 1]
        if odd:
            rows[odd] = rows[odd] @ square
        left = [n >> 1 for n in left]
        if not any(left):
            return rows
        square = _cleaned(square @ square)


def _cleaned(matrix: Numbers) -> Numbers:
    """Row sums of exactly one: rounding does not add up, even over 2**60 steps."""
    matrix[matrix < _NEVER] = 0
    return matrix / matrix.sum(axis=1, keepdims=True)


def _chain(
    stability: float, overdrive: float, step: float
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """First step ``(n,)``, matrix ``(n, n)``, and the last step into either half, ``(n,)``."""
    wanted = _points_wanted(stability, step)
    count = 16 * max(2, int(np.ceil(wanted / 16)))
    # coth κ = 1 to rounding as long as Dδ is small, which _STEP and _FEWEST see to.
    concentration = _concentration(step / (2 * stability))
    z, weight = _points(count)
    theta = np.arccos(z)
    moved = _flow(theta, overdrive, step)
    matrix = _cleaned(_kernel(moved, theta, concentration) * weight)

    edge = np.cos(_flow(np.array([np.pi / 2]), overdrive, -step / 2)[0])
    halves = []
    for low, high in ((edge, 1.0), (-1.0, edge)):
        inside = low + (high - low) * (z + 1) / 2
        scaled = weight * (high - low) / 2
        halves.append(_kernel(moved, np.arccos(inside), concentration) @ scaled)

    upper = (z + 1) / 2
    density = np.exp(stability * (upper**2 - 1)) * weight
    density /= density.sum()
    first = density @ _kernel(_flow(np.arccos(upper), overdrive, step / 2), theta, concentration)
    start = first * weight
    return start / start.sum(), matrix, halves[0], halves[1]


def _concentration(spread: float) -> float:
    """κ with coth κ − 1/κ = exp(−2 Dδ), of which ``spread`` is Dδ."""
    lost = -np.expm1(-2 * spread)
    concentration = 1 / lost
    for _ in range(20):
        # 1 − coth κ = −2/(exp(2κ) − 1)
        concentration = 1 / (lost + 2 / np.expm1(min(2 * concentration, 700.0)))
    return float(concentration)


def _kernel(start: Numbers, end: Numbers, concentration: float) -> Numbers:
    """Density in cos θ of the diffusion from angles ``(m,)`` to angles ``(n,)``, ``(m, n)``."""
    half, other = start[:, None] / 2, end / 2
    apart = (np.sin(half) * np.cos(other) - np.cos(half) * np.sin(other)) ** 2
    density = np.zeros_like(apart)
    near = np.nonzero(4 * concentration * apart < _FURTHEST**2)
    around = special.i0e(concentration * np.sin(start)[near[0]] * np.sin(end)[near[1]])
    scale = concentration / -np.expm1(-2 * concentration)
    density[near] = scale * np.exp(-2 * concentration * apart[near]) * around
    return density


def _flow(theta: Numbers, overdrive: float, step: float) -> Numbers:
    """Angles after the drift alone: four Runge–Kutta steps, error below 1e-8."""
    part = step / 4

    def rate(angle: Numbers) -> Numbers:
        return np.sin(angle) * (overdrive - np.cos(angle))

    for _ in range(4):
        a = rate(theta)
        b = rate(theta + part / 2 * a)
        c = rate(theta + part / 2 * b)
        d = rate(theta + part * c)
        theta = theta + part / 6 * (a + 2 * b + 2 * c + d)
    return theta


@lru_cache(maxsize=64)
def _points(count: int) -> tuple[Numbers, Numbers]:
    """Gauss–Legendre points and weights."""
    z, weight = special.roots_legendre(count)
    return z, weight


def slowest_rate(stability: float, overdrive: float, points: int = 4000) -> float:
    """Smallest decay rate of the Fokker–Planck operator, in 1/τ_D, below the critical current.

    Inverse iteration of (D (1−z²) w u')' = −λ w u, w = exp(Δ (z−i)²), on cells of equal angle.
    The flux is summed from the end of the shallower well on, so that until far in the deeper one,
    where it no longer matters, it is a sum of positive numbers.
    """
    theta = np.pi * (np.arange(points) + 0.5) / points
    faces = np.pi * np.arange(1, points) / points
    height = np.pi / points
    drive = abs(overdrive)  # the shallower well is that of m_z = 1, where the angles begin

    def depth(angle: Numbers) -> Numbers:
        return np.minimum(stability * (np.cos(angle) - drive) ** 2, 600.0)

    mass = np.exp(depth(theta)) * np.sin(theta) * height
    slope = 2 * stability * np.exp(-depth(faces)) / np.sin(faces) * height
    upper = np.cos(theta) > drive
    u = np.where(upper, 1.0, -mass[upper].sum() / mass[~upper].sum())
    rate = np.inf
    for _ in range(200):
        drop = np.cumsum(mass * u)[:-1] * slope
        raised = -np.concatenate([[0.0], np.cumsum(drop)])
        raised -= (mass * raised).sum() / mass.sum()
        before, rate = rate, float((mass * u * u).sum() / (mass * u * raised).sum())
        u = raised / np.abs(raised).max()
        if abs(rate - before) <= 1e-10 * rate:
            break
    return rate
