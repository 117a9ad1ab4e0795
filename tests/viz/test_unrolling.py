"""The unrolled network: its steps, where the error has come, and what is refused."""

import pytest
from matplotlib.colors import same_color
from matplotlib.patches import Circle

from nnjax import viz
from nnjax.viz.style import palette


def red_rings(figure):
    """Return the names in the circles that stand out."""
    (axes,) = figure.axes
    middles = [
        p.center for p in axes.patches if isinstance(p, Circle) and same_color(p.get_edgecolor(), palette["vermilion"])
    ]
    return sorted(text.get_text() for text in axes.texts if text.get_position() in middles)


def test_each_step_has_input_state_and_error(well_made):
    texts = well_made(viz.unrolled(3))
    assert [name for name in texts if name[1] in "xhE"] == [f"${n}_{t}$" for t in (1, 2, 3) for n in "Exh"]
    assert texts.count("$W_h$") == 2
    assert texts.count("$W_x$") == 3
    assert not any("delta" in text for text in texts)


@pytest.mark.parametrize(("back", "reached"), [(0, []), (1, [4]), (3, [2]), (4, [1])])
def test_the_error_has_reached_one_step_and_left_its_delta_at_the_later_ones(well_made, back, reached):
    figure = viz.unrolled(4, back=back, errors={1, 4})
    texts = well_made(figure)
    assert red_rings(figure) == [f"${n}_{t}$" for t in reached for n in "Eh" if n == "h" or t in (1, 4)]
    assert [t for t in texts if "delta" in t] == [rf"$\delta_{t}$" for t in range(5 - back, 5)]
    assert {t for t in texts if "E_" in t} == {"$E_1$", "$E_4$"}


def test_the_cycle_stands_at_the_left_and_the_headline_can_be_changed(well_made):
    figure = viz.unrolled(4, folded=True, weights=("$u$", "$w$"), title="Time")
    texts = well_made(figure)
    assert {"$x_t$", "$h_t$", "$E_t$", "="} <= set(texts)
    assert texts.count("$w$") == 4
    assert figure.get_suptitle() == "Time"


@pytest.mark.parametrize(
    ("steps", "options", "sentence"),
    [
        (0, {}, "steps is 0; this picture has room for 1 to 6"),
        (7, {}, "steps is 7"),
        (3, {"back": 4}, "back is 4; the error can go back 0 to 3 steps"),
        (3, {"back": -1}, "back is -1"),
        (3, {"errors": {3, 4}}, r"errors is \[3, 4\]; the steps are 1 to 3"),
    ],
)
def test_bad_steps(steps, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        viz.unrolled(steps, **options)
