"""What a pass in Google Wallet is to say, and owing Google the news of it. docs/wallet-passes.md tells when.

What is owed names a pass and says nothing: the text is made when it is sent, of what is true then. So a delivery that
was late, or is sent again, tells the newest state.

Apple is owed nothing: it asks a service of ours for a changed pass, and we have none yet. An Apple pass changes when
its shopper fetches it again.
"""

from datetime import datetime, timedelta
from uuid import UUID

from geooffers.coupons import passes
from geooffers.coupons.models import Coupon, Vendor
from geooffers.usecases.passes.make_pass import content_of
from notifications.channels.google_wallet import LONGEST_SAVE_S
from notifications.channels.protocol import PassUpdate
from notifications.messages import owing
from notifications.models import Delivery

# After a month without success a person has to look.
GIVE_UP_AFTER = timedelta(days=30)
# A save link that is being made tells Google for so long, and must not have the last word.
AFTER_A_SAVE = timedelta(seconds=LONGEST_SAVE_S)


def owe_update(*, coupon: Coupon, now: datetime, after_a_save: bool = False) -> list[Delivery]:
    """The coupon changed: every pass of it that Google holds is to say so. The caller holds the coupon's lock."""
    return owing.owe_passes(
        subject=coupon.pk,
        serials=passes.serials(coupon_id=coupon.pk, vendor=Vendor.GOOGLE),
        shopper_id=coupon.shopper_id,
        expires_at=now + GIVE_UP_AFTER,
        not_before=now + AFTER_A_SAVE if after_a_save else now,
        now=now,
    )


def owe_void(*, coupon_id: UUID, serial: UUID, now: datetime) -> None:
    """Its shopper was erased: the update is owed without a shopper."""
    owing.owe_passes(
        subject=coupon_id,
        serials=[serial],
        shopper_id=None,
        expires_at=now + GIVE_UP_AFTER,
        not_before=now + AFTER_A_SAVE,
        now=now,
    )


def update_of(*, coupon_id: UUID, serial: UUID, now: datetime) -> PassUpdate:
    """The pass as it is to be now: of a coupon that somebody holds, or void."""
    coupon = Coupon.objects.filter(pk=coupon_id).select_related("offer__merchant").first()
    template = passes.template_of(vendor=Vendor.GOOGLE, serial=serial)
    if coupon is None or coupon.shopper_id is None or template is None:
        return PassUpdate(serial=serial, template="", content=None)
    return PassUpdate(serial=serial, template=template, content=content_of(coupon=coupon, now=now))


def remember(*, update: PassUpdate, now: datetime) -> None:
    """Google was told. A later click on the save link need not tell it again."""
    if update.content is not None:
        passes.remember(vendor=Vendor.GOOGLE, serial=update.serial, digest=update.content.digest(), now=now)
