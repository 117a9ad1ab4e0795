"""Writing pictures to files: SVG, PNG and GIF, whole or not at all, the same bytes for the same picture."""

import base64
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from PIL import Image

from nnjax import files
from nnjax.viz import style

# Without these entries matplotlib writes its version and the time into the file.
METADATA: dict[str, dict[str, str | None]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
GIF_COLORS = 96


class Animation(NamedTuple):
    """A figure, the function that changes it to frame 0, 1, ..., and how many seconds each frame is shown.

    ``moving`` are the artists that the function changes and those that lie above them; all else is drawn only once.
    In a notebook an animation shows itself, playing.
    """

    figure: Figure
    draw: Callable[[int], None]
    seconds: tuple[float, ...]
    moving: tuple[Artist, ...]

    def __repr__(self) -> str:
        return f"<Animation of {len(self.seconds)} frames>"

    def _repr_html_(self) -> str:
        words = self.figure.get_suptitle().replace('"', "&quot;")
        data = base64.b64encode(gif_bytes(self)).decode()
        return f'<img src="data:image/gif;base64,{data}" alt="{words}">'


def save(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write the figure as SVG or PNG, by the suffix of ``path``, and return the path.

    PNG has 200 dots an inch: 1280 pixels, to be shown at 640. Missing folders are made. Raises ValueError for another
    suffix, OSError when the file cannot be written; then an older file of that name is left as it was.
    """
    kind = _suffix(path, (".svg", ".png"))
    metadata = dict(METADATA[kind])
    if kind == "svg" and figure.get_suptitle():
        metadata["Title"] = figure.get_suptitle().replace("\n", " ")
    buffer = io.BytesIO()
    with style.context():
        figure.savefig(buffer, format=kind, metadata=metadata)
    return _write(Path(path), buffer.getvalue())


def save_animation(animation: Animation, path: str | os.PathLike[str]) -> Path:
    """Write the animation as a GIF that plays in a loop, 640 pixels wide, and return the path.

    Raises ValueError for another suffix, OSError when the file cannot be written.
    """
    _suffix(path, (".gif",))
    return _write(Path(path), gif_bytes(animation))


def frames(animation: Animation) -> Iterator[np.ndarray]:
    """Yield the pixels (height, width, 3), uint8, of each frame, at 100 dots an inch."""
    canvas: Any = animation.figure.canvas
    moving = sorted(animation.moving, key=lambda artist: artist.get_zorder())
    with style.context():
        for artist in moving:
            artist.set_animated(True)
        canvas.draw()
        still = canvas.copy_from_bbox(animation.figure.bbox)
        for artist in moving:
            artist.set_animated(False)
        for index in range(len(animation.seconds)):
            animation.draw(index)
            canvas.restore_region(still)
            for artist in moving:
                artist.draw(canvas.get_renderer())
            yield np.array(canvas.buffer_rgba())[..., :3]


def gif_bytes(animation: Animation) -> bytes:
    """Return the bytes of a GIF; all frames share one table of colours, so that unchanged parts cost nothing."""
    codes = [_codes(pixels) for pixels in frames(animation)]
    nearest, table = _color_table(codes)
    images = [Image.fromarray(nearest[code]) for code in codes]
    for image in images:
        image.putpalette(table)
    milliseconds = [round(1000 * s) for s in animation.seconds]
    buffer = io.BytesIO()
    images[0].save(
        buffer, format="GIF", save_all=True, append_images=images[1:], duration=milliseconds, loop=0, optimize=True
    )
    return buffer.getvalue()


def _codes(pixels: np.ndarray) -> np.ndarray:
    """Return the colour of each pixel (height, width) as one number, 0xRRGGBB."""
    return pixels.astype(np.int32) @ np.array((1 << 16, 1 << 8, 1), np.int32)


def _color_table(codes: list[np.ndarray]) -> tuple[np.ndarray, list[int]]:
    """Return for each of the 2^24 colours its place in a table, and the table.

    The table holds the palette and the most frequent colours, so that flat parts, white above all, keep theirs exactly;
    the rest, edges of letters and lines, become the nearest. (Pillow's own search merges white with the next greys.)
    """
    sample = [codes[round(i)] for i in np.linspace(0, len(codes) - 1, 6)]
    colors, counts = np.unique(np.concatenate(sample), return_counts=True)
    frequent = [int(c) for c in colors[np.argsort(-counts, kind="stable")]]
    named = [int(c[1:], 16) for c in style.palette.values()]
    chosen = np.array(list(dict.fromkeys(named + frequent))[:GIF_COLORS])
    present = np.zeros(1 << 24, bool)
    for code in codes:
        present[code] = True
    used = np.flatnonzero(present)
    distance = np.sum((_channels(used)[:, None] - _channels(chosen)[None]) ** 2, axis=2)
    nearest = np.zeros(1 << 24, np.uint8)
    nearest[used] = np.argmin(distance, axis=1)
    return nearest, [int(c) for c in _channels(chosen).ravel()]


def _channels(codes: np.ndarray) -> np.ndarray:
    return np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=-1).astype(np.int32)


def _suffix(path: str | os.PathLike[str], known: tuple[str, ...]) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in known:
        raise ValueError(f"path ends in {suffix!r}: {os.fspath(path)}; it must end in {' or '.join(known)}")
    return suffix[1:]


def _write(path: Path, data: bytes) -> Path:
    """Write at one stroke; what goes wrong is said of the picture."""
    try:
        return files.write(path, data)
    except OSError as error:
        raise OSError(error.errno, f"the picture could not be written ({error.strerror})", str(path)) from error
