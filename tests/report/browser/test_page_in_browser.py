"""The page as a person meets it: it draws, filters, keeps to itself, and prints."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from support.documents.report_page import NASTY, full_subject, large_subject

from siteopt.report.page import Subject, page

if TYPE_CHECKING:
    from pathlib import Path

    from siteopt.scenario.schema import Scenario


def all_of(browser: Any, selector: str) -> list[Any]:
    """Elements that match a CSS selector."""
    found: list[Any] = browser.find_elements("css selector", selector)
    return found


def text_of(browser: Any, selector: str) -> str:
    """Text of an element as it is shown."""
    return str(browser.find_element("css selector", selector).text)


def choose(browser: Any, identifier: str, value: str) -> None:
    """Choose an option of a list."""
    browser.find_element("css selector", f"#{identifier} option[value='{value}']").click()


def complaints(browser: Any) -> list[str]:
    """What the page wrote to the console, errors of scripts and of its policy included."""
    return [entry["message"] for entry in browser.get_log("browser")]


def asked_for(browser: Any) -> set[str]:
    """Addresses that the browser asked for, the page's own file and inline data apart."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    return {url for url in sent if not url.startswith(("data:", "file:"))}


def drawn_sites(browser: Any) -> set[str]:
    """Ids of the open sites on the map."""
    script = "return [...document.querySelectorAll('#map .sites circle')].map((c) => DATA.sites.id[c.dataset.site])"
    return set(browser.execute_script(script))


def test_everything_is_drawn_and_nothing_is_asked_for(opened: Any) -> None:
    """Map, panel, strips and search are there; the console is empty; no request leaves."""
    assert drawn_sites(opened) == {"hub", "sub", "alp"}
    assert len(all_of(opened, "#map .land path")) == 1
    assert len(all_of(opened, "#map .regions rect")) == 2
    assert all_of(opened, "#map .flows path")
    assert "All workloads" in text_of(opened, "#panel")
    assert "chat" in text_of(opened, "#strips")
    assert len(all_of(opened, "#demands tbody tr")) == 6
    assert len(all_of(opened, "#verdict li")) == 3
    assert complaints(opened) == []
    assert asked_for(opened) == set()


def test_a_page_that_wanted_to_call_home_could_not(opened: Any) -> None:
    """The policy forbids it, whatever gets into the page."""
    script = "const done = arguments[0]; fetch('https://example.org').then(() => done('sent'), () => done('refused'))"
    assert opened.execute_async_script(script) == "refused"
    assert any("Content Security Policy" in message for message in complaints(opened))


def test_the_workload_filter_changes_all_that_is_shown(opened: Any) -> None:
    """Search runs at hub and alp only, chat at hub and sub; strips, panel and search follow."""
    choose(opened, "workload", "2")
    assert drawn_sites(opened) == {"hub", "alp"}
    assert text_of(opened, "#panel h3") == "search"
    assert "chat" not in text_of(opened, "#strips")
    assert {row.text.split()[1] for row in all_of(opened, "#demands tbody tr")} == {"search"}
    assert "Slowest flows of search" in text_of(opened, "#slowest")
    choose(opened, "workload", "0")
    assert drawn_sites(opened) == {"hub", "sub"}
    choose(opened, "workload", "-1")
    assert drawn_sites(opened) == {"hub", "sub", "alp"}
    assert text_of(opened, "#slowest") == ""
    assert complaints(opened) == []


def click_site(browser: Any, identifier: str) -> None:
    """A click on a site of the map, as the pointer makes it."""
    script = """
        const circles = [...document.querySelectorAll('#map .sites circle')];
        const circle = circles.find((c) => DATA.sites.id[c.dataset.site] === arguments[0]);
        circle.scrollIntoView({block: 'center'});
        for (const kind of ['pointerover', 'pointerdown', 'pointerup'])
          circle.dispatchEvent(new PointerEvent(kind, {bubbles: true, clientX: 0, clientY: 0}));
    """
    browser.execute_script(script, identifier)


def test_a_site_is_kept_on_click_and_let_go(opened: Any) -> None:
    """Its figures, its limits and what it serves stand beside the map."""
    click_site(opened, "sub")
    panel = text_of(opened, "#panel")
    assert "3 × box" in panel
    assert "0.3 MW / 0.42 MW" in panel
    assert "west-zone" in panel
    assert "0.684 of 1.00 MW" in panel
    assert "agent" in panel
    assert "search" not in panel
    opened.find_element("css selector", "#panel button").click()
    assert "All workloads" in text_of(opened, "#panel")
    assert complaints(opened) == []


