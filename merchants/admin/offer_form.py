"""The form of an offer: what each field refuses, and why."""

import re
import unicodedata
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from merchants.admin.fields import ScheduleField, VisibleTextField
from merchants.admin.ticking import TickBoxes
from merchants.models import DiscountKind, Merchant, Offer, OfferState, Store
from merchants.offers import budgets

LONGEST = timedelta(days=3 * 366)
# Far from where the calendars of Python and the databases end, whatever the zone.
YEARS = range(2000, 2101)
MOST_COUPONS = 1_000_000_000


class CurrencyField(forms.CharField):
    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return unicodedata.normalize("NFKC", text).strip().upper() if text else text


class OfferForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    title = VisibleTextField(max_length=60, help_text="The first line on the phone.")
    text = VisibleTextField(max_length=200, help_text="The second line. Shown as written; nothing is filled in.")
    terms = VisibleTextField(
        max_length=2000, required=False, lines=True, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )
    category = VisibleTextField(max_length=40)
    currency = CurrencyField(
        max_length=3,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text="For an amount off: three letters, e.g. EUR.",
    )
    schedule = ScheduleField(
        help_text=(
            "On the store's own clock, a line for each set of days: “Mon-Fri 11:00-14:00, 17:00-21:00”, "
            "“daily 22:00-02:00”. Empty means always. When clocks are changed, a time that is skipped happens at the "
            "jump; of a time that comes twice, the first opens and the second closes."
        )
    )
    cap = forms.IntegerField(
        min_value=1,
        max_value=MOST_COUPONS,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text="At most so many coupons, open and redeemed together. A coupon that expires unused frees its place.",
    )
    # Set by the admin for the request: whose offer it is when that is no field, and what a manager may not choose.
    merchant: Merchant | None = None
    everywhere_allowed = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and not self.instance._state.adding and "cap" in self.fields:
            self.initial["cap"] = self.instance.budget.cap
        for name in ("starts_at", "ends_at"):
            if name in self.fields:
                said = self.fields[name].help_text
                self.fields[name].help_text = f"{said} The clock of {timezone.get_current_timezone_name()}.".strip()
        stores = self.fields.get("stores")
        if isinstance(stores, forms.ModelMultipleChoiceField) and stores.queryset is not None:
            stores.help_text = "Where it holds, when not everywhere."
            stores.widget = TickBoxes(choices=stores.choices)
            stores.queryset = self._stores_to_choose(stores.queryset)

    def _stores_to_choose(self, reachable: Any) -> Any:
        """The standing stores, and those that are chosen already."""
        standing = reachable.filter(archived_at=None, merchant__archived_at=None)
        if self.instance._state.adding:
            return standing
        chosen = reachable.filter(pk__in=self.instance.stores.values("pk"))
        return (standing | chosen).filter(merchant_id=self.instance.merchant_id).distinct()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        merchant = cleaned.get("merchant") or self.merchant
        if self.instance._state.adding and merchant is not None:
            self.instance.merchant = merchant
        self._clean_window(cleaned.get("starts_at"), cleaned.get("ends_at"))
        self._clean_discount(cleaned)
        self._clean_stores(cleaned)
        self._clean_cap(cleaned.get("cap"))
        return cleaned

    def _clean_window(self, starts_at: datetime | None, ends_at: datetime | None) -> None:
        for name, moment in (("starts_at", starts_at), ("ends_at", ends_at)):
            if moment is not None and moment.year not in YEARS:
                self.add_error(name, "A year between 2000 and 2100, please.")
                return
        if starts_at is None or ends_at is None:
            return
        if ends_at <= starts_at:
            self.add_error("ends_at", "It must end after it starts.")
        elif ends_at - starts_at > LONGEST:
            self.add_error("ends_at", "An offer lasts three years at most.")

    def _clean_discount(self, cleaned: dict[str, Any]) -> None:
        kind, value = cleaned.get("discount_kind"), cleaned.get("discount_value")
        currency = cleaned.get("currency", "")
        if kind == DiscountKind.FREE_ITEM:
            cleaned["discount_value"], cleaned["currency"] = Decimal(0), ""
            return
        if value is not None and value <= 0:
            self.add_error("discount_value", "More than nothing, please.")
        if kind == DiscountKind.PERCENT:
            cleaned["currency"] = ""
            if value is not None and value > 100:
                self.add_error("discount_value", "At most 100 percent.")
        elif kind == DiscountKind.AMOUNT and "currency" not in self.errors and not re.fullmatch("[A-Z]{3}", currency):
            self.add_error("currency", "Three letters, e.g. EUR.")

    def _clean_stores(self, cleaned: dict[str, Any]) -> None:
        stores: list[Store] = list(cleaned.get("stores") or [])
        everywhere = bool(cleaned.get("all_stores")) and self.everywhere_allowed
        if any(store.merchant_id != self.instance.merchant_id for store in stores):
            self.add_error("stores", "A store of another merchant.")
        elif not everywhere and not stores and "stores" not in self.errors:
            self.add_error(
                "stores",
                "Choose at least one store, or all of them."
                if self.everywhere_allowed
                else "Choose at least one store.",
            )
        elif everywhere:
            cleaned["stores"] = []

    def _clean_cap(self, cap: int | None) -> None:
        if cap is None or self.instance._state.adding or cap >= self.initial["cap"]:
            return
        lowest = budgets.lowest_cap_for_merchant(offer=self.instance)
        if cap < lowest:
            self.add_error("cap", f"Not below {lowest}: {self.used()} To stop issuing now, pause or end the offer.")

    def used(self) -> str:
        budget = self.instance.budget
        return f"{budget.redeemed} are redeemed, and {reserved_text(self.instance)} coupons are open."


def reserved_text(offer: Offer) -> str:
    """How many coupons are open, in words that tell nothing about single people."""
    reserved, fewest = offer.budget.reserved, budgets.fewest_shown(offer=offer)
    return str(reserved) if reserved >= fewest else f"fewer than {fewest}"


def is_over(offer: Offer) -> bool:
    return offer.state == OfferState.ENDED or offer.archived_at is not None
