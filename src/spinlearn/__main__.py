"""``python -m spinlearn``: the command line, where the script is not on the path."""

from spinlearn.cli import main

if __name__ == "__main__":
    main()
