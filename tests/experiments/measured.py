"""Whether a run's headline numbers are those that published claims are held against."""

from __future__ import annotations

from collections.abc import Sequence

from spinlearn.experiments.experiment import Claim
from spinlearn.experiments.published import compare_published


def measured(run: str, claims: Sequence[Claim]) -> int:
    """How many published claims a run of this specification measures."""
    return sum(one.measured is not None for one in compare_published({run: claims}))
