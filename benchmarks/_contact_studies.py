"""The parts of film_contacts that are films; rows are (figure, size, value, unit)."""

from __future__ import annotations

import sys

import numpy as np

from benchmarks._many_contacts import (
    FLIPS,
    NODES,
    Arrangement,
    Line,
    as_matrix,
    bridges,
    calibration_patterns,
    checkerboard,
    correlation,
    edge,
    grid,
    letter_patterns,
    orthogonal_patterns,
    products,
    random_patterns,
    recalled,
    ring,
)
from benchmarks._trained_films import PITCH, Bench, Courses, train_all
from benchmarks._turned_film import Law, TurnedFilm, own_share, passed, quadratic
from spinlearn._intervals import numbers_of


def rule(quick: bool) -> list[Line]:
    """Arrangements by the idealised rule, and which of them recalls best."""
    pitch = 8 if quick else 16
    laws: dict[str, Law] = {"small voltage": quadratic, RANKED: passed(0.3)}
    laws |= {} if quick else {"threshold 1": passed(1.0)}
    tried = [edge(0.6), grid(0.4), bridges(width=0.3)] if quick else _search()
    lines: list[Line] = []
    for arrangement in tried:
        diagonal = "triangular" in arrangement.name
        film = TurnedFilm(arrangement.contacts(24 if diagonal else pitch))
        lines += _spread(arrangement, film)
        for name, law in laws.items():
            lines += _ruled(arrangement, film, name, law, sets=4 if quick else 16)
        if not diagonal:
            lines += _protocols(arrangement, film)
    return lines + ranking(lines, f", rule: {RANKED}", ("1 pattern", "2 patterns"))


RANKED = "threshold 0.3"


def _search() -> list[Arrangement]:
    """What the search tries: contacts along the edge, pads, and pads on bridges of all widths."""
    straight = [(0.4, 0.15), (0.4, 0.25), (0.4, 0.38), (0.6, 0.3), (0.6, 0.5), (0.8, 0.4)]
    straight += [(0.8, 0.7)]
    diagonal = [(0.4, 0.15), (0.5, 0.15), (0.5, 0.2), (0.6, 0.2)]
    return [
        *(edge(part) for part in (0.3, 0.6, 0.85)),
        *(grid(fill) for fill in (0.15, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)),
        *(bridges(fill=fill, width=width) for fill, width in straight),
        *(bridges("triangular", fill=fill, width=width) for fill, width in diagonal),
    ]


def ranking(lines: list[Line], ending: str, stored: tuple[str, ...]) -> list[Line]:
    """Mean recall over the flips and over what is stored, the best first; sizes with an ending."""
    figures = {f"recall, {what}, {flips} flipped" for what in stored for flips in FLIPS}
    found: dict[str, list[float]] = {}
    for figure, size, value, _ in lines:
        if figure in figures and size.endswith(ending):
            found.setdefault(size.removesuffix(ending), []).append(value)
    scores = {size: float(np.mean(values)) for size, values in found.items()}
    best = sorted(scores, key=lambda size: -scores[size])
    text = f"mean recall of {' and '.join(stored)}{ending}"
    return [
        (text, f"rank {place} of {len(best)}: {size}", scores[size], "1")
        for place, size in enumerate(best, 1)
    ]


def _spread(arrangement: Arrangement, film: TurnedFilm) -> list[Line]:
    """How much of what a pair learns at small voltages is its own s_i s_j, by distance."""
    i, j = film.pairs
    apart, use = arrangement.apart[i, j], _conducting(arrangement, film.conductance)
    own = own_share(film.kernel())
    lines: list[Line] = [
        (
            "pairs whose own share is above a half",
            arrangement.name,
            float((own[use] > 0.5).sum()),
            "1",
        )
    ]
    for far in _distances(apart[use]):
        here = use & (np.abs(apart - far) < 1e-3)
        lines += [
            (f"own share, distance {far:.3g}", arrangement.name, float(own[here].mean()), "1"),
            (
                f"conductance of a pair over a neighbour's, distance {far:.3g}",
                arrangement.name,
                float(film.conductance[here].mean() / film.conductance[apart < 1.01].mean()),
                "1",
            ),
        ]
    return lines


