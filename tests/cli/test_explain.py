"""`soc explain`: why an event, an incident or a ticket is what it is."""


def test_the_text_of_an_event_is_judged_as_a_run_would(soc):
    found = soc("explain", "somebody broke in", "--source", "door").document
    assert (found["decision"], found["priority"], found["rule"], found["decided_by"]) == (
        "ticket",
        "Highest",
        "break-in",
        "triggers",
    )
    assert [answer["plugin"] for answer in found["classifiers"]] == ["rules"]
    assert found["summary"] == "[CRITICAL] Security Alert - door (Severity 9)"


def test_explaining_and_running_agree(soc):
    explained = soc("explain", "somebody broke in", "--source", "door").document
    soc("run", "house.log")
    stored = soc("incident", "show", "INC-1").document["incident"]
    for name in ("fingerprint", "priority", "severity", "label", "rule", "reason", "why", "decided_by", "actions"):
        assert explained[name] == stored[name], name


def test_an_event_that_would_join_names_the_incident(filled):
    assert filled("explain", "somebody broke in", "--source", "door").document["joins"] == "INC-1"
    assert filled("explain", "somebody broke in", "--source", "gate").document["joins"] is None


def test_explaining_an_event_stores_nothing(soc, place):
    soc("explain", "somebody broke in")
    assert not list(place.glob("*.db*"))


def test_lines_from_standard_input_are_counted_together(soc):
    rows = soc("explain", "-", "--source", "door", stdin="somebody knocked\n" * 3).rows
    assert [row["decision"] for row in rows] == ["ignore", "ignore", "ticket"]
    assert rows[2]["severity"] == 9


def test_an_event_that_is_nothing_says_why_not(soc):
    found = soc("explain", "all is well").document
    assert (found["decision"], found["why"]) == ("ignore", "no classifier has an opinion")


def test_an_incident_is_explained_from_what_is_stored(filled):
    document = filled("explain", "INC-1").document
    found = document["incident"]
    assert (found["rule"], found["decided_by"], found["why"]) == ("break-in", "triggers", "severity 9 is at least 9")
    assert [entry["what"] for entry in found["timeline"]][:2] == ["incident.opened", "ticket.made"]
    assert [answer["rule"] for answer in document["asked_again"]["classifiers"]] == ["break-in"]


def test_a_ticket_is_explained_by_its_key_in_any_case(filled):
    assert filled("explain", "local-1").document["incident"]["id"] == "INC-1"


def test_an_incident_that_does_not_exist_is_told(filled, soc):
    result = filled("explain", "INC-99")
    assert (result.code, "no incident or ticket INC-99" in result.err) == (1, True)


def test_without_a_store_there_is_no_incident_and_none_is_made(soc, place):
    result = soc("explain", "INC-1")
    assert (result.code, "no store yet" in result.err) == (1, True)
    assert not (place / "soc.db").exists()


def test_a_secret_in_an_event_is_not_shown(soc):
    result = soc("explain", "smoke after login with password=hunter2secret from 203.0.113.9")
    assert "hunter2secret" not in result.out + result.err


def test_people_read_why(terminal):
    said = terminal("explain", "somebody broke in")
    for words in ("A ticket", "Somebody broke in (rule break-in)", "severity 9 is at least 9", "Fingerprint"):
        assert words in said
