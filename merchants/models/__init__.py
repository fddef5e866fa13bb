"""The merchants' rows, one file per subject."""

from merchants.models.followers import FenceFollower
from merchants.models.offers import DiscountKind, Offer, OfferBudget, OfferState, Trigger
from merchants.models.people import ApiKey, Role, StaffMember, User
from merchants.models.places import (
    AreaKind,
    ExclusionZone,
    FenceChange,
    FenceChangeCounter,
    FenceState,
    FenceTuning,
    Geofence,
)
from merchants.models.shops import Merchant, MerchantLogo, Store

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
    "Trigger",
    "User",
]