def _ruled(
    arrangement: Arrangement, film: TurnedFilm, name: str, law: Law, *, sets: int
) -> list[Line]:
    first, second = random_patterns(sets), random_patterns(sets, seed=9)
    balanced = orthogonal_patterns(NODES)

    def train(x: np.ndarray, then: np.ndarray | None = None) -> np.ndarray:
        turned = film.turned(x, law)
        if then is None:
            return film.change(turned)
        if law is quadratic:  # no saturation: changes add up
            return film.change(turned + film.turned(then, law))
        return film.change(film.turned(then, law, turned))

    reference = np.mean([train(x) for x in balanced], axis=0)
    one = np.array([train(x) for x in first]) - reference
    # Two patterns write three quarters where one writes half, unless changes add up.
    more = 2.0 if law is quadratic else 1.5
    pairs = list(zip(first, second, strict=True))
    two = np.array([train(x, y) for x, y in pairs]) - more * reference
    size = f"{arrangement.name}, rule: {name}"
    lines = _correlations(arrangement, size, one, film.conductance, products(first))
    lines += _recalls(size, "1 pattern", one, [[x] for x in first])
    lines += _recalls(size, "2 patterns", two, [[x, y] for x, y in pairs])
    if "edge" not in arrangement.name:
        g = checkerboard()
        twin = np.array([train(x) - train(g * x) for x in first])
        twins = np.array([train(x, y) - train(g * x, g * y) for x, y in pairs])
        lines += _recalls(size, "1 pattern, twins", twin, [[x] for x in first])
        lines += _recalls(size, "2 patterns, twins", twins, [[x, y] for x, y in pairs])
    return lines


def _protocols(arrangement: Arrangement, film: TurnedFilm) -> list[Line]:
    """All nodes at once, or the unlike pairs one after the other, at small voltages."""
    patterns, kernel = random_patterns(8), film.kernel()
    g = as_matrix(-film.conductance, NODES)
    g -= np.diag(g.sum(axis=1))
    i, j = film.pairs
    drives: dict[str, np.ndarray] = {"others grounded": np.eye(NODES)[i] - np.eye(NODES)[j]}
    drives["others floating"] = np.array(
        [_floating(g, int(a), int(b)) for a, b in zip(i, j, strict=True)]
    )
    lines: list[Line] = []
    for name, drive in drives.items():
        # What each pair's pulse changes: squares of differences of what all contacts are at.
        squared = (drive[:, i] - drive[:, j]) ** 2
        answer = squared @ kernel.T  # (driven pair, read pair)
        unlike = products(patterns) < 0
        change = unlike @ answer - 0.5 * answer.sum(axis=0)
        size = f"{arrangement.name}, pair by pair, {name}"
        lines += _correlations(arrangement, size, change, film.conductance, products(patterns))
        lines += _recalls(size, "1 pattern", change, [[x] for x in patterns])
    return lines


def _floating(g: np.ndarray, a: int, b: int) -> np.ndarray:
    """Voltages of all contacts with ±1 V on two, and no current into the others."""
    volts, free = np.zeros(NODES), np.setdiff1d(np.arange(NODES), [a, b])
    volts[a], volts[b] = 1.0, -1.0
    volts[free] = np.linalg.solve(g[free][:, free], g[free, b] - g[free, a])
    return volts


def films(quick: bool) -> list[Line]:
    """Films by the full dynamics."""
    lines: list[Line] = []
    if quick:
        return study(bridges(), 8, 1, 1.0, few=True)
    for arrangement in (ring(), edge(), grid(), bridges(), grid(0.7)):
        lines += study(arrangement, PITCH, 3, 1.0)
    lines += study(bridges("triangular", fill=0.5, width=0.2), 24, 3, 1.0)
    for arrangement in (grid(), bridges()):
        for strength in (0.5, 2.0):
            lines += study(arrangement, PITCH, 3, strength, few=True)
        lines += study(arrangement, 24, 3, 1.0, few=True)
    whole = [line for line in lines if "four contacts" not in line[1]]  # of 35 contacts
    lines += ranking(whole, ", 16 cells, voltage 1, 3 film(s)", ("1 pattern",))
    return lines


def study(
    arrangement: Arrangement, pitch: int, count: int, strength: float, *, few: bool = False
) -> list[Line]:
    """Some films of an arrangement."""
    on_grid = arrangement.apart.shape[0] == NODES and arrangement.apart.max() < NODES // 3
    found, twins = [], []
    for number in range(count):
        patterns, seconds = tests(arrangement, few)
        bench = Bench(arrangement, pitch, number, strength=strength)
        found.append(train_all(bench, calibration_patterns(arrangement), patterns, seconds))
        if on_grid and not few and "triangular" not in arrangement.name:
            g = checkerboard()
            none = np.zeros((1, NODES))
            twins.append(train_all(bench, none, g * patterns[:3], g * seconds))
        print(arrangement.name, pitch, strength, number, file=sys.stderr, flush=True)
    return summary(arrangement, f"{pitch} cells, voltage {strength:g}", found, twins, few=few)


def tests(arrangement: Arrangement, few: bool) -> tuple[np.ndarray, np.ndarray]:
    """Patterns that are stored alone, and those that follow on the first of them."""
    n = len(arrangement.apart)
    if n != NODES:
        return orthogonal_patterns(n)[1:], np.zeros((0, n))
    patterns = random_patterns(3)
    if few:
        return patterns, patterns[:0]
    return np.concatenate([patterns, letter_patterns("AX")]), np.roll(patterns, -1, 0)[:2]


