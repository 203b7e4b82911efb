"""The comparisons that rules may ask of a field's value, and the texts that a line cannot lack if one holds."""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from soc_core.builtin.literals import Literal, telling
from soc_core.builtin.rule_patterns import text_pattern

FieldTest = Callable[[object], bool]
"""Whether one value of a field is what the rule asks for."""


def field_test(key: str, operand: object) -> FieldTest:
    """The test that a comparison such as `contains` stands for."""
    match key:
        case "contains":
            parts = _texts(operand)
            return lambda value: any(part in text_of(value) for part in parts)
        case "startswith":
            starts = _texts(operand)
            return lambda value: text_of(value).startswith(starts)
        case "endswith":
            ends = _texts(operand)
            return lambda value: text_of(value).endswith(ends)
        case "regex":
            patterns = [text_pattern(source) for source in _texts(operand, fold=False)]
            return lambda value: any(pattern.search(str(value)) for pattern in patterns)
        case "gt" | "ge" | "lt" | "le":
            return _comparison(key, operand)
        case "cidr":
            return _network(_texts(operand))
        case "is":
            values = frozenset(text_of(value) for value in scalars(operand))
            return lambda value: text_of(value) in values
        case "not":
            if isinstance(operand, dict):
                inner = [field_test(name, item) for name, item in operand.items()]
                return lambda value: not all(test(value) for test in inner)
            unwanted = frozenset(text_of(value) for value in scalars(operand))
            return lambda value: text_of(value) not in unwanted
    raise UnknownOperation(key)


class UnknownOperation(ValueError):
    """A rule asks for a comparison that does not exist."""

    names: tuple[str, ...] = (
        "contains",
        "startswith",
        "endswith",
        "regex",
        "gt",
        "ge",
        "lt",
        "le",
        "cidr",
        "is",
        "not",
        "exists",
    )

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is no comparison")
        self.name = name


_PLAIN = re.compile(r"[a-z0-9_.: -]+")
_WORD = re.compile(r"\w(?:[a-z0-9_.: -]*\w)?", re.ASCII)


def needs_of_test(key: str, operand: object) -> tuple[Literal, ...]:
    """Literals one of which the raw line of an event cannot lack if a comparison holds."""
    if key in ("contains", "startswith", "endswith"):
        return _plain(_texts(operand))
    if key == "is":
        return needs_of_values([text_of(value) for value in scalars(operand)])
    if key == "regex":
        patterns = [text_pattern(source) for source in _texts(operand, fold=False)]
        if all(pattern.literals for pattern in patterns):
            return _plain([literal.text for pattern in patterns for literal in pattern.literals])
    return ()


def _plain(texts: Iterable[str]) -> tuple[Literal, ...]:
    """The longest part of each text that no format writes differently; nothing if one has no such part."""
    parts = [(max(_PLAIN.findall(text), key=_rare, default="").strip(), text) for text in texts]
    return tuple(Literal(part, whole=False) for part, _ in parts) if all(len(part) > 1 for part, _ in parts) else ()


def _rare(text: str) -> float:
    return telling(Literal(text.strip(), whole=False))


def needs_of_values(texts: Iterable[str]) -> tuple[Literal, ...]:
    """The same for whole values, which stand alone in the raw line."""
    texts = tuple(texts)
    return tuple(
        Literal(one.text, whole=_WORD.fullmatch(text) is not None)
        for one, text in zip(_plain(texts), texts, strict=False)
    )


def rarity(needs: Sequence[Literal]) -> float:
    """How few lines contain one of some literals, roughly; nothing is in all of them."""
    return min((telling(literal) for literal in needs), default=0.0)


def _comparison(key: str, operand: object) -> FieldTest:
    if isinstance(operand, bool) or not isinstance(operand, int | float):
        raise ValueError(f"`{key}` compares with a number, not {operand!r}")  # noqa: TRY004  # a bad file
    limit = float(operand)
    compare: Callable[[float], bool] = {
        "gt": lambda number: number > limit,
        "ge": lambda number: number >= limit,
        "lt": lambda number: number < limit,
        "le": lambda number: number <= limit,
    }[key]

    def test(value: object) -> bool:
        try:
            return not isinstance(value, bool) and compare(float(str(value)[:40]))
        except ValueError:
            return False

    return test


_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_PRIVATE = "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 0.0.0.0/32"
_INTERNAL = tuple(map(ipaddress.ip_network, f"{_PRIVATE} ::/128 ::1/128 fc00::/7 fe80::/10".split()))


def _network(names: Sequence[str]) -> FieldTest:
    """`internal`, `external`, or networks in the usual notation."""
    kinds = {name for name in names if name in ("internal", "external")}
    networks = [ipaddress.ip_network(name, strict=False) for name in names if name not in kinds]

    def test(value: object) -> bool:
        try:
            address = ipaddress.ip_network(str(value)[:50].strip(), strict=False)
        except ValueError:
            return False
        internal = _among(address, _INTERNAL)
        if ("internal" in kinds and internal) or ("external" in kinds and not internal):
            return True
        return _among(address, networks)

    return test


def _among(address: _Network, networks: Iterable[_Network]) -> bool:
    return any(network.version == address.version and address.subnet_of(network) for network in networks)  # type: ignore[arg-type]


def _texts(operand: object, *, fold: bool = True) -> tuple[str, ...]:
    items = operand if isinstance(operand, list) else [operand]
    texts = tuple(str(item).lower() if fold else str(item) for item in items)
    if not texts or not all(texts) or not all(isinstance(item, str | int | float) for item in items):
        raise ValueError(f"a text or a list of texts is needed, not {operand!r}")
    return texts


def scalars(wanted: object) -> Sequence[object]:
    """A value or a list of values."""
    items = wanted if isinstance(wanted, list) else [wanted]
    if not items or not all(isinstance(item, str | int | float | bool) for item in items):
        raise ValueError(f"a value, a list of values or a table of comparisons is needed, not {wanted!r}")
    return items


def text_of(value: object) -> str:
    """A value as it is compared: lower case, `true` and `false` for booleans, `4625` for the number and the text."""
    if isinstance(value, str):
        return value.lower()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, Mapping):
        return ""
    return str(value).lower()
