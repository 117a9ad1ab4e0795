"""A new user's way: ``nnjax learn`` in an empty home, JupyterLab in a browser, an answer wrong, then right."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from nnjax.exercises import get
from nnjax.files import write
from tests.browser import chromium

pytest.importorskip("jupyterlab", reason='needs JupyterLab: pip install -e ".[lessons]"')
NNJAX = Path(sys.executable).with_name("nnjax")
# All cells are on the page, not only those that are seen.
SETTINGS = ".jupyter/lab/user-settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
ADDRESS = re.compile(r"http://(?:127\.0\.0\.1|localhost):\d+/lab\S*token=\S+(?=\s)")


@contextmanager
def learning(lesson, home):
    """Run ``nnjax learn`` in an empty home; give the address that it says, and end it with all that it started."""
    write(home / SETTINGS, '{"windowingMode": "none"}')
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "JAX_PLATFORMS": "cpu", "LANG": "C.UTF-8"}
    said = home / "said.txt"
    with (
        said.open("w", encoding="utf-8") as file,
        subprocess.Popen(
            [NNJAX, "learn", lesson, "--dir", "course"], env=environment, cwd=home,
            start_new_session=True, stdout=file, stderr=subprocess.STDOUT,
        ) as process,
    ):  # fmt: skip
        try:
            end, found = time.monotonic() + 90, None
            while not found and time.monotonic() < end and process.poll() is None:
                time.sleep(0.2)
                found = ADDRESS.search(said.read_text("utf-8"))
            assert found, said.read_text("utf-8")
            yield found[0], environment
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def cell(page, words):
    return page.locator(".jp-CodeCell", has_text=words).first


def answer(page, name, source):
    """Write ``source`` over the exercise's cell, run it and the check below it."""
    cell(page, f"def {name}(").locator(".cm-content").first.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(source)
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lesson", "name", "old", "new", "diagnosis"),
    [
        ("00", "standardize", "axis=0)", "axis=0, ddof=1)", "the population deviation divides by n"),
        ("01", "neuron", ">= 0", "> 0", "At 0 the step must give 1"),
        ("02", "linear_gradient", "error @ x / len(x)", "error @ x", "W you add up the batch"),
        ("03", "dense", '["W"] + ', '["W"] - ', "The bias is subtracted"),
        ("04", "softmax", "axis=-1, keepdims=True))\n", "axis=-1))\n", "keepdims=True keeps it"),
    ],
)
def test_a_lesson_is_opened_run_and_solved(lesson, name, old, new, diagnosis, tmp_path):
    right = get(name).solution
    before, _, after = right.rpartition(old)
    wrong = before + new + after
    with (
        learning(lesson, tmp_path) as (address, environment),
        chromium(viewport={"width": 1280, "height": 900}) as page,
    ):
        from playwright.sync_api import expect

        expect.set_options(timeout=120_000)
        page.goto(address)
        # JupyterLab says idle before it has asked the kernel, and then what is run is lost.
        for _ in range(2):
            page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=90_000)
            page.wait_for_timeout(3000)
        expect(page.locator(".jp-Dialog")).to_have_count(0)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        expect(page.locator(".jp-CodeCell .jp-InputPrompt").last).to_have_text(re.compile(r"\[\d+\]:"))
        expect(page.locator('[data-mime-type="application/vnd.jupyter.error"]')).to_have_count(0)
        card = cell(page, f"check({name})")
        expect(card).to_contain_text(f"{name}: not yet")
        answer(page, name, wrong)
        expect(card).to_contain_text(f"{name}: wrong")
        expect(card).to_contain_text(diagnosis)
        answer(page, name, right)
        expect(card).to_contain_text(f"{name}: right")
    told = subprocess.run(
        [NNJAX, "progress", "--all"], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert re.search(rf"{name}\W+right", told), told
