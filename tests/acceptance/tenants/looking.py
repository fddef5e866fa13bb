"""One request, looked at: what may an answer to this person hold, and what not."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponseBase
from django.test import Client

from tests.acceptance.tenants.world import World


@dataclass(kw_only=True)
class Walker:
    """Somebody who calls addresses and looks at the answers. Findings are collected, not raised."""

    who: str
    client: Client
    forbidden: dict[str, str]  # canary -> whose
    findings: list[str] = field(default_factory=list)
    looked: int = 0

    def get(self, address: str, data: Any = None, **more: Any) -> HttpResponseBase:
        return self.look("GET", address, self.client.get(address, data, **more), asked=str(data or ""))

    def post(self, address: str, data: Any = None, **more: Any) -> HttpResponseBase:
        return self.look("POST", address, self.client.post(address, data or {}, **more), asked=str(data or ""))

    def look(self, method: str, address: str, answer: HttpResponseBase, *, asked: str = "") -> HttpResponseBase:
        self.looked += 1
        # 503 is the honest answer of a process that is not ready.
        if answer.status_code >= 500 and answer.status_code != 503:
            self.findings.append(f"{self.who}: {method} {address} breaks with {answer.status_code} ({asked})")
        said = body_of(answer) + str(dict(answer.items()))
        for canary, whose in self.forbidden.items():
            # An answer may repeat what it was asked.
            if canary in said and canary not in address and canary not in asked:
                self.findings.append(f"{self.who}: {method} {address} shows {whose} ({canary})")
        return answer

    def found(self, text: str) -> None:
        self.findings.append(f"{self.who}: {text}")


def body_of(answer: HttpResponseBase) -> str:
    if answer.streaming:
        return b"".join(answer.streaming_content).decode(errors="replace")  # type: ignore[attr-defined]
    return answer.content.decode(errors="replace")  # type: ignore[attr-defined]


def walkers_of_aino(world: World) -> list[Walker]:
    """Anonymous and each role of Aino's; Bertil's texts and the lone shopper are forbidden to all of them."""
    forbidden = {**world.canaries, **world.shoppers_canaries, "CNRYlogmessage": "the log of Bertil's rows"}
    return [
        Walker(who=who, client=client_of(user), forbidden=forbidden)
        for who, user in world.people().items()
        if who != "operator"
    ]


def client_of(user: Any) -> Client:
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    return client
