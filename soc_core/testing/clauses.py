"""What every plugin promises, and what the contract needs to know of the system on the other side."""

import enum
from collections.abc import Callable, Sequence
from datetime import timedelta

import attrs

_NO_TEXTS: tuple[str, ...] = ()


class Clause(enum.StrEnum):
    """What a plugin promises."""

    QUIET = "touches no network while it is imported or built"
    PURE = "answers questions without touching the network"
    STEADY = "gives the same answer to the same question"
    PROMPT = "answers every question, however odd the text, with what the hook promises and in good time"
    FINDS = "finds the ticket that it made by the incident's marker, and says None of one that was never made"
    HONEST = "raises where it cannot look, instead of saying that nothing is there"
    ONCE = "makes one thing for one incident, also when it is told twice"
    LOOKS = "looks before it repeats: an answer that is lost after the deed is uncertain, and makes no second thing"
    SORTS = "sorts what goes wrong by what the core does next"
    WAITS = "waits as long as the other side asks it to"
    BUDGET = "gives up by itself when the other side does not answer"
    SECRETS = "keeps its secrets out of errors, logs, output, its repr and what it sends as text"
    INERT = "sends hostile log text as text: nothing in it acts on the other side"


@attrs.frozen(kw_only=True)
class Outside:
    """The system on the other side, as the contract needs to see it.

    Args:
        url: Where the pretended system listens, on this machine.
        plugin: Makes the plugin for an address; give it a short timeout.
        texts: The text of everything that stands there now, as far as that side interprets it: one per open ticket,
            or per message.
        secrets: What the plugin's settings hold and nobody may see.
        name: The plugin's name, under which its refs come back.
        sends: The requests that make a ticket or message, as a regular expression looked for in `METHOD /path`.
        refusal: How the system refuses for good: status and body.
        stranger: How it refuses a login that it does not know.
        alive: Texts that would act on that side, such as a mention; the contract puts them into the log.
        patience: How long a delivery may take before it counts as hanging.
    """

    url: str
    plugin: Callable[[str], object]
    texts: Callable[[], Sequence[str]]
    secrets: tuple[str, ...] = _NO_TEXTS
    name: str = "plugin"
    sends: str = "^(POST|PUT|PATCH) "
    refusal: tuple[int, bytes] = (422, b'{"message": "refused"}')
    stranger: tuple[int, bytes] = (401, b"{}")
    alive: tuple[str, ...] = _NO_TEXTS
    patience: timedelta = timedelta(seconds=10)


class ContractBroken(AssertionError):
    """A plugin does not keep the contract; `clauses` says what it breaks, the text says what was seen."""

    def __init__(self, plugin: str, broken: Sequence[tuple[Clause, str]]) -> None:
        lines = [f"- {clause}.\n  Seen: {seen}" for clause, seen in broken]
        super().__init__("\n".join([f"{plugin} breaks the contract. A plugin", *lines]))
        self.clauses: tuple[str, ...] = tuple(clause for clause, _ in broken)
