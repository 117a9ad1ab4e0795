"""The subcommands around the exercises: for the learner check, watch, hint and progress; for the lecturer grade."""

import os
import threading
from pathlib import Path
from typing import Annotated, Any

import typer

File = Annotated[Path, typer.Argument(help="A .py or .ipynb file with answers.", metavar="FILE")]
Everything = Annotated[bool, typer.Option("--all", help="Also list exercises that were not tried.")]


def check(file: File) -> None:
    """Check every exercise that a file answers; exit code 1 if one is wrong or not solved yet."""
    from nnjax import compiling
    from nnjax.exercises.exercise import in_words
    from nnjax.grading import cards, checking
    from nnjax.grading.judging import RIGHT

    compiling.quickly()
    found = []
    # What hangs in native code cannot be interrupted, only ended.
    watchdog = threading.Timer(300, _give_up, [file])
    watchdog.daemon = True
    watchdog.start()
    for verdict in checking.check_file(file):
        typer.echo(cards.as_text(verdict))
        found.append(verdict)
    watchdog.cancel()
    right = sum(verdict.status == RIGHT for verdict in found)
    typer.echo(f"{right} of {len(found)} right, {in_words(sum(one.points for one in found))}")
    if right < len(found):
        raise typer.Exit(1)


def _give_up(file: Path) -> None:
    typer.echo(f"nnjax: {file} does not come to an end, and cannot be interrupted", err=True)
    os._exit(2)


def watch(file: File) -> None:
    """Check a file now and again at every save, until Ctrl-C."""
    from nnjax import compiling
    from nnjax.grading import cards, checking

    compiling.quickly()
    typer.echo(f"watching {file}; Ctrl-C ends it")
    try:
        for found in checking.watch(file):
            typer.echo("\n" + (found if isinstance(found, str) else "\n".join(map(cards.as_text, found))))
    except KeyboardInterrupt:
        raise typer.Exit from None


def hint(name: Annotated[str, typer.Argument(help="The name of an exercise.", metavar="NAME")]) -> None:
    """Show the next hint to an exercise."""
    from nnjax.grading import checking

    typer.echo(checking.hint(name))


def progress(everything: Everything = False) -> None:
    """Show the points reached in every lesson, and with --all every exercise."""
    from rich.console import Console

    from nnjax.cli import tables
    from nnjax.exercises import all_exercises
    from nnjax.grading import progress as kept

    Console().print(tables.progress(list(all_exercises().values()), kept.read(), everything))


def grade(
    submissions: Annotated[
        Path, typer.Argument(help="Folder of .py and .ipynb files, or of one folder a student.", metavar="SUBMISSIONS")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the marks.")],
    lesson: Annotated[list[str] | None, typer.Option(help="Mark only this lesson; may be given again.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="What inputs are drawn from; by default a secret kept in OUT.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Students at once; by default one a core.")] = None,
    no_sandbox: Annotated[
        bool, typer.Option("--no-sandbox", help="Run the students' code unprotected, with your rights.")
    ] = False,
) -> None:
    """Mark a class: marks.csv, results.json and a page for each student; started again, it goes on where it was."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from nnjax import compiling
    from nnjax.cli import tables
    from nnjax.grading import classroom
    from nnjax.grading.submissions import strays

    compiling.quickly()
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("marking", total=None)
        try:
            rows = classroom.grade(
                submissions, out, lessons=lesson or (), seed=seed, workers=workers, sandbox=not no_sandbox,
                each=lambda row, done, whole: bar.update(task, completed=done, total=whole),
            )  # fmt: skip
        except KeyboardInterrupt:
            console.print(f"interrupted; the same command goes on where it was ({out})")
            raise typer.Exit(130) from None
    Console().print(tables.marks(rows))
    if ignored := strays(submissions):
        typer.echo(f"nobody's, being neither .py nor .ipynb files nor folders: {', '.join(ignored)}", err=True)
    typer.echo(f"marks.csv, results.json and feedback/ are in {out}")


def exporter(tool: str, what: str) -> Any:
    """Return the subcommand that exports exercises for a tool."""

    def export(
        lessons: Annotated[list[str], typer.Argument(help="Lessons, such as 03 or 03_mlp.", metavar="LESSON...")],
        out: Annotated[
            Path | None, typer.Option("--out", "-o", help="Folder; by default one called as the tool.")
        ] = None,
    ) -> None:
        from nnjax.grading.exports import export as write

        for path in write(tool, lessons, out or Path(tool)):
            typer.echo(f"written to {path}")

    export.__doc__ = what
    return export


def register(app: typer.Typer, export_app: typer.Typer) -> None:
    """Add the subcommands to the ``nnjax`` command, and the exports to its ``export``."""
    tools = {
        "nbgrader": "Write source notebooks and a configuration for nbgrader.",
        "gradescope": "Write a zip file with an autograder for Gradescope.",
        "otter": "Write notebook, tests and autograder for Otter.",
    }
    for tool, what in tools.items():
        export_app.command(tool)(exporter(tool, what))
    commands: list[Any] = [check, watch, hint, progress, grade]
    for command in commands:
        app.command()(command)
