"""Compiling quickly, for programs that run once or twice; and keeping what is compiled, for those that come back."""

import os
from importlib.metadata import version
from pathlib import Path

_RELEASE = tuple(map(int, version("jaxlib").split(".")[:2]))

QUICK: dict[str, bool | int] = {"xla_backend_optimization_level": 0}
"""For ``jax.jit(f, compiler_options=QUICK)``: nothing is optimised; sums may be rounded in another order."""

if _RELEASE < (0, 11):
    # XLA's newer way of writing code for fused operations takes twice as long; later versions know no other.
    QUICK["xla_cpu_use_fusion_emitters"] = False
    # A program cut up for several threads takes longer where it is as small as ours; later versions do not gain.
    QUICK["xla_cpu_parallel_codegen_split_count"] = 1


def flags(options: dict[str, bool | int]) -> str:
    """Return options of XLA in the form of the environment variable XLA_FLAGS, for all programs of a process."""
    return " ".join(f"--{name}={str(value).lower()}" for name, value in options.items())


def quickly() -> None:
    """Let XLA compile quickly in this process, which has computed nothing yet, unless the user has set XLA_FLAGS."""
    os.environ.setdefault("XLA_FLAGS", flags(QUICK))


def keeping(folder: Path) -> dict[str, str]:
    """Return the environment in which JAX keeps all that it compiles in ``folder``, and looks for it there."""
    return {
        "JAX_COMPILATION_CACHE_DIR": str(folder),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "JAX_PERSISTENT_CACHE_ENABLE_XLA_CACHES": "none",
    }
