"""The shape of an export, and the JSON Schema that we publish of it. What stands where is told at each member."""

from datetime import datetime
from functools import cache
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from geooffers.api.edge import strict

_ID = "019e7f5c-3a52-7c4e-9d41-0c6a8a1f2b3c"
_NOON = "2026-06-02T12:00:00+00:00"


class _Part(strict.ReplySchema):
    model_config = ConfigDict(extra="forbid")


class ShopperPart(_Part):
    """You, and the anonymous shoppers that became you when you signed in."""

    id: UUID
    firebase_uid: str | None
    language: str
    created_at: datetime
    ended_at: datetime | None
    merged_into: UUID | None
    age: Annotated[str, Field(description="The youngest that the app stores of your phones say, or unknown.")]
    jurisdiction: Annotated[str | None, Field(description="Where you said that you live, as ISO 3166-2.")]
    paused_from: datetime | None
    paused_until: Annotated[datetime | None, Field(description="The year 9999: until you say so.")]


class DevicePart(_Part):
    """A phone on which you use the app. Its token is known to the phone alone."""

    id: UUID
    install_id: UUID
    platform: str
    app_version: str
    age_signal: Annotated[str, Field(description="What the app store of this phone says of your age, or unknown.")]
    attested_at: Annotated[datetime | None, Field(description="When the app last vouched for itself.")]
    integrity: Annotated[str | None, Field(description="What Google Play said of this phone and its app, if asked.")]
    integrity_at: datetime | None
    hand_overs: Annotated[int, Field(description="How often a holder has left this phone, you or others before you.")]
    push_kind: str | None
    push_address: Annotated[str | None, Field(description="Where messages are sent.")]
    push_renewed_at: datetime | None
    created_at: datetime
    retired_at: datetime | None


class ConsentPart(_Part):
    """What you agree to now."""

    purpose: str
    given: bool
    device_id: Annotated[UUID | None, Field(description="The location purposes are agreed to for one phone.")]
    language: str
    version: int
    changed_at: datetime
    paused_until: datetime | None


class ReceiptPart(_Part):
    """When you agreed to what, or took it back, and to which words."""

    purpose: str
    given: bool
    at: datetime
    device_id: UUID | None
    language: str
    version: int
    text: str
    source: str
    app_version: str
    locale: Annotated[str, Field(description="The language of the app at that moment.")]


class PositionPart(_Part):
    """A position that your phone told."""

    at: datetime
    lat: float
    lon: float
    accuracy_m: float
    speed_mps: Annotated[float | None, Field(description="As the phone said.")]
    in_background: Annotated[
        bool | None, Field(description="The app was not open; null where no more than the place is kept.")
    ]
    made_up: Annotated[bool | None, Field(description="The phone said that another app had made the place up.")]
    near: Annotated[list[str], Field(description="Areas of shops that it lay in, or nearly so.")]


class EventPart(_Part):
    """Your phone's system said that it came to an area of a shop, stayed there, or left."""

    at: datetime
    area: str
    change: str


class StayPart(_Part):
    """An area that your phone is in, or seems to be in."""

    area: str
    since: datetime
    last_inside_at: datetime
    is_visit: Annotated[bool, Field(description="Sure enough to have begun a visit.")]
    confidence: Annotated[float, Field(description="0 to 1.")]


class LastSeenPart(_Part):
    """What is kept of where a phone is: its last positions (at most twelve, of half an hour, and what was known before
    them). All of it goes when you take back the consent, pause, or the phone is silent for an hour."""

    device_id: UUID
    minute: datetime | None
    newest_at: datetime | None
    positions: list[PositionPart]
    events: list[EventPart]
    stays: list[StayPart]
    suspicion: Annotated[
        float, Field(description="How much the positions look made up, 0 to 1. From 0.5 on no message is sent.")
    ]
    prints_of_reports: Annotated[
        list[str], Field(description="64 bits of the ids of the last 16 reports, so that one sent twice counts once.")
    ]


class PresencePart(_Part):
    device_id: UUID
    since: datetime


class VisitPart(_Part):
    """A stay in a shop's area."""

    id: UUID
    merchant: str
    store: str
    fence: str
    began_at: datetime
    appeared_inside: Annotated[bool, Field(description="The entry itself was not seen.")]
    settled_at: Annotated[datetime | None, Field(description="When it was sure that you were there on foot.")]
    dwelled_at: Annotated[datetime | None, Field(description="When you had stayed for as long as the area asks for.")]
    confidence: Annotated[float, Field(description="How sure it is that you were there, 0 to 1.")]
    seen_until: Annotated[datetime | None, Field(description="When a phone that has left was last known inside.")]
    ended_at: datetime | None
    end_reason: str | None
    phones_inside: list[PresencePart]


class CandidatePart(_Part):
    """An offer that was judged for you at a moment, and why you did, or did not, get it."""

    offer: str
    outcome: Annotated[str, Field(description="chosen, passed_over, refused or withheld")]
    reason: Annotated[str, Field(description="A stable code.")]
    meaning: Annotated[str, Field(description="The reason in words.")]
    score: Annotated[float | None, Field(description="What it was ranked by, 0 to 1; null for one that was refused.")]


class DecisionPart(_Part):
    """What was decided at one moment of a visit."""

    at: datetime
    visit_id: UUID | None
    merchant: str
    store: str
    moment: Annotated[str, Field(description="began, settled, dwelled, or asked: you asked for the offer.")]
    outcome: Annotated[str, Field(description="chosen, passed_over, refused or withheld")]
    offer: Annotated[str | None, Field(description="The one that was chosen.")]
    coupon_id: Annotated[UUID | None, Field(description="The coupon that came of it.")]
    message: Annotated[
        str | None, Field(description="owed, or why no message was: a stable code. Null without a coupon.")
    ]
    policy: Annotated[str, Field(description="Name and version of the rules that ranked the offers.")]
    propensity: Annotated[float, Field(description="How likely these rules were to decide so: above 0, at most 1.")]
    candidates: list[CandidatePart]
    candidates_left_out: Annotated[int, Field(description="How many more were judged, of which nothing was kept.")]


