"""The OpenAPI document: every operation says what it does, shows an example, and names every error."""

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from geooffers.api.app import api
from geooffers.api.edge.errors import PROBLEMS


def document() -> dict[str, Any]:
    out = StringIO()
    call_command("exportopenapi", stdout=out)
    return json.loads(out.getvalue())


DOCUMENT = document()


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def schema_of(media: dict[str, Any]) -> dict[str, Any]:
    schema = media["schema"]
    return DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


every_operation = pytest.mark.parametrize("operation", [pytest.param(value, id=name) for name, value in operations()])


def test_there_are_operations() -> None:
    assert len(list(operations())) >= 6


@every_operation
def test_every_operation_has_an_id_a_summary_a_description_and_a_tag(operation: dict[str, Any]) -> None:
    assert "_" not in operation["operationId"], "give it an operation_id of its own"
    assert len(operation["summary"]) > 3
    assert len(operation["description"]) > 20
    assert len(operation["tags"]) == 1


@every_operation
def test_every_operation_shows_an_example_of_what_goes_in_and_what_comes_out(operation: dict[str, Any]) -> None:
    places = [operation["requestBody"]] if "requestBody" in operation else []
    places += [answer for status, answer in operation["responses"].items() if status < "300" and status != "204"]
    for place in places:
        for media in place["content"].values():
            assert schema_of(media).get("examples") or media.get("example") or media.get("examples")
    for parameter in operation["parameters"]:
        assert "example" in parameter, parameter["name"]


@every_operation
def test_every_error_of_an_operation_is_a_problem_with_an_example_of_each_code(operation: dict[str, Any]) -> None:
    errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
    assert {"429", "500"} <= errors.keys()
    if operation["security"]:
        assert "401" in errors
    # The adapters of other clients acknowledge a body that they cannot read.
    if "requestBody" in operation and operation["tags"] != ["Other clients"]:
        assert {"400", "413", "415", "422"} <= errors.keys()
    for status, answer in errors.items():
        (media,) = answer["content"].items()
        assert media[0] == "application/problem+json"
        for code, shown in media[1]["examples"].items():
            assert shown["value"]["code"] == code
            assert str(shown["value"]["status"]) == status
            assert shown["value"]["detail"]


def test_every_refusal_has_a_sentence() -> None:
    from geooffers.api.edge import errors

    for refusal, problem in PROBLEMS.items():
        assert errors.sentence_of(refusal).endswith((".", ":")), f"{refusal} ({problem.code}) has no docstring"


def test_a_code_means_one_status() -> None:
    statuses: dict[str, set[int]] = {}
    for problem in PROBLEMS.values():
        statuses.setdefault(problem.code, set()).add(problem.status)
    assert {code: found for code, found in statuses.items() if len(found) > 1} == {}


@pytest.mark.django_db
def test_the_document_is_served_and_the_docs_page_needs_no_other_host() -> None:
    client = Client()
    assert client.get("/api/v1/openapi.json").json() == DOCUMENT
    page = client.get("/api/v1/docs").content.decode()
    assert "swagger-ui-bundle.js" in page
    assert "https://" not in page


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for _, operation in operations()]
    assert len(ids) == len(set(ids))
    assert api.title == "Geooffers"
