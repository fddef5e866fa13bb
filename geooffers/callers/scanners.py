"""A till that calls: a member of staff, or a POS by its API key."""

from geooffers.callers.device_lookup import TokenUnknown
from geooffers.coupons.redemption import ScannedBy
from merchants.models import ApiKey
from merchants.people import access, keys


class KeyRevoked(Exception):
    """This API key was revoked."""


class ScopeMissing(Exception):
    """This API key may not do that."""


class NotStaff(Exception):
    """Sign in as a member of a merchant's staff, or send an API key."""


def name_of(scanner: ScannedBy) -> str:
    """The scanner as text, for limits."""
    if scanner.api_key is not None:
        return f"key:{scanner.api_key.pk}"
    return f"staff:{scanner.staff_member.pk if scanner.staff_member else 0}"


def find_by_key(*, key: str, scope: str) -> ScannedBy:
    row = (
        ApiKey.objects.filter(key_hash=keys.hash_of(key), merchant__archived_at=None)
        .select_related("merchant", "store")
        .first()
    )
    if row is None:
        raise TokenUnknown
    if row.revoked_at is not None:
        raise KeyRevoked
    if scope not in row.scopes:
        raise ScopeMissing
    return ScannedBy(api_key=row)


def find_by_user(user: access.Somebody) -> ScannedBy:
    member = access.staff_member_of(user)
    if member is None:
        raise NotStaff
    return ScannedBy(staff_member=member)
