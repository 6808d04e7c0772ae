"""``python -m spinlearn.cli``."""

from spinlearn.cli import main

main()