class InterruptionPart(_Part):
    """When a message about a new coupon was last owed to you: there are ten minutes between two at least."""

    last_message_at: datetime


class CouponPart(_Part):
    """Without its code: whoever gets hold of this file could use it up."""

    id: UUID
    visit_id: UUID | None
    merchant: str
    title: str
    text: str
    terms: str
    discount_kind: str
    discount_value: str
    currency: str
    state: str
    issued_at: datetime
    expires_at: datetime
    redeemed_at: datetime | None
    seen_at: datetime | None
    saved_at: datetime | None
    dismissed_at: datetime | None


class WalletPassPart(_Part):
    """A coupon in Apple's or Google's wallet."""

    coupon_id: UUID
    vendor: str
    serial: UUID
    version: int
    created_at: datetime
    changed_at: datetime


class RedemptionPart(_Part):
    """A coupon that was honoured at a till."""

    id: UUID
    coupon_id: UUID
    merchant: str
    store: str
    offer: str
    discount_kind: str
    value: str
    currency: str
    redeemed_at: datetime


class RefusedScanPart(_Part):
    """A coupon of yours that a till scanned and did not honour."""

    coupon_id: UUID
    store: str
    reason: str
    at: datetime


class LedgerPart(_Part):
    """What a coupon moved between its offer's accounts: places of the budget, or money."""

    coupon_id: UUID
    amount: Annotated[str, Field(description="How much of what: `1 place`, `5 EUR`.")]
    source: Annotated[str, Field(description="From which account: granted, free, reserved or redeemed.")]
    target: Annotated[str, Field(description="To which account.")]
    at: datetime


class OfferCountPart(_Part):
    """How many coupons of an offer you have had and may not have again."""

    offer: str
    merchant: str
    issued: int


class MessagePart(_Part):
    """A message that you were sent, or are owed."""

    id: UUID
    kind: str
    about_coupon: UUID
    title: str
    body: str
    created_at: datetime
    expires_at: datetime


class DeliveryPart(_Part):
    """Such a message on its way to one of your phones, or to a pass in your wallet."""

    id: UUID
    message_id: UUID
    channel: str
    device_id: UUID | None
    pass_serial: str | None
    state: str
    reason: str
    attempts: int
    settled_at: datetime | None


class HappenedPart(_Part):
    """That something happened, and the ids of what it was about. Kept for those parts of the service that count and
    follow."""

    kind: str
    at: datetime
    visit_id: UUID | None
    coupon_id: UUID | None
    offer_id: UUID | None
    store_id: UUID | None
    message_id: UUID | None


class ExportOut(strict.ReplySchema):
    """Everything that is kept of you."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "$schema": "/api/v1/me/export/schema",
                    "version": 1,
                    "request_id": "6f0a5c1e-8d3b-4e57-9a42-1c7e5b9d2f60",
                    "made_at": _NOON,
                    "shoppers": [
                        {
                            "id": _ID,
                            "firebase_uid": None,
                            "language": "en",
                            "created_at": _NOON,
                            "ended_at": None,
                            "merged_into": None,
                            "age": "unknown",
                            "jurisdiction": None,
                            "paused_from": None,
                            "paused_until": None,
                        }
                    ],
                    "decisions": [
                        {
                            "at": _NOON,
                            "visit_id": _ID,
                            "merchant": "Café Aino",
                            "store": "Café Aino, Senaatintori",
                            "moment": "began",
                            "outcome": "chosen",
                            "offer": "Free cardamom bun",
                            "coupon_id": _ID,
                            "message": "owed",
                            "policy": "fixed-1",
                            "propensity": 1.0,
                            "candidates": [
                                {
                                    "offer": "Free cardamom bun",
                                    "outcome": "chosen",
                                    "reason": "best",
                                    "meaning": "It was the best of the offers that you could have at that moment.",
                                    "score": 0.8,
                                }
                            ],
                            "candidates_left_out": 0,
                        }
                    ],
                    **{
                        name: []
                        for name in (
                            "devices",
                            "consents",
                            "receipts",
                            "last_seen",
                            "visits",
                            "interruptions",
                            "coupons",
                            "wallet_passes",
                            "redemptions",
                            "refused_scans",
                            "ledger",
                            "offer_counts",
                            "messages",
                            "deliveries",
                            "events",
                        )
                    },
                }
            ]
        },
    )
    schema_: Annotated[str, Field(alias="$schema", description="Where this schema is published.")]
    version: int
    request_id: UUID
    made_at: datetime
    shoppers: list[ShopperPart]
    devices: list[DevicePart]
    consents: list[ConsentPart]
    receipts: list[ReceiptPart]
    last_seen: list[LastSeenPart]
    visits: list[VisitPart]
    decisions: list[DecisionPart]
    interruptions: list[InterruptionPart]
    coupons: list[CouponPart]
    wallet_passes: list[WalletPassPart]
    redemptions: list[RedemptionPart]
    refused_scans: list[RefusedScanPart]
    ledger: list[LedgerPart]
    offer_counts: list[OfferCountPart]
    messages: list[MessagePart]
    deliveries: list[DeliveryPart]
    events: list[HappenedPart]


@cache
def json_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A copy of everything that is kept of a shopper",
        **ExportOut.model_json_schema(),
    }
