"""Accuracy of the conductance matrix against exact results, at sizes too large for the tests.

Squares and discs whose contacts are equal arcs of a conformally mapped disc have a circulant G with
eigenvalues 2 sin(πm/N)/R_s. Iterations are counted on random textures.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from benchmarks._measure import Row, parse, report, row

SQUARE_FRACTION = 0.3168871007854949


def circulant_error(g: np.ndarray) -> float:
    """Largest difference to the exact matrix, over its largest element."""
    n = g.shape[0]
    k = np.arange(n)
    eigenvalues = 2 * np.sin(np.pi * k / n)
    first = np.array([np.mean(eigenvalues * np.cos(2 * np.pi * k * j / n)) for j in range(n)])
    exact = first[(k[None] - k[:, None]) % n]
    return float(np.abs(g - exact).max() / first[0])


def unit_film(cells: int) -> tuple[Any, Any]:
    """A square isotropic film of 1 S: mesh and conductivity."""
    import jax.numpy as jnp

    from spinlearn import Mesh
    from spinlearn.transport import AMR

    mesh = Mesh((cells, cells, 1), (1e-9, 1e-9, 1e-9))
    return mesh, AMR(1e9, 0.0).tensor(jnp.zeros((3, cells, cells, 1)).at[2].set(1.0))


def square(cells: int, *, tied: bool) -> np.ndarray:
    """G of the square; `tied` places the contact ends between corners, else the nearest is held."""
    from spinlearn.transport import Electrodes, conductance_matrix, edge_electrodes

    mesh, sigma = unit_film(cells)
    if tied:
        return np.asarray(
            conductance_matrix(sigma, edge_electrodes(4, mesh, coverage=SQUARE_FRACTION))
        )
    first = round((1 - SQUARE_FRACTION) / 2 * cells)
    middle = slice(first, cells - first + 1)
    masks = np.zeros((4, cells + 1, cells + 1), bool)
    masks[0, middle, 0] = masks[1, -1, middle] = masks[2, middle, -1] = masks[3, 0, middle] = True
    return np.asarray(conductance_matrix(sigma, Electrodes(mesh, masks)))


def squares(sizes: tuple[int, ...]) -> list[Row]:
    """Ends held on the nearest corner (first order), and placed between corners."""
    rows = []
    for tied, name in ((False, "nearest corner held"), (True, "ends between corners")):
        matrices = [square(cells, tied=tied) for cells in sizes]
        errors = [circulant_error(g) for g in matrices]
        for cells, error in zip(sizes, errors, strict=True):
            bound = 1e-3 if cells == sizes[-1] else None
            rows.append(row(f"square, {name}", f"{cells}²", error, "of largest", bound=bound))
        power = 4 if tied else 2
        guess = (power * matrices[-1] - matrices[-2]) / (power - 1)
        pair = f"{sizes[-2]}², {sizes[-1]}²"
        rows.append(
            row(f"square, {name}, extrapolated", pair, circulant_error(guess), "", bound=3e-4)
        )
        order = float(np.log2(errors[-2] / errors[-1]))
        rows.append(row(f"square, {name}, order", pair, order, ""))
    return rows


def disc_error(n: int, cells: int) -> float:
    """Error of `n` equal arcs and gaps on a disc cut out of square cells."""
    from spinlearn.transport import conductance_matrix, disc_electrodes

    mesh, sigma = unit_film(cells)
    contacts = disc_electrodes(n, mesh, start=np.pi / n)
    return circulant_error(np.asarray(conductance_matrix(sigma, contacts)))


def discs(sizes: tuple[int, ...], *, neighbours: bool) -> list[Row]:
    """Equal arcs and gaps on a disc: one mesh, and the mean over five neighbouring ones.

    How the rim cuts the cells changes from mesh to mesh, and the error with it by as much as the
    error itself: convergence shows in the mean.
    """
    rows = []
    for n in (3, 4, 6, 35):
        for cells in sizes:
            bound = (0.02 if n == 35 else 0.01) if cells == sizes[-1] else None
            error, size = disc_error(n, cells), f"{cells}²"
            rows.append(row(f"disc, {n} arcs", size, error, "of largest", bound=bound))
            if neighbours:
                others = [disc_error(n, cells + k * cells // 32) for k in (-2, -1, 1, 2)]
                figure, mean = f"disc, {n} arcs, mean of five", float(np.mean([error, *others]))
                rows.append(row(figure, f"{size} ± 6 %", mean, "of largest", bound=bound))
    return rows


def iterations(sizes: tuple[int, ...]) -> list[Row]:
    """Iterations to a relative error of G below 1e-8, and the error they leave."""
    import jax.numpy as jnp

    from spinlearn import Mesh
    from spinlearn.transport import AMR, edge_electrodes, read_conductance

    rows = []
    for corners in sizes:
        mesh = Mesh((corners - 1, corners - 1, 1), (4e-9, 4e-9, 10e-9))
        contacts = edge_electrodes(35, mesh)
        m = np.random.default_rng(0).normal(size=(3, *mesh.shape))
        m /= np.linalg.norm(m, axis=0)
        for ratio, most in ((0.03, 3), (0.3, 5)):
            sigma = AMR(4e6, ratio).tensor(jnp.asarray(m))
            reading = read_conductance(sigma, contacts, tolerance=1e-8)
            count, g = int(reading.iterations), np.asarray(reading.conductance)
            del reading
            exact = np.asarray(read_conductance(sigma, contacts, tolerance=1e-13).conductance)
            size = f"{corners}², AMR {100 * ratio:g} %"
            error = float(np.abs(g - exact).max() / np.abs(exact).max())
            rows.append(row("iterations", size, count, "", bound=most))
            rows.append(row("error left", size, error, "of largest", bound=1e-8))
    return rows


def main() -> None:
    options = parse(__doc__)
    jax.config.update("jax_enable_x64", True)
    if options.quick:
        rows = squares((50, 101, 202)) + discs((64, 128), neighbours=False) + iterations((129, 257))
    else:
        rows = squares((202, 404, 808)) + discs((128, 256, 512), neighbours=True)
        rows += iterations((129, 257, 513, 1025))
    report(rows, options.json)


if __name__ == "__main__":
    main()
