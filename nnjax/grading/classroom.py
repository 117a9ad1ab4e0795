"""Marking a class: every student in a fresh sandbox, as many at once as there are cores, and a journal of it all."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from nnjax.exercises import all_exercises, full_name, of_lesson
from nnjax.exercises.exercise import Exercise
from nnjax.files import code_digest
from nnjax.grading import gradebook, journal
from nnjax.grading.gradebook import Row
from nnjax.grading.marking import Marked, Run, mark
from nnjax.grading.naming import named
from nnjax.grading.sandbox import bare, box
from nnjax.grading.sandbox.temporary import sweep
from nnjax.grading.submissions import Student, read, students

MANY = 4


def grade(
    submissions: Path,
    out: Path,
    *,
    lessons: Sequence[str] = (),
    seed: int | None = None,
    workers: int | None = None,
    sandbox: bool = True,
    each: Callable[[Row, int, int], None] = lambda row, done, whole: None,
) -> list[Row]:
    """Mark all submissions, write the gradebook into ``out``, and return the rows in the order of the names.

    Args:
        submissions: a folder of .py and .ipynb files, or of one folder for each student.
        out: where the marks go; what is there from an interrupted run is not marked again.
        lessons: what to mark; by default every exercise of the course that is answered.
        seed: what the inputs are drawn from, with the student's name; by default a secret kept in ``out``.
        workers: how many students at once; by default one for each core.
        sandbox: False runs the students' code with your rights, on your machine, with no protection.
        each: is called after each student with the row, how many are done, and how many there are.

    Raises ValueError for bad submissions, lessons or seed, and for ``out`` inside ``submissions`` or where it
    cannot be written; OSError where there is no sandbox.
    """
    once = dict.fromkeys(map(full_name, lessons))
    exercises = [one for name in once for one in of_lesson(name)] if once else list(all_exercises().values())
    class_ = students(submissions)
    if out.resolve().is_relative_to(submissions.resolve()):
        raise ValueError(
            f"{out} lies inside {submissions}, where it would be marked as a student's; choose another folder"
        )
    if sandbox:
        box.require()
    gradebook.require_place(out)
    with journal.opened(out, seed) as kept, runner(sandbox, _frequent(class_, exercises)) as run:
        rows = list(_rows(class_, exercises, kept, run, workers or os.cpu_count() or 1, each))
        rows.sort(key=lambda row: row.student.name)
        gradebook.write(out, rows, exercises)
    return rows


def _frequent(class_: Sequence[Student], exercises: Sequence[Exercise]) -> list[str]:
    """Return the exercises that enough students answer for it to be worth while to compile for them beforehand."""
    count: Counter[str] = Counter()
    for student in class_:
        for source in student.sources:
            with suppress(ValueError):
                count.update(exercise.name for exercise in named(read(source), exercises)[0])
    return [exercise.name for exercise in exercises if count[exercise.name] >= MANY]


@contextmanager
def runner(sandbox: bool, names: Sequence[str] = ()) -> Iterator[Run]:
    """Give what runs students' code: in fresh sandboxes, whose sites last as long as the block, or in none.

    What the exercises ``names`` need is compiled in the background, for all sandboxes.
    """
    sweep()
    if not sandbox:
        yield bare.run
        return
    with box.sites(names) as sites:
        yield lambda kind, work, limits, cpu: box.run(sites[kind], work, limits, cpu)


def _rows(
    class_: Sequence[Student], exercises: Sequence[Exercise], kept: journal.Journal, run: Run, workers: int,
    each: Callable[[Row, int, int], None],
) -> Iterator[Row]:  # fmt: skip
    done, code = 0, code_digest("exercises", "grading")
    todo: list[tuple[Student, str]] = []
    for student in class_:
        digest = _digest(student, exercises, kept.secret, code)
        if digest in kept.marked:
            row = Row(student, kept.marked[digest])
            done += 1
            each(row, done, len(class_))
            yield row
        else:
            todo.append((student, digest))
    with ThreadPoolExecutor(workers) as pool:
        futures: dict[Future[Marked], Any] = {
            pool.submit(partial(mark, student, exercises, kept.secret, run)): (student, digest)
            for student, digest in todo
        }
        try:
            for future in as_completed(futures):
                student, digest = futures[future]
                kept.add(digest, future.result())
                done += 1
                row = Row(student, future.result())
                each(row, done, len(class_))
                yield row
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _digest(student: Student, exercises: Sequence[Exercise], secret: int, code: str) -> str:
    """Return what changes when a student's marks may change: files, exercises, seed, the code that marks."""
    names = [one.name for one in exercises]
    digest = hashlib.sha256(repr((student.slug, secret, code, names)).encode())
    for source in student.sources:
        digest.update(repr(source.name).encode())
        try:
            digest.update(read(source))
        except ValueError as error:
            digest.update(str(error).encode())
    return digest.hexdigest()
