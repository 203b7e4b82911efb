"""A shift in a real browser: a sample is processed, an incident opened and acknowledged; hostile text does nothing.

Chromium and its driver come from Debian (`apt-get install chromium chromium-driver`). What the pages looked like is
kept in the folder that SOC_ARTIFACTS names, or in the test's own.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from soc_core import Change

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1440,1400",
)
BUSY = "[data-testid=stStatusWidgetRunningIcon], [data-testid=stSkeleton], [data-stale=true]"
pytestmark = [
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no Chromium: apt-get install chromium chromium-driver"),
    pytest.mark.timeout(600),
]


class Browser:
    """A browser before the dashboard."""

    def __init__(self, driver, address, artifacts):
        self.driver = driver
        self.address = address
        self._artifacts = artifacts

    def go(self, path):
        """Open a page and wait until it is drawn."""
        self.driver.get(f"{self.address}/{path}")
        self.until(lambda: self.all("h1") and not self.all(BUSY))
        return self

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def until(self, holds, seconds=90):
        """Wait until something holds; an element that goes away meanwhile is looked up again."""
        wait = WebDriverWait(self.driver, seconds, ignored_exceptions=(StaleElementReferenceException,))
        return wait.until(lambda _: holds())

    def metric(self, label):
        """The value of a number."""
        script = """return [...document.querySelectorAll('[data-testid=stMetric]')]
            .filter(m => m.querySelector('[data-testid=stMetricLabel]').innerText.trim() == arguments[0])
            .map(m => m.querySelector('[data-testid=stMetricValue]').innerText.trim())[0]"""
        return self.driver.execute_script(script, label)

    def press(self, words):
        """Press a button by what it says."""
        script = """const found = [...document.querySelectorAll('button')].filter(b => !b.disabled &&
            [...b.querySelectorAll('p')].some(p => p.innerText.trim() == arguments[0]));
            if (found.length == 1) found[0].click(); return found.length == 1"""
        self.until(lambda: self.driver.execute_script(script, words))

    def choose(self, label, option):
        """Choose from a list."""
        box = """[...document.querySelectorAll('[data-testid=stSelectbox]')]
            .find(b => b.querySelector('label').innerText.trim() == arguments[0])?.querySelector('input')"""
        wanted = "[...document.querySelectorAll('[role=option]')].find(o => o.innerText.trim() == arguments[0])"
        self.until(lambda: self.driver.execute_script(f"return {box}", label)).click()
        self.until(lambda: self.driver.execute_script(f"return {wanted}", option)).click()
        self.until(lambda: self.driver.execute_script(f"return {box}.value", label) == option and not self.all(BUSY))

    def keep(self, name):
        """Keep a picture of the page."""
        self.until(lambda: not self.all(BUSY))
        self.driver.save_screenshot(str(self._artifacts / f"{name}.png"))

    def asked_for(self):
        """The addresses of everything that pages of the dashboard asked for."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return [one["request"]["url"] for one in sent if one.get("documentURL", "").startswith(self.address)]


@pytest.fixture
def artifacts(tmp_path):
    folder = Path(os.environ.get("SOC_ARTIFACTS") or tmp_path / "artifacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def serve(env, rules, tmp_path):
    """Start `soc dashboard` on the store of this test."""
    started = []

    def start():
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("JIRA_", "SLACK_"))}
        soc = [sys.executable, "-m", "soc_core", "dashboard", "--port", str(port)]
        with (tmp_path / "dashboard.log").open("wb") as log:
            started.append(subprocess.Popen(soc, env={**environment, **env}, stdout=log, stderr=log, cwd=tmp_path))
        return f"http://127.0.0.1:{port}"

    yield start
    for process in started:
        process.terminate()
        process.wait(60)


@pytest.fixture
def browser(serve, tmp_path, artifacts):
    address = serve()
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'chromium'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        shown = Browser(driver, address, artifacts)
        shown.until(lambda: answers(address))
        yield shown
    finally:
        driver.quit()


