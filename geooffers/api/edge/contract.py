"""The OpenAPI document is the contract: this adds to each operation the errors that it can answer with."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import TooManyFieldsSent
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.openapi.schema import OpenAPISchema

from geooffers.api.edge import database_trouble, errors, idempotency, strict
from geooffers.api.identity import app_check, auth, id_tokens
from geooffers.callers import device_lookup, limits, replies, scanners
from geooffers.shoppers.privacy import tombstones

_MEDIA = "application/problem+json"


class ProblemSchema(Schema):
    """RFC 9457. `code` is stable; `detail` and `hint` are for people."""

    model_config = strict.example(
        type="urn:geooffers:problem:out_of_range",
        title="Unprocessable Entity",
        status=422,
        detail="Input should be less than or equal to 90",
        code="out_of_range",
        field="fixes[3].lat",
        hint="",
        request_id="3f0c8d5e9b7a4c1d8e2f6a5b4c3d2e1f",
    )
    type: str
    title: str
    status: int
    detail: str
    code: str
    field: str | None
    hint: str
    request_id: str


def refusals(*kinds: type[Exception]) -> dict[str, Any]:
    """For `openapi_extra=`: the refusals of PROBLEMS that an operation answers with, beyond what all do."""
    return {"x-refusals": [kind for kind in kinds]}


def with_idempotency_key(*kinds: type[Exception]) -> dict[str, Any]:
    """For `openapi_extra=` of a write that `idempotency.respond` answers."""
    header = {
        "in": "header",
        "name": "Idempotency-Key",
        "required": True,
        "description": "Random, made by the caller for this write, repeated by its retries.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        "example": "9b2f6c1e-5d0a-4f57-8d39-0f0a7c3e5b21",
    }
    return {
        "parameters": [header],
        **refusals(idempotency.KeyRequired, idempotency.KeyInvalid, replies.KeyReused, replies.InFlight, *kinds),
    }


def with_app_check(extra: dict[str, Any]) -> dict[str, Any]:
    """For `openapi_extra=` of an operation for which the app vouches, where GEOOFFERS_APP_CHECK asks for it."""
    header = {
        "in": "header",
        "name": app_check.HEADER,
        "required": False,
        "description": (
            "A Firebase App Check token, where the service asks for it: "
            f"at most {id_tokens.MOST_CHARACTERS:,} characters. Elsewhere it is not read."
        ),
        "schema": {"type": "string"},
        "example": "eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
    }
    kinds = (
        app_check.AppCheckMissing,
        app_check.AppCheckInvalid,
        app_check.AppCheckUsed,
        app_check.AppCheckUnreachable,
    )
    return {
        **extra,
        "parameters": [*extra.get("parameters", []), header],
        "x-refusals": [*extra.get("x-refusals", []), *kinds],
    }


class Api(NinjaAPI):
    """NinjaAPI whose document names every error of every operation, and whose refusals answer as the table says."""

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        return errors.answer(request, exc)

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        document = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        document["components"]["schemas"]["Problem"] = ProblemSchema.json_schema() | {"title": "Problem"}
        for operations in document["paths"].values():
            for operation in operations.values():
                _correct(operation)
                _add_errors(operation)
        _drop_unused(document)
        return document


def _correct(operation: dict[str, Any]) -> None:
    """What ninja writes as OpenAPI does not have it, or does not write."""
    operation.setdefault("security", [])  # said of an operation that asks for no token
    for parameter in operation["parameters"]:
        schema = parameter["schema"]
        # JSON Schema's list, where OpenAPI wants one example or a map
        examples = schema.get("examples") or schema.get("enum")
        parameter.pop("examples", None)
        if examples:
            parameter["example"] = examples[0]
        elif schema.get("format") == "uuid":
            parameter["example"] = "019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c"
        elif schema.get("default") is not None:
            parameter["example"] = schema["default"]


def _drop_unused(document: dict[str, Any]) -> None:
    """Schemas of query parameters, which ninja writes out in place and lists all the same."""
    schemas = document["components"]["schemas"]
    used: set[str] = set()
    waiting: list[Any] = [document["paths"]]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            name = str(node.get("$ref", "")).rpartition("/")[2]
            if name in schemas and name not in used:
                used.add(name)
                waiting.append(schemas[name])
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    for name in schemas.keys() - used:
        del schemas[name]


def _add_errors(operation: dict[str, Any]) -> None:
    kinds: list[type[Exception]] = [*operation.pop("x-refusals", [])]
    reads_strictly = not operation.pop("x-acknowledges-any-body", False)
    places = {parameter["in"] for parameter in operation["parameters"]}
    if operation["security"]:
        kinds += [
            auth.TokenMissing,
            device_lookup.TokenUnknown,
            auth.TokenInUrl,
            auth.AuthorizationTwice,
            auth.HeaderTooLarge,
        ]
        schemes = {name for choice in operation["security"] for name in choice}
        if schemes & {"DeviceToken", "DeviceTokenOrTheOneBefore", "ReporterBearer"}:
            kinds += [device_lookup.DeviceRetired, tombstones.Erased]
        if "KeyOfTill" in schemes:
            kinds += [scanners.KeyRevoked, scanners.ScopeMissing, scanners.NotStaff, auth.CsrfFailed]
    if "requestBody" in operation and reads_strictly:
        kinds += [
            strict.InvalidJson,
            strict.NotUtf8,
            strict.TooDeep,
            strict.DuplicateKey,
            strict.BodyTooLarge,
            strict.NotJsonMedia,
            strict.Encoded,
            strict.NumberTooLong,
            strict.InvalidText,
        ]
    if "path" in places:
        kinds.append(Http404)
    if "query" in places:
        kinds.append(TooManyFieldsSent)
    if "query" in places and reads_strictly:
        kinds.append(strict.InvalidText)
    kinds += [limits.TooManyRequests, database_trouble.Unavailable]
    by_status: dict[int, dict[str, dict[str, Any]]] = {}
    for kind in kinds:
        problem = errors.PROBLEMS[kind]
        by_status.setdefault(problem.status, {})[problem.code] = _example(problem, errors.sentence_of(kind))
    if reads_strictly and ("requestBody" in operation or "query" in places):
        field = errors.Problem(status=422, code="out_of_range")
        by_status.setdefault(422, {})["out_of_range"] = _example(field, "Input should be less than or equal to 90")
    by_status[500] = {
        "internal_error": _example(
            errors.Problem(status=500, code="internal_error"), "Something went wrong on our side."
        )
    }
    for status, examples in sorted(by_status.items()):
        operation["responses"][status] = {
            "description": " · ".join(f"`{code}`: {shown['value']['detail']}" for code, shown in examples.items()),
            "content": {_MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}},
        }


def _example(problem: errors.Problem, detail: str) -> dict[str, Any]:
    return {
        "value": {
            "type": f"urn:geooffers:problem:{problem.code}",
            "title": HTTPStatus(problem.status).phrase,
            "status": problem.status,
            "detail": detail,
            "code": problem.code,
            "field": None,
            "hint": problem.hint,
            "request_id": "3f0c8d5e9b7a4c1d8e2f6a5b4c3d2e1f",
        }
    }
