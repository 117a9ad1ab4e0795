"""Run the benchmarks: ``python -m tests.benchmarks [NAME ...] [--write]``; --write keeps the results for the README.

They need the extra "bench" and the original MNIST files (NNJAX_ORIGINALS=DIR, or ``nnjax data get mnist``).
"""

import argparse
import json
import os
import platform
from pathlib import Path

import jax

from tests.benchmarks import accuracy, marking, memory, scaling, speed, steps, textbook

BENCHMARKS = {
    "mlp": speed.mlp,
    "steps": steps.run,
    "scaling": scaling.run,
    "memory": memory.run,
    "rates": speed.learning_rates,
    "start": speed.start_up,
    "digits": accuracy.digits,
    "digits-cnn": accuracy.digits_cnn,
    "mnist": accuracy.mnist_mlp,
    "mnist-cnn": accuracy.mnist_cnn,
    "fashion": accuracy.fashion_cnn,
    "shakespeare": accuracy.shakespeare,
    "textbook": textbook.run,
    "marking": marking.run,
}
RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], help="which; by default all")
    parser.add_argument("--write", action="store_true", help=f"keep the results in {RESULTS.name}")
    arguments = parser.parse_args()
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name in arguments.names or BENCHMARKS:
        rows = BENCHMARKS[name]()
        kept[name] = {"machine": machine(), "rows": rows}
        for what, result, wanted in rows:
            print(f"{what}: {result}" + (f"   [{wanted}]" if wanted else ""), flush=True)
        if arguments.write:
            RESULTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, JAX {jax.__version__}"


if __name__ == "__main__":
    main()
