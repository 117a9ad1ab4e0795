"""The tour on one HTML page: the table, then every picture, held in the page itself so that it can be sent around."""

import base64
import html
import tempfile
from pathlib import Path

import jax

import nnjax
from nnjax import files
from nnjax.tour.stop import HEADINGS, Stop, cells

NEEDED = 8 * 2**20
"""Bytes that must be free: the pictures and the page, which holds them once more, take about five million."""

KINDS = {".svg": "image/svg+xml", ".png": "image/png", ".gif": "image/gif"}

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 66rem; margin: 2rem auto; padding: 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid #8886; text-align: left; white-space: nowrap; }
th:nth-child(n+4), td:nth-child(n+4) { text-align: right; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: 2rem;
  margin: 2.5rem 0; align-items: end; }
figure { margin: 0; }
figure img { width: 640px; max-width: 100%; background: white; border-radius: 4px; }
figcaption { padding-top: .3rem; }
"""


def prepare(out: Path) -> None:
    """Make the folder; raises OSError, naming it, when what the tour needs cannot be written there."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out) as file:
            file.write(bytes(NEEDED))
    except OSError as error:
        raise OSError(f"cannot write the tour into {out}: {error.strerror or error}") from error


def write(out: Path, stops: list[Stop], seeds: int) -> Path:
    """Draw every picture into ``out``, then write the page; return its path."""
    from nnjax import viz

    figures = []
    for stop in stops:
        for name, draw in stop.pictures.items():
            path = out / name
            (viz.save_animation if path.suffix == ".gif" else viz.save)(draw(), path)
            figures.append(_figure(stop, path))
    rows = "\n".join(_row(cells(stop)) for stop in stops)
    head = "".join(f"<th>{heading}</th>" for heading in HEADINGS)
    text = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>The nnjax tour</title>
<style>{STYLE}</style>
<h1>The nnjax tour</h1>
<p>Every network below is two pure JAX functions, trained on the data named, from {seeds} seeds; the result is the mean
and standard deviation over them, on examples held out from training where there are any. The gradient error is the
largest relative difference, in float64, between <code>jax.grad</code> and backpropagation written by hand, over the
trained networks of all seeds.</p>
<div class="wide"><table><thead><tr>{head}</tr></thead>
<tbody>
{rows}
</tbody></table></div>
<div class="pictures">
{"".join(figures)}</div>
<p>nnjax {nnjax.__version__}, JAX {jax.__version__} on {html.escape(jax.devices()[0].device_kind)}.</p>
</html>
"""
    return files.write(out / "index.html", text)


def _row(texts: tuple[str, ...]) -> str:
    return "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in texts) + "</tr>"


def _figure(stop: Stop, path: Path) -> str:
    content = base64.b64encode(path.read_bytes()).decode()
    caption = f"Lesson {stop.lesson}: {stop.network} on {stop.data}"
    return (
        f'<figure><img src="data:{KINDS[path.suffix]};base64,{content}" alt="{html.escape(caption)}">'
        f"<figcaption>{html.escape(caption)}, {html.escape(stop.result)}.</figcaption></figure>\n"
    )
