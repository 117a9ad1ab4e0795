"""Numbers and names as a picture writes them: short, and never wider than the picture."""

import textwrap
from typing import Any

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 3) -> str:
    """Return the value in ``digits`` significant digits, as 0.0120, 123 or 6.40 × 10⁻⁵."""
    mantissa, power = _scaled(value, digits)
    return mantissa if power is None else f"{mantissa} × {power}"


def power(value: float) -> str:
    """Return a number of the kind 0.02 or 100 as it is, a very small or large one as 10⁻⁵ or 2 × 10⁻⁵."""
    if 1e-3 <= value < 1e5:
        return f"{value:g}"
    mantissa, _, exponent = f"{value:.0e}".partition("e")
    tens = "10" + str(int(exponent)).translate(SUPERSCRIPT)
    return tens if mantissa == "1" else f"{mantissa} × {tens}"


def spread(mean: float, std: float) -> str:
    """Return mean ± standard deviation, the deviation with the decimals of the mean."""
    mantissa, power = _scaled(mean, 3)
    decimals = len(mantissa.partition(".")[2])
    deviation = std / 10.0 ** _exponent(mean) if power else std
    both = f"{mantissa} ± {deviation:.{decimals}f}"
    return f"({both}) × {power}" if power else both


def percent(fraction: float) -> str:
    """Return a fraction in per cent with one decimal, as 97.5 %."""
    return f"{100 * fraction:.1f} %"


def several(count: int, noun: str) -> str:
    """Return "1 epoch", "2 epochs"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def shorten(text: Any, width: int) -> str:
    """Return the text cut to ``width`` letters, with an ellipsis for what is missing."""
    words = str(text)
    return words if len(words) <= width else words[: width - 1].rstrip() + "…"


def in_lines(text: str, lines: int) -> str:
    """Return the text broken into at most ``lines`` lines of nearly equal length."""
    for width in range(1 + len(text) // lines, len(text) + 1):
        parts = textwrap.wrap(text, width)
        if len(parts) <= lines:
            return "\n".join(parts)
    return text


def _exponent(value: float) -> int:
    return int(f"{value:.2e}".partition("e")[2])


def _scaled(value: float, digits: int) -> tuple[str, str | None]:
    """Return the digits, and the power of ten that they are multiplied by if the value is very small or large."""
    exponent = _exponent(value)
    if value == 0 or -4 < exponent < 6:
        return f"{value:.{max(0, digits - 1 - exponent) if value else 0}f}", None
    return f"{value / 10.0**exponent:.{digits - 1}f}", "10" + str(exponent).translate(SUPERSCRIPT)
