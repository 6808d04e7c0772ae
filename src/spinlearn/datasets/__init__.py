"""Patterns to learn, and probes to recall them from."""

from spinlearn.datasets.characters import digits, letters
from spinlearn.datasets.corruption import corrupt
from spinlearn.datasets.random_patterns import overlap_matrix, similar_patterns

__all__ = ["corrupt", "digits", "letters", "overlap_matrix", "similar_patterns"]
