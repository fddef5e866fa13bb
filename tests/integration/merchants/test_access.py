"""Who reaches what; and the keys."""

from hashlib import sha256
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser

from merchants.models import ApiKey, Merchant, Offer, Role, StaffMember, Store, User
from merchants.offers import offers
from merchants.people import access, keys
from merchants.people.access import Scanner
from tests import cast

pytestmark = pytest.mark.django_db
EVERY_KIND = [
    access.merchants_for,
    access.stores_for,
    access.staff_for,
    access.users_for,
    access.api_keys_for,
    access.geofences_for,
    access.offers_for,
    access.exclusion_zones_for,
]


def furnish(merchant_name: str) -> Store:
    store = cast.make_store(merchant_name=merchant_name)
    cast.make_fence(store)
    cast.make_offer(store)
    cast.make_staff(store, role=Role.OWNER)
    keys.make_key(store=store, name="till", scopes=[keys.COUPONS_REDEEM])
    return store


@pytest.mark.parametrize("reachable", EVERY_KIND)
def test_who_is_neither_operator_nor_staff_reaches_nothing(reachable) -> None:
    store = furnish("Café Aino")
    gone = cast.make_staff(store, role=Role.OWNER)
    StaffMember.objects.filter(pk=gone.pk).update(archived_at=cast.NOON)
    inactive = User.objects.create_superuser("was-operator", is_active=False)
    nobody = [
        AnonymousUser(),
        User.objects.create_user("stray", is_staff=True),
        cast.make_staff(store, role=Role.CASHIER).user,
        gone.user,
        inactive,
    ]
    assert [user for user in nobody if reachable(user).exists()] == []
    assert not any(access.may_enter_admin(user) for user in nobody)


@pytest.mark.parametrize("reachable", EVERY_KIND)
def test_an_owner_reaches_their_own_merchant_s_rows_only(reachable) -> None:
    mine, other = furnish("Café Aino"), furnish("Bistro Bertil")
    owner = cast.make_staff(mine, role=Role.OWNER).user

    def merchant_of(row) -> Merchant:
        if isinstance(row, Merchant):
            return row
        if isinstance(row, User):
            return row.staff_member.merchant
        return row.store.merchant if hasattr(row, "store") else row.merchant

    rows = list(reachable(owner))
    assert {merchant_of(row) for row in rows} <= {mine.merchant}
    assert rows or reachable is access.exclusion_zones_for
    Merchant.objects.filter(pk=mine.merchant_id).update(archived_at=cast.NOON)
    assert not reachable(owner).exists()
    assert other.merchant != mine.merchant


def test_a_manager_reaches_their_stores_and_edits_only_what_holds_nowhere_else() -> None:
    mine = cast.make_store()
    sister = cast.make_store()
    manager = cast.make_staff(mine, role=Role.MANAGER).user
    fences = [cast.make_fence(mine), cast.make_fence(sister)]

    def offer_at(*stores: Store) -> Offer:
        return offers.create_offer(
            merchant=mine.merchant,
            now=cast.NOON,
            cap=1,
            stores=stores,
            title="Bun",
            text="Now.",
            discount_kind="free_item",
            starts_at=cast.NOON,
            ends_at=cast.NOON.replace(year=2027),
        )

    here, both, there, everywhere = offer_at(mine), offer_at(mine, sister), offer_at(sister), offer_at()
    assert list(access.stores_for(manager)) == [mine]
    assert list(access.geofences_for(manager)) == fences[:1]
    assert set(access.offers_for(manager)) == {here, both, everywhere}
    assert [access.may_edit_offer(manager, offer) for offer in (here, both, there, everywhere)] == [
        True,
        False,
        False,
        False,
    ]
    assert not access.staff_for(manager).exists()
    assert not access.api_keys_for(manager).exists()


def test_a_cashier_of_one_store_scans_there_and_nowhere_else() -> None:
    store, sister = cast.make_store(), cast.make_store()
    foreign = cast.make_store(merchant_name="Bistro Bertil")
    cashier = cast.make_staff(store)
    assert access.store_for_scanner(Scanner(staff_member=cashier)) == store
    assert access.store_for_scanner(Scanner(staff_member=cashier), store_id=store.pk) == store
    for elsewhere in (sister.pk, foreign.pk, uuid4()):
        with pytest.raises(access.NoSuchStore):
            access.store_for_scanner(Scanner(staff_member=cashier), store_id=elsewhere)


def test_who_stands_in_two_stores_says_which() -> None:
    store, sister = cast.make_store(), cast.make_store()
    owner = cast.make_staff(store, role=Role.OWNER)
    with pytest.raises(access.StoreNeeded):
        access.store_for_scanner(Scanner(staff_member=owner))
    assert access.store_for_scanner(Scanner(staff_member=owner), store_id=sister.pk) == sister


def test_who_has_left_may_not_scan() -> None:
    cashier = cast.make_staff(cast.make_store())
    cashier.archived_at = cast.NOON
    with pytest.raises(access.MayNotScan):
        access.store_for_scanner(Scanner(staff_member=cashier))


def test_a_key_scans_at_its_store_until_it_is_revoked_or_the_store_archived() -> None:
    store, sister = cast.make_store(), cast.make_store()
    key, _ = keys.make_key(store=store, name="till", scopes=[keys.COUPONS_REDEEM])
    assert access.store_for_scanner(Scanner(api_key=key)) == store
    with pytest.raises(access.NoSuchStore):
        access.store_for_scanner(Scanner(api_key=key), store_id=sister.pk)
    Store.objects.filter(pk=store.pk).update(archived_at=cast.NOON)
    with pytest.raises(access.MayNotScan):
        access.store_for_scanner(Scanner(api_key=key))
    Store.objects.filter(pk=store.pk).update(archived_at=None)
    keys.revoke(key=key, now=cast.NOON)
    with pytest.raises(access.MayNotScan):
        access.store_for_scanner(Scanner(api_key=key))


def test_a_key_is_found_by_what_was_shown_and_only_its_hash_is_kept() -> None:
    row, shown = keys.make_key(store=cast.make_store(), name="till", scopes=[keys.COUPONS_LOOKUP])
    assert shown.startswith(row.prefix + "_")
    assert len(row.prefix) == 12
    assert keys.find_usable(key=shown) == row
    kept = ApiKey.objects.values().get(pk=row.pk)
    assert bytes(kept["key_hash"]) == sha256(shown.encode()).digest()
    assert shown not in repr(kept)
    assert keys.find_usable(key=shown + "x") is None
    keys.revoke(key=row, now=cast.NOON)
    assert keys.find_usable(key=shown) is None


@pytest.mark.parametrize("scopes", [[], ["coupons:mint"], [keys.COUPONS_LOOKUP, "*"]])
def test_a_key_without_a_known_scope_is_refused(scopes: list[str]) -> None:
    with pytest.raises(keys.UnknownScope):
        keys.make_key(store=cast.make_store(), name="till", scopes=scopes)
