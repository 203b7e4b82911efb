"""The names of everything a person can press: what a message is built with and what comes back from Slack."""

from types import MappingProxyType

CREATE = "soc_create"
VIEW = "soc_view"
ACKNOWLEDGE = "soc_acknowledge"
INVESTIGATE = "soc_investigate"
ASSIGN = "soc_assign"
RESOLVE = "soc_resolve"
NOTE = "soc_note"
TRUE_POSITIVE = "soc_true_positive"
FALSE_POSITIVE = "soc_false_positive"
WHY = "soc_why"

NOTE_FORM = "soc_note_form"
NOTE_BLOCK = "note"
NOTE_INPUT = "note_text"

VERDICTS = MappingProxyType({TRUE_POSITIVE: "true positive", FALSE_POSITIVE: "false positive"})
