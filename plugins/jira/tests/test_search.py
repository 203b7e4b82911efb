"""Queries are put together in one place, and no value in them can become a query."""

import re
from pathlib import Path

import pytest
import soc_jira
from hypothesis import given
from hypothesis import strategies as st
from soc_jira.search import changed, marked, quoted

from soc_core import PermanentError
from soc_core.testing.jira.jql import _tokens


@given(value=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_a_quoted_value_is_one_text_and_the_same_text(value: str) -> None:
    assert _tokens(quoted(value)) == [(value, True)]


@pytest.mark.parametrize("marker", ["", "soc", "evt-0a", 'soc-" OR project = HR', "soc-0A", "soc-0a 1"])
def test_only_a_marker_is_looked_for(marker: str) -> None:
    with pytest.raises(PermanentError):
        marked(marker, by_label=True)


def test_a_project_key_cannot_widen_a_query() -> None:
    assert '"SEC\\" OR project = \\"HR"' in changed('SEC" OR project = "HR', 5)


def test_no_query_is_put_together_anywhere_else() -> None:
    words = re.compile(r"ORDER BY|['\"]jql['\"]|(labels|project|key|updated) (=|in|>=) [\"({]")
    folder = Path(soc_jira.__file__).parent
    others = [file for file in folder.glob("*.py") if file.name != "search.py"]
    assert [file.name for file in others if words.search(file.read_text(encoding="utf-8"))] == []
