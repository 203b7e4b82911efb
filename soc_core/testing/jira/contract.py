"""Checks requests against Atlassian's OpenAPI document: known path, known and well-typed parameters, fitting body.

Only as much of JSON Schema as those documents use for requests is understood.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from soc_core.testing.jira.screens import items_of, mapping

_CHECKS = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, Mapping),
}
_WORDS = {"boolean": re.compile("true|false"), "integer": re.compile(r"-?\d+"), "number": re.compile(r"-?\d+(\.\d+)?")}


class Contract:
    """One of Atlassian's documents, ready to judge requests."""

    def __init__(self, file: Path) -> None:
        self._document = mapping(json.loads(file.read_text(encoding="utf-8")))
        self._paths = [
            (re.compile(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path))), path, mapping(item))
            for path, item in mapping(self._document.get("paths")).items()
        ]
        # A path without variables wins over one with: issue/bulkfetch is not an issue's key.
        self._paths.sort(key=lambda entry: entry[1].count("{"))

    def faults_of(self, method: str, path: str, query: Mapping[str, str], body: object, kind: str) -> Iterator[str]:
        """What is wrong with a request, in words; `path` begins with `/rest/` and `kind` is the body's media type."""
        found = [item for pattern, _, item in self._paths if pattern.fullmatch(path)]
        operation = mapping(found[0].get(method.lower())) if found else {}
        if not operation:
            yield f"{method} {path} is not in the document"
            return
        known = {str(mapping(given)["name"]): mapping(given) for given in items_of(operation.get("parameters"))}
        for name, value in query.items():
            if known.get(name, {}).get("in") != "query":
                yield f"{method} {path}: parameter {name} is unknown"
            elif fault := self._parameter_fault(mapping(known[name].get("schema")), value):
                yield f"{method} {path}: parameter {name} {fault}"
        for name, given in known.items():
            if given.get("in") == "query" and given.get("required") and name not in query:
                yield f"{method} {path}: parameter {name} is missing"
        yield from (f"{method} {path}: {fault}" for fault in self._body_faults(operation, body, kind))

    def _parameter_fault(self, schema: Mapping[str, object], value: str) -> str | None:
        word = _WORDS.get(str(schema.get("type")))
        if word is not None and not word.fullmatch(value):
            return f"is no {schema['type']}: {value}"
        return None

    def _body_faults(self, operation: Mapping[str, object], body: object, kind: str) -> Iterator[str]:
        allowed = mapping(mapping(operation.get("requestBody")).get("content"))
        if body is None:
            return
        if kind not in allowed:
            yield f"a body of type {kind} is not foreseen"
        elif kind == "application/json":
            yield from self._faults("body", mapping(mapping(allowed[kind]).get("schema")), body)

    def _faults(self, where: str, schema: Mapping[str, object], value: object) -> Iterator[str]:
        if isinstance(reference := schema.get("$ref"), str):
            schema = mapping(mapping(mapping(self._document["components"])["schemas"])[reference.rpartition("/")[2]])
        for part in items_of(schema.get("allOf")):
            yield from self._faults(where, mapping(part), value)
        kind = schema.get("type")
        if isinstance(kind, str) and not _CHECKS[kind](value):
            yield f"{where} is no {kind}: {value!r:.80}"
            return
        if schema.get("enum") and value not in items_of(schema["enum"]):
            yield f"{where} may not be {value!r:.80}"
        if isinstance(value, Mapping):
            yield from self._object_faults(where, schema, value)
        if isinstance(value, list) and "items" in schema:
            for number, item in enumerate(value):
                yield from self._faults(f"{where}[{number}]", mapping(schema["items"]), item)

    def _object_faults(self, where: str, schema: Mapping[str, object], value: Mapping[str, object]) -> Iterator[str]:
        properties = mapping(schema.get("properties"))
        for name in items_of(schema.get("required")):
            if name not in value:
                yield f"{where}.{name} is missing"
        extra = schema.get("additionalProperties")
        for name, item in value.items():
            if name in properties:
                yield from self._faults(f"{where}.{name}", mapping(properties[name]), item)
            elif extra is False:
                yield f"{where}.{name} is unknown"
            elif isinstance(extra, Mapping):
                yield from self._faults(f"{where}.{name}", extra, item)
