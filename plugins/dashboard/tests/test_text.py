"""Text from elsewhere is shown as it is: no page makes Markdown or HTML of it."""

import ast
import re
from pathlib import Path

import pytest
import soc_dashboard

HERE = Path(soc_dashboard.__file__).parent
DRAWING = [*sorted((HERE / "views").glob("*.py")), HERE / "show.py", HERE / "session.py", HERE / "main.py"]
# Streamlit takes the first argument of these, and the named ones of all, for Markdown.
LABELLED = {"title", "header", "subheader", "caption", "success", "warning", "error", "metric", "button", "link_button"}
LABELLED |= {"download_button", "checkbox", "radio", "selectbox", "multiselect", "text_input", "text_area", "popover"}
LABELLED |= {"form_submit_button", "expander", "spinner", "file_uploader"}
MARKDOWN = {"label", "help", "text", "placeholder", "title", "empty", "caption", "captions"}
PLAIN = {"text", "code", "dataframe", "bar_chart", "progress"}
LAYOUT = {"columns", "container", "form", "fragment", "rerun", "switch_page", "set_page_config", "navigation", "Page"}
LAYOUT |= {"cache_resource"}
# What stands in a variable and is ours all the same.
OURS = {"empty", "left.value", "step.value", "_SHADES[left]", "clock"}


def calls(path):
    """Every call of a method, as (name, node)."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, node


def ours(node):
    """Whether an argument can only be what our own source says."""
    if isinstance(node, ast.IfExp):
        return ours(node.body) and ours(node.orelse)
    if isinstance(node, ast.JoinedStr):
        return all(ours(part.value) for part in node.values if isinstance(part, ast.FormattedValue))
    constant = isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and re.fullmatch("_[A-Z]+", node.id))
    return bool(constant) or ast.unparse(node) in OURS


@pytest.mark.parametrize("path", DRAWING, ids=lambda path: path.name)
def test_only_what_is_known_to_be_harmless_is_called(path):
    called = {name for name, node in calls(path) if ast.unparse(node.func).startswith(("st.", "st.sidebar."))}
    assert called <= LABELLED | PLAIN | LAYOUT | {"get", "pop", "MultiselectColumn", "LinkColumn", "TextColumn"}
    assert "unsafe_allow_html" not in path.read_text()


@pytest.mark.parametrize("path", DRAWING, ids=lambda path: path.name)
def test_labels_and_messages_are_words_of_our_own(path):
    for name, node in calls(path):
        shown = node.args[:1] if name in LABELLED else []
        if name in LABELLED | PLAIN | {"grid", "Page"}:
            shown += [one.value for one in node.keywords if one.arg in MARKDOWN]
        assert [ast.unparse(one) for one in shown if not ours(one)] == []


def test_hostile_text_reaches_the_browser_as_plain_text_only(lived_in, page):
    shown = page("incident", id="INC-1")
    rendered = [*shown.test.markdown, *shown.test.caption, *shown.test.error, *shown.test.warning, *shown.test.success]
    assert not [one.value for one in rendered if "bold" in one.value or "script" in one.value]
    assert any("<script>document.title='owned'</script>" in words for words in shown.texts())
    assert any("\\x1b[31m \\u202e" in words for words in shown.texts())
