"""Tables for the terminal."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table


@contextmanager
def growing(make: Callable[[Any], Table], *, shown: bool) -> Iterator[Callable[[Any], None]]:
    """Give a function that shows ``make(rows)``, in place of what it showed before; silent unless ``shown``."""
    if not shown:
        yield lambda rows: None
        return
    with Live(make([]), console=Console(), refresh_per_second=4, vertical_overflow="visible") as live:
        yield lambda rows: live.update(make(rows))


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


def datasets(rows: Sequence[Any]) -> Table:
    """Return the table of data sets: what each holds, where it is on this machine, and who made it."""
    table = Table()
    for heading in ("name", "task", "train", "test", "shape", "classes", "on this machine", "size", "source"):
        table.add_column(heading, justify="right" if heading in ("train", "test", "size") else "left", overflow="fold")
    for row in rows:
        shape = "x".join(map(str, row.shape)) or "tokens"
        table.add_row(
            row.name, row.task, str(row.train), str(row.test), shape, str(row.classes or "-"), row.where,
            f"{row.size / 1e6:.1f} MB" if row.size else "-", row.source,
        )  # fmt: skip
    return table
