"""The story that `make demo` tells. Each step is checked: one that did not happen ends it, named."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import uuid4

import httpx

from geooffers.worker.demo import phone as phones
from geooffers.worker.demo import track as tracks
from geooffers.worker.demo.city import City, Shop

PUSH_LIMIT_S = 20
METRES_BETWEEN_FIXES = 25


class StepMissing(Exception):
    """A step of the story did not happen. The message names it."""


@dataclass
class Story:
    """Told on `say`, one line a step, with the seconds since it began."""

    city: City
    web_url: str
    sandbox_url: str
    say: Callable[[str], None]
    began: float = field(default_factory=time.monotonic)

    def line(self, who: str, what: str) -> None:
        self.say(f"{time.monotonic() - self.began:6.2f} s  {who:<8} {what}")

    def walk_into_a_shop(self) -> None:
        """Past one shop, into another, out again; to the till twice; consent withdrawn and the walk repeated."""
        passed, visited = self.city.shops[0], self.city.shops[1]
        phone = self.new_phone()
        steps = steps_past_and_into(passed=passed, visited=visited, ends_at=datetime.now(UTC))
        coupons = self.walk(phone, steps)
        if not coupons:
            raise StepMissing("no coupon was issued on the walk")
        coupon = next((c for c in coupons if c["merchant"] == visited.merchant), None)
        if coupon is None:
            raise StepMissing(f"no coupon of {visited.merchant} was issued")
        if any(c["merchant"] == passed.merchant for c in coupons):
            raise StepMissing(f"{passed.merchant} was only passed, and yet issued a coupon")
        self.go_to_the_till(phone, coupon, visited)
        self.withdraw_and_walk_again(phone, visited)

    def walk_a_track(self, places: list[tracks.TrackPlace]) -> None:
        """A recorded track through the fences that were placed along it."""
        phone = self.new_phone()
        coupons = self.walk(phone, tracks.timed(places, now=datetime.now(UTC)))
        if not coupons:
            raise StepMissing("no coupon was issued along the track")
        shop = next(shop for shop in self.city.shops if shop.merchant == coupons[0]["merchant"])
        self.go_to_the_till(phone, coupons[0], shop)

    def new_phone(self) -> phones.Phone:
        phone = phones.Phone(api_url=self.web_url, address=f"demo-{uuid4()}")
        phone.register()
        self.line("phone", "registered; it made its own token, the server keeps a hash")
        for text in phone.consent_texts():
            if text["purpose"] in ("location_foreground", "marketing_push"):
                phone.give(text)
                self.line("shopper", f"agreed to {text['purpose']}: “{first_sentence(text['body'])}”")
        return phone

    def walk(self, phone: phones.Phone, steps: list[tracks.TrackStep]) -> list[dict[str, Any]]:
        coupons: list[dict[str, Any]] = []
        self.line("phone", f"walks: {len(steps)} positions, {(steps[-1].at - steps[0].at).seconds} seconds of walking")
        for number, step in enumerate(steps, start=1):
            reply = phone.report(lat=step.lat, lon=step.lon, at=step.at)
            if not reply.is_success or reply.json()["results"][0]["status"] != "accepted":
                raise StepMissing(f"position {number} was not accepted: {reply.status_code} {reply.text[:300]}")
            answer = reply.json()
            for transition in answer["transitions"]:
                shop = next(shop for shop in self.city.shops if shop.store_id == transition["store_id"])
                self.line("visit", f"{transition['change'].replace('_', ' ')} {shop.store} (position {number})")
            for coupon in answer["coupons"]:
                self.line("coupon", f"{coupon['merchant']}: {coupon['title']}")
                coupons.append(coupon)
                if len(coupons) == 1:
                    # Nobody hears of an offer after they have left, so the walk goes on when the message is there.
                    self.receive_push(phone, coupon)
                else:
                    self.line("push", "none: there are ten minutes between two; the coupon is in the list")
        return coupons

    def receive_push(self, phone: phones.Phone, coupon: dict[str, Any]) -> None:
        message = self.wait_for_push(phone, coupon["id"], "coupon_issued")
        notification = message["notification"]
        self.line("push", f"arrived through firebase-admin: “{notification['title']}”: {notification['body']}")
        if "code" in message["data"]:
            raise StepMissing("the push carried the coupon's code")

    def go_to_the_till(self, phone: phones.Phone, coupon: dict[str, Any], shop: Shop) -> None:
        code = phone.coupon(coupon["id"])["code"]
        self.line("shopper", f"shows the code {code} at {shop.store}")
        first = self.redeem(shop, code)
        if first.status_code != 201:
            raise StepMissing(f"the first redemption answered {first.status_code}: {first.text[:300]}")
        self.line("till", f"redeemed: {first.json()['title']}")
        second = self.redeem(shop, code)
        if second.status_code != 409:
            raise StepMissing(
                f"the second redemption answered {second.status_code} instead of 409: {second.text[:300]}"
            )
        self.line("till", f"refused the second time: {second.json()['code']}: {second.json()['detail']}")
        self.wait_for_push(phone, coupon["id"], "coupon_redeemed")
        self.line("push", "a silent one told the app that the coupon is spent")

    def withdraw_and_walk_again(self, phone: phones.Phone, shop: Shop) -> None:
        before = len(self.pushes_to(phone))
        phone.withdraw("location_foreground")
        self.line("shopper", "withdrew the consent to location")
        answer = phone.report(lat=shop.lat, lon=shop.lon, at=datetime.now(UTC))
        refusal = answer.json()
        code = refusal.get("code") or refusal["results"][0]["code"]
        if code != "consent_missing":
            raise StepMissing(f"after the withdrawal a position was answered {answer.status_code}: {answer.text[:300]}")
        time.sleep(2)  # two rounds of the worker
        if len(self.pushes_to(phone)) != before:
            raise StepMissing("a push arrived after the withdrawal")
        self.line("phone", f"walks into {shop.store} again: {code}; nothing was matched, nothing was sent")

    def redeem(self, shop: Shop, code: str) -> httpx.Response:
        key = str(uuid4())
        return phones.send(self.web_url, shop.api_key, "POST", "/redemptions", {"code": code}, idempotency_key=key)

    def pushes_to(self, phone: phones.Phone) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.sandbox_url}/sandbox/messages", timeout=5).raise_for_status().json()
        return [entry["message"] for entry in answer["messages"] if entry["address"] == phone.address]

    def wait_for_push(self, phone: phones.Phone, coupon_id: str, kind: str) -> dict[str, Any]:
        deadline = time.monotonic() + PUSH_LIMIT_S
        while time.monotonic() < deadline:
            for message in self.pushes_to(phone):
                if message["data"]["coupon_id"] == coupon_id and message["data"]["kind"] == kind:
                    return message
            time.sleep(0.1)
        raise StepMissing(f"no {kind} push arrived within {PUSH_LIMIT_S} s")


def first_sentence(text: str) -> str:
    return text.split(". ")[0].rstrip(".") + "."


def steps_past_and_into(*, passed: Shop, visited: Shop, ends_at: datetime) -> list[tracks.TrackStep]:
    """A brisk walk: by the first shop outside its fence, into the second one's door, and out again."""
    way = [
        passed.beside(east_m=-60, north_m=passed.radius_m + 40),
        passed.beside(east_m=60, north_m=passed.radius_m + 40),
        visited.beside(east_m=0, north_m=visited.radius_m + 40),
        visited.beside(east_m=0, north_m=0),
        visited.beside(east_m=0, north_m=-visited.radius_m - 40),
    ]
    places = [way[0]]
    for start, end in pairwise(way):
        parts = max(1, round(tracks.distance_m(start, end) / METRES_BETWEEN_FIXES))
        for part in range(1, parts + 1):
            share = part / parts
            lat = start.lat + (end.lat - start.lat) * share
            places.append(tracks.TrackPlace(lat=lat, lon=start.lon + (end.lon - start.lon) * share))
    return tracks.timed(places, now=ends_at)
