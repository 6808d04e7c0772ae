"""Ctrl-C and the scheduler's SIGTERM stop a run after its segment, not in it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals(announce: Callable[[str], object]) -> Iterator[Callable[[], int]]:
    """Within it, the first signal asks to stop and the second one stops at once (no unit).

    Parameters
    ----------
    announce
        Told what was understood, when the first signal comes.

    Yields
    ------
    Callable
        Returns the number of the signal that came, or 0.

    Examples
    --------
    >>> with stop_on_signals(print) as asked:
    ...     asked()
    0
    """
    seen: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if seen:
            raise KeyboardInterrupt
        seen.append(number)
        announce("stopping after this segment; once more to stop at once")

    if threading.current_thread() is not threading.main_thread():
        yield lambda: 0
        return
    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield lambda: seen[0] if seen else 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
