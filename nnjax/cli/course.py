"""The subcommands around the lessons: learn and course for the learner, the lecturer's export."""

from pathlib import Path
from typing import Annotated

import typer


def learn(
    lesson: Annotated[str, typer.Argument(help="Where to begin, such as 03 or 03_mlp.", metavar="[LESSON]")] = "00",
    folder: Annotated[Path, typer.Option("--dir", help="The folder of your working copy.")] = Path("nnjax-course"),
    copy_only: Annotated[bool, typer.Option("--copy", help="Copy the notebooks and do not open JupyterLab.")] = False,
) -> None:
    """Make or update your working copy of the lessons, and open JupyterLab at one of them."""
    from nnjax.course import learning
    from nnjax.exercises import full_name

    full_name(lesson)
    for said in learning.copy(folder):
        typer.echo(said)
    if not copy_only:
        raise typer.Exit(learning.open_lab(folder, lesson))


def course() -> None:
    """Show the lessons: what they teach, how long they take, what they build on."""
    from rich.console import Console

    from nnjax.cli import tables
    from nnjax.course import shipped

    Console().print(tables.course(shipped.course()))


def instructor(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the notebooks.")] = Path("instructor"),
) -> None:
    """Write the lessons with the solutions filled in, executed, with timetables and learning goals."""
    from nnjax.course import teaching

    for path in teaching.write(out, each=lambda lesson: typer.echo(f"{lesson} ...", err=True)):
        typer.echo(f"written to {path}")


def register(app: typer.Typer, export_app: typer.Typer) -> None:
    """Add the subcommands to the ``nnjax`` command."""
    app.command()(learn)
    app.command()(course)
    export_app.command("instructor")(instructor)
