"""A real browser for the tests: Chromium by Playwright, or a reason why there is none."""

import os
from contextlib import contextmanager

import pytest

from nnjax.slides import build


@contextmanager
def chromium(**options):
    """Give a new page of a Chromium, whose context has the ``options`` of Playwright's ``new_page``."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
    executable = build.browser()
    if executable is None:
        pytest.skip("needs a Chromium on this machine")
    # Chromium's own sandbox refuses root, which people are in containers.
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_api.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=executable, args=root)
        yield browser.new_page(**options)
        browser.close()
