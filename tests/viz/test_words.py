"""Numbers and texts as they are written in pictures."""

import pytest

from nnjax.viz import words


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0"), (1.0, "1.00"), (0.32, "0.320"), (0.048812, "0.0488"), (123.4, "123"), (12345.6, "12346"),
        (-2.5, "-2.50"), (6.4e-5, "6.40 × 10⁻⁵"), (1.23456e9, "1.23 × 10⁹"), (9.999, "10.0"), (0.00012, "1.20 × 10⁻⁴"),
    ],
)  # fmt: skip
def test_number_keeps_three_digits(value, written):
    assert words.number(value) == written


def test_number_with_fewer_digits():
    assert words.number(0.0464, 2) == "0.046"
    assert words.number(1738.0, 2) == "1738"


def test_power():
    written = {0.02: "0.02", 1.0: "1", 20000.0: "20000", 1e-5: "10⁻⁵", 2e-5: "2 × 10⁻⁵", 1e6: "10⁶"}
    assert {value: words.power(value) for value in written} == written


def test_spread_gives_the_deviation_the_decimals_of_the_mean():
    assert words.spread(0.0488, 0.00462) == "0.0488 ± 0.0046"
    assert words.spread(0.32, 0.00634) == "0.320 ± 0.006"
    assert words.spread(2.5e-6, 1.2e-7) == "(2.50 ± 0.12) × 10⁻⁶"


def test_percent_and_several():
    assert words.percent(0.97512) == "97.5 %"
    assert words.several(1, "epoch") == "1 epoch"
    assert words.several(2, "epoch") == "2 epochs"


def test_shorten():
    assert words.shorten("Ankle boot", 10) == "Ankle boot"
    assert words.shorten("Ankle boots", 10) == "Ankle boo…"
    assert words.shorten("an ankle boot", 4) == "an…"


def test_in_lines_balances_the_lines():
    text = "one two three four five six seven eight"
    assert words.in_lines(text, 1) == text
    lines = words.in_lines(text, 2).split("\n")
    assert len(lines) == 2
    assert " ".join(lines) == text
    assert abs(len(lines[0]) - len(lines[1])) <= 6
    assert words.in_lines("", 1) == ""