def summary(
    arrangement: Arrangement,
    what: str,
    courses: list[Courses],
    twins: list[Courses],
    *,
    few: bool = False,
) -> list[Line]:
    """Means over films, with 95 % intervals where there are enough."""
    patterns, seconds = tests(arrangement, few)
    per_film: list[dict[str, float]] = []
    for number, course in enumerate(courses):
        one, ref, new = (_pairs(g) for g in (course.one, course.reference, course.untrained))
        lines = _correlations(arrangement, "", one - ref, ref, products(patterns))
        before = _correlations(arrangement, "", one - new, new, products(patterns))
        lines += [(f"{name}, against the untrained film", *rest) for name, *rest in before]  # pyright: ignore[reportArgumentType]
        lines += _gains(arrangement, one, ref, products(patterns))
        lines += _recalls("", "1 pattern", one - ref, [[x] for x in patterns])
        pairs = [[x, y] for x, y in zip(patterns, seconds, strict=False)]
        if pairs:
            two = _pairs(course.two) - (new + 1.5 * (ref - new))
            lines += _recalls("", "2 patterns", two, pairs)
        if twins:
            other = twins[(number + 1) % len(twins)]
            base = _pairs(other.untrained)
            scale = new / np.where(base > 0, base, 1)
            twin = one[:3] - new - (_pairs(other.one) - base) * scale
            lines += _recalls("", "1 pattern, twins", twin, [[x] for x in patterns[:3]])
            if pairs:
                both = _pairs(course.two) - new - (_pairs(other.two) - base) * scale
                lines += _recalls("", "2 patterns, twins", both, pairs)
        lines.append(("energy of a pulse", "", course.energy * 1e12, "pJ"))
        per_film.append({f"{name}|{unit}": value for name, _, value, unit in lines})
    size = f"{arrangement.name}, {what}, {len(courses)} film(s)"
    found: list[Line] = []
    for name in per_film[0]:
        values = np.array([film[name] for film in per_film])
        figure, unit = name.split("|")
        found.append((figure, size, float(values.mean()), unit))
        ends = numbers_of(values)
        if ends is not None:
            found += [
                (f"{figure}, 95 % from", size, ends[0], unit),
                (f"{figure}, 95 % to", size, ends[1], unit),
            ]
    return found


def _pairs(g: np.ndarray) -> np.ndarray:
    i, j = np.triu_indices(g.shape[-1], 1)
    return np.abs(g[..., i, j])


def _conducting(arrangement: Arrangement, g: np.ndarray) -> np.ndarray:
    i, j = np.triu_indices(len(arrangement.apart), 1)
    return arrangement.linked[i, j] & (g > 1e-5 * g.max())


def _distances(apart: np.ndarray) -> np.ndarray:
    return np.unique(np.round(apart, 3))[:5]


def _correlations(
    arrangement: Arrangement, size: str, change: np.ndarray, g: np.ndarray, alike: np.ndarray
) -> list[Line]:
    """Correlation r of changes with s_i s_j, relative and in S, over all pairs and by distance."""
    i, j = np.triu_indices(len(arrangement.apart), 1)
    apart, use = arrangement.apart[i, j], _conducting(arrangement, g)
    relative = change / np.where(use, g, 1)
    lines: list[Line] = [
        (
            "r with s_i s_j, all pairs, relative",
            size,
            correlation(relative[:, use], alike[:, use]),
            "1",
        ),
        ("r with s_i s_j, all pairs, in S", size, correlation(change[:, use], alike[:, use]), "1"),
    ]
    for far in _distances(apart[use]):
        here = use & (np.abs(apart - far) < 1e-3)
        r = correlation(relative[:, here], alike[:, here])
        lines.append((f"r with s_i s_j, distance {far:.3g}", size, r, "1"))
    return lines


def _gains(
    arrangement: Arrangement, one: np.ndarray, ref: np.ndarray, alike: np.ndarray
) -> list[Line]:
    i, j = np.triu_indices(len(arrangement.apart), 1)
    near = arrangement.apart[i, j] < 1.01
    relative, signs = ((one - ref) / np.where(ref > 0, ref, 1))[:, near], alike[:, near]
    gain = relative[signs < 0].mean() - relative[signs > 0].mean()
    return [("unlike less like neighbours, of G", "", 100 * float(gain), "%")]


def _recalls(
    size: str, what: str, change: np.ndarray, stored: list[list[np.ndarray]]
) -> list[Line]:
    """Part of probes that come back, by weights that are the less the more a pair gained."""
    n = len(stored[0][0])
    lines: list[Line] = []
    for flips in FLIPS if n > 4 else (1,):
        found = [
            recalled(as_matrix(-each / np.abs(each).max(), n), np.array(patterns), flips, probes=30)
            for each, patterns in zip(change, stored, strict=True)
        ]
        lines.append((f"recall, {what}, {flips} flipped", size, float(np.mean(found)), "1"))
    return lines
