"""From a deck to HTML, PDF or PowerPoint, by Marp and, for the latter two, a Chromium."""

import base64
import mimetypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

from nnjax import files
from nnjax.slides import decks, figures

MARP = "4.5.1"
GET_MARP = f"slides are built by Marp, which is missing; with Node: npm install --global @marp-team/marp-cli@{MARP}"
GET_BROWSER = "--pdf and --pptx need Chromium, Chrome or Edge, which is not here; install one, or set CHROME_PATH to it"
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
Kind = Literal["html", "pdf", "pptx"]
OPTIONS: dict[Kind, list[str]] = {
    "html": [],
    "pdf": ["--pdf", "--pdf-notes", "--pdf-outlines", "--allow-local-files"],
    "pptx": ["--pptx", "--allow-local-files"],
}
SECONDS = 300


def build(lesson: str, out: Path, kind: Kind = "html", *, dark: bool = False, bare: bool = False) -> Path:
    """Build the deck of a lesson into ``out/NN_name.KIND`` and return that path.

    The figures are made first and stay in ``out/figures``. HTML is one file that needs no network; key P shows the
    presenter's view with the notes. PDF and PowerPoint carry the notes. ``bare`` leaves Marp's own buttons out.

    Raises OSError, with how to get it, where Marp or a browser is missing, or where Marp fails.
    """
    deck = decks.read(lesson)
    marp = require(kind)
    figures.make(deck.lesson, out)
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / deck.path.name, Path(folder) / f"{deck.lesson}.{kind}"
        shutil.copy(deck.path, source)
        shutil.copytree(out / "figures" / deck.lesson, Path(folder) / "figures" / deck.lesson)
        command = [*marp, source.name, "-o", made.name, "--no-config-file", "--no-stdin", *OPTIONS[kind]]
        command += ["--theme-set", str(decks.theme()), "--theme", "nnjax-dark" if dark else "nnjax"]
        command += ["--template", "bare"] * bare
        said = subprocess.run(
            command, cwd=folder, env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=SECONDS, check=False,
        )  # fmt: skip
        if said.returncode or not made.is_file():
            raise OSError(f"Marp could not build {deck.path.name}: {said.stderr.strip() or 'it gave no reason'}")
        data = made.read_bytes()
        if kind == "html":
            data = embedded(data.decode("utf-8"), Path(folder)).encode("utf-8")
    return files.write(out / made.name, data)


def require(kind: Kind) -> list[str]:
    """Return the command of Marp; raise OSError where it or a browser that it needs is missing."""
    marp = shutil.which("marp")
    if marp is None:
        raise OSError(GET_MARP)
    if kind != "html" and browser() is None and sys.platform not in ("darwin", "win32"):
        raise OSError(GET_BROWSER)
    return [marp]


def browser() -> str | None:
    """Return where a Chromium is: what CHROME_PATH names, or one of the usual names, or on a Mac or Windows None.

    There Marp finds a browser in its usual place by itself.
    """
    named = os.environ.get("CHROME_PATH")
    return named if named and Path(named).is_file() else next(filter(None, map(shutil.which, BROWSERS)), None)


def _environment() -> dict[str, str]:
    path = browser()
    return dict(os.environ) | ({"CHROME_PATH": path} if path else {})


def embedded(html: str, folder: Path) -> str:
    """Return the page with its figures inside, so that it is one file."""

    def inside(found: re.Match[str]) -> str:
        path = folder / found[2]
        kind, _ = mimetypes.guess_type(path.name)
        return f"{found[1]}data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"

    return re.sub(r'((?:src="|url\((?:&quot;)?))(figures/[^"&)]+)', inside, html)
