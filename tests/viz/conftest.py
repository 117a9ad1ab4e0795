"""What every picture must be: axes named, no text outside the figure, none over another, none too small to read."""

import numpy as np
import pytest
from matplotlib.text import Text

from nnjax.viz import style

SMALLEST = 8


@pytest.fixture
def well_made(monkeypatch):
    """Return a function that draws a figure, asserts all of this, and returns the texts that were drawn."""

    def check(figure):
        drawn = []
        original = Text.draw

        def draw(self, renderer):
            if self.get_visible() and self.get_text().strip():
                drawn.append((self, self.get_window_extent(renderer)))
            original(self, renderer)

        with monkeypatch.context() as patch, style.context():
            patch.setattr(Text, "draw", draw)
            figure.canvas.draw()

        assert figure.get_size_inches()[0] == style.WIDTH
        assert figure.get_suptitle()
        for text, box in drawn:
            assert text.get_fontsize() >= SMALLEST, text
            inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.width and box.y1 <= figure.bbox.height
            assert inside, f"{text} leaves the figure: {box}"
        low = np.array([box.min for _, box in drawn]) + 0.5
        high = np.array([box.max for _, box in drawn]) - 0.5
        over = np.all((low[:, None] < high) & (low < high[:, None]), axis=2)
        assert not [(drawn[i][0], drawn[j][0]) for i, j in np.argwhere(np.triu(over, 1))], "texts lie over each other"
        shown = {id(text) for text, _ in drawn}
        for axes in figure.axes:
            for axis in (axes.xaxis, axes.yaxis):
                if any(id(label) in shown for label in axis.get_ticklabels(which="both")):
                    assert axis.get_label_text(), f"an axis of {axes} has numbers and no name"
        return [text.get_text() for text, _ in drawn]

    return check
