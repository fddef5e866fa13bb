"""Honouring a coupon, exactly once: the locked moment, and every way in which it is refused.

docs/redemption.md draws the walk and lists the refusals with the cashier's words; change it with this file.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import IntegrityError, transaction

from geooffers.coupons import accounting, keyring, telling
from geooffers.coupons.codes import Code, KeyGone
from geooffers.coupons.models import Coupon, CouponState
from geooffers.ledger import movements, posting
from geooffers.redemptions.models import Redemption, RefusedScan
from merchants.models import Store
from merchants.offers import budgets, offers
from merchants.people.access import Scanner

# Web machines read their own clocks. A coupon scanned "before" it was issued by less than this is simply new.
CLOCKS_DIFFER_BY = timedelta(minutes=2)


class Refused(Exception):
    """The coupon is not honoured."""

    # The docstring of each refusal is what the person at the till reads. `members` are the same facts as data.
    code: ClassVar[str]

    def __init__(self, *, coupon: Coupon | None = None) -> None:
        super().__init__()
        self.coupon = coupon
        self.members: dict[str, str] = {}


class UnknownCode(Refused):
    """We know no coupon with this code."""

    # Also the answer for another merchant's coupon: somebody who tries codes must not learn that it exists.
    code = "unknown_code"


class WrongStore(Refused):
    """This coupon does not hold at this store."""

    code = "wrong_store"


class NotYetValid(Refused):
    """This coupon is not valid yet."""

    # Issued later than our clock says it is now: some machine's clock is wrong by more than CLOCKS_DIFFER_BY.
    code = "not_yet_valid"

    def __init__(self, *, coupon: Coupon) -> None:
        super().__init__(coupon=coupon)
        self.members = {"valid_from": coupon.issued_at.isoformat()}


class CouponExpired(Refused):
    """This coupon has expired."""

    # Whether its place has been released yet makes no difference to anybody at a till.
    code = "coupon_expired"

    def __init__(self, *, coupon: Coupon) -> None:
        super().__init__(coupon=coupon)
        self.members = {"expired_at": coupon.expires_at.isoformat()}


class AlreadyRedeemed(Refused):
    """This coupon has been redeemed before."""

    code = "already_redeemed"

    def __init__(self, *, coupon: Coupon, earlier: Redemption) -> None:
        super().__init__(coupon=coupon)
        self.members = {"redeemed_at": earlier.redeemed_at.isoformat(), "redeemed_at_store": earlier.store.name}


class NonceReused(Exception):
    """This Idempotency-Key has redeemed another coupon, or at another store."""


@dataclass(frozen=True, kw_only=True)
class Redeemed:
    redemption: Redemption
    # True: this is the answer of an earlier scan with the same key, and nothing happened now.
    replayed: bool


def look_up(*, code: Code, store: Store, now: datetime) -> Coupon:
    """The coupon, if it would be honoured at this store now. Promises nothing: only `redeem` locks."""
    coupon = _find(code=code, store=store, lock=False)
    _refuse_if_it_must_be(coupon, store=store, now=now)
    return coupon


def redeem(*, code: Code, store: Store, scanned_by: Scanner, nonce: str, now: datetime) -> Redeemed:
    """Honour the coupon, or raise why not. In the caller's transaction, or in one of its own.

    The coupon is locked before anything about it is believed. Of 200 scans in the same instant one goes on; the
    others wait, then find it redeemed: with the same nonce they get the same answer, with another a refusal. Should
    the lock ever fail, one whole redemption per coupon is also a constraint, as is one per scanner and nonce.
    """
    with transaction.atomic():
        try:
            coupon = _find(code=code, store=store, lock=True)
        except UnknownCode:
            earlier = _by_nonce(scanned_by=scanned_by, nonce=nonce)
            if earlier is None:
                raise
            # The shopper was erased since, and with them the way from the code to the coupon; not the way back.
            if earlier.store_id != store.pk or not _is_code_of(earlier.coupon, code=code):
                raise NonceReused from None
            return Redeemed(redemption=earlier, replayed=True)
        earlier = _by_nonce(scanned_by=scanned_by, nonce=nonce)
        if earlier is not None:
            if earlier.coupon_id != coupon.pk or earlier.store_id != store.pk:
                raise NonceReused
            return Redeemed(redemption=earlier, replayed=True)
        _refuse_if_it_must_be(coupon, store=store, now=now)
        redemption = _write(coupon=coupon, store=store, scanned_by=scanned_by, nonce=nonce, now=now)
        budgets.redeem(offer_id=coupon.offer_id)
        telling.redeemed(coupon, store_id=store.pk, at=now)
    return Redeemed(redemption=redemption, replayed=False)


def keep_refused_scan(*, refusal: Refused, store: Store, scanned_by: Scanner, now: datetime) -> None:
    """Merchants ask for it, and fraud is found by it. Call it outside the transaction that the refusal rolls back.

    The coupon's shopper may have been erased since the refusal, and then the code leads to no coupon any more. So the
    coupon is looked up once more, under its lock.
    """
    with transaction.atomic():
        _keep_refused_scan(refusal=refusal, store=store, scanned_by=scanned_by, now=now)


def _keep_refused_scan(*, refusal: Refused, store: Store, scanned_by: Scanner, now: datetime) -> None:
    coupon = refusal.coupon
    if coupon is not None:
        same = Coupon.objects.filter(pk=coupon.pk, code_lookup=coupon.code_lookup)
        coupon = same.select_for_update(no_key=True).first()
    RefusedScan.objects.create(
        coupon=coupon,
        store=store,
        staff_member=scanned_by.staff_member,
        api_key=scanned_by.api_key,
        reason=refusal.code,
        at=now,
    )


def _find(*, code: Code, store: Store, lock: bool) -> Coupon:
    coupons = Coupon.objects.filter(code_lookup=code.digest, offer__merchant=store.merchant_id)
    if lock:
        coupons = coupons.select_for_update(of=("self",), no_key=True)
    # The shopper is not joined: who waited for a sign-in would get the coupon's new row, and nobody joined to it.
    coupon = coupons.select_related("offer").first()
    if coupon is None:
        raise UnknownCode
    return coupon


def _is_code_of(coupon: Coupon, *, code: Code) -> bool:
    try:
        return keyring.code_of(coupon) == code
    except KeyGone:
        return False


def _by_nonce(*, scanned_by: Scanner, nonce: str) -> Redemption | None:
    return Redemption.objects.filter(
        staff_member=scanned_by.staff_member, api_key=scanned_by.api_key, nonce=nonce
    ).first()


def _refuse_used_nonce(*, scanned_by: Scanner, nonce: str) -> None:
    if _by_nonce(scanned_by=scanned_by, nonce=nonce) is not None:
        raise NonceReused


def _refuse_if_it_must_be(coupon: Coupon, *, store: Store, now: datetime) -> None:
    """What was redeemed says so even when it has expired since: that is what the person at the till asks about.

    Neither the offer's state nor its schedule is looked at: what was promised is kept until the coupon expires.
    """
    if coupon.state == CouponState.REDEEMED:
        standing = Redemption.objects.filter(coupon=coupon, reversed_at=None).select_related("store")
        earlier = standing.latest("redeemed_at")
        raise AlreadyRedeemed(coupon=coupon, earlier=earlier)
    if not offers.holds_at(offer=coupon.offer, store=store):
        raise WrongStore(coupon=coupon)
    if not coupon.is_usable(now):
        raise CouponExpired(coupon=coupon)
    if now < coupon.issued_at - CLOCKS_DIFFER_BY:
        raise NotYetValid(coupon=coupon)


def _write(*, coupon: Coupon, store: Store, scanned_by: Scanner, nonce: str, now: datetime) -> Redemption:
    """Redemption, coupon, ledger. The budget comes after, by the order of locks."""
    held = accounting.holdings([coupon.pk])
    redemption = Redemption(
        coupon=coupon,
        offer_id=coupon.offer_id,
        store=store,
        staff_member=scanned_by.staff_member,
        api_key=scanned_by.api_key,
        nonce=nonce,
        pseudonym=held[0].pseudonym,
        discount_kind=coupon.discount_kind,
        value=coupon.discount_value,
        currency=coupon.currency,
        redeemed_at=now,
    )
    posting.post(movements.redeemed(held, redemption_id=redemption.pk, at=now))
    try:
        with transaction.atomic():
            redemption.save(force_insert=True)
    except IntegrityError:
        # We hold the coupon's lock, so what collided is the nonce: the same scanner is redeeming another coupon
        # with it at this very moment.
        _refuse_used_nonce(scanned_by=scanned_by, nonce=nonce)
        raise
    coupon.state = CouponState.REDEEMED
    coupon.redeemed_at = now
    coupon.save(update_fields=["state", "redeemed_at"])
    return redemption
