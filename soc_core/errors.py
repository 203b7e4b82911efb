"""What can go wrong, sorted by what the caller does next.

```text
SocError
  SettingsError      fix the configuration           raised before anything starts; names key and place
    NotConfigured    a plugin without credentials    it steps aside; `soc doctor` says what is missing
  PluginError        fix or disable a plugin         names plugin and hook
  StoreError         the store is unusable           nothing may be acknowledged
  InputError         this input cannot be read       goes to quarantine with place and reason
  ChangeRefused      a person asked for a change     nothing happened; the sentence tells the person why
                     that may not be made
  DeliveryError      one delivery failed
    TemporaryError   try again (retry_after)
    UncertainError   it may have happened: look before you repeat
    PermanentError   trying again is useless
```
"""

from datetime import timedelta


class SocError(Exception):
    """Everything soc-core raises on purpose; the text is written for the person on call."""


class SettingsError(SocError):
    """The configuration is wrong: the text names the key, the place and, if one is near, the right name."""


class NotConfigured(SettingsError):
    """Raised by a plugin's constructor when it has no credentials: the plugin steps aside without harm."""


class PluginError(SocError):
    """A plugin is broken: the text names the distribution, the entry point and the hook."""


class StoreError(SocError):
    """The store cannot be used: nothing may be acknowledged to anybody until it can."""


class InputError(SocError):
    """An input cannot be read; what was read before it is kept."""


class ChangeRefused(SocError):
    """A change that somebody asked for may not be made; nothing happened."""


class DeliveryError(SocError):
    """One delivery failed; the subclass says whether to try again."""


class TemporaryError(DeliveryError):
    """Nothing was done and the same request may work later.

    Args:
        retry_after: How long the other side asked us to wait; `None` lets the core choose.
        whole_destination: True when every delivery to this destination would fail now (a revoked token, a
            rate limit on the whole site), so that the core pauses the destination and not only this one job.
    """

    def __init__(self, message: str, *, retry_after: timedelta | None = None, whole_destination: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.whole_destination = whole_destination


class UncertainError(DeliveryError):
    """The request may have been carried out: the core looks for the result before anybody repeats it."""


class PermanentError(DeliveryError):
    """The other side refused for good: the job becomes a dead letter that a person can retry."""
