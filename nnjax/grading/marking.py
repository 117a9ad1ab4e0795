"""Marking one student: the answers are run in the sandbox, on inputs drawn for this student, and judged out here."""

import hashlib
import keyword
import re
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from nnjax.exercises.exercise import Exercise
from nnjax.grading.answer_key import plan
from nnjax.grading.judging import NOT_YET, WRONG, Verdict, judge
from nnjax.grading.outcomes import Outcome, limited, pack, plain, unpack
from nnjax.grading.sandbox.watching import Ended, Limits
from nnjax.grading.submissions import Student, read

LOADING, STARTING, GRACE = 60, 30, 5
# Frames that are none, before the rest is not looked at.
JUNK = 20
# A word, and the spaces up to another that stands beside it.
WORD = re.compile(rb"([A-Za-z_0-9]+)([ \t]+(?=[A-Za-z_]))?")
KEYWORDS = {word.encode() for word in (*keyword.kwlist, *keyword.softkwlist)}
# In a notebook the ends of lines may be written as escapes, which would make a longer word of the one that follows.
LINE_END = re.compile(rb"\\[nrt]")
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
    seed = seed_of(secret, student)
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
            problems.append(f"{source.name} names no exercise that is marked")
        twice = [one.name for one in named if one.name in verdicts and verdicts[one.name].status != NOT_YET]
        found, said = _mark_file(data, source.path.suffix, [e for e in named if e.name not in twice], seed, run)
        verdicts |= found
        problems += [f"{source.name}: {sentence}" for sentence in dict.fromkeys(said)]
        if twice:
            problems.append(f"{source.name}: {', '.join(twice)} counted as in an earlier file")
    order = [exercise.name for exercise in exercises]
    return Marked(sorted(verdicts.values(), key=lambda verdict: order.index(verdict.name)), problems)


def mentioned(data: bytes, exercises: Sequence[Exercise]) -> list[Exercise]:
    """Return the exercises that a file may answer: their names stand in it, and not only as words of a sentence.

    This looks at raw bytes, for outside the sandbox a student's file is not parsed. In Python a name stands beside
    another only if that is a keyword: what follows any other word on its line is prose.
    """
    words, in_prose = set(), False
    for word, beside_next in WORD.findall(LINE_END.sub(b"\n", data)):
        if not in_prose:
            words.add(word)
        in_prose = bool(beside_next) and word not in KEYWORDS
    return [exercise for exercise in exercises if exercise.name.encode() in words]


def _mark_file(
    data: bytes, suffix: str, exercises: Sequence[Exercise], seed: int, run: Run
) -> tuple[dict[str, Verdict], list[str]]:
    verdicts: dict[str, Verdict] = {}
    said: list[str] = []
    for kind in dict.fromkeys(map(kind_of, exercises)):
        left = [exercise for exercise in exercises if kind_of(exercise) == kind]
        end = time.monotonic() + LOADING + STARTING + 2 * _rest(left)
        while left and time.monotonic() < end:
            found, sentence, left = _one_run(kind, data, suffix, left, seed, run)
            verdicts |= found
            said += [sentence] * bool(sentence)
        verdicts |= _all_wrong(left, "Other answers in the file used up its time, so this one was not run.")
    return verdicts, said


def _one_run(
    kind: str, data: bytes, suffix: str, exercises: list[Exercise], seed: int, run: Run
) -> tuple[dict[str, Verdict], str, list[Exercise]]:
    """Return verdicts, what was wrong with the file, and the exercises that wait for another run.

    One run takes all exercises; where the process ends before its time, the one that it was at is blamed for it.
    """
    jobs = []
    for exercise in exercises:
        cases, calls = plan(exercise, seed)
        sent = {"name": exercise.name, "cases": cases, "calls": [tuple(call) for call in calls]}
        jobs.append(sent | {"seconds": exercise.seconds, "by_hand": exercise.by_hand})
    work = {"source": np.frombuffer(data, np.uint8), "suffix": suffix, "seconds": LOADING, "jobs": jobs}
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
