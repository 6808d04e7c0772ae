"""Ctrl-C and the scheduler's SIGTERM stop a run after its segment; a second one at once."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SIGNALLED = 128


@contextmanager
def stop_on_signals(
    announce: Callable[[str], object], resume: str = "the same command"
) -> Iterator[Callable[[], int]]:
    """Within it, the first signal asks to stop and the second one ends the process (no unit).

    The second one waits for nothing: what is stored is whole after any kill, and a segment that
    is being computed cannot be interrupted otherwise.

    Parameters
    ----------
    announce
        Told what was understood, when a signal comes.
    resume
        Command that goes on, for what is told.

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
        seen.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: 0
        return
    # Handlers run between two steps of the interpreter, and a segment may be one of them: the
    # system wakes a thread instead.
    inner, outer = socket.socketpair()
    outer.setblocking(False)
    watcher = threading.Thread(target=_watch, args=(inner, announce, resume), daemon=True)
    watcher.start()
    woken = signal.set_wakeup_fd(outer.fileno(), warn_on_full_buffer=False)
    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield lambda: seen[0] if seen else 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(woken)
        outer.close()
        watcher.join()
        inner.close()


def _watch(woken: socket.socket, announce: Callable[[str], object], resume: str) -> None:
    """Tell of the first signal, and end the process at the second."""
    first = True
    while numbers := woken.recv(1):
        if numbers[0] not in _SIGNALS:
            continue
        with suppress(Exception):
            if first:
                announce("stopping after this segment; once more to stop at once")
            else:
                announce(f"stopped at once. Go on with: {resume}")
        if not first:
            _end(_SIGNALLED + numbers[0])
        first = False


def _end(code: int) -> None:
    """End the process without waiting for what it computes."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(code)
