r"""Where a contact ends on the edge of a film, to better than a cell.

At the end of a contact the potential has a square-root singularity, and bilinear elements with
the last corner held put the *effective* end a fixed fraction of a cell too far out: the usual
first-order error. On the lattice the half-plane problem can be solved exactly (Wiener–Hopf).
Eliminating the half-plane leaves on the edge the symbol

.. math:: B(\theta) = \sigma t \sqrt{k (1 + \beta k)}, \quad k = 2 - 2\cos\theta,
          \quad \beta = (\rho - 2)/12, \quad \rho = (d_\perp/d_\parallel)^2,

with :math:`1+\beta k = C (1 + a e^{i\theta})(1 + a e^{-i\theta})`. Holding the corners up to
index 0, with a spring :math:`g\,\sigma t` from corner 1 to the metal, gives the effective end

.. math:: x_0 = \tfrac14 - \frac{a}{2(1+a)} + \gamma, \quad \gamma = \frac{g}{\sqrt{C} + g},

in units of the corner spacing. So any end, on a corner or between two, is represented without a
first-order error by holding the corners that lie at least :math:`x_0(\gamma=0)` inside it and tying
the next one with :math:`g = \sqrt{C}\gamma/(1-\gamma)`. Derived for this project; the tests check
it against exact conductances of conformally mapped contacts.
"""

from __future__ import annotations

from math import sqrt


def effective_overhang(spacing_ratio: float) -> float:
    """Distance, in corner spacings, by which a contact reaches past its last held corner.

    ``spacing_ratio`` is the cell's edge across the contact's edge line over the one along it.
    """
    a, _ = _edge_factor(spacing_ratio)
    return 0.25 - a / (2.0 * (1.0 + a))


def end_spring(share: float, spacing_ratio: float) -> float:
    """Conductance from corner to metal, over σt, that moves the end out by ``share`` spacings."""
    _, root_c = _edge_factor(spacing_ratio)
    return root_c * share / (1.0 - share)


def _edge_factor(spacing_ratio: float) -> tuple[float, float]:
    beta = (spacing_ratio**2 - 2.0) / 12.0
    root = sqrt(1.0 + 4.0 * beta)
    a = -beta if abs(beta) < 1e-9 else (root - 1.0 - 2.0 * beta) / (2.0 * beta)
    return a, sqrt((1.0 + 2.0 * beta) / (1.0 + a * a))
