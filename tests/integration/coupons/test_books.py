"""A model of what coupons may do, walked at random against the database: after every step the books add up.

The model is a few dictionaries. Where it says that a coupon must be issued, one is: the promise is exactly the cap, no
more and no fewer.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from geooffers.coupons import issuing, keyring
from geooffers.coupons.models import Coupon, ShopperOfferCount
from geooffers.ledger import posting, reading, units
from geooffers.ledger.models import LedgerEntry
from geooffers.ledger.movements import Account, Movement
from geooffers.redemptions import books, redeeming
from geooffers.redemptions.models import Redemption
from merchants.models import ApiKey, OfferBudget, OfferState
from merchants.offers import budgets, offers
from merchants.people.access import Scanner
from tests.cast import (
    NOON,
    decide,
    make_coupon,
    make_fence,
    make_offer,
    make_shopper,
    make_staff,
    make_store,
    make_visit,
)

pytestmark = pytest.mark.both

OFFERS, SHOPPERS, LIMIT = 2, 3, 2
NUMBERS = st.integers(0, 30)


@dataclass
class Issued:
    """A coupon as the model remembers it."""

    offer: UUID
    shopper: UUID
    expires_at: datetime
    state: str = "open"
    named: bool = True  # erasing a shopper takes the name off
    counted: bool = True  # against the shopper's limit
    nonces: set[str] = field(default_factory=set)


class Books(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        # Each walk begins with an empty database and leaves one.
        self.everything = transaction.atomic()
        self.everything.__enter__()
        self.now = NOON
        self.issued: dict[UUID, Issued] = {}
        self.scans = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.everything.__exit__(None, None, None)

    @initialize(caps=st.lists(st.integers(0, 4), min_size=OFFERS, max_size=OFFERS))
    def open_a_chain(self, caps: list[int]) -> None:
        self.store, self.other_store = make_store(), make_store()
        self.fence = make_fence(self.store)
        foreign = make_store(merchant_name="Kirjakauppa")
        self.scanners = {
            store.pk: Scanner(
                api_key=ApiKey.objects.create(
                    merchant=store.merchant, store=store, name="till", prefix="gok_", key_hash=store.pk.bytes
                )
            )
            for store in (self.store, self.other_store, foreign)
        }
        self.stores = [self.store, self.other_store, foreign]
        self.shoppers = [make_shopper() for _ in range(SHOPPERS)]
        # The first takes a fifth off, the second 2.50 euros.
        self.offers = [
            make_offer(self.store, cap=cap, per_shopper_limit=LIMIT, title=f"cap {cap}", amount_off=amount)
            for cap, amount in zip(caps, ("", "2.50"), strict=True)
        ]
        self.caps = {offer.pk: cap for offer, cap in zip(self.offers, caps, strict=True)}
        self.live = {offer.pk for offer in self.offers}

    # -- what happens

    @rule(who=st.lists(st.integers(0, SHOPPERS - 1), min_size=1, max_size=5))
    def people_walk_in(self, who: list[int]) -> None:
        for number in who:
            self.walk_in(number)

    def walk_in(self, who: int) -> None:
        shopper = self.shoppers[who]
        could = {offer.pk for offer in self.offers if self.may_have(offer.pk, shopper.pk)}
        coupon = decide(make_visit(shopper, make_fence(self.store), began_at=self.now), now=self.now)
        if coupon is None:
            assert not could, "a place was left and nobody got it"
            return
        assert coupon.offer_id in could, "somebody got what they may not have"
        self.issued[coupon.pk] = Issued(offer=coupon.offer_id, shopper=shopper.pk, expires_at=coupon.expires_at)

    @precondition(lambda self: self.issued)
    @rule(which=NUMBERS, where=st.sampled_from([0, 0, 0, 1, 2]), key=st.sampled_from(["new", "k1", "k2"]))
    def a_till_scans(self, which: int, where: int, key: str) -> None:
        coupon = self.pick(which)
        model = self.issued[coupon]
        store = self.stores[where]
        self.scans += 1
        nonce = f"new {self.scans}" if key == "new" else f"{key} of {coupon}"
        expected = self.expected_answer(model, store_number=where, nonce=nonce)
        row = Coupon.objects.get(pk=coupon)
        try:
            with transaction.atomic():
                done = redeeming.redeem(
                    code=keyring.code_of(row),
                    store=store,
                    scanned_by=self.scanners[store.pk],
                    nonce=nonce,
                    now=self.now,
                )
            answer = "replayed" if done.replayed else "redeemed"
        except redeeming.Refused as refusal:
            answer = refusal.code
        assert answer == expected
        if answer == "redeemed":
            model.state = "redeemed"
            model.nonces = {f"{where} {nonce}"}

    @rule(minutes=st.sampled_from([1, 30, 59]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.issued)
    @rule(minutes=st.sampled_from([0, 30, 60, 61]), limit=st.integers(1, 5))
    def the_round_comes_by(self, minutes: int, limit: int) -> None:
        self.now += timedelta(minutes=minutes)
        due = [c for c in self.issued.values() if c.state == "open" and c.expires_at <= self.now]
        closed = issuing.expire_due(now=self.now, limit=limit)
        assert closed == min(limit, len(due))
        # Which of those that expire in the same moment went first is told by their ids.
        order = sorted(
            (c.expires_at, pk) for pk, c in self.issued.items() if c.state == "open" and c.expires_at <= self.now
        )
        for _, pk in order[:closed]:
            self.issued[pk].state = "expired"
            self.issued[pk].counted = not self.issued[pk].named

    @rule(which=st.integers(0, OFFERS - 1), cap=st.integers(0, 6))
    def the_merchant_sets_the_cap(self, which: int, cap: int) -> None:
        offer = self.offers[which]
        used = self.used(offer.pk)
        try:
            budgets.set_cap(offer=offer, cap=cap, now=self.now)
            refused = False
        except budgets.BelowUsed:
            refused = True
        assert refused == (cap < used)
        if not refused:
            self.caps[offer.pk] = cap

    @rule(which=st.integers(0, OFFERS - 1))
    def the_merchant_pauses_or_goes_on(self, which: int) -> None:
        offer = self.offers[which]
        if offer.pk in self.live:
            offers.pause(offer=offer, now=self.now)
            self.live.discard(offer.pk)
        else:
            offers.publish(offer=offer, now=self.now)
            self.live.add(offer.pk)

    @rule(which=st.integers(0, OFFERS - 1))
    def the_merchant_saves_a_stale_form(self, which: int) -> None:
        """The offer as it was read at the beginning, every field, but for the state."""
        offer = self.offers[which]
        offer.state = OfferState.LIVE if offer.pk in self.live else OfferState.PAUSED
        offer.save()

    @precondition(lambda self: self.issued)
    @rule(which=NUMBERS)
    def a_coupon_loses_its_name(self, which: int) -> None:
        """As when a shopper is erased; what it is worth stays."""
        coupon = self.pick(which)
        Coupon.objects.filter(pk=coupon).update(shopper=None)
        self.issued[coupon].named = False

    # -- what the model says

    def pick(self, number: int) -> UUID:
        """Any coupon so far; small numbers are the newest."""
        found = list(self.issued)
        return found[-1 - number % len(found)]

    def used(self, offer: UUID) -> int:
        return sum(c.offer == offer and c.state != "expired" for c in self.issued.values())

    def had(self, offer: UUID, shopper: UUID) -> int:
        return sum(c.counted for c in self.issued.values() if (c.offer, c.shopper) == (offer, shopper))

    def may_have(self, offer: UUID, shopper: UUID) -> bool:
        return offer in self.live and self.used(offer) < self.caps[offer] and self.had(offer, shopper) < LIMIT

    def expected_answer(self, model: Issued, *, store_number: int, nonce: str) -> str:
        if store_number == 2:
            return "unknown_code"
        if model.state == "redeemed":
            return "replayed" if f"{store_number} {nonce}" in model.nonces else "already_redeemed"
        if model.state == "expired" or self.now >= model.expires_at:
            return "coupon_expired"
        return "redeemed"

    # -- what always holds

    @invariant()
    def the_books_add_up(self) -> None:
        assert books.check_books() == []

    @invariant()
    def the_database_says_what_the_model_says(self) -> None:
        assert dict(Coupon.objects.values_list("pk", "state")) == {pk: c.state for pk, c in self.issued.items()}
        for budget in OfferBudget.objects.all():
            states = Counter(c.state for c in self.issued.values() if c.offer == budget.offer_id)
            assert (budget.cap, budget.reserved, budget.redeemed) == (
                self.caps[budget.offer_id],
                states["open"],
                states["redeemed"],
            )
        for count in ShopperOfferCount.objects.all():
            assert count.issued == self.had(count.offer_id, count.shopper_id) <= LIMIT
        assert Redemption.objects.count() == sum(c.state == "redeemed" for c in self.issued.values())
        entries = LedgerEntry.objects.filter(subject__in=self.issued, unit=units.PLACE)
        assert entries.count() == sum(1 if c.state == "open" else 2 for c in self.issued.values())

    @invariant()
    def the_ledger_sums_to_nothing_and_says_what_the_model_says(self) -> None:
        for offer, worth in zip(self.offers, (0, 25_000), strict=True):
            states = Counter(c.state for c in self.issued.values() if c.offer == offer.pk)
            held, given = states["open"], states["redeemed"]
            places = reading.balances(owner=offer.pk, unit=units.PLACE)
            assert sum(places.values()) == 0
            assert list(places.values()) == [-self.caps[offer.pk], self.caps[offer.pk] - held - given, held, given]
            euros = reading.balances(owner=offer.pk, unit="EUR")
            assert list(euros.values()) == [-worth * (held + given), 0, worth * held, worth * given]


@pytest.mark.django_db
def test_the_books_add_up_after_every_step_of_any_story() -> None:
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=30,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            # A story of at most forty steps can be read as it is; making it shorter takes minutes.
            phases=[Phase.generate],
        ),
    )


# -- the check itself is alive: it names what we break


def entries(**which: str) -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.filter(**which)


def move(coupon: Coupon, source: Account, target: Account, *, amount: int = 1, unit: str = units.PLACE) -> None:
    """An entry that the database takes and no code of ours would write."""
    posting.post(
        [
            Movement(
                owner=coupon.offer_id,
                unit=unit,
                source=source,
                target=target,
                amount=amount,
                subject=coupon.pk,
                cause=uuid4(),
                pseudonym=b"p" * 32,
                at=NOON,
            )
        ]
    )


def redeem(coupon: Coupon) -> None:
    store = coupon.offer.merchant.stores.order_by("pk").first()
    redeeming.redeem(
        code=keyring.code_of(coupon),
        store=store,
        scanned_by=Scanner(staff_member=make_staff(store)),
        nonce="1",
        now=NOON,
    )


def told_backwards(coupon: Coupon) -> None:
    """Given first, and reserved afterwards: the sums are right, the story is not."""
    entries(subject=coupon.pk, unit=units.PLACE).delete()
    move(coupon, Account.RESERVED, Account.REDEEMED)
    move(coupon, Account.FREE, Account.RESERVED)
    move(coupon, Account.REDEEMED, Account.RESERVED)
    move(coupon, Account.FREE, Account.RESERVED)
    move(coupon, Account.RESERVED, Account.FREE)


def moved_nowhere(coupon: Coupon) -> None:
    """An entry that the database refuses: only where its constraints were switched off."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for name in ("entry_moves_something", "entry_moves_between_neighbours"):
                cursor.execute(f"ALTER TABLE ledger_ledgerentry DROP CONSTRAINT {name}")
        else:
            cursor.execute("PRAGMA ignore_check_constraints = ON")
    try:
        LedgerEntry.objects.create(
            owner=coupon.offer_id, unit=units.PLACE, source="free", target="redeemed", amount=1,
            subject=coupon.pk, cause=uuid4(), pseudonym=b"p", at=NOON,
        )  # fmt: skip
    finally:
        if connection.vendor != "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA ignore_check_constraints = OFF")


