"""Headless Chromium, where it is installed; without it these tests are skipped, with the reason."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from support.documents.report_page import full_subject

from siteopt.report.page import page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: A laptop, CSS pixels.
WINDOW = (1440, 900)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A driver of headless Chromium that logs what pages say and ask for."""
    webdriver = pytest.importorskip(
        "selenium.webdriver", reason="selenium is not installed: pip install '.[test]'"
    )
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("chromium or chromedriver is not installed: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1440,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield started
    started.quit()


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the full hand-checked plan."""
    path: Path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page(full_subject()), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser: Any, page_file: Path) -> Any:
    """The browser with the page freshly opened and the logs empty."""
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    metrics = {"width": WINDOW[0], "height": WINDOW[1], "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get(page_file.as_uri())
    return browser
