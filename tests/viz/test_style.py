"""The palette and the look: colours that differ in grey too, and matplotlib's settings left as they were."""

import colorsys
import importlib
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb

import nnjax.viz
from nnjax.viz import style


def lightness(color):
    """CIE L*, 0 black to 100 white."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    y = np.dot((0.2126, 0.7152, 0.0722), linear)
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def test_the_palette_is_okabe_and_ito():
    published = {
        "black": (0, 0, 0), "orange": (230, 159, 0), "sky": (86, 180, 233), "green": (0, 158, 115),
        "yellow": (240, 228, 66), "blue": (0, 114, 178), "vermilion": (213, 94, 0), "purple": (204, 121, 167),
    }  # fmt: skip
    for name, rgb in published.items():
        assert style.palette[name] == "#{:02X}{:02X}{:02X}".format(*rgb)
    for name in ("grey", "pale"):
        assert colorsys.rgb_to_hls(*to_rgb(style.palette[name]))[2] == 0


def test_series_differ_in_line_and_marker_and_the_first_three_in_grey():
    series = [style.series(i) for i in range(7)]
    first, second, third = (lightness(s["color"]) for s in series[:3])
    assert min(abs(first - second), abs(second - third), abs(third - first)) > 11
    assert len({str(s["linestyle"]) for s in series}) == len({s["marker"] for s in series}) == 7
    assert len({s["color"] for s in series}) == 7
    assert max(lightness(s["color"]) for s in series) < 75


def test_require_series():
    style.require_series("curves", 7)
    for count in (0, 8):
        with pytest.raises(ValueError, match=f"curves has {count} series; a picture tells 1 to 7 apart"):
            style.require_series("curves", count)


def test_tint_mixes_with_white():
    assert style.tint("#000000", 0.25) == "#BFBFBF"
    assert style.tint("blue", 1.0) == style.palette["blue"]
    assert style.tint("blue", 0.0) == "#FFFFFF"


def test_the_context_overrides_the_users_settings_and_gives_them_back():
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black"}):
        with style.context():
            assert matplotlib.rcParams["font.size"] == style.RC["font.size"]
            assert matplotlib.rcParams["axes.facecolor"] == "white"
        assert matplotlib.rcParams["font.size"] == 30
        assert matplotlib.rcParams["axes.facecolor"] == "black"


def test_every_public_name_is_there_and_an_unknown_one_is_told():
    for name in nnjax.viz.__all__:
        home = importlib.import_module(f"nnjax.viz.{nnjax.viz._HOME[name]}")
        assert getattr(nnjax.viz, name) is getattr(home, name)
    assert sorted(nnjax.viz.__all__) == sorted(nnjax.viz._HOME)
    assert set(nnjax.viz.__all__) <= set(dir(nnjax.viz))
    with pytest.raises(AttributeError, match="no attribute 'pie_chart'; it has"):
        _ = nnjax.viz.pie_chart


def test_importing_viz_is_cheap_and_pyplot_is_never_imported():
    program = (
        "import sys, nnjax.viz; assert 'matplotlib' not in sys.modules; "
        "nnjax.viz.loss_curves({'loss': [2.0, 1.0]}); assert 'matplotlib' in sys.modules; "
        "[getattr(nnjax.viz, name) for name in nnjax.viz.__all__]; assert 'matplotlib.pyplot' not in sys.modules; "
        "assert 'sklearn' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