SABOTAGE: dict[str, tuple[Callable[[Coupon], object], str]] = {
    "a counter of open coupons is wrong": (lambda one: OfferBudget.objects.update(reserved=2), "reserved places"),
    "a counter of redeemed coupons is wrong": (lambda one: OfferBudget.objects.update(redeemed=1), "redeemed places"),
    "a cap was changed past the ledger": (lambda one: OfferBudget.objects.update(cap=9), "granted places"),
    "a cap's entry is gone": (lambda one: entries(subject=one.offer_id).delete(), "free places"),
    "the ledger is gone": (lambda one: LedgerEntry.objects.all().delete(), "ledger"),
    "a place was never reserved": (lambda one: entries(target="reserved").delete(), "reserved places"),
    "a coupon's state is wrong": (lambda one: Coupon.objects.update(state="expired"), "ledger"),
    "a coupon is gone and its entries stay": (lambda one: Coupon.objects.all().delete(), "ledger"),
    "a coupon promises more than was reserved": (lambda one: Coupon.objects.update(discount_value=3), "ledger"),
    "money was reserved twice": (
        lambda one: move(one, Account.GRANTED, Account.RESERVED, amount=25_000, unit="EUR"),
        "ledger",
    ),
    "money of a currency that was never promised": (
        lambda one: move(one, Account.GRANTED, Account.RESERVED, unit="SEK"),
        "ledger",
    ),
    "a story was told backwards": (told_backwards, "story"),
    "a place was reserved twice": (lambda one: move(one, Account.FREE, Account.RESERVED), "story"),
    "an entry moves nowhere": (moved_nowhere, "movement"),
    "a shopper's count is gone": (lambda one: one.shopper.offer_counts.all().delete(), "shopper's count"),
}
SABOTAGE_OF_THE_REDEEMED: dict[str, tuple[Callable[[Coupon], object], str]] = {
    "a redemption is gone": (lambda one: Redemption.objects.all().delete(), "redeemed places"),
    "entries of a redemption that is not there": (lambda one: Redemption.objects.all().delete(), "redemption"),
    "a redemption gave more than it says": (lambda one: Redemption.objects.update(value=1), "redemption"),
    "a redemption without entries": (lambda one: entries(target="redeemed").delete(), "redemption"),
    "a redemption was taken back past the books": (
        lambda one: Redemption.objects.update(reversed_at=NOON),
        "redeemed places",
    ),
    "the coupon says that it is open": (lambda one: Coupon.objects.update(state="open", redeemed_at=None), "ledger"),
}


