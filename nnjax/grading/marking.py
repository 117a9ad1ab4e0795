"""Marking one student: the answers are run in the sandbox, on inputs drawn for this student, and judged out here."""

import hashlib
import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from nnjax.exercises.exercise import Exercise
from nnjax.grading.answer_key import plan
from nnjax.grading.judging import NOT_YET, WRONG, Verdict, judge
from nnjax.grading.outcomes import Outcome, limited, pack, plain, unpack
from nnjax.grading.sandbox.watching import Ended, Limits
from nnjax.grading.submissions import LARGEST, Source, Student, read

LOADING, STARTING, GRACE = 60, 30, 5
# Frames that are none, before the rest is not looked at.
JUNK = 20
MOST_FILES = 20
NO_TEXT = "is not text in UTF-8"
# JSON and Python write characters as escapes, which would make one word of an escape and the name beside it.
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)")
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
        named = mentioned(data, exercises)
        if not named:
            helpers.append(f"{source.name} {'names no exercise that is marked' if _is_text(data) else NO_TEXT}")
            continue
        if ran == MOST_FILES:
            problems.append(f"{source.name} was not looked at, nor were others: at most {MOST_FILES} files are run")
            break
        ran += 1
        twice = [one.name for one in named if one.name in verdicts and verdicts[one.name].status != NOT_YET]
        left = [exercise for exercise in named if exercise.name not in twice]
        suffix = source.path.suffix.lower()
        work = {"source": np.frombuffer(data, np.uint8), "suffix": suffix, "beside": _beside(source, student.sources)}
        found, said = _mark_file(work, left, seed, run)
        if left and not found and not said:
            unrun = "; of a notebook only imports, definitions and assignments are run" * (suffix == ".ipynb")
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


def _is_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


def mentioned(data: bytes, exercises: Sequence[Exercise]) -> list[Exercise]:
    """Return the exercises that a file may answer: those whose names stand in it, as Python reads names.

    Outside the sandbox a student's file is not parsed: this looks at words, with escapes written out and without.
    """
    text = data.decode("utf-8", "replace")
    written_out = ESCAPE.sub(lambda found: chr(int(found[1][1:], 16)) if len(found[1]) > 1 else " ", text)
    words = {word for one in (text, written_out) for word in re.findall(r"\w+", unicodedata.normalize("NFKC", one))}
    return [exercise for exercise in exercises if exercise.name in words]


def _mark_file(
    work: dict[str, Any], exercises: Sequence[Exercise], seed: int, run: Run
) -> tuple[dict[str, Verdict], list[str]]:
    verdicts: dict[str, Verdict] = {}
    said: list[str] = []
    for kind in dict.fromkeys(map(kind_of, exercises)):
        left = [exercise for exercise in exercises if kind_of(exercise) == kind]
        end = time.monotonic() + LOADING + STARTING + 2 * _rest(left)
        while left and time.monotonic() < end:
            found, sentence, left = _one_run(kind, work, left, seed, run)
            verdicts |= found
            said += [sentence] * bool(sentence)
        verdicts |= _all_wrong(left, "Other answers in the file used up its time, so this one was not run.")
    return verdicts, said


def _one_run(
    kind: str, work: dict[str, Any], exercises: list[Exercise], seed: int, run: Run
) -> tuple[dict[str, Verdict], str, list[Exercise]]:
    """Return verdicts, what was wrong with the file, and the exercises that wait for another run.

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
        return _all_wrong(exercises, f"Running the file failed: {reason}."), f"running the file failed: {reason}", []
    found = [exercise for exercise in exercises if exercise.name in header["found"]]
    verdicts = {e.name: _judged(e, seed, answers[e.name]) for e in found if e.name in answers}
    left = [exercise for exercise in found if exercise.name not in verdicts]
    if left:
        reason = ended.reason or "it ended the process"
        verdicts |= _all_wrong(left[:1], f"The answer did not come back: {reason}.")
        left = left[1:]
    return verdicts, header["problem"], left


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
