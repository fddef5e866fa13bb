"""Django's admin, with our site: who may enter is decided by role, not by permission rows."""

from django.contrib.admin.apps import AdminConfig


class MerchantsAdminConfig(AdminConfig):
    default_site = "merchants.admin_site.MerchantsAdminSite"
