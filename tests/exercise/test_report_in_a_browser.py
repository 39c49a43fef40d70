"""The report's page in a real browser: it shows everything and asks for nothing."""

from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from beaconfire.exercise.after_action.writing import write_report
from tests.exercise import flown
from tests.in_a_browser import FLAGS, chromium

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Write the report of a short flown exercise."""
    run = flown.flown()
    done = write_report(
        tmp_path_factory.mktemp("report"),
        run.scenario,
        flown.SEED,
        "simulated",
        journals=run.with_sharing,
        journals_without=run.without,
        flights=run.sky.flights,
    )
    return done.report_html


def test_the_page_shows_every_section_and_loads_nothing(report: Path):
    """Self-contained: no request leaves the page, no script error, no empty figure."""
    requests, errors = [], []
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(report.as_uri())
        headings = page.locator("h2").all_inner_texts()
        figures = page.locator("svg").evaluate_all(
            "nodes => nodes.map(n => n.getBoundingClientRect().width)"
        )
        banner = page.locator("body").inner_text()
        overflow = page.evaluate("document.documentElement.scrollWidth")
        browser.close()
    assert requests == [report.as_uri()]
    assert not errors
    assert len(headings) >= 5
    assert len(figures) >= 4
    assert all(width > 100 for width in figures)
    assert "EXERCISE" in banner
    assert "invented" in banner
    assert overflow <= 1280
