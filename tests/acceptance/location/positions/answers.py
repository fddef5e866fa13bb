"""Reading what a report was answered."""

from datetime import timedelta
from typing import Any


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def results(answer: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(result["status"], result["code"]) for result in answer["results"]]
