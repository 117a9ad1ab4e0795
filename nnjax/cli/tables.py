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


def datasets(rows: Sequence[Any]) -> Group:
    """Return what each data set holds and where it is on this machine, in 80 columns, then who made it."""
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
        sources.add_row(row.name, row.source)
    return Group(table, "Sources", sources)
