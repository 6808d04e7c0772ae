"""One module per figure of merit: ``python -m benchmarks.NAME [--quick] [--json PATH]``."""
