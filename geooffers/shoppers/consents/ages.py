"""What app stores say of the age of a phone's owner, where an app passes it on. Nothing more exact is asked or kept.

A person's phones may disagree (a family shares an account): the youngest that any of them says counts.
"""

from collections.abc import Iterable

from geooffers.shoppers.models import YOUNGEST, Age, Device, Shopper


def signalled(*, device: Device, shopper: Shopper, age: Age) -> None:
    """The newest word of this phone's store. `device` and `shopper` are locked.

    A store that has nothing to say any more does not make a minor anything else.
    """
    known = YOUNGEST.get(Age(device.age_signal))
    if age == Age.UNKNOWN and known is not None and known < YOUNGEST[Age.ADULT]:
        return
    device.age_signal = age
    device.save(update_fields=["age_signal"])
    signals = Device.objects.filter(shopper=shopper, retired_at=None).values_list("age_signal", flat=True)
    _settle(shopper=shopper, signals=signals)


def joined(*, account: Shopper, anonymous: Shopper) -> None:
    """At sign-in. A phone that leaves an account makes nobody older."""
    _settle(shopper=account, signals=[account.age, anonymous.age])


def _settle(*, shopper: Shopper, signals: Iterable[str]) -> None:
    known = [age for age in map(Age, signals) if age in YOUNGEST]
    shopper.age = min(known, key=lambda age: YOUNGEST[age], default=Age.UNKNOWN)
    shopper.save(update_fields=["age"])
