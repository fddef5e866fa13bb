"""Every operation of the OpenAPI document, called with foreign ids and a foreign coupon's code."""

import json
from typing import Any
from uuid import uuid4

from django.http import HttpResponseBase
from django.test import Client

from tests.acceptance.tenants.looking import Walker
from tests.acceptance.tenants.world import World

METHODS = ("get", "post", "put", "patch", "delete")
# What a stranger gets for a row that is not theirs; for a body that names none, any refusal of the body itself.
REFUSED = {400, 401, 403, 404, 405, 409, 413, 415, 422, 429}


def walk(document: dict[str, Any], walker: Walker, world: World, headers: dict[str, str]) -> int:
    """Answers how many operations were called."""
    called = 0
    for path, item in document["paths"].items():
        for method in METHODS:
            operation = item.get(method)
            if operation is None:
                continue
            called += 1
            names = [each["name"] for each in operation.get("parameters", []) if each["in"] == "path"]
            for address in _addresses(path, names, operation, world):
                answer = _call(walker, method, address, _body(document, operation, world), headers)
                if names and answer.status_code not in REFUSED:
                    walker.found(f"{method.upper()} {address} answers {answer.status_code} for a foreign id")
    return called


def _addresses(path: str, names: list[str], operation: dict[str, Any], world: World) -> list[str]:
    if not names:
        return [path]
    schemas = {each["name"]: each["schema"] for each in operation["parameters"]}
    foreign = [str(key) for keys in world.foreign.values() for key in keys[:2] if not isinstance(key, int)]
    addresses = []
    for key in foreign:
        address = path
        for name in names:
            address = address.replace(f"{{{name}}}", (_enum(schemas[name]) or [key])[0])
        addresses.append(address)
    return addresses


def _call(walker: Walker, method: str, address: str, body: Any, headers: dict[str, str]) -> HttpResponseBase:
    more: dict[str, Any] = {"headers": {"Idempotency-Key": str(uuid4()), **headers}}
    if body is not None:
        more |= {"data": json.dumps(body), "content_type": "application/json"}
    client: Client = walker.client
    answer: HttpResponseBase = getattr(client, method)(address, **more)
    return walker.look(method.upper(), address, answer, asked=json.dumps(body))


def _body(document: dict[str, Any], operation: dict[str, Any], world: World) -> Any:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return None if content is None else _value(document, content["schema"], "", world)


def _value(document: dict[str, Any], schema: dict[str, Any], name: str, world: World) -> Any:
    """Something that fits the schema; ids and codes in it are Bertil's."""
    if "$ref" in schema:
        return _value(document, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]], name, world)
    if name == "code":
        return world.bertils_code
    if schema.get("format") == "uuid":
        return str(world.bertil.pk)
    if "const" in schema:
        return schema["const"]
    if _enum(schema):
        return _enum(schema)[0]
    for combined in ("anyOf", "oneOf", "allOf"):
        if combined in schema:
            kinds = [each for each in schema[combined] if each.get("type") != "null"]
            return _value(document, kinds[0], name, world)
    if schema.get("type") == "object" or "properties" in schema:
        return {key: _value(document, each, key, world) for key, each in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [_value(document, schema["items"], name, world)]
    if "examples" in schema or "example" in schema:
        return schema.get("example", (schema.get("examples") or [None])[0])
    return {"integer": 1, "number": 1.0, "boolean": True}.get(schema.get("type", ""), "x" * schema.get("minLength", 1))


def _enum(schema: dict[str, Any]) -> list[Any]:
    return list(schema.get("enum", []))
