"""Tables for the terminal."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table


@contextmanager
def growing(make: Callable[[Any], Table], *, shown: bool) -> Iterator[Callable[[Any], None]]:
    """Give a function that shows ``make(rows)``, in place of what it showed before; silent unless ``shown``.

    Before the first rows nothing is shown, so that an error stands alone.
    """
    if not shown:
        yield lambda rows: None
        return
    live = Live(console=Console(), refresh_per_second=4, vertical_overflow="visible")

    def show(rows: Any) -> None:
        live.update(make(rows))
        live.start()

    try:
        yield show
    finally:
        live.stop()


def certificates(rows: Sequence[Any]) -> Table:
    """Return the table of certificates: the largest relative errors, and the limits they must keep."""
    table = Table(caption="largest relative error in float64 over random shapes and settings")
    table.add_column("certified")
    for heading in ("cases", "forward", "by hand = jax.grad", "by hand = differences", ""):
        table.add_column(heading, justify="right")
    for row in rows:
        mark = "[green]yes[/]" if row.passed else "[bold red]NO[/]"
        errors = (f"{error:.0e}" for error in (row.forward, row.gradient, row.differences))
        table.add_row(row.name, str(row.cases), *errors, mark)
    return table


def datasets(rows: Sequence[Any]) -> Group:
    """Return what each data set holds and where it is on this machine, in 80 columns, then its source and licence."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("name", "train + test", "inputs", "targets", "where", "size"):
        table.add_column(heading, justify="right" if heading in ("train + test", "size") else "left", no_wrap=True)
    for row in rows:
        targets = f"{row.classes} {'characters' if row.task == 'text' else 'classes'}" if row.classes else "numbers"
        table.add_row(
            row.name, f"{row.train} + {row.test}", "x".join(map(str, row.shape)) or "tokens", targets, row.where,
            f"{row.size / 1e6:.1f} MB" if row.size else "",
        )  # fmt: skip
    sources = Table.grid("", "", padding=(0, 2, 0, 0))
    for row in rows:
        sources.add_row(row.name, f"{row.source}; licence: {row.licence}")
    return Group(table, "Sources and licences", sources)


def progress(exercises: Sequence[Any], state: dict[str, dict[str, Any]], everything: bool) -> Table:
    """Return the points reached lesson by lesson; below each its exercises, those tried or ``everything``."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("lesson")
    for heading in ("right", "points"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for lesson in dict.fromkeys(exercise.lesson for exercise in exercises):
        here = [exercise for exercise in exercises if exercise.lesson == lesson]
        entries = [state.get(exercise.name, {}) for exercise in here]
        right = sum(entry.get("status") == "right" for entry in entries)
        reached, all_points = sum(entry.get("points", 0) for entry in entries), sum(one.points for one in here)
        bar = "█" * round(10 * right / len(here)) + "░" * (10 - round(10 * right / len(here)))
        table.add_row(f"[bold]{lesson}[/]", f"{right}/{len(here)}", f"{reached:g}/{all_points:g}", bar)
        for exercise, entry in zip(here, entries, strict=True):
            if everything or entry:
                points = f"{entry.get('points', 0):g}/{exercise.points:g}"
                table.add_row(f"  {exercise.name}", entry.get("status", ""), points, "")
    return table


def marks(rows: Sequence[Any]) -> Group:
    """Return how many students reached how much, who needs a look, and the mistakes made most often."""
    from rich.markup import escape

    from nnjax.exercises.exercise import in_words
    from nnjax.grading.gradebook import mistakes

    points = [sum(verdict.points for verdict in row.marked.verdicts) for row in rows]
    troubled = [row for row in rows if row.marked.problems]
    low, high = min(points), in_words(max(points))
    reached = high if low == max(points) else f"{low:g} to {high}"
    parts: list[Any] = [
        f"{len(rows)} {'student' if len(rows) == 1 else 'students'}, {reached}, mean {sum(points) / len(points):.1f}; "
        f"{len(troubled)} with problems in their files"
    ]
    table = Table(box=box.SIMPLE_HEAD, title="what was said most often")
    for heading in ("students", "exercise", "sentence"):
        table.add_column(heading, justify="right" if heading == "students" else "left")
    for (name, sentence), count in mistakes(rows).most_common(10):
        table.add_row(str(count), escape(name), escape(sentence))
    for row in troubled[:10]:
        parts.append(escape(f"{row.student.name}: {row.marked.problems[0]}"))
    return Group(*parts, *([table] if table.row_count else []))


def course(lessons: Sequence[Any]) -> Table:
    """Return the syllabus: title, minutes, what each lesson builds on, points."""
    table = Table(box=box.SIMPLE_HEAD, caption=f"{sum(lesson.minutes for lesson in lessons) / 60:.0f} hours in all")
    for heading in ("lesson", "", "minutes", "builds on", "points"):
        table.add_column(heading, justify="right" if heading in ("minutes", "points") else "left")
    for lesson in lessons:
        before = ", ".join(name[:2] for name in lesson.builds_on)
        table.add_row(lesson.name, lesson.title, str(lesson.minutes), before, f"{lesson.points:g}")
    return table
