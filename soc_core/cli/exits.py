"""How `soc` ends: one exit code for each thing the caller may do next."""

from typing import Final

from soc_core.errors import ChangeRefused, DeliveryError, InputError, PluginError, SettingsError, SocError, StoreError

OK: Final = 0
FINDINGS: Final = 1  # a check failed, a request was refused
USAGE: Final = 2  # wrong words on the command line, or wrong settings
INPUT: Final = 3  # what should be read cannot be
SERVICE: Final = 4  # something outside is not there: the store, a tracker
PARTLY: Final = 5  # some of it was done, the rest waits
INTERRUPTED: Final = 130

_CODES: Final = (
    (SettingsError, USAGE),
    (PluginError, USAGE),
    (InputError, INPUT),
    (StoreError, SERVICE),
    (DeliveryError, SERVICE),
    (ChangeRefused, FINDINGS),
)


def code_of(error: SocError) -> int:
    """The exit code of an error."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), FINDINGS)
