"""The film that `film_loop` moves, for all codes alike; needs numpy alone."""

from __future__ import annotations

from typing import Any

import numpy as np

CELL = (4e-9, 4e-9, 1e-9)  # m
MAGNET = {"Ms": 5.8e5, "A": 15e-12, "Ku": 0.8e6, "D": 4.5e-3, "alpha": 0.3}
POLARIZATION, NONADIABATICITY = 0.5, 0.15
CONDUCTIVITY = 4e6  # S/m across m
PERIOD = 48e-9  # m, near that of the relaxed stripes
DRIFT = 200.0  # m/s, root mean square of the spin-drift velocity over the film


def conductivity(m: np.ndarray, ratio: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """σ_xx, σ_xy, σ_yy of a texture ``(3, nx, ny)``, S/m."""
    change = CONDUCTIVITY / (1 + ratio) - CONDUCTIVITY
    return (
        CONDUCTIVITY + change * m[0] ** 2,
        change * m[0] * m[1],
        CONDUCTIVITY + change * m[1] ** 2,
    )


class SparseFilm:
    """Potential of a film by scipy's SuperLU, factored anew for every texture.

    Bilinear elements, with the contacts' corners held and the corners past a contact's end tied
    to it by a spring: the system that spinlearn solves. Its pattern is found once, and the
    ordering is the symmetric one, which is SuperLU's better choice here.
    """

    def __init__(self, given: Any, ratio: float) -> None:
        from scipy.sparse import csc_matrix

        self.ratio = ratio
        self.owner, self.end_spring = given["owner"], given["end_spring"]
        self.voltages = given["voltages"] - given["voltages"].mean()
        px, py = self.owner.shape
        size = px * py
        free = given["free"].ravel()
        self.unknown = np.flatnonzero(free)
        contact = self.owner.ravel()
        self.metal = np.where(contact >= 0, self.voltages[np.maximum(contact, 0)], 0.0)
        first = np.arange(size).reshape(px, py)[:-1, :-1]
        index = np.stack([first, first + py, first + 1, first + py + 1], axis=-1)
        shape = (*first.shape, 4, 4)
        rows = np.broadcast_to(index[..., :, None], shape).ravel()
        cols = np.broadcast_to(index[..., None, :], shape).ravel()
        diagonal = np.arange(size)
        self.rows, self.cols = np.append(rows, diagonal), np.append(cols, diagonal)
        self.matrix = csc_matrix
        a, b = np.array([-0.5, 0.5, -0.5, 0.5]), np.array([-0.5, -0.5, 0.5, 0.5])
        twist = np.array([1.0, -1.0, -1.0, 1.0])
        both = np.outer(twist, twist) / 12
        self.parts = (
            np.outer(a, a) + both,
            np.outer(a, b) + np.outer(b, a),
            np.outer(b, b) + both,
        )

    def assemble(self, sigma: tuple[np.ndarray, ...]) -> tuple[Any, np.ndarray]:
        """The whole matrix, and the springs to the contacts, S."""
        sheet = [CELL[2] * s for s in sigma]  # square cells: no aspect
        local = sum(s[..., None, None] * p for s, p in zip(sheet, self.parts, strict=True))
        root = np.sqrt(sheet[0] * sheet[2] - sheet[1] ** 2)
        padded, ones = np.pad(root, 1), np.pad(np.ones_like(root), 1)
        total, number = (p[1:, 1:] + p[:-1, 1:] + p[1:, :-1] + p[:-1, :-1] for p in (padded, ones))
        spring = (self.end_spring * total / number).ravel()
        size = spring.size
        data = np.append(np.ravel(local), spring)
        return self.matrix((data, (self.rows, self.cols)), shape=(size, size)), spring

    def solve(self, m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Current density in the cells ``(3, nx, ny)``, A/m², and potential at the corners, V."""
        from scipy.sparse.linalg import splu

        sigma = conductivity(m, self.ratio)
        matrix, spring = self.assemble(sigma)
        held = self.metal.copy()
        held[self.unknown] = 0
        right = spring * self.metal - matrix @ held
        factor = splu(
            matrix[self.unknown][:, self.unknown].tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        phi = held
        phi[self.unknown] = factor.solve(right[self.unknown])
        phi = phi.reshape(self.owner.shape)
        across = (phi[1:, 1:] - phi[:-1, 1:] + phi[1:, :-1] - phi[:-1, :-1]) / (2 * CELL[0])
        upward = (phi[1:, 1:] - phi[1:, :-1] + phi[:-1, 1:] - phi[:-1, :-1]) / (2 * CELL[1])
        density = np.zeros_like(m)
        density[0] = -sigma[0] * across - sigma[1] * upward
        density[1] = -sigma[1] * across - sigma[2] * upward
        return density, phi

    def power(self, m: np.ndarray) -> float:
        """Dissipated power at the given voltages, W: what all conductances say of a texture."""
        matrix, spring = self.assemble(conductivity(m, self.ratio))
        phi = self.solve(m)[1].ravel()
        return float(phi @ (matrix @ phi) + spring @ ((self.metal - phi) ** 2 - phi**2))
