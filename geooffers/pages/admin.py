"""What this room adds to the merchants' admin."""

from typing import cast

from django.contrib import admin

from geooffers.pages.walking_in.page import TITLE, page
from merchants.admin_site import MerchantsAdminSite, SitePage

cast(MerchantsAdminSite, admin.site).add_page(
    SitePage(
        title=TITLE,
        path="walk-me-in/",
        name="walk_me_in",
        view=page,
        menu_group="Offers",
        menu_order=13,
        menu_icon="directions_walk",
    )
)