@pytest.fixture
def coupon() -> Coupon:
    return make_coupon(make_offer(make_store(), cap=5, amount_off="2.50"))


@pytest.mark.django_db
@pytest.mark.parametrize("what", SABOTAGE)
def test_the_check_of_the_books_names_what_does_not_add_up(what: str, coupon: Coupon) -> None:
    sabotage, named = SABOTAGE[what]
    assert books.check_books() == []
    sabotage(coupon)
    assert named in {discrepancy.what for discrepancy in books.check_books()}


@pytest.mark.django_db
@pytest.mark.parametrize("what", SABOTAGE_OF_THE_REDEEMED)
def test_the_check_of_the_books_names_what_does_not_add_up_of_a_redemption(what: str, coupon: Coupon) -> None:
    sabotage, named = SABOTAGE_OF_THE_REDEEMED[what]
    redeem(coupon)
    assert books.check_books() == []
    sabotage(coupon)
    assert named in {discrepancy.what for discrepancy in books.check_books()}


@pytest.mark.django_db
def test_a_redemption_that_was_taken_back_adds_up_and_so_does_the_next(coupon: Coupon) -> None:
    """Nothing takes one back yet. The entry that will is legal already, and makes room for another redemption."""
    redeem(coupon)
    for held in ((units.PLACE, 1), ("EUR", 25_000)):
        move(coupon, Account.REDEEMED, Account.RESERVED, unit=held[0], amount=held[1])
    Redemption.objects.update(reversed_at=NOON, nonce="0")
    Coupon.objects.update(state="open", redeemed_at=None)
    OfferBudget.objects.update(reserved=1, redeemed=0)
    assert books.check_books() == []
    redeem(Coupon.objects.get())
    assert Redemption.objects.count() == 2
    assert books.check_books() == []


@pytest.mark.django_db
def test_the_check_costs_the_same_statements_however_many_coupons(django_assert_num_queries) -> None:
    offer = make_offer(make_store(), cap=50, per_shopper_limit=50)
    for _ in range(20):
        make_coupon(offer)
    with django_assert_num_queries(len(books.CHECKS)):
        assert books.check_books() == []
