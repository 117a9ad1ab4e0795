"""What a lecturer and a student get: marks.csv for spreadsheets and Canvas, results.json, a page for each student."""

import csv
import html
import json
import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nnjax import files
from nnjax.exercises.exercise import Exercise
from nnjax.grading import cards
from nnjax.grading.judging import RIGHT
from nnjax.grading.marking import Marked
from nnjax.grading.submissions import Student

LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*")
MARKS, RESULTS = "marks.csv", "results.json"
CANVAS = ("Student", "ID", "SIS Login ID", "Section")


class Row(NamedTuple):
    """A student and the marks."""

    student: Student
    marked: Marked


def graded(rows: Sequence[Row], exercises: Sequence[Exercise]) -> list[Exercise]:
    """Return the exercises that count: those of every lesson of which anybody in the class answered one."""
    answered = {verdict.name for row in rows for verdict in row.marked.verdicts}
    lessons = {exercise.lesson for exercise in exercises if exercise.name in answered}
    return [exercise for exercise in exercises if exercise.lesson in lessons]


def require_place(out: Path) -> None:
    """Make the folders for the marks; raise ValueError where they cannot be written, before anything is marked."""
    try:
        for folder in (out, out / "feedback"):
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise ValueError(
            f"the marks cannot be written into {folder}: {error.strerror}; choose another folder"
        ) from None
    for name in (MARKS, RESULTS):
        if (out / name).is_dir():
            raise ValueError(f"{out / name} is a folder, where the marks must be written; choose another folder")


def write(out: Path, rows: Sequence[Row], exercises: Sequence[Exercise]) -> None:
    """Write marks.csv, results.json and feedback/SLUG.html; each replaces what was there at one stroke."""
    counted = graded(rows, exercises)
    (out / "feedback").mkdir(parents=True, exist_ok=True)
    for row in rows:
        files.write(out / "feedback" / f"{row.student.slug}.html", page(row, counted))
    files.write(out / RESULTS, json.dumps(results(rows, counted), indent=1))
    files.write(out / MARKS, marks(rows, counted))


def marks(rows: Sequence[Row], exercises: Sequence[Exercise]) -> str:
    """Return the table of points in the columns that Canvas imports, one assignment an exercise, and the sum."""
    from io import StringIO

    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*CANVAS, *(f"{exercise.lesson} {exercise.name}" for exercise in exercises), "Total"])
    whole = sum(exercise.points for exercise in exercises)
    writer.writerow(["    Points Possible", "", "", "", *(f"{one.points:g}" for one in exercises), f"{whole:g}"])
    logins = Counter(row.student.name.casefold() for row in rows)
    for row in rows:
        points = _points(row)
        # Canvas finds its rows by the login, so one that might be another's is left out.
        login = row.student.name
        if not LOGIN.fullmatch(login) or logins[login.casefold()] > 1:
            login = ""
        total = sum(points.get(exercise.name, 0) for exercise in exercises)
        each = (f"{points.get(exercise.name, 0):g}" for exercise in exercises)
        writer.writerow([_cell(row.student.name), "", _cell(login), "", *each, f"{total:g}"])
    return text.getvalue()


def _cell(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    # Some take full-width signs for the usual ones, and some begin a new cell at a semicolon.
    shown = unicodedata.normalize("NFKC", text).lstrip()
    return "'" + text.replace(";", ",") if shown.startswith(("=", "+", "-", "@")) else text.replace(";", ",")


def _points(row: Row) -> dict[str, float]:
    return {verdict.name: verdict.points for verdict in row.marked.verdicts}


def results(rows: Sequence[Row], exercises: Sequence[Exercise]) -> dict[str, Any]:
    """Return all that is known: students with their verdicts, and how often each sentence was said."""
    return {
        "exercises": [{"name": one.name, "lesson": one.lesson, "points": one.points} for one in exercises],
        "students": [
            {
                "name": row.student.name,
                "page": f"feedback/{row.student.slug}.html",
                "points": sum(verdict.points for verdict in row.marked.verdicts),
                "problems": row.marked.problems,
                "answers": [verdict._asdict() for verdict in row.marked.verdicts],
                "missing": [one.name for one in exercises if one.name not in _points(row)],
            }
            for row in rows
        ],
        "mistakes": [
            {"name": name, "sentence": sentence, "students": count}
            for (name, sentence), count in mistakes(rows).most_common()
        ],
    }


def mistakes(rows: Sequence[Row]) -> Counter[tuple[str, str]]:
    """Return how many students were told what about which exercise."""
    return Counter(
        (verdict.name, verdict.sentence)
        for row in rows for verdict in row.marked.verdicts if verdict.status != RIGHT
    )  # fmt: skip


def page(row: Row, exercises: Sequence[Exercise]) -> str:
    """Return a student's page: the sum, what was wrong with the files, and a card for each exercise."""
    verdicts = {verdict.name: verdict for verdict in row.marked.verdicts}
    reached, whole = sum(one.points for one in verdicts.values()), sum(one.points for one in exercises)
    problems = "".join(f"<li>{html.escape(problem)}</li>" for problem in row.marked.problems)
    parts = [
        f"<h1>{html.escape(row.student.name)}</h1>",
        f"<p><b>{reached:g} of {whole:g} points</b></p>",
        f"<h2>Files</h2><ul>{problems}</ul>" if problems else "",
    ]
    for lesson in dict.fromkeys(exercise.lesson for exercise in exercises):
        parts.append(f"<h2>{html.escape(lesson)}</h2>")
        for exercise in exercises:
            if exercise.lesson == lesson and exercise.name in verdicts:
                parts.append(cards.as_html(verdicts[exercise.name], hint=False))
            elif exercise.lesson == lesson:
                parts.append(f"<p style='opacity:.7'>{html.escape(exercise.name)}: no answer</p>")
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{html.escape(row.student.name)}</title>"
        "<body style='font-family:sans-serif;max-width:52em;margin:2em auto;padding:0 1em'>" + "".join(parts)
    )
