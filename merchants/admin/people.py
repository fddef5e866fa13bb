"""Users (operators make them) and their place at a merchant."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from geooffers.operators.admin_pages import OperatorAdmin
from merchants.admin.filters import ArchivedFilter, ChoiceFilter, MerchantFilter
from merchants.admin.scoping import ScopedAdmin
from merchants.admin.suggesting import SuggestingInput
from merchants.admin.ticking import TickBoxes
from merchants.models import Role, StaffMember, User
from merchants.people import access

# Rights here follow from the role of a staff member; groups and permission rows would be a second truth.
admin.site.unregister(Group)
MOST_SUGGESTED = 50


class UserForm(UserChangeForm):  # type: ignore[misc]  # unfold ships no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The theme's own words tell the link from the text by its colour alone.
        self.fields["password"].help_text = format_html(
            'Passwords are not stored, only proofs of them. <a class="{}" href="{}">Set another one.</a>',
            "text-primary-600 underline dark:text-primary-500",
            "../password/",
        )


@admin.register(User)
class UserAdmin(DjangoUserAdmin, OperatorAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    form = UserForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    menu_group, menu_order, menu_icon = "Platform", 50, "person"
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": (("first_name", "last_name"), "email")}),
        ("Standing", {"fields": ("is_active", "is_superuser", "is_staff", "last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "email", "password1", "password2")}),)
    readonly_fields = ("last_login", "date_joined", "is_staff")
    list_display = ("username", "email", "is_active", "is_superuser")
    list_filter = ()
    filter_horizontal = ()
    search_fields = ("username", "email")
    ordering = ("username",)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return OperatorAdmin.lookup_allowed(self, lookup, value, request)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        member = StaffMember.objects.filter(user=obj).first() if change else None
        obj.is_staff = obj.is_superuser or (member is not None and member.role != Role.CASHIER)
        super().save_model(request, obj, form, change)


class RoleFilter(ChoiceFilter):
    title = "role"
    parameter_name = "role"
    choices_of = Role.choices


class StaffMemberForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """Stores belong to the merchant; the last owner stays one, or nobody could let anybody in again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stores = self.fields.get("stores")
        if isinstance(stores, forms.ModelMultipleChoiceField) and self.instance.pk and stores.queryset is not None:
            stores.queryset = stores.queryset.filter(merchant_id=self.instance.merchant_id)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        merchant = cleaned.get("merchant") or (self.instance.merchant if self.instance.pk else None)
        role, stores = cleaned.get("role"), list(cleaned.get("stores") or [])
        if merchant and any(store.merchant_id != merchant.pk for store in stores):
            self.add_error("stores", "A store of another merchant.")
        if role in (Role.MANAGER, Role.CASHIER) and not stores and "stores" not in self.errors:
            self.add_error("stores", "Name at least one store; only owners stand in all of them.")
        if self.instance.pk and self.initial.get("role") == Role.OWNER and role not in (None, Role.OWNER):
            others = _standing_owners(self.instance.merchant_id).exclude(pk=self.instance.pk)
            if not others.exists():
                self.add_error("role", "The merchant's only owner. Make somebody else an owner first.")
        return cleaned


def _standing_owners(merchant_id: Any) -> QuerySet[StaffMember]:
    return StaffMember.objects.filter(merchant_id=merchant_id, role=Role.OWNER, archived_at=None, user__is_active=True)


@admin.register(StaffMember)
class StaffMemberAdmin(ScopedAdmin):
    """An owner gives roles and stores to the merchant's people; operators bring new people in."""

    reach = staticmethod(access.staff_for)
    readers = frozenset({Role.OWNER})
    form = StaffMemberForm
    menu_group, menu_order, menu_icon = "Shop", 22, "badge"
    list_display = ("person", "role", "where")
    list_filter = (ArchivedFilter, RoleFilter, MerchantFilter)
    search_fields = ("user__username", "user__email")
    ordering = ("user__username",)
    actions = ("archive",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffMember]:
        return super().get_queryset(request).select_related("user", "merchant").prefetch_related("stores")

    def get_fields(self, request: HttpRequest, obj: StaffMember | None = None) -> list[str]:
        merchant = ["merchant"] if access.is_operator(request.user) else []
        return ["user", *merchant, "role", "stores", *(["archived_at"] if obj else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: StaffMember | None = None) -> tuple[str, ...]:
        return ("user", "merchant", "archived_at") if obj else ("archived_at",)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            newcomers = User.objects.filter(staff_member=None, is_superuser=False).order_by("-pk")[:MOST_SUGGESTED]
            kwargs |= {
                "to_field_name": "username",
                "widget": SuggestingInput(suggestions=[user.username for user in newcomers]),
                "help_text": "The name that they sign in with. Make the user first.",
                "error_messages": {"invalid_choice": "There is no user of this name."},
            }
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["help_text"] = "Where they stand; an owner stands in all."
        kwargs["widget"] = TickBoxes()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @admin.display(description="person", ordering="user__username")
    def person(self, obj: StaffMember) -> str:
        return obj.user.get_full_name() or obj.user.get_username()

    @admin.display(description="stores")
    def where(self, obj: StaffMember) -> str:
        return "all" if obj.role == Role.OWNER else ", ".join(store.name for store in obj.stores.all())

    def save_model(self, request: HttpRequest, obj: StaffMember, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        # The admin's door looks at is_staff first; it follows the role.
        User.objects.filter(pk=obj.user_id, is_superuser=False).update(is_staff=obj.role != Role.CASHIER)

    @admin.action(description="Archive: they have left", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[StaffMember]) -> None:
        leaving = list(queryset.filter(archived_at=None).values_list("pk", "merchant_id"))
        for merchant_id in {merchant_id for _, merchant_id in leaving}:
            gone = [pk for pk, at in leaving if at == merchant_id]
            if not access.is_operator(request.user) and not _standing_owners(merchant_id).exclude(pk__in=gone).exists():
                self.message_user(request, "Somebody must stay an owner.", level="error")
                return
        count = StaffMember.objects.filter(pk__in=[pk for pk, _ in leaving]).update(archived_at=timezone.now())
        self.message_user(request, f"{count} archived.")
