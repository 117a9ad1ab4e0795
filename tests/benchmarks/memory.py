"""The memory of a training step of the GPT at block 512: the peak of a process, measured alike for each library.

Each library runs in a process of its own. The peak is the largest resident set of the process while it trains two steps
that are compiled already. Two numbers are taken from it: above what the process held just before, which is what a step
needs (for nnjax that includes the parameters and Adam's averages, which ``fit`` makes for itself); and above what it
held when the library had been imported and had computed one number, which adds the data, the compiled code, and what
the allocator holds back. Linux counts the peak (VmHWM in /proc/self/status, the counter that getrusage gives as
ru_maxrss) and starts anew when told so (/proc/self/clear_refs), so the compiler's own memory is in neither. What is
free is given back before (malloc_trim).
"""

import ctypes
import gc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np

from tests.benchmarks import networks
from tests.benchmarks.measure import contestant, spread
from tests.benchmarks.steps import LIBRARIES, Rows

NET = networks.GPT(time=512)
STEPS = 2
Result = TypeVar("Result")


def run(rounds: int = 3) -> Rows:
    peaks = {peer: np.array([apart(partial(peak, file)) for _ in range(rounds)]).T for peer, file in LIBRARIES.items()}
    own, own_process = peaks["nnjax"]
    name = f"GPT, block {NET.time}, batch {NET.batch}"
    by_xla = f"{apart(planned) / 2**20:.0f}"
    rows = [
        (f"{name}: memory of a training step, MiB", spread(own, ".0f"), ""),
        ("the same as XLA plans it: arguments, outputs and temporary arrays, MiB", by_xla, ""),
        (f"{name}: memory of the process above the imported library, MiB", spread(own_process, ".0f"), ""),
    ]
    for peer, (step, process) in peaks.items():
        if peer != "nnjax":
            wanted = "at least 1" if peer == "PyTorch" else ""
            rows.append((f"{name}: {peer}, times as much for a step", spread(step / own), wanted))
            rows.append((f"{name}: {peer}, times as much for the process", spread(process / own_process), ""))
    return rows


def apart(task: Callable[[], Result]) -> Result:
    """Return what the task returns in a fresh process."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(task).result()


def peak(library: str) -> tuple[float, float]:
    """Return the peak of this process while it trains, above what it held before that and after the import, in MiB."""
    import_module(f"tests.benchmarks.{library}")
    one_number(library)
    imported = resident("VmRSS")
    train = contestant(library, "gpt", NET, STEPS)
    train()
    start_anew()
    before = resident("VmRSS")
    train()
    highest = resident("VmHWM")
    return highest - before, highest - imported


def one_number(library: str) -> None:
    """Compute something, so that what a library sets up at its first use is there."""
    if library == "torch_peers":
        import torch

        a = torch.ones(8, 8, requires_grad=True)
        (a @ a).sum().backward()
    else:
        import jax
        import jax.numpy as jnp

        jax.jit(lambda a: a @ a)(jnp.ones((8, 8))).block_until_ready()


def start_anew() -> None:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def resident(counter: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{counter}:"))
    return int(line.split()[1]) / 2**10


def planned() -> float:
    """Return the bytes of one compiled training step of nnjax, by XLA's own account."""
    import jax

    from nnjax import losses, models, optimizers
    from nnjax.training.step import Job, Learner, train_step

    optimizer, (x, y) = optimizers.adam(networks.RATE), NET.data(1)
    apply = partial(models.transformer.apply, heads=NET.heads)
    job = Job(apply, losses.cross_entropy, optimizer, None, "labels", ())
    params = models.transformer.init(
        jax.random.key(0), NET.tokens, width=NET.width, layers=NET.blocks, heads=NET.heads, length=NET.time
    )
    learner = Learner(params, optimizer.init(params), None)
    step = jax.jit(partial(train_step, job, optimizer), donate_argnums=0)
    plan = step.lower(learner, x, y, jax.random.key(0)).compile().memory_analysis()
    return plan.temp_size_in_bytes + plan.argument_size_in_bytes + plan.output_size_in_bytes - plan.alias_size_in_bytes
