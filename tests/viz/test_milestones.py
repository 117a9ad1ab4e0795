"""The stones of the syllabus, each at its year and none cut."""

import pytest

from nnjax import viz
from nnjax.viz.milestones import STONES

SYLLABUS = {1943, 1949, 1958, 1959, 1969, 1974, 1982, 1986, 1989, 1997, 1998, 2012, 2014, 2016, 2017}


def test_every_stone_stands_at_its_year_in_full(well_made):
    assert {year for year, _, _ in STONES} == SYLLABUS
    figure = viz.timeline()
    points = [line.get_ydata()[0] for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert points == sorted(year for year, _, _ in STONES)
    texts = well_made(figure)
    for year, what, who in STONES:
        assert {str(year), what, who} <= set(texts)
    assert figure.get_suptitle().replace("\n", " ") == "From formal neuron (1943) to transformer (2017): 74 years"


def test_one_stone_many_stones_and_long_words(well_made):
    figure = viz.timeline([(1986, "backpropagation", "Rumelhart, Hinton and Williams")])
    assert figure.get_suptitle() == "backpropagation (1986)"
    well_made(figure)
    many = [(1900 + 3 * i, "network " * 20, "n$_a$me " * 20) for i in range(24)]
    assert sum(text.endswith("…") for text in well_made(viz.timeline(many[::-1], title="All"))) == 48


@pytest.mark.parametrize(
    ("stones", "sentence"),
    [
        ([], "stones has 0 entries; this picture has room for 1 to 24"),
        ([(1943, "a", "b")] * 25, "stones has 25 entries"),
        ([(1943, "a", "b"), (1950, "a")], r"stones\[1\] is \(1950, 'a'\); it must be \(year, what, who\)"),
        ([("1943", "a", "b")], r"stones\[0\] is"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_bad_stones(stones, sentence):
    with pytest.raises(ValueError, match=sentence):
        viz.timeline(stones)
