"""Marking one student: the answers are run in the sandbox, on inputs drawn for this student, and judged out here."""

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from nnjax.exercises.exercise import Exercise
from nnjax.grading.answer_key import plan
from nnjax.grading.judging import NOT_YET, WRONG, Verdict, judge
from nnjax.grading.naming import is_text, named
from nnjax.grading.outcomes import Outcome, limited, pack, plain, unpack
from nnjax.grading.sandbox.watching import Ended, Limits
from nnjax.grading.submissions import LARGEST, Source, Student, read

LOADING, STARTING, GRACE = 60, 30, 5
# Frames that are none, before the rest is not looked at.
JUNK = 20
MOST_FILES = 20
NO_TEXT = "is not text in UTF-8"
Run = Callable[[str, bytes, Limits, float], Ended]


class Marked(NamedTuple):
    """A student's verdicts, and in words what was wrong with the files."""

    verdicts: list[Verdict]
    problems: list[str]


def seed_of(secret: int, student: Student) -> int:
    """Return the seed of a student's inputs: always the same, and not to be guessed without the class's secret."""
    return int.from_bytes(hashlib.sha256(f"{secret}:{student.slug}".encode()).digest()[:8], "big")


def kind_of(exercise: Exercise) -> str:
    """Return which site an exercise's answers run on."""
    if "mesh" in exercise.parameters:
        return "devices"
    return "library" if exercise.library else "by hand" if exercise.by_hand else "plain"


def mark(student: Student, exercises: Sequence[Exercise], secret: int, run: Run) -> Marked:
    """Return the verdicts on all exercises that a student's files answer; raises nothing for what they hold.

    Each file runs in processes of its own. An exercise answered in two files counts as in the first of them; a stub in
    one is no answer.
    """
    verdicts: dict[str, Verdict] = {}
    problems: list[str] = []
    helpers: list[str] = []
    seed, ran = seed_of(secret, student), 0
    if not student.sources:
        problems.append("the folder holds no file")
    for source in student.sources:
        try:
            data = read(source)
        except ValueError as error:
            problems.append(f"{source.name} {error}")
            continue
        likely, others = named(data, exercises)
        if not likely:
            helpers.append(f"{source.name} {'names no exercise that is marked' if is_text(data) else NO_TEXT}")
            continue
        if ran == MOST_FILES:
            problems.append(f"{source.name} was not looked at, nor were others: at most {MOST_FILES} files are run")
            break
        ran += 1
        twice = [
            one.name for one in (*likely, *others) if one.name in verdicts and verdicts[one.name].status != NOT_YET
        ]
        left, waiting = ([one for one in some if one.name not in twice] for some in (likely, others))
        suffix = source.path.suffix.lower()
        work = {"source": np.frombuffer(data, np.uint8), "suffix": suffix, "beside": _beside(source, student.sources)}
        found, said = _mark_file(work, left or waiting, waiting if left else [], seed, run)
        if left and not found and not said:
            unrun = "; of a notebook, lines that only IPython understands are not run" * (suffix == ".ipynb")
            said = [f"it names {left[0].name} but defines no function that is called like an exercise{unrun}"]
        verdicts |= found
        problems += [f"{source.name}: {sentence}" for sentence in dict.fromkeys(said)]
        if twice:
            problems.append(f"{source.name}: {', '.join(twice)} counted as in an earlier file")
    if not verdicts:  # elsewhere a file that answers nothing may be one that another imports
        problems += helpers
    order = [exercise.name for exercise in exercises]
    return Marked(sorted(verdicts.values(), key=lambda verdict: order.index(verdict.name)), problems)


def _beside(source: Source, sources: Sequence[Source]) -> dict[str, np.ndarray]:
    """Return the student's modules that lie beside a file, which may import them, together no larger than one file."""
    modules: dict[str, np.ndarray] = {}
    for other in sources[:MOST_FILES]:
        name, folder = other.path.stem, other.path.parent
        if other != source and folder == source.path.parent and other.path.suffix == ".py" and name.isidentifier():
            with suppress(ValueError):
                data = read(other)
                if sum(map(len, modules.values())) + len(data) <= LARGEST:
                    modules[name] = np.frombuffer(data, np.uint8)
    return modules


