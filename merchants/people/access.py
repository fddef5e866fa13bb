"""What somebody may reach: one function per kind of thing, and every admin page and endpoint asks here.

Everything fails closed. A user who is neither an operator (superuser) nor standing staff of a standing merchant
reaches nothing; a foreign row and one that does not exist look the same.
"""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from merchants.models import (
    ApiKey,
    ExclusionZone,
    FenceState,
    Geofence,
    Merchant,
    Offer,
    Role,
    StaffMember,
    Store,
    User,
)

Somebody = User | AnonymousUser


class NoSuchStore(Exception):
    """You have no such store to scan at."""


class StoreNeeded(Exception):
    """Say in which of your stores the scan happens."""


class MayNotScan(Exception):
    """This scanner may not scan any more."""

    # The staff member has left, the key is revoked, or the merchant is archived.


@dataclass(frozen=True, kw_only=True)
class Scanner:
    """Who scans at a till: a member of staff, or a till system by its key. Exactly one of the two."""

    staff_member: StaffMember | None = None
    api_key: ApiKey | None = None

    def __post_init__(self) -> None:
        if (self.staff_member is None) == (self.api_key is None):
            raise ValueError("a scan is made by one staff member or by one key")

    @property
    def name(self) -> str:
        """What its calls are counted under."""
        return f"key:{self.api_key.pk}" if self.api_key else f"staff:{self.staff_member.pk if self.staff_member else 0}"


def is_operator(user: Somebody) -> bool:
    return bool(user.is_active and user.is_superuser)


def signed_in(user: Somebody) -> User:
    """For what is behind a sign-in: the user, who is somebody."""
    if not isinstance(user, User):
        raise TypeError("nobody is signed in")
    return user


def staff_member_of(user: Somebody) -> StaffMember | None:
    """The user's standing place at a standing merchant, if any."""
    if not isinstance(user, User) or not user.is_active:
        return None
    if hasattr(user, "standing"):
        return user.standing
    return (
        StaffMember.objects.filter(user=user, archived_at=None, merchant__archived_at=None)
        .select_related("merchant")
        .first()
    )


def ask_once(user: Somebody) -> None:
    """For a user object of one request: the answer is looked up once and kept on it.

    A page of the admin asks a dozen times: for its menu, each button, each choice.
    """
    if isinstance(user, User):
        user.standing = staff_member_of(user)


def _with_role(user: Somebody, *roles: Role) -> StaffMember | None:
    member = staff_member_of(user)
    return member if member is not None and member.role in roles else None


def may_enter_admin(user: Somebody) -> bool:
    return is_operator(user) or _with_role(user, Role.OWNER, Role.MANAGER) is not None


def merchant_of(user: Somebody) -> Merchant | None:
    """The one merchant whose rows this user works on; None for operators, who work on all."""
    member = _with_role(user, Role.OWNER, Role.MANAGER)
    return member.merchant if member else None


def is_owner(user: Somebody) -> bool:
    return _with_role(user, Role.OWNER) is not None


def merchants_for(user: Somebody) -> QuerySet[Merchant]:
    if is_operator(user):
        return Merchant.objects.all()
    member = _with_role(user, Role.OWNER, Role.MANAGER)
    return Merchant.objects.filter(pk=member.merchant_id) if member else Merchant.objects.none()


def stores_for(user: Somebody) -> QuerySet[Store]:
    """An owner's are all of the merchant's, a manager's those named."""
    if is_operator(user):
        return Store.objects.all()
    member = _with_role(user, Role.OWNER, Role.MANAGER)
    return stores_of(member) if member else Store.objects.none()


def stores_of(member: StaffMember) -> QuerySet[Store]:
    """The stores in which this person stands, whatever the role."""
    stores = Store.objects.filter(merchant_id=member.merchant_id)
    return stores if member.role == Role.OWNER else stores.filter(pk__in=member.stores.values("pk"))


def staff_for(user: Somebody) -> QuerySet[StaffMember]:
    if is_operator(user):
        return StaffMember.objects.all()
    member = _with_role(user, Role.OWNER)
    return StaffMember.objects.filter(merchant_id=member.merchant_id) if member else StaffMember.objects.none()


def users_for(user: Somebody) -> QuerySet[User]:
    if is_operator(user):
        return User.objects.all()
    return User.objects.filter(pk__in=staff_for(user).values("user_id"))


def api_keys_for(user: Somebody) -> QuerySet[ApiKey]:
    if is_operator(user):
        return ApiKey.objects.all()
    member = _with_role(user, Role.OWNER)
    return ApiKey.objects.filter(merchant_id=member.merchant_id) if member else ApiKey.objects.none()


def geofences_for(user: Somebody) -> QuerySet[Geofence]:
    if is_operator(user):
        return Geofence.objects.all()
    return Geofence.objects.filter(store__in=stores_for(user)).exclude(state=FenceState.ARCHIVED)


def offers_for(user: Somebody) -> QuerySet[Offer]:
    """An owner's are the merchant's; a manager's those that hold at one of their stores."""
    if is_operator(user):
        return Offer.objects.all()
    member = _with_role(user, Role.OWNER, Role.MANAGER)
    if member is None:
        return Offer.objects.none()
    offers = Offer.objects.filter(merchant_id=member.merchant_id)
    if member.role == Role.OWNER:
        return offers
    at_mine = Offer.stores.through.objects.filter(store__in=stores_of(member)).values("offer_id")
    return offers.filter(Q(all_stores=True) | Q(pk__in=at_mine))


def may_edit_offer(user: Somebody, offer: Offer) -> bool:
    """A manager may read an offer that also holds elsewhere, but not change what it means there."""
    if is_operator(user):
        return True
    member = _with_role(user, Role.OWNER, Role.MANAGER)
    if member is None or member.merchant_id != offer.merchant_id:
        return False
    if member.role == Role.OWNER:
        return True
    elsewhere = offer.stores.exclude(pk__in=stores_of(member).values("pk"))
    return not offer.all_stores and offer.stores.exists() and not elsewhere.exists()


def exclusion_zones_for(user: Somebody) -> QuerySet[ExclusionZone]:
    return ExclusionZone.objects.all() if is_operator(user) else ExclusionZone.objects.none()


def store_for_scanner(scanner: Scanner, *, store_id: UUID | None = None) -> Store:
    """The store at which this scan happens.

    A key scans at its one store. A staff member names one of theirs, or has only one.
    """
    key, staff_member = scanner.api_key, scanner.staff_member
    if key is not None:
        stores = Store.objects.filter(pk=key.store_id, merchant_id=key.merchant_id)
        if key.revoked_at is not None:
            raise MayNotScan("the key is revoked")
    else:
        assert staff_member is not None  # noqa: S101  # a scanner is one of the two
        stores = stores_of(staff_member)
        if staff_member.archived_at is not None or not staff_member.user.is_active:
            raise MayNotScan("this staff member has left")
    standing = stores.filter(archived_at=None, merchant__archived_at=None).select_related("merchant")
    if store_id is not None:
        store = standing.filter(pk=store_id).first()
        if store is None:
            raise NoSuchStore
        return store
    # Two are enough to know that one is not.
    found = list(standing.order_by("pk")[:2])
    if not found:
        raise MayNotScan("there is no store left to scan at")
    if len(found) > 1:
        raise StoreNeeded("name the store")
    return found[0]
