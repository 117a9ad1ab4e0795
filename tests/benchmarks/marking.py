"""Marking a class: 300 students, each with ten exercises of lessons 03 and 04, a quarter of the answers wrong."""

import random
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from nnjax import compiling
from nnjax.exercises import get
from nnjax.grading import classroom

STUDENTS = 300
NAMES = (
    "dense", "leaky_relu", "elu", "mlp_apply", "softmax", "softmax_cross_entropy_gradient", "relu_backward",
    "dense_backward", "mlp_backward", "numerical_gradient",
)  # fmt: skip


def run() -> list[tuple[str, str, str]]:
    """Mark the class in the sandbox; return the seconds, and the memory of the marking process as it went on."""
    # In a process of its own: the options with which it compiles are for no other benchmark.
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        took, memory = process.submit(marked, STUDENTS).result()
    return [
        (f"{STUDENTS} students x {len(NAMES)} exercises marked", f"{took:.0f} s", "at most 600 s"),
        (
            f"highest memory of the marking process after {STUDENTS // 3}, {2 * STUDENTS // 3} and {STUDENTS} students",
            ", ".join(f"{memory[part * STUDENTS // 3 - 1]:,}" for part in (1, 2, 3)) + " MiB",
            "flat",
        ),
    ]


def marked(students: int) -> tuple[float, list[int]]:
    """Return the seconds that marking so many students takes, and the highest memory after each, in MiB."""
    compiling.quickly()  # as the command does
    memory: list[int] = []

    def each(row: classroom.Row, done: int, whole: int) -> None:
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)

    with tempfile.TemporaryDirectory() as folder:
        submissions = Path(folder) / "submissions"
        hand_in(submissions, students)
        start = time.monotonic()
        classroom.grade(submissions, Path(folder) / "marks", seed=1, each=each)
        return time.monotonic() - start, memory


def hand_in(folder: Path, students: int) -> None:
    """Write the class's files: in each answer a tenth is not solved, 15 in a hundred are wrong, the others right."""
    chance = random.Random(0)
    folder.mkdir()
    for number in range(students):
        parts = ["import jax\nimport jax.numpy as jnp\nimport numpy as np"]
        for exercise in map(get, NAMES):
            drawn = chance.random()
            if drawn < 0.1:
                parts.append(exercise.stub)
            elif drawn < 0.25:
                parts.append(f"def {exercise.name}(*args):\n    return 0")
            else:
                parts.append(exercise.solution)
        (folder / f"student{number:03}.py").write_text("\n\n\n".join(parts) + "\n", encoding="utf-8")
