"""The subcommands. What they do is done elsewhere; here it is only asked for and shown."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

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
export_app = typer.Typer(
    help="Write a trained model for plain JAX, or the exercises for nbgrader, Gradescope, Otter.", no_args_is_help=True
)
app.add_typer(export_app, name="export")

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Originals = Annotated[Path | None, typer.Option(help="Folder that holds the original files.")]


def _of(models: str, what: str) -> Any:
    """Return an option of ``train`` that only some models use, shown under a heading of its own."""
    return typer.Option(help=f"{models}: {what}", rich_help_panel="The network")


class Model(StrEnum):
    """The models that ``nnjax train`` knows."""

    perceptron = "perceptron"
    adaline = "adaline"
    linear = "linear"
    logistic = "logistic"
    mlp = "mlp"
    cnn = "cnn"
    lenet = "lenet"
    alexnet = "alexnet"
    text_cnn = "text_cnn"
    rnn = "rnn"
    transformer = "transformer"


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
    """Train the networks of the course, and certify every gradient; about three minutes on two cores."""
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
    model: Annotated[Model, typer.Argument(help="What to train.", metavar="MODEL")],
    data: Annotated[str, typer.Option(help="The data set; nnjax data lists them.")],
    out: Annotated[Path | None, typer.Option(help="The run directory; by default runs/MODEL-DATA-SEED.")] = None,
    epochs: Annotated[int, typer.Option(help="Passes over the training data.")] = 20,
    batch_size: Annotated[int, typer.Option(help="Examples in a mini-batch.")] = 32,
    optimizer: Annotated[str, typer.Option(help="sgd, rmsprop or adam.")] = "adam",
    learning_rate: Annotated[float, typer.Option(help="The size of the steps.")] = 1e-3,
    l2: Annotated[float, typer.Option(help="Weight of the penalty on squared weights.")] = 0.0,
    seed: Annotated[int, typer.Option(help="What all random numbers are made from.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run directory stopped.")] = False,
    originals: Originals = None,
    hidden: Annotated[str, _of("mlp, cnn, alexnet, rnn", "sizes of the hidden layers.")] = "128,64",
    activation: Annotated[str, _of("mlp", "activation of the hidden layers.")] = "relu",
    dropout: Annotated[float, _of("mlp, alexnet, transformer, both cnns", "rate of dropping units.")] = 0.0,
    filters: Annotated[str, _of("cnn", "filters of each convolution.")] = "16,32",
    kernel: Annotated[int, _of("cnn", "side of the filters.")] = 3,
    cell: Annotated[str, _of("rnn", "elman, lstm or gru.")] = "lstm",
    width: Annotated[int, _of("text_cnn, rnn, transformer", "numbers for each token or patch.")] = 64,
    layers: Annotated[int, _of("transformer", "blocks, one upon the other.")] = 2,
    heads: Annotated[int, _of("transformer", "heads of attention; they divide the width.")] = 4,
    length: Annotated[int, _of("rnn, transformer on text", "characters read at a time.")] = 64,
    patch: Annotated[int, _of("transformer on images", "side of the squares they are cut into.")] = 4,
) -> None:
    """Train a model on a data set, and keep settings, history, parameters and curves in a run directory.

    Which models fit which data:

    rows of numbers, flat images: perceptron, adaline, linear, logistic, mlp

    images: cnn, lenet (28 or 32 pixels wide), alexnet, rnn, transformer

    a stream of text, to predict how it goes on: rnn, transformer

    short texts with a label each: text_cnn
    """
    from nnjax import runs

    settings = runs.Settings(
        model.value, data, epochs, batch_size, optimizer, learning_rate, runs.parse_hidden(hidden), activation, dropout,
        l2, seed, runs.parse_hidden(filters, "filters"), kernel, cell, width, layers, heads, length, patch,
    )  # fmt: skip
    directory = out or Path("runs") / f"{model.value}-{data}-{seed}"
    try:
        result = runs.train(settings, directory, resume=resume, originals=originals)
    except KeyboardInterrupt:
        typer.echo(f"\ninterrupted; go on with the same command and --resume ({directory})", err=True)
        raise typer.Exit(130) from None
    typer.echo(f"{', '.join(f'{name} {value:.4g}' for name, value in result.items())}; kept in {directory}")


@export_app.command("model")
def export_model(
    run: Annotated[Path, typer.Argument(help="The directory of a finished run.", metavar="RUN_DIR")],
    file: Annotated[Path, typer.Argument(help="The file to write.", metavar="FILE")],
    originals: Originals = None,
) -> None:
    """Write the trained model of a run to one file, which plain JAX runs without nnjax (jax.export.deserialize)."""
    from nnjax import runs

    typer.echo(f"written to {runs.export(run, file, originals=originals)}")


@data_app.callback(invoke_without_command=True)
def data_list(context: typer.Context, as_json: Json = False, originals: Originals = None) -> None:
    """List the data sets, what of them is on this machine, their size, source and licence."""
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