def _mark_file(
    work: dict[str, Any], todo: list[Exercise], waiting: list[Exercise], seed: int, run: Run
) -> tuple[dict[str, Verdict], list[str]]:
    """Return the verdicts on the exercises that a file defines, and what was wrong with it.

    Inputs are drawn for those to do; others wait until a run says that the file defines them.
    """
    verdicts: dict[str, Verdict] = {}
    said: list[str] = []
    while todo:
        defined: set[str] = set()
        work["others"] = tuple(exercise.name for exercise in waiting)
        for kind in dict.fromkeys(map(kind_of, todo)):
            left = [exercise for exercise in todo if kind_of(exercise) == kind]
            end = time.monotonic() + LOADING + STARTING + 2 * _rest(left)
            while left and time.monotonic() < end:
                found, sentence, left, others = _one_run(kind, work, left, seed, run)
                verdicts |= found
                said += [sentence] * bool(sentence)
                defined |= others
            verdicts |= _all_wrong(left, "Other answers in the file used up its time, so this one was not run.")
        todo, waiting = [exercise for exercise in waiting if exercise.name in defined], []
    return verdicts, said


def _one_run(
    kind: str, work: dict[str, Any], exercises: list[Exercise], seed: int, run: Run
) -> tuple[dict[str, Verdict], str, list[Exercise], set[str]]:
    """Return verdicts, what was wrong with the file, the exercises that wait for another run, and what else it defines.

    One run takes all exercises; where the process ends before its time, the one that it was at is blamed for it.
    """
    jobs = []
    for exercise in exercises:
        cases, calls = plan(exercise, seed)
        sent = {"name": exercise.name, "cases": cases, "calls": [tuple(call) for call in calls]}
        jobs.append(sent | {"seconds": exercise.seconds, "by_hand": exercise.by_hand})
    work = work | {"seconds": LOADING, "jobs": jobs}
    slowest = max(exercise.seconds for exercise in exercises) + GRACE
    limits = Limits(LOADING + STARTING, slowest, _rest(exercises))
    ended = run(kind, pack(work), limits, limits.first + limits.rest)
    header, answers = _opened(ended.frames)
    if header is None or (ended.reason and not header["found"]):
        reason = ended.reason or "it ended the process while the file was run"
        said = f"running the file failed: {reason}"
        return _all_wrong(exercises, f"{said[0].upper() + said[1:]}."), said, [], set()
    found = [exercise for exercise in exercises if exercise.name in header["found"]]
    verdicts = {e.name: _judged(e, seed, answers[e.name]) for e in found if e.name in answers}
    left = [exercise for exercise in found if exercise.name not in verdicts]
    if left:
        reason = ended.reason or "it ended the process"
        verdicts |= _all_wrong(left[:1], f"The answer did not come back: {reason}.")
        left = left[1:]
    return verdicts, header["problem"], left, header["found"] & set(work["others"])


def _rest(exercises: Sequence[Exercise]) -> float:
    """Return the seconds that all answers together may take once the file has been run."""
    return sum(exercise.seconds + GRACE for exercise in exercises)


def _opened(frames: Sequence[bytes]) -> tuple[dict[str, Any] | None, dict[str, tuple[Outcome, ...]]]:
    """Return the first frame and the answers in the others, each checked to be what it should be."""
    header: dict[str, Any] | None = None
    answers: dict[str, tuple[Outcome, ...]] = {}
    junk = 0
    for frame in frames:
        try:
            tree = unpack(frame)
        except ValueError:
            tree = None
        if not isinstance(tree, dict):
            junk += 1
            if junk > JUNK:
                break
            continue
        if header is None and isinstance(tree.get("found"), tuple) and isinstance(tree.get("problem"), str):
            header = {"found": {str(name) for name in tree["found"]}, "problem": plain(tree["problem"], 600)}
        name, outcomes = tree.get("name"), tree.get("outcomes")
        if isinstance(name, str) and isinstance(outcomes, tuple) and all(isinstance(one, Outcome) for one in outcomes):
            answers.setdefault(name, tuple(map(limited, outcomes)))
    return header, answers


def _judged(exercise: Exercise, seed: int, outcomes: tuple[Outcome, ...]) -> Verdict:
    """Return the verdict; an answer on which judging itself fails is wrong, and says so."""
    try:
        with np.errstate(all="ignore"):
            return judge(exercise.name, seed, outcomes)
    except Exception as error:
        said = f"The answer could not be compared ({type(error).__name__}: {plain(error, 100)})."
        return Verdict(exercise.name, WRONG, said, 0, exercise.points)


def _all_wrong(exercises: Iterable[Exercise], sentence: str) -> dict[str, Verdict]:
    return {one.name: Verdict(one.name, WRONG, sentence, 0, one.points) for one in exercises}
