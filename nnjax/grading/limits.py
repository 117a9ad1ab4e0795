"""Limits inside one process: a time after which a learner's function is interrupted, autodiff and exits switched off.

They help a learner who is honest. What must hold against one who is not is the sandbox's.
"""

import contextlib
import ctypes
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any, NoReturn


class TooSlow(BaseException):
    """Raised inside a function whose time is over; an ``except Exception`` inside it does not stop it."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise ``TooSlow`` in the block after ``seconds``, and every half second from then on, until it is left.

    Works in any thread and on any system; native code that never comes back to Python is not interrupted.
    """
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        before = signal.signal(signal.SIGALRM, _too_slow)
        signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        return
    thread, over = threading.get_ident(), threading.Event()

    def interrupt() -> None:
        wait = seconds
        while not over.wait(wait):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TooSlow))
            wait = 0.5

    threading.Thread(target=interrupt, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _too_slow(*_: Any) -> None:
    raise TooSlow


@contextlib.contextmanager
def exit_raises() -> Iterator[None]:
    """Let ``os._exit`` in the block raise SystemExit, as ``sys.exit`` does: it would end the learner's own session."""

    def refuse(status: int) -> NoReturn:
        raise SystemExit(f"os._exit({status})")

    kept = os._exit
    os._exit = refuse
    try:
        yield
    finally:
        os._exit = kept


@contextlib.contextmanager
def autodiff_off(off: bool = True) -> Iterator[None]:
    """Let ``jax.grad`` and all its relatives raise in the block, also where they were imported before."""
    if not off:
        yield
        return
    from jax._src.interpreters import ad

    def refuse(*_: Any, **__: Any) -> Any:
        raise RuntimeError("this exercise asks for the derivative by hand; JAX's autodiff is switched off")

    # backward_pass for jax.linear_transpose, which is the reverse mode of what is linear.
    names = ("jvp", "vjp", "linearize", "backward_pass")
    kept = {name: getattr(ad, name) for name in names if hasattr(ad, name)}
    try:
        for name in kept:
            setattr(ad, name, refuse)
        yield
    finally:
        for name, function in kept.items():
            setattr(ad, name, function)
