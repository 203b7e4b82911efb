"""The site builds without a warning, its links hold, it fetches nothing, and it leads a newcomer."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs
import pytest

pytestmark = pytest.mark.timeout(300)


@attrs.define
class Page(HTMLParser):
    """The links, anchors and fetched files of a page."""

    links: list[str] = attrs.field(factory=list)
    anchors: set[str] = attrs.field(factory=set)
    fetched: list[str] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in given}
        if "id" in said:
            self.anchors.add(said["id"])
        if tag == "a" and said.get("href"):
            self.links.append(said["href"])
        elif tag == "link" and "stylesheet" in said.get("rel", ""):
            self.fetched.append(said["href"])
        elif tag in {"script", "img", "iframe"} and said.get("src"):
            self.fetched.append(said["src"])


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    found = {path: Page() for path in site.rglob("*.html")}
    for path, page in found.items():
        page.feed(path.read_text(encoding="utf-8"))
    return found


def test_every_link_inside_the_site_leads_to_a_page_and_a_place_on_it(pages: dict[Path, Page]) -> None:
    dead = []
    for path, page in pages.items():
        for link in page.links:
            to = urlsplit(link)
            if to.scheme or to.netloc:
                continue
            target = (path.parent / unquote(to.path)).resolve() if to.path else path
            place = unquote(to.fragment)
            if not target.is_file() or (place and target in pages and place not in pages[target].anchors):
                dead.append(f"{path.name}: {link}")
    assert dead == []


def test_reading_the_site_needs_no_network(pages: dict[Path, Page]) -> None:
    fetched = {(path.name, file) for path, page in pages.items() for file in page.fetched}
    assert fetched
    assert [one for one in fetched if urlsplit(one[1]).netloc] == []


def test_every_page_of_the_docs_is_in_the_navigation_of_the_front_page(site: Path, pages: dict[Path, Page]) -> None:
    front = site / "index.html"
    reached = {(front.parent / urlsplit(link).path).resolve() for link in pages[front].links}
    apart = {front, site / "genindex.html", site / "search.html"}
    assert set(pages) - reached - apart == set()


def test_the_front_page_makes_its_three_promises(site: Path) -> None:
    front = (site / "index.html").read_text(encoding="utf-8")
    for promise in ("One ticket per incident", "Every decision explained", "Hooks over one event"):
        assert f"<strong>{promise}" in front
