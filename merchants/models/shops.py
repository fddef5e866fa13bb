"""Merchants and their stores. They are archived, never deleted: what people redeemed there stays on the books."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from geooffers.jurisdictions.column import JurisdictionField

COLOUR = r"^#[0-9a-f]{6}$"


class Trade(models.TextChoices):
    """What law tells apart: where it says so, who gives health care does not push where its shop is."""

    HEALTH = "health", "health care: pharmacies, practices, opticians"
    OTHER = "other", "anything else"


class Merchant(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100, unique=True)
    colour = models.CharField(
        max_length=7,
        default="#2456d6",
        validators=[RegexValidator(COLOUR, "Write # and six digits or letters a to f, as #2456d6.")],
        help_text="The background of coupons and wallet passes, as #2456d6.",
    )
    trade = models.CharField(max_length=6, choices=Trade.choices, default=Trade.OTHER)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=Q(colour__regex=COLOUR), name="merchant_colour_is_a_colour")]

    def __str__(self) -> str:
        return self.name


class MerchantLogo(models.Model):
    """Written only by `merchants.shops.logos`. Beside the merchant, not in its row, which every list and coupon
    reads."""

    merchant = models.OneToOneField(Merchant, on_delete=models.PROTECT, primary_key=True, related_name="logo")
    png = models.BinaryField()
    digest = models.CharField(max_length=32)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"the logo of {self.merchant_id}"


class Store(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="stores", db_index=False)
    name = models.CharField(max_length=100)
    address = models.CharField(max_length=200)
    city = models.CharField(
        max_length=100,
        blank=True,
        default="",
        help_text="For shoppers who choose a city instead of telling where they are. Where there are several of that "
        "name, with what tells them apart: Springfield, Illinois.",
    )
    # What `merchants.shops.cities` makes of the name, alike for all its spellings; written with it.
    city_key = models.CharField(max_length=100, blank=True, default="", editable=False)
    time_zone = models.CharField(max_length=64, help_text="IANA name, e.g. Europe/Helsinki.")
    jurisdiction = JurisdictionField(blank=True, default="")
    lat = models.FloatField("latitude", help_text="Degrees, WGS84.")
    lon = models.FloatField("longitude", help_text="Degrees, WGS84.")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "name"], name="store_name_is_unique_per_merchant"),
            models.CheckConstraint(
                condition=Q(lat__gte=-90, lat__lte=90, lon__gte=-180, lon__lte=180), name="store_is_on_earth"
            ),
            models.CheckConstraint(
                condition=Q(city="", city_key="") | (~Q(city="") & ~Q(city_key="")), name="store_city_has_its_key"
            ),
        ]
        indexes = [models.Index(fields=["city_key"], condition=~Q(city_key=""), name="store_by_city")]

    def __str__(self) -> str:
        return self.name
