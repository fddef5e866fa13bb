"""A shopper asks for an offer where they are: a coupon of the open visit, by the rules by which a visit brings one.

docs/offers-here.md tells every answer; update that page too.

One transaction, its locks in the house's order: consent state (shared), visits, then what issuing locks. No message
comes of it, so the interruption is neither locked nor used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from geooffers.coupons import device_limits
from geooffers.coupons.models import Coupon
from geooffers.decisions import deciding, present
from geooffers.decisions.eligibility import Reason
from geooffers.shoppers.consents import consents as consenting
from geooffers.shoppers.models import LOCATION_PURPOSES, Device, Shopper
from geooffers.usecases.location.report_positions import ConsentMissing


class NotInside(Exception):
    """This phone is inside of no shop's area right now."""


class NoSuchOffer(Exception):
    """There is no such offer where this phone is."""


class OfferRefused(Exception):
    """The offer is up here, and cannot be had now."""


class OfferPaused(OfferRefused):
    """The merchant has paused this offer."""


class OfferNotStarted(OfferRefused):
    """This offer has not begun yet."""


class OfferOutsideSchedule(OfferRefused):
    """This offer is not on at this time of the day or week."""


class OfferEndsTooSoon(OfferRefused):
    """This offer ends within minutes: too little time to get to the till."""


class AlreadyIssued(OfferRefused):
    """This visit has brought this offer already."""


class ShopperLimit(OfferRefused):
    """You have had as many coupons of this offer as one person may have."""


class DeviceLimit(OfferRefused):
    """Five other people have had this offer on this phone within four weeks."""


class UsedUp(OfferRefused):
    """All coupons of this offer are taken."""


# A reason that is not here is one of an offer that a visit does not see.
REFUSALS: Mapping[Reason, type[OfferRefused]] = {
    Reason.PAUSED: OfferPaused,
    Reason.NOT_STARTED: OfferNotStarted,
    Reason.OUTSIDE_SCHEDULE: OfferOutsideSchedule,
    Reason.ENDS_TOO_SOON: OfferEndsTooSoon,
    Reason.ALREADY_ISSUED_THIS_VISIT: AlreadyIssued,
    Reason.SHOPPER_LIMIT: ShopperLimit,
    Reason.DEVICE_LIMIT: DeviceLimit,
    Reason.CAP_REACHED: UsedUp,
}


@dataclass(frozen=True, kw_only=True)
class Taken:
    coupon: Coupon
    visit_id: UUID


def take_offer(*, device: Device, shopper: Shopper, offer_id: UUID, now: datetime) -> Taken:
    """A refusal leaves no Decision: the answer says it, and repeated calls would fill the table."""
    with transaction.atomic():
        given = consenting.lock_for_share(device=device, shopper=shopper, purposes=LOCATION_PURPOSES, now=now)
        if not given:
            raise ConsentMissing
        moments = present.lock(device=device, shopper=shopper, now=now)
        if not moments:
            raise NotInside
        decided = deciding.decide(
            shopper=shopper,
            moments=moments,
            marks=device_limits.marks_of(device_id=device.pk, shopper_id=shopper.pk, now=now),
            only=offer_id,
            now=now,
        )
        if decided.coupon is None or decided.moment is None:
            # What is no candidate here, or of no visit at all, looks like an offer that nobody knows.
            raise REFUSALS.get(decided.refused.get(offer_id, Reason.ENDED), NoSuchOffer)
        return Taken(coupon=decided.coupon, visit_id=decided.moment.visit.pk)
