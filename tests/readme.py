"""Make the numbers and the picture of the README again: ``python -m tests.readme [tour] [certificate] [benchmarks]``.

The tour's table and picture and the certificate are computed; the benchmarks' table is read from their last results.
"""

import json
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
GAP = 40


def section(name: str, text: str, content: str) -> str:
    """Return the README with what stands between the marks of ``name`` replaced."""
    marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not marked.search(text):
        raise ValueError(f"README.md has no section {name!r}")
    return marked.sub(lambda found: f"{found[1]}{content}\n{found[2]}", text)


def table(headings: tuple[str, ...], rows: list[tuple[str, ...]], numbers: int = 0) -> str:
    """Return a Markdown table whose last ``numbers`` columns are set to the right."""
    rule = ["---"] * (len(headings) - numbers) + ["---:"] * numbers
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (headings, tuple(rule), *rows))


def tour() -> str:
    from nnjax.tour import run
    from nnjax.tour.stop import HEADINGS, cells

    with tempfile.TemporaryDirectory() as folder:
        stops = run(folder)
        picture(Path(folder), ROOT / ".github" / "pictures" / "tour.png")
    return table(HEADINGS, [cells(stop) for stop in stops], numbers=3)


def picture(folder: Path, target: Path) -> None:
    """Put six pictures of the tour on one sheet, in two columns of one width, so that all letters have one size."""
    from PIL import Image

    columns = [("boundary_spirals", "cnn_maps", "hopfield_recall"), ("digits_mistakes", "attention", "gan_digits")]
    images = [[Image.open(folder / f"{name}.png").convert("RGB") for name in names] for names in columns]
    high = max(sum(image.height for image in column) for column in images) + 2 * GAP
    sheet = Image.new("RGB", (2 * images[0][0].width + GAP, high), "white")
    for place, column in enumerate(images):
        left, space = place * (column[0].width + GAP), (high - sum(image.height for image in column)) // 2
        top = 0
        for image in column:
            sheet.paste(image, (left, top))
            top += image.height + space
    target.parent.mkdir(parents=True, exist_ok=True)
    sheet.reduce(2).save(target, optimize=True)


def certificate() -> str:
    from nnjax import certify

    rows = [
        (c.name, str(c.cases), *(f"{error:.0e}" for error in (c.forward, c.gradient, c.differences)))
        for c in certify.run()
    ]
    return table(("certified", "cases", "forward", "by hand = jax.grad", "by hand = differences"), rows, numbers=4)


def benchmarks() -> str:
    results = json.loads((ROOT / "tests" / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    rows = [tuple(row) for part in results.values() for row in part["rows"]]
    machines = sorted({part["machine"] for part in results.values()})
    return f"{table(('measured', 'result', 'wanted'), rows)}\n\nMachine: {'; '.join(machines)}."


SECTIONS = {"tour": tour, "certificate": certificate, "benchmarks": benchmarks}


def main() -> None:
    for name in sys.argv[1:] or SECTIONS:
        content = SECTIONS[name]()
        README.write_text(section(name, README.read_text(encoding="utf-8"), content), encoding="utf-8")
        print(f"{name}: written")


if __name__ == "__main__":
    main()
