"""Patterns to learn, and probes to recall them from."""

from spinlearn.datasets.characters import characters, digits, letters
from spinlearn.datasets.corruption import corrupt
from spinlearn.datasets.random_patterns import overlap_matrix, similar_patterns

__all__ = ["characters", "corrupt", "digits", "letters", "overlap_matrix", "similar_patterns"]
