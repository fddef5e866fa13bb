"""What stops what: the walks that take something back, and what may not commit once they have answered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from geooffers.coupons.models import Coupon
from geooffers.shoppers.identity import tokens
from geooffers.shoppers.models import LOCATION_PURPOSES, Age, Device, Purpose
from geooffers.usecases.identity.sign_out import sign_out
from geooffers.usecases.identity.signal_age import signal_age
from geooffers.usecases.privacy.erase_shopper import erase_shopper
from geooffers.usecases.privacy.pause_consents import PauseTaken, pause_consents
from geooffers.usecases.privacy.withdraw_consent import withdraw_consent
from notifications.models import Kind
from tests.races.interleaving import Statement


class Deed(Enum):
    """What a statement does that somebody may have stopped."""

    LOCATED = auto()  # writes where the phone is, a visit, or what comes of one
    MARKETED = auto()  # owes an offer's push, or takes one to send it
    SERVED = auto()  # takes a service message to send it
    NAMED = auto()  # writes an id of the shopper, a phone of theirs, or a coupon


WHEREABOUTS = (
    'INSERT INTO "visits_visit"',
    'UPDATE "visits_visit"',
    'INSERT INTO "visits_presence"',
    'UPDATE "visits_devicestate"',
    'INSERT INTO "decisions_decision"',
    'INSERT INTO "coupons_coupon"',
)


def deed(statement: Statement, *, ids: frozenset[str]) -> Deed | None:
    """`ids`: of the shopper and what is theirs."""
    if statement.rows < 1:
        return None
    if statement.sql.startswith(WHEREABOUTS):
        return Deed.LOCATED
    if 'INSERT INTO "notifications_message"' in statement.sql and Kind.COUPON_ISSUED in statement.params:
        return Deed.MARKETED
    if "WITH picked AS" in statement.sql:
        return Deed.MARKETED if "shoppers_consentstate" in statement.sql else Deed.SERVED
    if statement.sql.startswith(("INSERT", "UPDATE")) and not ids.isdisjoint(map(str, statement.params)):
        return Deed.NAMED
    return None


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One shopper with two phones, a coupon in hand, and offers' pushes that wait."""

    phones: tuple[Device, Device]
    tokens: tuple[str, str]
    coupon: Coupon
    now: datetime

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(map(str, (self.coupon.pk, self.phones[0].shopper_id, *(phone.pk for phone in self.phones))))


@dataclass(frozen=True, kw_only=True)
class Stop:
    name: str
    run: Callable[[Scene], object]
    located: frozenset[int]  # the phones that are located no more
    marketed: bool  # no push about an offer is owed or taken any more, for either phone
    leaves: int = 0  # how many of the phones are not the shopper's any more, the first ones
    erases: bool = False  # nobody writes anything about the shopper any more

    def forbids(self, done: Deed | None, *, phone: int | None) -> bool:
        """`phone`: of the actor that did it, where it is a phone."""
        if done is None or self.erases:
            return done is not None
        if done == Deed.LOCATED:
            return phone in self.located
        return done == Deed.MARKETED and self.marketed


def _withdraw_location(scene: Scene) -> None:
    for purpose in sorted(LOCATION_PURPOSES):
        withdraw_consent(device=scene.phones[0], purpose=purpose, now=scene.now)


def _withdraw_marketing(scene: Scene) -> None:
    withdraw_consent(device=scene.phones[1], purpose=Purpose.MARKETING_PUSH, now=scene.now)


def _pause(scene: Scene) -> None:
    pause_consents(device=scene.phones[1], pause=PauseTaken.HOUR, now=scene.now)


def _turn_out_to_be_fifteen(scene: Scene) -> None:
    signal_age(device=scene.phones[1], age=Age.FROM_13, now=scene.now)


def _sign_out(scene: Scene) -> None:
    shown, new = tokens.hash_of(scene.tokens[0]), tokens.hash_of(f"{scene.tokens[0]}, next")
    sign_out(
        device_id=scene.phones[0].pk,
        shown_hash=shown,
        new_hash=new,
        language="en",
        now=scene.now,
    )


def _erase(scene: Scene) -> None:
    shown = tokens.hash_of(scene.tokens[0])
    erase_shopper(device_id=scene.phones[0].pk, shown_hash=shown, now=scene.now)


BOTH: frozenset[int] = frozenset({0, 1})
STOPS = (
    Stop(name="withdraw location", run=_withdraw_location, located=frozenset({0}), marketed=False),
    Stop(name="withdraw marketing", run=_withdraw_marketing, located=frozenset(), marketed=True),
    Stop(name="pause", run=_pause, located=BOTH, marketed=True),
    Stop(name="sign out", run=_sign_out, located=frozenset({0}), marketed=False, leaves=1),
    Stop(name="age", run=_turn_out_to_be_fifteen, located=BOTH, marketed=True),
    Stop(name="erase", run=_erase, located=BOTH, marketed=True, leaves=2, erases=True),
)
