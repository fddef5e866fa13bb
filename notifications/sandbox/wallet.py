"""The part of the sandbox that stands in for Google Wallet: offer classes and objects, and the page of a save link."""

import json
import re
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from typing import Any

import jwt
from aiohttp import web

from notifications.sandbox import schema
from notifications.sandbox.keys import SandboxKeys
from notifications.sandbox.schema import Spec
from notifications.sandbox.wallet_schema import (
    MOST_LOCATIONS,
    OFFER_CLASS,
    OFFER_OBJECT,
    REQUIRED_OF_CLASS,
    REQUIRED_OF_OBJECT,
)

KEPT = 10_000
BASE = "/walletobjects/v1"
_ID = re.compile(r"[0-9]{1,20}\.[A-Za-z0-9._-]+")

Before = Callable[[web.Request], Any]


class SandboxRefusal(Exception):
    def __init__(self, http: int, message: str) -> None:
        super().__init__(message)
        self.http = http


class WalletShelf:
    """Classes and objects, the newest KEPT of each. `before` answers for a caller without a token, or with a fault;
    `after` answers wrongly about what was done."""

    def __init__(self, *, keys: SandboxKeys, before: Before, after: Before) -> None:
        self._keys = keys
        self._before = before
        self._after = after
        self.classes: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self.objects: OrderedDict[str, dict[str, Any]] = OrderedDict()
        # Every state that an object was given, in order: id and state.
        self.told: deque[tuple[str, str]] = deque(maxlen=KEPT)

    def routes(self) -> list[web.RouteDef]:
        routes = [web.get("/gp/v/save/{token}", self.saved)]
        for kind in ("offerClass", "offerObject"):
            routes += [
                web.post(f"{BASE}/{kind}", self._answering(self._insert, kind)),
                web.get(f"{BASE}/{kind}/{{id}}", self._answering(self._get, kind)),
                web.patch(f"{BASE}/{kind}/{{id}}", self._answering(self._patch, kind)),
                web.put(f"{BASE}/{kind}/{{id}}", self._answering(self._update, kind)),
            ]
        return routes

    async def saved(self, request: web.Request) -> web.StreamResponse:
        """What a phone would find behind the link: Google shows a button, this shows what would be saved."""
        try:
            claims = jwt.decode(
                request.match_info["token"],
                self._keys.service_account.public_key(),
                algorithms=["RS256"],
                audience="google",
                issuer=self._keys.client_email,
                # The phone that follows the link may have another clock; Google accepts that as well.
                options={"require": ["iss", "aud", "iat"], "verify_iat": False},
            )
            if claims.get("typ") != "savetowallet":
                raise SandboxRefusal(400, "typ is not savetowallet")
            passes = [self._saved(named["id"]) for named in claims["payload"]["offerObjects"]]
        except (jwt.PyJWTError, KeyError, TypeError) as error:
            return web.json_response({"error": f"not a save link: {error}"}, status=400)
        except SandboxRefusal as refusal:
            return web.json_response({"error": str(refusal)}, status=refusal.http)
        return web.json_response({"sandbox": "no wallet holds this pass", "passes": passes})

    def _saved(self, object_id: str) -> dict[str, Any]:
        if object_id not in self.objects:
            raise SandboxRefusal(404, f"object {object_id} not found")
        found = self.objects[object_id]
        return {"object": found, "class": self.classes[found["classId"]]}

    def _answering(self, do: Callable[[str, web.Request], Any], kind: str) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.StreamResponse:
            refused: web.StreamResponse | None = await self._before(request)
            if refused is not None:
                return refused
            try:
                done = await do(kind, request)
                return await self._after(request) or web.json_response(done)
            except SandboxRefusal as refusal:
                error = {"code": refusal.http, "message": str(refusal)}
                return web.json_response({"error": error}, status=refusal.http)

        return handle

    async def _insert(self, kind: str, request: web.Request) -> dict[str, Any]:
        body = self._whole(kind, await self._checked(kind, request))
        if not _ID.fullmatch(body["id"]):
            raise SandboxRefusal(400, "id: the issuer id, a dot, then letters, digits, '.', '_' and '-'")
        shelf = self._shelf(kind)
        if body["id"] in shelf:
            raise SandboxRefusal(409, f"{kind} {body['id']} already exists")
        if kind == "offerObject" and body["classId"] not in self.classes:
            raise SandboxRefusal(404, f"class {body['classId']} not found")
        shelf[body["id"]] = body
        if len(shelf) > KEPT:
            shelf.popitem(last=False)
        self._note(kind, body)
        return body

    async def _get(self, kind: str, request: web.Request) -> dict[str, Any]:
        return self._found(kind, request)

    async def _patch(self, kind: str, request: web.Request) -> dict[str, Any]:
        found = self._found(kind, request)
        body = await self._checked(kind, request)
        if body.get("id", found["id"]) != found["id"]:
            raise SandboxRefusal(400, "id: not the one in the address")
        found.update(body)
        self._note(kind, found)
        return found

    async def _update(self, kind: str, request: web.Request) -> dict[str, Any]:
        """The whole of it: what the new one does not name is gone."""
        found = self._found(kind, request)
        body = self._whole(kind, await self._checked(kind, request))
        if body["id"] != found["id"]:
            raise SandboxRefusal(400, "id: not the one in the address")
        found.clear()
        found.update(body)
        self._note(kind, found)
        return found

    @staticmethod
    def _whole(kind: str, body: dict[str, Any]) -> dict[str, Any]:
        required = REQUIRED_OF_CLASS if kind == "offerClass" else REQUIRED_OF_OBJECT
        missing = [name for name in required if not body.get(name)]
        if missing:
            raise SandboxRefusal(400, f"{', '.join(missing)}: required")
        return body

    def _note(self, kind: str, body: Mapping[str, Any]) -> None:
        if kind == "offerObject":
            self.told.append((body["id"], body["state"]))

    def _found(self, kind: str, request: web.Request) -> dict[str, Any]:
        found = self._shelf(kind).get(request.match_info["id"])
        if found is None:
            raise SandboxRefusal(404, f"{kind} {request.match_info['id']} not found")
        return found

    def _shelf(self, kind: str) -> OrderedDict[str, dict[str, Any]]:
        return self.classes if kind == "offerClass" else self.objects

    async def _checked(self, kind: str, request: web.Request) -> dict[str, Any]:
        try:
            body = json.loads(await request.read())
        except ValueError as error:
            raise SandboxRefusal(400, "Invalid JSON payload received.") from error
        spec: Mapping[str, Spec] = OFFER_CLASS if kind == "offerClass" else OFFER_OBJECT
        for wrong in schema.violations(spec=spec, value=body):
            raise SandboxRefusal(400, wrong.description)
        if len(body.get("merchantLocations", [])) > MOST_LOCATIONS:
            raise SandboxRefusal(400, f"merchantLocations: more than {MOST_LOCATIONS}")
        checked: dict[str, Any] = body
        return checked