def test_colours_follow_the_use_of_limits(opened: Any) -> None:
    script = "return [...document.querySelectorAll('#map .sites circle')].map((c) => c.getAttribute('fill'))"
    by_tier = opened.execute_script(script)
    choose(opened, "colour", "grid")
    by_limit = opened.execute_script(script)
    assert len(set(by_tier)) == 2
    assert len(set(by_limit)) == 2
    assert set(by_tier).isdisjoint(by_limit)
    assert "50 to 80%" in text_of(opened, "#panel")


def test_map_zooms_and_comes_back(opened: Any) -> None:
    def transform() -> str:
        return str(
            opened.execute_script(
                "return document.querySelector('#map .land path').getAttribute('transform')"
            )
        )

    before = transform()
    opened.find_element("id", "zoom-in").click()
    assert transform() != before
    opened.find_element("id", "zoom-focus").click()
    assert transform() == before


def test_the_certificate_is_searched_by_region(opened: Any) -> None:
    opened.find_element("css selector", "#demands input[type=search]").send_keys("SOU")
    rows = [row.text.split()[0] for row in all_of(opened, "#demands tbody tr")]
    assert rows == ["south"] * 3
    opened.find_element("id", "only-failures").click()
    assert all_of(opened, "#demands tbody tr") == []
    assert "no demand found" in text_of(opened, "#demands")


@pytest.mark.parametrize("width", [1440, 1024, 700])
def test_nothing_is_wider_than_the_window(opened: Any, width: int) -> None:
    """On a laptop, a small one, and a tablet; wide tables scroll by themselves."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    assert opened.execute_script("return document.documentElement.scrollWidth") <= width


def test_it_prints(opened: Any) -> None:
    """What only a screen can use is gone, the map and the strips are there, and the pages are few."""
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert not opened.find_element("css selector", "nav.top").is_displayed()
        assert not opened.find_element("css selector", ".demands").is_displayed()
        for selector in ("#map", "#strips svg", "#verdict", ".matrix"):
            assert opened.find_element("css selector", selector).is_displayed(), selector
    finally:
        opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    printed = opened.execute_cdp_cmd("Page.printToPDF", {"printBackground": True, "preferCSSPageSize": True})
    pdf = base64.b64decode(printed["data"])
    assert pdf.startswith(b"%PDF-")
    assert 2 <= pdf.count(b"/Type /Page\n") <= 8


def renamed(scenario: Scenario) -> Scenario:
    """The scenario with markup for names."""
    sites = tuple(site.model_copy(update={"name": NASTY}) for site in scenario.sites)
    regions = tuple(region.model_copy(update={"name": NASTY}) for region in scenario.regions)
    return scenario.model_copy(update={"name": NASTY, "sites": sites, "regions": regions})


def test_names_are_shown_and_never_run(browser: Any, tmp_path: Path) -> None:
    """Markup in names is text in tables, on the map, in the panel and in the search."""
    subject, path = full_subject(), tmp_path / "nasty.html"
    path.write_text(
        page(Subject(renamed(subject.scenario), subject.plan, scenario_name=NASTY)), encoding="utf-8"
    )
    browser.get_log("browser")
    browser.get(path.as_uri())
    click_site(browser, "sub")
    assert text_of(browser, "#panel h3") == NASTY
    assert text_of(browser, "h1") == NASTY
    assert all_of(browser, "img") == []
    assert complaints(browser) == []


def test_a_large_plan_has_few_elements(browser: Any, tmp_path: Path) -> None:
    """500 sites and 2,000 flows: flows share a few paths on the map and one in each strip, whatever is chosen."""
    path = tmp_path / "large.html"
    path.write_text(page(large_subject()), encoding="utf-8")
    browser.get_log("browser")
    browser.get(path.as_uri())
    for workload in ("-1", "3"):
        choose(browser, "workload", workload)
        assert 0 < len(all_of(browser, "#map .flows path")) <= 20
        assert len(all_of(browser, "#strips path")) <= 30
    assert browser.execute_script("return document.querySelectorAll('*').length") < 12_000
    assert complaints(browser) == []
