"""Validates lines of JSON against the schemas of the package, and more strictly: no field may be missing in a schema.

The schemas allow fields that they do not name, so that a program that validates still works with a later version.
"""

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from paces_live.schema import load

EVENTS = ("start", "reading", "song", "end", "control", "error")
SERVER = (
    *("snapshot", "heartbeat", "welcome", "health", "session", "audio-start", "audio-stop", "gap", "overview", "play"),
)


@cache
def _registry() -> Registry[Any]:
    """Return the schemas by the names by which they refer to each other."""
    return Registry().with_resources(
        (f"{name}.json", Resource.from_contents(_strict(load(name)))) for name in ("events", "lines", "server")
    )


@cache
def _validators(name: str, kind: str) -> tuple[Draft202012Validator, Draft202012Validator]:
    """Return the validators of a type and of the whole schema `name`, after checking the schema itself."""
    schema = _strict(load(name))
    Draft202012Validator.check_schema(schema)
    # The schema of the type itself explains an error better than the choice between all of them.
    one = {"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]}
    return Draft202012Validator(one, registry=_registry()), Draft202012Validator(schema, registry=_registry())


def _strict(schema: Any) -> Any:
    """Return `schema` without other properties than it names."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: _strict(value) for key, value in schema.items()}
    return strict | {"additionalProperties": False} if schema.get("type") == "object" else strict


def validated(line: str, kind: str | None = None) -> dict[str, Any]:
    """Return the record of a line of JSON that is valid by the schema of its type, or else of the `kind` of it."""
    record: dict[str, Any] = json.loads(line)
    kind = kind or record["type"]
    name = "events" if kind in EVENTS else "server" if kind in SERVER or "type" not in record else "lines"
    for validator in _validators(name, kind):
        validator.validate(record)
    return record
