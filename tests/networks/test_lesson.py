"""Patterns shown to hardware, epoch by epoch."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from spinlearn import SpinlearnValueError, key_from_seed
from spinlearn.networks import Readout, teach
from spinlearn.rules import hebb, hebb_step
from spinlearn.substrates import Ideal, LinkModel, Links

KEY = key_from_seed(0)
PATTERNS = [[1, -1, 1, 1], [1, 1, -1, 1]]


def test_ideal_hardware_learns_what_its_rule_learns(rtol):
    device = Ideal(4, hebb_step, initial=jnp.zeros((4, 4)), spread=0.0)
    # A rate of 1/n: every epoch adds the outer product.
    lesson = teach(device, PATTERNS, 0.1, 0.25e-9, epochs=2, key=KEY)
    readout = Readout(device.uniform_conductance, 1, name="uniform")
    found = np.asarray(readout.weights(lesson.conductance)) / 0.1
    wanted = np.asarray(hebb(np.array(PATTERNS, float)))
    for epoch in range(3):
        np.testing.assert_allclose(found[epoch], epoch * wanted, atol=1e3 * rtol)
    np.testing.assert_allclose(lesson.duration, [0.5e-9] * 2, rtol=rtol)
    assert lesson.states.weights.shape == (3, 4, 4)
    assert np.all(np.asarray(lesson.energy) > 0)


def test_links_wear_off_in_a_rest():
    links = Links(LinkModel(1e-3, 0.005, 0.1, 2.0, 1e9, 2.0, 1e-3), 4)
    kept, lost = (
        teach(links, PATTERNS, 0.1, 1e-10, epochs=1, rest=rest, key=KEY) for rest in (0.0, 1e-3)
    )
    assert float(lost.states.written[-1].max()) < 0.5 * float(kept.states.written[-1].max())
    assert float(lost.duration[0]) == pytest.approx(2e-3 + 2e-10, rel=1e-5)
    assert float(lost.energy[0]) == pytest.approx(float(kept.energy[0]), rel=1e-2)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"patterns": [[1, 0, 1, 1]]}, "patterns"),
        ({"rest": -1.0}, "rest"),
        ({"epochs": 0}, "epoch"),
    ],
)
def test_bad_input_is_named(changes, name):
    given = {"patterns": PATTERNS, "epochs": 1, "rest": 0.0} | changes
    device = Ideal(4, hebb_step)
    with pytest.raises(SpinlearnValueError, match=name):
        teach(device, given.pop("patterns"), 0.1, 1e-10, key=KEY, **given)
