"""The subcommand for lecturers' slides."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nnjax.slides.build import Kind


def slides(
    lesson: Annotated[str, typer.Argument(help="One deck, such as 04 or 04_backprop; all of them by default.")] = "",
    html: Annotated[bool, typer.Option("--html", help="One file to present in any browser (the default).")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="A PDF that carries the notes.")] = False,
    pptx: Annotated[bool, typer.Option("--pptx", help="PowerPoint, each slide as a picture, with the notes.")] = False,
    dark: Annotated[bool, typer.Option("--dark", help="Light letters on a dark ground.")] = False,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the slides.")] = Path("nnjax-slides"),
) -> None:
    """Build the slides of a lesson, figures included; needs Marp, and says how to get it."""
    from rich.console import Console

    from nnjax.exercises import full_name
    from nnjax.slides import build, decks

    chosen: dict[Kind, bool] = {"html": html, "pdf": pdf, "pptx": pptx}
    kinds = [kind for kind, asked in chosen.items() if asked] or ["html"]
    names = [full_name(lesson)] if lesson else list(decks.decks())
    for kind in kinds:
        build.require(kind)
    console = Console(stderr=True)
    for number, name in enumerate(names, start=1):
        with console.status(f"{name} ({number} of {len(names)}): figures and slides"):
            paths = [build.build(name, out, kind, dark=dark) for kind in kinds]
        for path in paths:
            typer.echo(f"written to {path}")


def register(app: typer.Typer) -> None:
    """Add the subcommand to the ``nnjax`` command."""
    app.command()(slides)
