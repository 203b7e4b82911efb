"""The conformance test of plugins: what every tracker, notifier and policy must do, one sentence per clause.

```python
def test_the_tracker_keeps_the_contract(github):
    outside = Outside(
        url=github.url,
        plugin=lambda url: GitHub(GitHub.Settings(url=url, token=Secret("t0ken"), timeout=timedelta(seconds=1))),
        texts=lambda: [issue.text for issue in github.issues if issue.open],
        secrets=("t0ken",),
    )
    plugin_contract(GitHub, outside)
```

Between the plugin and the pretended system stands a bad network (`soc_core.testing.relay`), so that one contract fits
every plugin that speaks HTTP. Plugins that only answer questions need no `Outside`.
"""

import inspect
from collections.abc import Callable

from soc_core.testing import deliveries, questions
from soc_core.testing.clauses import Clause, ContractBroken, Outside

__all__ = ["Clause", "ContractBroken", "Outside", "plugin_contract"]


def plugin_contract(plugin: type, outside: Outside | None = None, *, make: Callable[[], object] | None = None) -> None:
    """Hold a plugin to the contract.

    Args:
        plugin: The class that the entry point names.
        outside: The system it talks to; left out for plugins that only answer questions.
        make: Builds a plugin that has no outside; by default it gets the defaults of its `Settings`.

    Raises:
        ContractBroken: It breaks one clause or more; each is named.
    """
    if make is None:
        make = (lambda: _with_defaults(plugin)) if outside is None else (lambda: outside.plugin(outside.url))
    broken = [*questions.examined(plugin, make)]
    loud = any(clause is Clause.QUIET for clause, _ in broken)
    if outside is not None and not loud:  # what cannot be built without the network fails everywhere else too
        broken += deliveries.examined(outside)
    if broken:
        raise ContractBroken(plugin.__name__, broken)


def _with_defaults(plugin: type) -> object:
    make: Callable[..., object] = plugin
    settings = getattr(plugin, "Settings", None)
    return make(settings()) if inspect.isclass(settings) else make()
