"""Kanari, who leaves a mark in every place that the product has for people, and can be looked for by twelve of them."""

import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.test import Client

from geooffers.api.edge import clock
from geooffers.callers import device_lookup, limits, report_rate
from geooffers.coupons import codes, keyring
from geooffers.coupons.models import Coupon, CouponState
from geooffers.decisions.models import Decision
from geooffers.shoppers.identity import tokens
from geooffers.shoppers.models import Device, Purpose
from geooffers.usecases.privacy import export_shopper
from geooffers.visits.engine.observations import fold
from geooffers.worker.tasks import export
from merchants.live_fences import live_fences
from merchants.models import Store
from merchants.people import keys
from notifications.sandbox.keys import mint_id_token
from tests import canary_wandering, searching
from tests.cast import NOON, consent_text, make_fence, make_offer, make_store
from tests.integration.conftest import make_worker
from tests.phone import Phone
from tests.running_sandbox import RunningSandbox
from tests.walker import fix

# Some metres from a café of its own, so that the digits of this place are nobody else's.
LAT, LON = 61.49876543, 23.76123456
CAFE = {"lat": 61.4985, "lon": 23.7615}
FARTHER = (LAT + 0.02, LON)
MINUTE = timedelta(minutes=1)


class CanaryPerson:
    """`live` goes through everything the product can do; the phone's clock stands at noon."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.phone = Phone(address="203.0.113.77")
        self.first_token = self.phone.token
        self.next_token = "Kanari5xT8vB1nK6sD0fL3zR7yW2cH5jP9gE8aU1o2E"
        self.first_address, self.address = f"kanari-fid-{uuid4().hex}", f"kanari-renewed-{uuid4().hex}"
        self.firebase_uid = f"kanari-uid-{uuid4().hex}"
        self.language, self.app_version = "fi-AX-kanarini", "7.31.4-kanari"
        self.idempotency_key = f"kanari-key-{uuid4().hex}"
        self.fix_uuid = uuid4()
        self.store: Store = make_store(merchant_name="Kanarian Kahvila", **CAFE)
        make_fence(self.store)
        for title in ("Free cardamom bun", "Free tea"):
            make_offer(self.store, title=title, per_shopper_limit=5)
        live_fences.matcher().refresh()
        for purpose in Purpose:
            consent_text(purpose)
        self.coupon_ids: set[UUID] = set()

    @property
    def device(self) -> Device:
        return Device.objects.get(install_id=self.phone.install_id)

    def call(self, method: str, path: str, body: Any = None, *, now: datetime = NOON, **headers: str) -> Any:
        with clock.set_to(now):
            answer = self.phone.call(method, path, body, headers=headers)
        assert answer.status_code < 400, (method, path, answer.content)
        return answer

    def id_token(self) -> str:
        return mint_id_token(self.firebase_uid, keys=self.sandbox.keys, now=datetime.now(UTC))

    def live(self) -> None:
        self._arrive()
        self._walk_in_and_redeem()
        canary_wandering.wander(self, farther=FARTHER, since=NOON + 3 * MINUTE)
        self._come_again()
        owners_page = canary_wandering.owner_walks_somebody_in(self, at=NOON + 11 * MINUTE)
        self._keep_a_copy_waiting()
        self.shopper_id, self.device_id = self.device.shopper_id, self.device.pk
        self.coupon_ids = set(Coupon.objects.values_list("pk", flat=True))
        self.open_code = str(keyring.code_of(Coupon.objects.get(state=CouponState.OPEN)))
        self.markers = self._markers()
        assert self.marks_in(owners_page) == set()

    def _arrive(self) -> None:
        with clock.set_to(NOON):
            assert self.phone.register(
                language=self.language,
                app_version=self.app_version,
                push={"kind": "fid", "address": self.first_address},
            ).status_code == 201  # fmt: skip
        for number, purpose in enumerate(Purpose):
            body = {"purpose": purpose, "language": "en", "version": 1}
            key = self.idempotency_key if number == 0 else uuid4().hex
            self.call("POST", "/consents", body, **{"Idempotency-Key": key})
        self.call("POST", "/consents/withdraw", {"purpose": "analytics"})
        self.call("PUT", "/devices/me/push", {"kind": "fid", "address": self.address})
        self.call("POST", "/regions", {"lat": LAT, "lon": LON, "background": False})

    def _walk_in_and_redeem(self) -> None:
        """As the anonymous shopper, who then signs in."""
        first = fix(NOON, (LAT, LON))
        (coupon,) = self.call("POST", "/positions", {"fixes": [first]}).json()["coupons"]
        make_worker(self.sandbox, now=NOON + timedelta(seconds=1)).run_once()
        for path in ("", "/seen", "/saved", "/google-save-link"):
            self.call("POST" if path else "GET", f"/coupons/{coupon['id']}{path}")
        self.call("GET", f"/coupons/{coupon['id']}/pass.pkpass")
        shown = self.call("GET", f"/coupons/{coupon['id']}").json()["code"]
        self._at_the_till(shown)
        for path in (f"/phone/coupons/{coupon['id']}/face", "/phone/pushes"):
            assert (
                self.phone.client.get(path, headers={"Authorization": f"Bearer {self.phone.token}"}).status_code == 200
            )
        self.call("POST", "/positions", {"fixes": [fix(NOON + MINUTE, FARTHER)]}, now=NOON + MINUTE)
        self.call("POST", "/sign-in", {"id_token": self.id_token(), "new_token": self.next_token})
        self.phone.token = self.next_token

    def _at_the_till(self, code: str) -> None:
        _, key = keys.make_key(store=self.store, name="till", scopes=list(keys.SCOPES))
        for path, number in (("lookups", 1), ("redemptions", 1), ("redemptions", 2)):
            with clock.set_to(NOON + MINUTE / 2):
                Client().post(
                    f"/api/v1/{path}",
                    {"code": code},
                    content_type="application/json",
                    headers={"Authorization": f"Bearer {key}", "Idempotency-Key": f"till-{number}"},
                )

    def _come_again(self) -> None:
        """The second coupon stays open, its pass is at Google, its push is owed."""
        at = NOON + 10 * MINUTE
        report = {"fixes": [fix(at, (LAT, LON), uuid=str(self.fix_uuid))]}
        (coupon,) = self.call("POST", "/positions", report, now=at).json()["coupons"]
        canary_wandering.is_told_by_the_system(self, lat=LAT, lon=LON, at=at + MINUTE / 2)
        self.call("POST", f"/coupons/{coupon['id']}/google-save-link", now=at)
        self.call("GET", "/coupons", now=at)
        assert len(self.call("GET", "/offers/here", now=at).json()["offers"]) == 1

    def _keep_a_copy_waiting(self) -> None:
        at = NOON + 11 * MINUTE
        self.copy = self.call("GET", "/me/export", now=at).content
        device = self.device
        ordered = export_shopper.export_shopper(device=device, shopper=device.shopper, now=at, at_once=1)
        assert isinstance(ordered, export_shopper.Ordered)
        assert export.run(now=at, limit=10) == 1

    def _markers(self) -> Mapping[str, tuple[bytes, ...]]:
        """Twelve, each in every form in which it may lie about."""
        digest = codes.read(self.open_code).digest
        written = {
            "installation id": [UUID(self.phone.install_id)],
            "first token": [self.first_token, tokens.hash_of(self.first_token)],
            "next token": [self.next_token, tokens.hash_of(self.next_token)],
            "first push address": [self.first_address],
            "push address": [self.address],
            "Firebase uid": [self.firebase_uid],
            "language": [self.language],
            "app version": [self.app_version],
            "idempotency key": [self.idempotency_key],
            "code of the open coupon": [
                self.open_code,
                self.open_code.replace("-", ""),
                digest,
                *Coupon._meta.get_field("code_lookup").forms(digest),
            ],
            "fix": [self.fix_uuid, struct.pack("<Q", fold(self.fix_uuid)), str(fold(self.fix_uuid))],
            "place": [str(LAT)[:8], str(LON)[:8], struct.pack("<d", LAT), struct.pack("<d", LON)],
        }
        assert len(written) == 12
        return {
            name: tuple(form for value in values for form in searching.forms_of(value))
            for name, values in written.items()
        }

    # -- where else than in the database

    def counts_in_redis(self) -> list[str]:
        caller = device_lookup.name_of(self.device_id)
        return [key.decode() for key in limits._redis().storage.storage.scan_iter() if caller in key.decode()]

    def is_in_memory(self) -> bool:
        return self.device_id in report_rate.BUCKETS._left

    def files_with_markers(self) -> list[str]:
        found = []
        for folder in {settings.TOMBSTONES.parent, settings.SANDBOX_DIR, settings.FENCE_BASES_DIR}:
            for file in folder.rglob("*") if folder.is_dir() else ():
                if file.is_file() and self.marks_in(file.read_bytes()):
                    found.append(file.name)
        return found

    def marks_in(self, content: bytes) -> set[str]:
        return {name for name, forms in self.markers.items() if any(form in content for form in forms)}

    def decided(self) -> int:
        return Decision.objects.filter(shopper=self.shopper_id).count()