def answers(address):
    parts = urlsplit(address)
    with socket.socket() as trial:
        return trial.connect_ex((parts.hostname, parts.port)) == 0


def test_a_shift_in_the_browser(browser, house):
    browser.go("process")
    browser.choose("You are", "bo")
    browser.keep("process")
    browser.press("Process")
    browser.until(lambda: browser.metric("Processed"))
    assert browser.metric("Processed") == "22"
    opened = house.reports.incidents(limit=100)
    assert browser.metric("Incidents created") == f"{len(opened)}"
    browser.until(lambda: all(one.id in browser.driver.page_source for one in opened))
    browser.keep("processed")

    browser.go("")
    browser.until(lambda: browser.metric("overdue") == "0")
    assert browser.metric("no clock") == f"{sum(one.kind == 'alert' for one in opened)}"
    browser.keep("queue")

    worst = next(one for one in opened if one.ticket)
    browser.go(f"incident?id={worst.id}")
    assert f"{worst.id} [{worst.priority.level}]" in browser.text()
    assert browser.metric("Response").startswith("in ")
    browser.choose("You are", "bo")
    browser.keep("incident")
    browser.press("Acknowledge")
    browser.until(lambda: browser.metric("Response") == "met")
    assert browser.metric("Resolution").startswith("in ")
    assert house.reports.incident(worst.id).acknowledged_by == "bo"
    browser.keep("acknowledged")

    for page in ("metrics", "health", "audit"):
        browser.go(page)
        browser.keep(page)
    strangers = {url for url in browser.asked_for() if urlsplit(url).netloc != urlsplit(browser.address).netloc}
    assert {url for url in strangers if not url.startswith(("data:", "blob:"))} == set()


def test_a_row_of_the_queue_opens_its_incident(lived_in, browser):
    browser.go("")
    browser.until(lambda: "INC-1" in browser.driver.page_source)
    canvas = browser.all("[data-testid=stDataFrame] canvas")[0]
    # The box at the left of the first row: half a column in, one and a half rows down.
    place = webdriver.ActionChains(browser.driver)
    place.move_to_element_with_offset(canvas, 16 - canvas.size["width"] // 2, 52 - canvas.size["height"] // 2)
    place.click().perform()
    browser.until(lambda: "INC-1 [CRITICAL]" in browser.text())
    assert browser.driver.current_url == f"{browser.address}/incident?id=INC-1"
    browser.all("[data-testid=stSidebarNavLink]")[0].click()
    browser.until(lambda: browser.metric("overdue") == "1" and not browser.all(BUSY))


def test_hostile_text_does_nothing_in_the_browser(lived_in, browser):
    lived_in.change("INC-1", Change.NOTE, actor="bo", text="<img src=x onerror=alert(1)> [n](javascript:alert(2))")
    for page in ("incident?id=INC-1", "", "metrics", "health", "audit"):
        browser.go(page)
        browser.until(lambda: not browser.all(BUSY))
        made = browser.driver.execute_script(
            """const inside = document.querySelector('[data-testid=stMain]');
            return [...inside.querySelectorAll('a, img, script, iframe, .katex')].map(e => e.outerHTML)"""
        )
        assert [one for one in made if "javascript" in one or "evil" in one or "onerror" in one or "katex" in one] == []
        assert browser.driver.title != "owned"
        browser.keep(f"hostile-{page.partition('?')[0] or 'queue'}")
    assert browser.go("incident?id=INC-1").text().count("<script>document.title='owned'</script>") >= 2
    assert not [url for url in browser.asked_for() if "evil.example" in url]


def test_the_month_in_the_browser(full, browser):
    browser.go("metrics")
    browser.until(lambda: browser.metric("Incidents"))
    browser.choose("Period", "All time")
    browser.until(lambda: browser.metric("Incidents") == "500")
    figures = full.figures(None)
    assert browser.metric("Tickets") == f"{sum(figures.tickets_per_day.values()):,}"
    judged = sum(figures.verdicts.values())
    assert browser.metric("False positives") == f"{100 * figures.verdicts['false positive'] / judged:.1f} %"
    browser.keep("month")
