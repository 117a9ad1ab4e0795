"""The subcommands. What they do is done elsewhere; here it is only asked for and shown."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import nnjax

app = typer.Typer(
    help="Neural networks as pure functions, every gradient certified against backpropagation by hand.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
data_app = typer.Typer(help="Data sets: what there is, what is on this machine, and how to get the rest.")
app.add_typer(data_app, name="data")

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Originals = Annotated[Path | None, typer.Option(help="Folder that holds the original files.")]


class Model(StrEnum):
    """The models that ``nnjax train`` knows."""

    perceptron = "perceptron"
    adaline = "adaline"
    linear = "linear"
    logistic = "logistic"
    mlp = "mlp"


@app.callback(invoke_without_command=True)
def about(version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False) -> None:
    """Say the version, when asked."""
    if version:
        typer.echo(f"nnjax {nnjax.__version__}")
        raise typer.Exit


@app.command()
def tour(
    out: Annotated[Path | None, typer.Option(help="Folder for the pictures and one page, index.html.")] = None,
    seeds: Annotated[int, typer.Option(min=2, help="How many times each network is trained.")] = 8,
    seed: Annotated[int, typer.Option(help="What all random numbers are made from.")] = 0,
    as_json: Json = False,
) -> None:
    """Train the networks of the first half of the course, and certify every gradient; about two minutes."""
    from nnjax.tour import run, summary

    stops = run(out, seeds=seeds, seed=seed, progress=not as_json)
    if as_json:
        typer.echo(json.dumps(summary(stops), indent=2))


@app.command()
def certify(
    names: Annotated[
        list[str] | None, typer.Argument(help="What to certify, such as layers.dense; by default all.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Prove that every gradient by hand equals jax.grad and finite differences; exit code 1 if one does not."""
    from nnjax import certify as certificates
    from nnjax.cli import tables

    done = []
    with tables.growing(tables.certificates, shown=not as_json) as show:
        for certificate in certificates.run(names or None):
            done.append(certificate)
            show(done)
    if as_json:
        typer.echo(json.dumps([certificate._asdict() for certificate in done], indent=2))
    if not all(certificate.passed for certificate in done):
        raise typer.Exit(1)


@app.command()
def train(
    model: Annotated[Model, typer.Argument(help="What to train.")],
    data: Annotated[str, typer.Option(help="The data set; nnjax data lists them.")],
    out: Annotated[Path | None, typer.Option(help="The run directory; by default runs/MODEL-DATA-SEED.")] = None,
    epochs: Annotated[int, typer.Option(help="Passes over the training data.")] = 20,
    batch_size: Annotated[int, typer.Option(help="Examples in a mini-batch.")] = 32,
    optimizer: Annotated[str, typer.Option(help="sgd, rmsprop or adam.")] = "adam",
    learning_rate: Annotated[float, typer.Option(help="The size of the steps.")] = 1e-3,
    hidden: Annotated[str, typer.Option(help="Sizes of an MLP's hidden layers, such as 128,64.")] = "128,64",
    activation: Annotated[str, typer.Option(help="Activation of an MLP's hidden layers.")] = "relu",
    dropout: Annotated[float, typer.Option(help="Rate at which an MLP's hidden units are dropped.")] = 0.0,
    l2: Annotated[float, typer.Option(help="Weight of the penalty on squared weights.")] = 0.0,
    seed: Annotated[int, typer.Option(help="What all random numbers are made from.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run directory stopped.")] = False,
    originals: Originals = None,
) -> None:
    """Train a model on a data set, and keep settings, history, parameters and curves in a run directory."""
    from nnjax import runs

    settings = runs.Settings(
        model.value, data, epochs, batch_size, optimizer, learning_rate, runs.parse_hidden(hidden), activation, dropout,
        l2, seed,
    )  # fmt: skip
    directory = out or Path("runs") / f"{model.value}-{data}-{seed}"
    try:
        result = runs.train(settings, directory, resume=resume, originals=originals)
    except KeyboardInterrupt:
        typer.echo(f"\ninterrupted; go on with the same command and --resume ({directory})", err=True)
        raise typer.Exit(130) from None
    typer.echo(f"{', '.join(f'{name} {value:.4g}' for name, value in result.items())}; kept in {directory}")


@data_app.callback(invoke_without_command=True)
def data_list(context: typer.Context, as_json: Json = False, originals: Originals = None) -> None:
    """List the data sets, what of them is on this machine, their size and source."""
    if context.invoked_subcommand is not None:
        return
    from rich.console import Console

    from nnjax import data as datasets
    from nnjax.cli import tables

    rows = datasets.available(originals=originals)
    if as_json:
        typer.echo(json.dumps([row._asdict() for row in rows], indent=2, default=str))
    else:
        Console().print(tables.datasets(rows))


@data_app.command("get")
def data_get(
    names: Annotated[list[str], typer.Argument(help="Names of data sets.")],
    originals: Originals = None,
    cache: Annotated[Path | None, typer.Option(help="Where to keep them; by default the user's cache folder.")] = None,
    tfds_dir: Annotated[Path | None, typer.Option(help="Folder that TensorFlow Datasets has prepared.")] = None,
) -> None:
    """Put data sets into nnjax's cache, from original files, a prepared TFDS directory, or by download."""
    from nnjax import data as datasets

    for name in names:
        path = datasets.get(name, originals=originals, cache=cache, tfds_dir=tfds_dir)
        typer.echo(f"{name}: {path or 'embedded, nothing to get'}")
