"""What this room adds to the merchants' admin."""

from typing import cast

from django.contrib import admin

from geooffers.pages.simulated_visit.page import TITLE, page
from merchants.admin_site import MerchantsAdminSite, SitePage

cast(MerchantsAdminSite, admin.site).add_page(
    SitePage(
        title=TITLE,
        path="simulated-visit/",
        name="simulated_visit",
        view=page,
        menu_group="Offers",
        menu_order=13,
        menu_icon="directions_walk",
    )
)
