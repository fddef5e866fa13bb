"""A map in a form. It writes into the fields beside it, which stay what is sent, checked and kept; without a script the
fields alone do the same.

Leaflet and Leaflet.draw come out of django-leaflet's static files. What the map shows beside the drawing it asks of
`GeofenceAdmin.around`, which answers with what this user reaches.
"""

import json
from typing import Any

from django import forms
from django.conf import settings

MAP = ("leaflet/leaflet.js", "merchants/map-shapes.js", "merchants/map-base.js")
DRAWING = ("leaflet/draw/leaflet.draw.js", "merchants/map-handles.js")


class MapWidget(forms.Widget):
    """Facts for the script go into data attributes, as texts that Django escapes."""

    scripts: tuple[str, ...]
    styles: tuple[str, ...] = ("leaflet/leaflet.css", "merchants/map.css")

    def __init__(self) -> None:
        super().__init__()
        self.facts: dict[str, Any] = {}

    def __deepcopy__(self, memo: Any) -> "MapWidget":
        """Each form has its own. Django copies a widget's attrs and no more: one's facts would be told to the next."""
        copied: MapWidget = super().__deepcopy__(memo)
        copied.facts = dict(self.facts)
        return copied

    @property
    def media(self) -> forms.Media:
        return forms.Media(css={"all": self.styles}, js=self.scripts)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        facts = {"tiles": settings.MAP_TILES, "attribution": settings.MAP_ATTRIBUTION, **self.facts}
        return {"facts": json.dumps(facts)}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> None:
        return None


class AreaMapWidget(MapWidget):
    """Draws a circle or a polygon."""

    template_name = "merchants/area_map.html"
    scripts = (*MAP, *DRAWING, "merchants/area-map.js")
    styles = ("leaflet/leaflet.css", "leaflet/draw/leaflet.draw.css", "merchants/map.css")


class PointMapWidget(MapWidget):
    """Picks a place."""

    template_name = "merchants/point_map.html"
    scripts = (*MAP, "merchants/point-map.js")


class MapField(forms.Field):
    """Holds no value: the map of a form."""

    def __init__(self, widget: MapWidget, **kwargs: Any) -> None:
        super().__init__(widget=widget, label="Map", required=False, **kwargs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False

    def tell(self, **facts: Any) -> None:
        """What the script needs to know about this form."""
        widget = self.widget
        assert isinstance(widget, MapWidget)  # noqa: S101  # __init__ took nothing else
        widget.facts.update(facts)
