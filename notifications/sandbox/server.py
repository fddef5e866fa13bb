"""A local look-alike of the Google endpoints that the real firebase-admin client talks to.

One asyncio process, everything in memory. It answers the OAuth grant, HTTP v1 sends and the certificates of ID
tokens, and the REST part of Google Wallet; under /sandbox it tells what arrived and takes orders for faults.
"""

import asyncio
import json
import secrets
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import jwt
from aiohttp import web

from notifications.sandbox import faults, rules, schema
from notifications.sandbox.drawer import Accepted, Inbox
from notifications.sandbox.keys import PROJECT, SandboxKeys
from notifications.sandbox.wallet import WalletShelf

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# google-auth names Google's endpoint as the audience, whatever address it posts to.
GOOGLE_TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105  # an address
TOKEN_LIFETIME_S = 3600
HANG_S = 600.0
_FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
_BROKEN = web.RequestKey("broken", faults.Fault)
_PAGE = "<!doctype html><title>Error</title><p>Something in between answered.</p>"


class Sandbox:
    def __init__(self, *, keys: SandboxKeys) -> None:
        self.keys = keys
        self.inbox = Inbox()
        self.plan = faults.FaultPlan()
        self.requests = 0
        self._access: dict[str, float] = {}
        self._consumed: set[bytes] = set()
        self._next_order = asyncio.Event()
        self.wallet = WalletShelf(keys=keys, before=self._before_wallet, after=self._after_wallet)

    def application(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024)
        app.add_routes(
            [
                web.post("/token", self.grant),
                web.get("/certs", self.certificates),
                web.get("/v1/jwks", self.key_set),
                web.post(r"/v1beta/projects/{project}:verifyAppCheckToken", self.consume_app_check_token),
                web.post("/v1/projects/{project}/messages:send", self.send),
                web.post(r"/v1/{package}:decodeIntegrityToken", self.decode_integrity_token),
                web.get("/sandbox", self.overview),
                web.get("/sandbox/messages", self.messages),
                web.get("/sandbox/drawer", self.drawer),
                web.get("/sandbox/passes", self.passes),
                web.post("/sandbox/faults", self.order_faults),
                *self.wallet.routes(),
            ]
        )
        return app

    # -- what Google does

    async def grant(self, request: web.Request) -> web.StreamResponse:
        fault = self.plan.take(endpoint="token")
        if fault and (broken := await self._broken(request, fault)):
            return broken
        form = await request.post()
        if form.get("grant_type") != GRANT_TYPE:
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        try:
            jwt.decode(
                str(form.get("assertion", "")),
                self.keys.service_account.public_key(),
                algorithms=["RS256"],
                audience=[GOOGLE_TOKEN_URI, str(request.url.with_query(None))],
                issuer=self.keys.client_email,
                options={"require": ["exp", "iat", "iss", "aud"]},
            )
        except jwt.PyJWTError as error:
            return web.json_response({"error": "invalid_grant", "error_description": str(error)}, status=400)
        now = asyncio.get_running_loop().time()
        self._access = {token: until for token, until in self._access.items() if until > now}
        token = secrets.token_urlsafe(32)
        self._access[token] = now + TOKEN_LIFETIME_S
        return web.json_response({"access_token": token, "expires_in": TOKEN_LIFETIME_S, "token_type": "Bearer"})

    async def certificates(self, request: web.Request) -> web.StreamResponse:
        # Verifiers cache by max-age and Date (which aiohttp sends); without them they would ask for every token.
        return web.json_response(
            self.keys.certificates(now=datetime.now(UTC)),
            headers={"Cache-Control": "public, max-age=20000, must-revalidate"},
        )

    async def key_set(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.keys.key_set(), headers={"Cache-Control": "public, max-age=21600"})

    async def consume_app_check_token(self, request: web.Request) -> web.StreamResponse:
        """It answers whether the token was shown here before; what else there is to know of it the caller has read."""
        if not self._is_authorized(request):
            return _error(401, "UNAUTHENTICATED", "Request is missing required authentication credential.")
        token = json.loads(await request.read()).get("app_check_token", "")
        used = sha256(token.encode()).digest() in self._consumed
        self._consumed.add(sha256(token.encode()).digest())
        return web.json_response({"alreadyConsumed": True} if used else {})

    async def decode_integrity_token(self, request: web.Request) -> web.StreamResponse:
        """What Google Play would say: the tokens of `keys.mint_integrity_token` carry it."""
        if not self._is_authorized(request):
            return _error(401, "UNAUTHENTICATED", "Request is missing required authentication credential.")
        fault = self.plan.take(endpoint="integrity")
        if fault and (broken := await self._broken(request, fault)):
            return broken
        try:
            body = json.loads(await request.read())
            payload = jwt.decode(
                body["integrityToken"],
                self.keys.id_token.public_key(),
                algorithms=["RS256"],
                audience=request.match_info["package"],
            )
        except (ValueError, TypeError, KeyError, jwt.PyJWTError):
            return _error(400, "INVALID_ARGUMENT", "Integrity token cannot be decoded.")
        return web.json_response({"tokenPayloadExternal": payload["payload"]})

    async def send(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        if not self._is_authorized(request):
            return _error(401, "UNAUTHENTICATED", "Request is missing required authentication credential.")
        project = request.match_info["project"]
        if project != PROJECT:
            return _error(403, "PERMISSION_DENIED", f"The caller has no permission on project {project}.")
        try:
            body = json.loads(await request.read())
        except ValueError:
            return _error(400, "INVALID_ARGUMENT", "Invalid JSON payload received.")
        wrong = _violations(body)
        if wrong:
            return _error(400, "INVALID_ARGUMENT", wrong[0].description, violations=wrong)
        message = body["message"]
        address = next(str(message[kind]) for kind in rules.TARGETS if message.get(kind))
        if self.plan.latency_s:
            await asyncio.sleep(self.plan.latency_s)
        fault = self.plan.take(endpoint="send", target=address)
        accepted = self._accept(address, message) if fault and fault.accepted else None
        if fault and (broken := await self._broken(request, fault)):
            return broken
        if body.get("validate_only") or body.get("validateOnly"):
            return web.json_response({"name": f"projects/{project}/messages/fake_message_id"})
        accepted = accepted or self._accept(address, message)
        return web.json_response({"name": accepted.name})

    async def _broken(self, request: web.Request, fault: faults.Fault) -> web.StreamResponse | None:
        match fault.kind:
            case "slow":
                await asyncio.sleep(fault.seconds)
                return None
            case "held":
                await self._next_order.wait()
                return None
            case "hang":
                await asyncio.sleep(HANG_S)
                return web.Response(status=504)
            case "reset":
                if request.transport:
                    request.transport.abort()
                return web.Response()
            case "html":
                return web.Response(text=_PAGE, content_type="text/html")
            case "gateway":
                return web.Response(text=_PAGE, content_type="text/html", status=502)
            case "strange":
                return web.json_response(["not", "Google"])
        answer = faults.ANSWERS[fault.kind]
        return _error(answer.http, answer.status, answer.message, code=answer.code, retry_after=answer.retry_after)

    async def _before_wallet(self, request: web.Request) -> web.StreamResponse | None:
        if not self._is_authorized(request):
            return _error(401, "UNAUTHENTICATED", "Request is missing required authentication credential.")
        fault = self.plan.take(endpoint="wallet", target=request.match_info.get("id", ""))
        if fault and fault.accepted:
            request[_BROKEN] = fault
            return None
        return await self._broken(request, fault) if fault else None

    async def _after_wallet(self, request: web.Request) -> web.StreamResponse | None:
        fault = request.get(_BROKEN)
        return await self._broken(request, fault) if fault else None

    def _accept(self, address: str, message: dict[str, Any]) -> Accepted:
        return self.inbox.accept(address=address, message=message, project=PROJECT, now=datetime.now(UTC))

    def _is_authorized(self, request: web.Request) -> bool:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return scheme == "Bearer" and self._access.get(token, 0.0) > asyncio.get_running_loop().time()

    # -- what only a sandbox does

    async def overview(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(
            {
                "project": PROJECT,
                "requests": self.requests,
                "last": self.inbox.last_number,
                "kinds": sorted(faults.KINDS),
                "faults_left": sum(fault.times for fault in self.plan.faults),
            }
        )

    async def messages(self, request: web.Request) -> web.StreamResponse:
        try:
            since = int(request.query.get("since", "0"))
        except ValueError:
            return web.json_response({"error": "since is a whole number"}, status=400)
        address = request.query.get("address")
        wanted = (message for message in self.inbox.since(since) if address in (None, message.address))
        found = [_as_json(message) for message in wanted]
        return web.json_response({"messages": found, "last": self.inbox.last_number})

    async def drawer(self, request: web.Request) -> web.StreamResponse:
        shown = self.inbox.drawer(request.query.get("address", ""))
        return web.json_response(
            [
                {"tag": tag, "arrivals": len(arrivals), "shown": _as_json(arrivals[-1])}
                for tag, arrivals in shown.items()
            ]
        )

    async def passes(self, request: web.Request) -> web.StreamResponse:
        """What Google Wallet holds, by id, and every state that it was told, in order."""
        return web.json_response({"passes": dict(self.wallet.objects), "told": list(self.wallet.told)})

    async def order_faults(self, request: web.Request) -> web.StreamResponse:
        """Replace the plan: {"faults": [{"kind": "unavailable", "times": 3}], "latency_s": 0.05}."""
        try:
            order = json.loads(await request.read())
            ordered = [faults.read_fault(raw) for raw in order.get("faults", [])]
            latency_s = float(order.get("latency_s", 0.0))
        except (AttributeError, TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        self._next_order.set()
        self._next_order = asyncio.Event()
        self.plan = faults.FaultPlan()
        self.plan.faults = ordered
        self.plan.latency_s = min(max(latency_s, 0.0), HANG_S)
        return web.json_response({"faults": len(ordered)})


def _violations(body: object) -> list[schema.Violation]:
    wrong = list(schema.violations(spec=schema.REQUEST, value=body))
    if wrong:
        return wrong
    message = body.get("message") if isinstance(body, dict) else None
    if not message:
        return [schema.Violation(field="message", description="Message is not set.")]
    return list(rules.violations(message=message))


def _as_json(message: Accepted) -> dict[str, Any]:
    return {
        "number": message.number,
        "name": message.name,
        "received_at": message.received_at.isoformat(),
        "address": message.address,
        "visible": message.is_visible,
        "message": message.message,
    }


def _error(
    http: int,
    status: str,
    message: str,
    *,
    code: str = "",
    retry_after: str = "",
    violations: list[schema.Violation] | None = None,
) -> web.Response:
    details: list[dict[str, Any]] = []
    if code:
        details.append({"@type": _FCM_ERROR, "errorCode": code})
    if violations:
        fields = [{"field": each.field, "description": each.description} for each in violations]
        details.append({"@type": _BAD_REQUEST, "fieldViolations": fields})
    return web.json_response(
        {"error": {"code": http, "message": message, "status": status, "details": details}},
        status=http,
        headers={"Retry-After": retry_after} if retry_after else None,
    )
