"""The merchants' rows, one file per subject."""

from merchants.models.followers import FenceFollower
from merchants.models.offers import DiscountKind, Offer, OfferBudget, OfferState, Trigger
from merchants.models.people import ApiKey, Role, StaffMember, User
from merchants.models.places import (
    AreaKind,
    FenceChange,
    FenceChangeCounter,
    FenceState,
    FenceTuning,
    Geofence,
)
from merchants.models.shops import Merchant, MerchantLogo, Store, Trade
from merchants.models.zones import ExclusionZone, ZoneImport

__all__ = [
    "ApiKey",
    "AreaKind",
    "DiscountKind",
    "ExclusionZone",
    "FenceChange",
    "FenceChangeCounter",
    "FenceFollower",
    "FenceState",
    "FenceTuning",
    "Geofence",
    "Merchant",
    "MerchantLogo",
    "Offer",
    "OfferBudget",
    "OfferState",
    "Role",
    "StaffMember",
    "Store",
    "Trade",
    "Trigger",
    "User",
    "ZoneImport",
]
