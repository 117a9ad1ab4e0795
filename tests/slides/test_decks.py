"""What every deck must be, as far as its source shows: slides, titles, notes, questions, figures, code, symbols."""

import contextlib
import io
import itertools
import re

import pytest

from nnjax.course.source import FOLDER
from nnjax.exercises import LESSONS, of_lesson
from nnjax.slides import decks, figures
from nnjax.viz.style import palette

DECKS = list(decks.decks())
FENCED = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
# Words that Marp takes out of an image's alternative text and obeys.
FILTERS = {
    "blur",
    "brightness",
    "contrast",
    "drop-shadow",
    "grayscale",
    "hue-rotate",
    "invert",
    "opacity",
    "saturate",
    "sepia",
    "bg",
    "fit",
}
MATH = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)


@pytest.fixture(scope="module", params=DECKS)
def deck(request):
    return decks.read(request.param)


def test_every_lesson_has_its_deck():
    assert [lesson for lesson in LESSONS if (FOLDER / lesson / "lesson.md").is_file()] == DECKS


def test_a_deck_has_20_to_40_slides(deck):
    assert 20 <= len(deck.slides) <= 40


def test_every_slide_has_a_title_and_none_twice_in_a_row(deck):
    titles = [slide.title for slide in deck.slides]
    assert all(titles)
    assert [one for one, after in itertools.pairwise(titles) if one == after] == []


def test_every_slide_has_notes_that_say_what_to_say_and_how_long_it_takes(deck):
    assert [slide.title for slide in deck.slides if len(slide.notes) < 80 or not 0 < slide.minutes <= 6] == []


def test_a_question_goes_to_the_room_every_ten_minutes(deck):
    since, longest = 0.0, 0.0
    for slide in deck.slides:
        since = 0.0 if slide.layout == "question" else since + slide.minutes
        longest = max(longest, since)
    assert longest <= 12
    assert 30 <= sum(slide.minutes for slide in deck.slides) <= 100


def test_every_figure_is_described_and_made_by_a_function_and_every_function_is_shown(deck):
    made = figures.functions(deck.lesson)
    shown = set()
    for words, address in deck.images:
        name = re.fullmatch(rf"figures/{deck.lesson}/(\w+?)(-\d+)?\.svg", address)
        assert name, f"{address} is not figures/{deck.lesson}/NAME.svg"
        assert len(words) >= 15, f"{address} has no alternative text that describes it"
        assert not FILTERS & set(re.findall(r"[\w-]+", words)), f"{address}: Marp takes a word of it for a filter"
        assert name[1] in made
        shown.add(name[1])
    assert shown == set(made)
    assert all(function.__doc__ for function in made.values())


def test_the_exercises_are_named_and_the_references_stand_at_the_end(deck):
    text = "\n".join(slide.text for slide in deck.slides)
    assert [one.name for one in of_lesson(deck.lesson) if f"`{one.name}`" not in text] == []
    assert re.search(r"\b(19|20)\d\d\b", deck.slides[-1].text)
    assert re.search("read|references", deck.slides[-1].title, re.IGNORECASE)


@pytest.mark.slow
def test_the_code_runs_and_prints_what_the_slides_say(deck):
    namespace, printed = {"__name__": "deck"}, ""
    checked = 0
    for slide in deck.slides:
        for language, code in FENCED.findall(slide.text):
            assert language in ("python", "text"), f"{slide.title}: a block of {language}"
            if language == "text":
                assert code.strip() == printed.strip(), slide.title
                checked += 1
                continue
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                exec(compile(code, f"<{slide.title}>", "exec"), namespace)
            printed = output.getvalue()
    assert checked > 0


def symbols(text):
    """Return the symbols in the formulas of a text: Latin and Greek letters, bold and calligraphic ones apart."""
    found = set()
    for formula in ("".join(pair) for pair in MATH.findall(FENCED.sub("", text).replace(r"\$", ""))):
        bare = re.sub(r"\\(text|textrm|textbf|operatorname|mathrm|mathsf|texttt|mathtt)\*?\s*\{[^}]*\}", " ", formula)
        bare = re.sub(r"\\(begin|end)\{\w+\}(\{[^}]*\})?", " ", bare)
        bare = re.sub(r"\\textcolor\{[^}]*\}", " ", bare)
        found |= set(re.findall(r"\\(?:mathbf|mathcal|boldsymbol|hat|bar)\s*\{?\\?[A-Za-z]+\}?", bare))
        bare = re.sub(r"\\(?:mathbf|mathcal|boldsymbol)\s*\{?\\?[A-Za-z]+\}?", " ", bare)
        found |= set(re.findall(rf"\\(?:{GREEK})\b", bare))
        found |= set(re.findall(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])", re.sub(r"\\[A-Za-z]+", " ", bare)))
    return found


GREEK = (
    "alpha|beta|gamma|delta|epsilon|varepsilon|zeta|eta|theta|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|phi|varphi|chi|psi"
    "|omega|Gamma|Delta|Theta|Lambda|Sigma|Phi|Psi|Omega"
)


def test_the_symbols_are_those_of_the_lessons(deck):
    taught = [FOLDER / lesson / "lesson.md" for lesson in LESSONS if lesson <= deck.lesson]
    known = set().union(*(symbols(path.read_text(encoding="utf-8")) for path in taught))
    used = symbols("\n".join(slide.text for slide in deck.slides))
    assert used - known == set()


def test_symbols_are_found():
    assert symbols(r"$\mathbf{x} + \eta\,W_{ij}$ and $$\frac{\partial E}{\partial w}\text{ of } x$$ `$z$`") >= {
        r"\mathbf{x}", r"\eta", "W", "E", "w", "x",
    }  # fmt: skip


def test_slides_are_told_apart_and_rules_in_code_do_not_end_them():
    one = "# One\n\n```text\na\n---\nb\n```\n\n<!-- Say.\n\n---\n (2 min) -->"
    parts = decks.parts(f"---\nmarp: true\n---\n\n{one}\n\n---\n\n## Two\n")
    assert parts == [one, "## Two"]


def test_the_theme_has_the_colours_of_the_plots():
    light = (decks.theme() / "nnjax.css").read_text(encoding="utf-8")
    dark = (decks.theme() / "nnjax-dark.css").read_text(encoding="utf-8")
    for name, color in (("accent", "blue"), ("warm", "vermilion"), ("good", "green"), ("line", "pale")):
        assert f"--{name}: {palette[color].lower()};" in light
    for name, color in (("accent", "sky"), ("warm", "orange")):
        assert f"--{name}: {palette[color].lower()};" in dark


def test_letters_too_small_for_a_slide_are_refused():
    from nnjax import viz

    picture = viz.network_diagram((2, 2))
    picture.axes[0].text(0, 0, "tiny", fontsize=9)
    with pytest.raises(ValueError, match="'tiny' is 17 pixels high"):
        figures.svg("network", picture)
