"""Who works for a merchant, and the keys of their machines."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from uuid_utils.compat import uuid7

from merchants.models.shops import Merchant, Store


class User(AbstractUser):
    """Somebody who signs in: an operator of the platform (is_superuser), or a merchant's staff.

    is_staff opens the admin; cashiers do not have it.
    """

    # What `access.ask_once` has found.
    standing: "StaffMember | None"


class Role(models.TextChoices):
    OWNER = "owner"
    MANAGER = "manager"
    CASHIER = "cashier"


class StaffMember(models.Model):
    """A user's place at one merchant. An owner stands in every store, the others in those named."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="staff_member")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="staff")
    role = models.CharField(max_length=10, choices=Role.choices)
    stores = models.ManyToManyField(Store, blank=True, related_name="staff")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.user.get_username()} ({self.role})"


class ApiKey(models.Model):
    """A key of a POS or merchant system. The key is shown once; its prefix is kept, and its SHA-256 (`keys`)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="api_keys")
    # The one store whose till holds the key.
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=100)
    scopes = models.JSONField(default=list, help_text="coupons:lookup, coupons:redeem")
    prefix = models.CharField(max_length=12, editable=False)
    key_hash = models.BinaryField(max_length=32, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
