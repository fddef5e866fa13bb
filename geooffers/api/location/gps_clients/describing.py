"""What the OpenAPI document says of an adapter: the client's format is read by hand, so it is also told by hand."""

from typing import Any

from geooffers.api.edge import contract
from geooffers.api.location.gps_clients.receiving import HEADER
from geooffers.callers import report_rate
from geooffers.usecases.location import report_positions as reporting

TAG = "Other clients"

COUNTS: dict[str, Any] = {
    "type": "object",
    "description": "How many records ended in which way: `accepted`, `duplicate`, `late`, or the reason of a drop.",
    "additionalProperties": {"type": "integer", "minimum": 1},
}
_COUNTED = {"type": "object", "required": ["counts"], "properties": {"counts": COUNTS}}


def _header() -> dict[str, Any]:
    return {
        HEADER: {
            "description": "How many records ended in which way, as `accepted=2, late=1`.",
            "schema": {"type": "string"},
            "example": "accepted=2, late=1",
        }
    }


def parameter(name: str, description: str, example: str) -> dict[str, Any]:
    """A field of a query. All are text, and none is asked for: what is missing is counted, not refused."""
    return {
        "in": "query",
        "name": name,
        "required": False,
        "description": description,
        "schema": {"type": "string"},
        "example": example,
    }


def adapter(
    *,
    json: Any = None,
    form: Any = None,
    query: list[dict[str, Any]] | None = None,
    answer: dict[str, Any] = _COUNTED,
    answers_with: Any = {"counts": {"accepted": 1}},  # noqa: B006  # shown, never changed
    busy: bool = False,
) -> dict[str, Any]:
    """For `openapi_extra=`. `json` and `form` are examples of a body, `answer` is the schema of `answers_with`."""
    content: dict[str, Any] = {}
    if json is not None:
        content["application/json"] = {"schema": {"description": "As the client sends it."}, "example": json}
    if form is not None:
        content["application/x-www-form-urlencoded"] = {
            "schema": {"type": "object", "additionalProperties": {"type": "string"}},
            "example": form,
        }
    refused = [report_rate.Busy] if busy else [report_rate.TooManyReports, reporting.TooManyWrites]
    extra: dict[str, Any] = {
        **contract.refusals(*refused),
        # What cannot be read is acknowledged, so the reader's refusals are none of this operation's.
        "x-acknowledges-any-body": True,
        "responses": {
            200: {
                "description": "Received: the client deletes what it sent.",
                "headers": _header(),
                "content": {"application/json": {"schema": answer, "examples": {"received": {"value": answers_with}}}},
            }
        },
    }
    if content:
        extra["requestBody"] = {"required": False, "content": content}
    if query:
        extra["parameters"] = query
    return extra
