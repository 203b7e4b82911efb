"""No block of code in any page is left alone: all are run or read, and those that say something wrong fail."""

import importlib.util
import re
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType

import pytest
from sybil.example import SybilFailure

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```([^\s{]\S*)", re.MULTILINE)
RULE = """[[rule]]
id = "door"
title = "A door"
label = "Error"
severity = 5
words = ["forced"]
example = [{ line = "door forced" }]
"""
NOT_OURS = {".venv", "build", "dist", "node_modules"}


@pytest.fixture(scope="module")
def runners() -> ModuleType:
    """The `conftest.py` of the pages."""
    spec = importlib.util.spec_from_file_location("soc_pages", ROOT / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pages() -> list[str]:
    """Every Markdown page of the repository that shows code, but for what tests bring along."""
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*.md"))
    ours = [one for one in found if not (NOT_OURS | {"tests"}) & set(one.parts)]
    return sorted(str(one) for one in ours if FENCE.search((ROOT / one).read_text(encoding="utf-8")))


def elsewhere(runners: ModuleType, page: str) -> list[str]:
    return [test for pattern, test in runners.ELSEWHERE.items() if fnmatch(page, pattern)]


@pytest.mark.parametrize("page", pages())
def test_every_block_of_every_page_is_run_or_read(runners: ModuleType, page: str) -> None:
    tests = elsewhere(runners, page)
    if tests:
        assert all((ROOT / test).is_file() for test in tests)
        return
    assert any(fnmatch(page, pattern) for pattern in runners.PAGES)
    blocks = len(FENCE.findall((ROOT / page).read_text(encoding="utf-8")))
    examples = [
        one
        for one in runners.SYBIL.parse(ROOT / page).examples()
        if not one.document.text.startswith("<!--", one.start)
    ]
    assert len(examples) == blocks


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "hooks").glob("[a-z]*.md")), ids=lambda page: page.stem)
def test_the_pages_of_hooks_show_nothing_but_what_their_test_runs(page: Path) -> None:
    blocks = re.findall(r"^```(\S+.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(blocks) == ["python", "python signature", "python test"]


def complaint(runners: ModuleType, folder: Path, page: str) -> str:
    """What the runners say about a page; empty if nothing is wrong."""
    file = folder / "page.md"
    file.write_text(page)
    try:
        for example in runners.SYBIL.parse(file).examples():
            example.evaluate()
    except SybilFailure as failure:
        return str(failure)
    return ""


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("```console\n$ echo one two\none …\n$ echo three\n```", ""),
        ("```console\n$ echo one\ntwo\n```", "did not write 'two'"),
        ("```console\n$ printf 'a\\nb\\n'\nb\na\n```", "did not write 'a'"),
        ("```console\n$ echo no; exit 3\n```", "ended with 3"),
        ("```sh\npip install .\nsoc run auth.log --follow  # for ever\n```", ""),
        ("```sh\nif true\n```", "syntax error"),
        ("```sh\nsoc run --folow auth.log\n```", "No such option"),
        ("```toml\n[storm]\nlimit = 7\n```", ""),
        ("```toml\n[storm]\nlimt = 7\n```", "did you mean 'limit'?"),
        (f"```toml\n{RULE}\n```", ""),
        (f"```toml\n{RULE.replace('forced', 'opened', 1)}\n```", "it should match and does not"),
        ("```dotenv\nSOC_STORE=sqlite:///soc.db\n```", ""),
        ("```dotenv\nSOC_SHOP=here\n```", "nothing reads SOC_SHOP"),
        ("```python\nassert 1 == 2\n```", "AssertionError"),
        ("```nginx\nserver {\n  listen 80;  # here\n}\n```", ""),
        ("```nginx\nserver {\n  listen 80\n}\n```", "without an end: ['listen 80']"),
        ("```cobol\nSTOP RUN.\n```", "nobody runs blocks of the language 'cobol'"),
        ("```\nno language\n```", "nobody runs blocks of the language ''"),
        ("```text own/a.txt\nhello\n```\n\n```console\n$ cat own/a.txt\nhello\n```", ""),
        ("```{toctree}\nindex\n```", ""),
    ],
)
def test_a_block_that_is_wrong_is_told(
    runners: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        told = complaint(runners, tmp_path, f"# A page\n\n{block}\n")
    except AssertionError as error:
        told = f"AssertionError: {error}"
    assert told == "" if said == "" else said in " ".join(told.split())
