"""The memory of a training step of the GPT at block 512: the peak of a process, measured alike for each library.

Each library runs in a process of its own. The peak is the largest resident set while it trains two steps that are
compiled already, less the resident set when the library had been imported and had computed one number: parameters,
the state of Adam, the data, what is kept for the backward pass, and what the allocator holds back. Linux counts the
peak (VmHWM in /proc/self/status, the counter that getrusage gives as ru_maxrss) and starts anew when told so
(/proc/self/clear_refs), which keeps the compiler's memory out. What is free is given back before (malloc_trim).
"""

import ctypes
import gc
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from tests.benchmarks import networks
from tests.benchmarks.measure import contestant, spread
from tests.benchmarks.steps import LIBRARIES, Rows

NET = networks.GPT(time=512)
STEPS = 2


def run(rounds: int = 3) -> Rows:
    peaks: dict[str, np.ndarray] = {}
    for peer, file in LIBRARIES.items():
        peaks[peer] = np.array([apart(partial(peak, file)) for _ in range(rounds)])
    name = f"GPT, block {NET.time}, batch {NET.batch}"
    rows = [(f"{name}: memory of a training step, MiB", spread(peaks["nnjax"], ".0f"), "")]
    by_xla = apart(planned) / 2**20
    rows.append(("the same as XLA plans it: arguments, outputs and temporary arrays, MiB", f"{by_xla:.0f}", ""))
    rows += [
        (f"{name}: {peer}, times as much memory", spread(peaks[peer] / peaks["nnjax"]),
         "at least 1" if peer == "PyTorch" else "")
        for peer in peaks if peer != "nnjax"
    ]  # fmt: skip
    return rows


def apart(task) -> float:
    """Return what the task returns in a fresh process."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(task).result()


def peak(library: str) -> float:
    """Return the peak of this process above where the library began, in MiB."""
    import_module(f"tests.benchmarks.{library}")
    one_number(library)
    before = resident("VmRSS")
    train = contestant(library, "gpt", NET, STEPS)
    train()
    start_anew()
    train()
    return resident("VmHWM") - before


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
