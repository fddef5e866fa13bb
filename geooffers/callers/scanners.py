"""A till that calls: a member of staff, or a POS by its API key."""

from geooffers.callers.device_lookup import TokenUnknown
from merchants.models import ApiKey
from merchants.people import access, keys
from merchants.people.access import Scanner


class KeyRevoked(Exception):
    """This API key was revoked."""


class ScopeMissing(Exception):
    """This API key may not do that."""


class NotStaff(Exception):
    """Sign in as a member of a merchant's staff, or send an API key."""


def find_by_key(*, key: str, scope: str) -> Scanner:
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
    return Scanner(api_key=row)


def find_by_user(user: access.Somebody) -> Scanner:
    member = access.staff_member_of(user)
    if member is None:
        raise NotStaff
    return Scanner(staff_member=member)
