"""Published models of noise, by name."""

from __future__ import annotations

import numpy as np

from spinlearn.errors import SpinlearnValueError
from spinlearn.junctions.telegraph_noise import TelegraphNoise

_KOENDERS = {
    # Sample n of the published noise, in volts: mean + amplitude s + deviation N(0, 1).
    "mean": 0.042092104,
    "amplitude": 0.0059316154,
    "deviation": 0.00090841466,
    "flip": 0.0809,
    "sample_time": 1 / 40e3,
}

_SOURCES = {
    "koenders2025": "Phys. Rev. Applied 23, 054035 (2025), arXiv 2412.12783: levels, readout noise "
    "and the probability 0.0809 of a flip per sample; sampling time that of its recording, 40 kHz"
}


def noise_names() -> tuple[str, ...]:
    """Names of published noise models, for `named_noise` (no unit).

    Examples
    --------
    >>> noise_names()
    ('koenders2025',)
    """
    return tuple(_SOURCES)


def named_noise(name: str) -> TelegraphNoise:
    """A published noise model (V, s).

    ``koenders2025``: the hidden-Markov model fitted to an in-plane superparamagnetic junction of 60
    nm, ``0.042092104 + 0.0059316154 s + 0.00090841466 N(0, 1)`` V, in which s = ±1 flips with
    probability 0.0809 per sample. The model counts in samples; here they are the 25 µs of the
    recording, so that the mean dwell time is 12.36 samples as counted, and 283 µs.

    Parameters
    ----------
    name
        One of `noise_names`.

    Raises
    ------
    SpinlearnValueError
        If the name is unknown.

    References
    ----------
    Phys. Rev. Applied 23, 054035 (2025); arXiv 2412.12783.

    Examples
    --------
    >>> noise = named_noise("koenders2025")
    >>> round(float(noise.mean_dwell[0][0]), 2), round(float(1e3 * noise.standard_deviation), 3)
    (12.36, 6.001)
    """
    if name not in _SOURCES:
        raise SpinlearnValueError(
            "name",
            name,
            f"one of {', '.join(noise_names())}",
            "Build others with TelegraphNoise(...).",
        )
    own = _KOENDERS
    # Of a symmetric chain: the flips seen have probability (1 - exp(-2 dt/τ))/2.
    dwell = -2 * own["sample_time"] / np.log1p(-2 * own["flip"])
    levels = own["mean"] - own["amplitude"], own["mean"] + own["amplitude"]
    return TelegraphNoise(dwell, dwell, *levels, own["sample_time"], own["deviation"])
