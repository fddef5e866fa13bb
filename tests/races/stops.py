"""What stops what: the walks that take something back, and what may not commit once they have answered.

A walk of its own (erasure, say) is another `Stop` in STOPS; `test_interleavings.py` draws from them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from geooffers.coupons.models import Coupon
from geooffers.shoppers.models import LOCATION_PURPOSES, Device, Purpose
from geooffers.usecases.pause_consents import Pause, pause_consents
from geooffers.usecases.withdraw_consent import withdraw_consent


class Deed(Enum):
    """What an actor did that somebody may have stopped."""

    LOCATED = auto()  # a report that wrote where the phone is, or a visit
    MARKETED = auto()  # a claim that took an offer's push, or a report that owed one
    REDEEMED = auto()
    SERVED = auto()  # a claim that took a service message


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One shopper with two phones, a coupon in hand, and an offer's push that waits."""

    phones: tuple[Device, Device]
    coupon: Coupon
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Stop:
    name: str
    run: Callable[[Scene], None]
    # Per phone of the scene, which of its deeds are stopped, and whether any later claim for the shopper is.
    stops: dict[int, frozenset[Deed]] = field(default_factory=dict)


def _withdraw_location(scene: Scene) -> None:
    for purpose in sorted(LOCATION_PURPOSES):
        withdraw_consent(device=scene.phones[0], purpose=purpose, now=scene.now)


def _withdraw_marketing(scene: Scene) -> None:
    withdraw_consent(device=scene.phones[1], purpose=Purpose.MARKETING_PUSH, now=scene.now)


def _pause(scene: Scene) -> None:
    pause_consents(device=scene.phones[1], pause=Pause.HOUR, now=scene.now)


LOCATED, MARKETED = frozenset({Deed.LOCATED}), frozenset({Deed.MARKETED})
STOPS = (
    Stop(name="withdraw location", run=_withdraw_location, stops={0: LOCATED}),
    Stop(name="withdraw marketing", run=_withdraw_marketing, stops={0: MARKETED, 1: MARKETED}),
    Stop(name="pause", run=_pause, stops={0: LOCATED | MARKETED, 1: LOCATED | MARKETED}),
)
