"""What a correct writer puts into CEF, LEEF and RFC 5424 comes out again."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from soc_core.stages.intake.formats import parse

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TEXT = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x2FF, exclude_categories=("C", "Z")) | st.just(" "), max_size=30
)
WORDS = TEXT.map(str.strip)
KEYS = st.from_regex(r"[a-z][A-Za-z0-9]{2,10}x", fullmatch=True)  # none that intake gives a meaning


@settings(max_examples=80, deadline=None)
@given(name=WORDS, values=st.dictionaries(KEYS, WORDS, max_size=4))
def test_cef_escapes_come_back(name, values):
    def head(text: str) -> str:
        return text.replace("\\", "\\\\").replace("|", "\\|")

    def tail(text: str) -> str:
        return text.replace("\\", "\\\\").replace("=", "\\=")

    extension = " ".join(f"{key}={tail(value)}" for key, value in values.items())
    event = parse(f"CEF:0|V|P|1|id|{head(name)}|5|{extension}", received=NOW, format="cef")
    assert event.fields["name"] == name
    assert {key: event.fields[key] for key in values} == values


@settings(max_examples=80, deadline=None)
@given(values=st.dictionaries(KEYS, WORDS, max_size=4), delimiter=st.sampled_from("^\t|~"))
def test_leef_attributes_come_back(values, delimiter):
    values = {key: value.replace(delimiter, "") for key, value in values.items()}
    line = f"LEEF:2.0|V|P|1|id|0x{ord(delimiter):02x}|" + delimiter.join(
        f"{key}={value}" for key, value in values.items()
    )
    event = parse(line, received=NOW, format="leef")
    assert {key: event.fields[key] for key in values} == {key: value.strip() for key, value in values.items()}


@settings(max_examples=80, deadline=None)
@given(values=st.dictionaries(KEYS, TEXT, max_size=4), message=WORDS)
def test_structured_data_and_message_come_back(values, message):
    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")

    pairs = "".join(f' {key}="{escaped(value)}"' for key, value in values.items())
    event = parse(f"<14>1 - h app - - [id@1{pairs}] {message}", received=NOW, format="syslog")
    assert event.field("structured_data") == {"id@1": values}
    assert event.message == message
