"""Timing side by side: the contestants take turns, so that a machine that slows down slows all of them."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from nnjax import data
from nnjax.data import Dataset

Name = TypeVar("Name")
SHARED = Path(__file__).parents[3] / "shared" / "data"


def seconds(task: Callable[[], object]) -> float:
    began = time.perf_counter()
    task()
    return time.perf_counter() - began


def in_turns(tasks: dict[Name, Callable[[], object]], rounds: int) -> dict[Name, np.ndarray]:
    """Return the seconds of each task in each round, after one round that is not counted."""
    for task in tasks.values():
        task()
    taken = [{name: seconds(task) for name, task in tasks.items()} for _ in range(rounds)]
    return {name: np.array([one[name] for one in taken]) for name in tasks}


def in_turns_apart(
    makers: dict[str, Callable[[], Callable[[], object]]], rounds: int
) -> tuple[dict[str, np.ndarray], dict[str, list[object]]]:
    """Do as ``in_turns``, each task made and run in a process of its own, and return what the tasks returned, too.

    The libraries then share neither threads, which may spin while another one works, nor an allocator.
    """
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(
                ProcessPoolExecutor(1, get_context("spawn"), initializer=_prepare, initargs=(make,))
            )
            for name, make in makers.items()
        }
        for worker in workers.values():
            worker.submit(_timed).result()
        results = [{name: worker.submit(_timed).result() for name, worker in workers.items()} for _ in range(rounds)]
    taken = {name: np.array([one[name][0] for one in results]) for name in makers}
    return taken, {name: [one[name][1] for one in results] for name in makers}


def contestant(library: str, name: str, *arguments: object, **options: object) -> Callable[[], Any]:
    """Return the task that a function of ``tests.benchmarks.<library>`` makes, imported only where this is called."""
    return getattr(import_module(f"tests.benchmarks.{library}"), name)(*arguments, **options)


def _prepare(make: Callable[[], Callable[[], object]]) -> None:
    global _task
    _task = make()


def _timed() -> tuple[float, object]:
    began = time.perf_counter()
    value = _task()
    return time.perf_counter() - began, value


def matmul_peaks(size: int = 2048, repeats: int = 4) -> dict[str, float]:
    """Return the best rate of a float32 matrix product, in FLOP/s, by XLA and by NumPy."""
    a = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
    on_device, multiply = jnp.asarray(a), jax.jit(lambda a: a @ a)
    multiply(on_device).block_until_ready()
    tasks = {"XLA": lambda: multiply(on_device).block_until_ready(), "NumPy": lambda: a @ a}
    return {name: 2 * size**3 / min(seconds(task) for _ in range(repeats)) for name, task in tasks.items()}


def originals() -> str | Path | None:
    """Return the folder of original files: NNJAX_ORIGINALS, ../shared/data or, if there is none, None for the cache."""
    return os.environ.get("NNJAX_ORIGINALS") or (SHARED if SHARED.is_dir() else None)


def mnist() -> Dataset:
    """Return MNIST as vectors."""
    return data.flatten(data.load("mnist", originals=originals()))


def spread(values: np.ndarray, form: str = ".2f") -> str:
    """Return "median (least to most)"."""
    values = np.asarray(values)
    return f"{np.median(values):{form}} ({values.min():{form}} to {values.max():{form}})"
