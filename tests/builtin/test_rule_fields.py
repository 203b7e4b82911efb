"""Conditions on fields: which fields a name means, and how values compare."""

import tracemalloc
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from soc_core import Event
from soc_core.builtin.rule_fields import FieldReader, field_condition


def holds(name: str, wanted: object, fields: Mapping[str, object], **known: object) -> bool:
    event = Event(
        source="aws.cloudtrail",
        message="m",
        received=datetime(2026, 1, 1, tzinfo=UTC),
        fields=fields,
        **known,  # type: ignore[arg-type]
    )
    condition = field_condition(name, wanted)
    return condition.holds(FieldReader(condition.names).read(event))


DEEP = {"detail": {"userIdentity": {"type": "Root"}, "items": [{"port": 22}, {"port": "443"}]}}


@pytest.mark.parametrize(
    ("name", "wanted", "fields", "expected"),
    [
        ("eventName", "stoplogging", {"eventName": "StopLogging"}, True),
        ("EventID", 4625, {"winlog": {"event_id": "4625"}}, True),
        ("EventID", "4625", {"EventID": 4625.0}, True),
        ("userIdentity.type", "root", DEEP, True),
        ("identity.type", "root", DEEP, False),
        (".type", "root", DEEP, False),
        (".type", "x", {"type": "X"}, True),
        ("winlog.event_id", 1, {"winlog.event_id": 1}, True),
        ("items.port", [80, 443], DEEP, True),
        ("items.port", 80, DEEP, False),
        ("a|b", "x", {"b": "X"}, True),
        ("flag", True, {"flag": "True"}, True),
        ("flag", False, {"flag": True}, False),
        ("log", {"contains": "b"}, {"log": ["a", "abc"]}, True),
        ("verb", "create", {"properties": {"log": '{"verb": "create"}'}}, True),
        ("verb", "create", {"log": "{not json"}, False),
    ],
)
def test_a_name_means_every_field_whose_path_ends_with_it(
    name: str, wanted: object, fields: Mapping[str, object], *, expected: bool
) -> None:
    assert holds(name, wanted, fields) is expected


@pytest.mark.parametrize(
    ("wanted", "value", "expected"),
    [
        ({"contains": ["x", "oo"]}, "Foo", True),
        ({"startswith": "f"}, "Foo", True),
        ({"endswith": "o"}, "Foo", True),
        ({"endswith": "f"}, "Foo", False),
        ({"regex": "^f.o$"}, "Foo", True),
        ({"gt": 499}, "500", True),
        ({"gt": 499}, 499, False),
        ({"ge": 1, "le": 3}, 2, True),
        ({"lt": 3}, "many", False),
        ({"cidr": "10.0.0.0/8"}, "10.1.2.3", True),
        ({"cidr": "internal"}, "192.168.1.1", True),
        ({"cidr": "external"}, "192.168.1.1", False),
        ({"cidr": "external"}, "8.8.8.8", True),
        ({"cidr": "external"}, "203.0.113.9", True),
        ({"cidr": "internal"}, "100.64.7.7", True),
        ({"cidr": "internal"}, "fd00::7", True),
        ({"cidr": "external"}, "no address", False),
        ({"cidr": "internal"}, "fe80::1", True),
        ({"contains": "f", "not": {"contains": "x"}}, "foo", True),
        ({"contains": "f", "not": {"contains": "x"}}, "fox", False),
        ({"is": ["a", "foo"]}, "Foo", True),
    ],
)
def test_comparisons(wanted: object, value: object, *, expected: bool) -> None:
    assert holds("f", wanted, {"f": value}) is expected


@pytest.mark.parametrize(
    ("wanted", "fields", "expected"),
    [
        ({"exists": True}, {"f": "x"}, True),
        ({"exists": True}, {"f": None}, False),
        ({"exists": True}, {"f": ""}, False),
        ({"exists": False}, {}, True),
        ({"not": "x"}, {}, True),
        ({"not": "x"}, {"f": "y"}, True),
        ({"not": "x"}, {"f": "X"}, False),
        ({"not": {"gt": 400}}, {"f": 500}, False),
    ],
)
def test_absent_fields(wanted: object, fields: Mapping[str, object], *, expected: bool) -> None:
    assert holds("f", wanted, fields) is expected


def test_what_the_intake_recognised_is_asked_for_with_an_at() -> None:
    assert holds("@user", "ROOT", {}, user="root")
    assert holds("@ip", {"cidr": "external"}, {}, ip="8.8.8.8")
    assert not holds("@outcome", "failure", {})


@pytest.mark.parametrize(
    ("name", "wanted", "complaint"),
    [
        ("@usr", "x", "@user"),
        ("", "x", "needs a name"),
        ("f", {"containz": "x"}, "no comparison"),
        ("f", {"gt": "many"}, "number"),
        ("f", {"regex": "("}, "no regular expression"),
        ("f", {"cidr": "10.0.0.0/99"}, "10.0.0.0/99"),
        ("f", {}, "asks for nothing"),
        ("f", [], "a value"),
        ("f", {"contains": []}, "text"),
        ("f", {"exists": "yes"}, "true or false"),
    ],
)
def test_conditions_that_cannot_be_understood_are_refused(name: str, wanted: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        field_condition(name, wanted)


def test_a_deep_or_wide_event_is_read_within_bounds() -> None:
    deep: dict[str, object] = {"f": "bottom"}
    for _ in range(500):
        deep = {"n": deep}
    assert not holds("f", "bottom", deep)
    assert not holds("f", "x", {"wide": {str(number): "y" for number in range(20_000)}})


def test_a_field_behind_a_very_long_name_is_found_and_its_name_is_not_kept() -> None:
    reader = FieldReader(field_condition("userIdentity.type", "Root").names)

    def read(number: int) -> object:
        long = f"{number}." + "x" * 100_000
        fields = {
            f"{long}.userIdentity.type": "Root",
            long: {"type": "no", "userIdentity": {"type": "Root"}},
            f"{long}.b": {"type": "no"},
        }
        return reader.read(Event(source="s", message="m", received=datetime(2026, 1, 1, tzinfo=UTC), fields=fields))

    tracemalloc.start()
    try:
        for number in range(200):
            assert read(number) == {"useridentity.type": ["Root", "Root"]}
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2_000_000
