"""What the forms of geofences and exclusion zones share: a circle in numbers, or GeoJSON as text.

The numbers are checked by `merchants.fences.geometry`; each refusal is shown at the field that it is about.
"""

import json
from collections.abc import Callable
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from merchants.admin.areas.map_fields import AreaMapWidget, MapField
from merchants.fences.areas import Row
from merchants.fences.geometry import GeometryRefused
from merchants.models import AreaKind

CIRCLE = ("center_lat", "center_lon", "radius_m")
FIELDS = ("area_map", "kind", CIRCLE, "geometry")
# Which fields the form shows for which kind.
SHOWN_WHEN = {
    **{name: f"kind == '{AreaKind.CIRCLE}'" for name in CIRCLE},
    "geometry": f"kind == '{AreaKind.POLYGON}'",
}


class GeoJsonField(forms.CharField):
    """Text on its way in and out; `merchants.fences.geometry` reads it, under its own limits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=UnfoldAdminTextareaWidget(attrs={"rows": 8}), required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else json.dumps(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((self.prepare_value(initial) or "") != (data or ""))


class AreaForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    # Fills in the columns of the row that the form is about, or refuses with GeometryRefused. Each form brings its own.
    check_area: Callable[[Any], None]

    area_map = MapField(widget=AreaMapWidget())
    kind = forms.ChoiceField(choices=AreaKind.choices, initial=AreaKind.CIRCLE, widget=UnfoldAdminSelectWidget())
    center_lat = forms.FloatField(
        label="Latitude", required=False, min_value=-90, max_value=90, widget=UnfoldAdminTextInputWidget()
    )
    center_lon = forms.FloatField(
        label="Longitude", required=False, min_value=-180, max_value=180, widget=UnfoldAdminTextInputWidget()
    )
    radius_m = forms.FloatField(
        label="Radius (metres)", required=False, widget=UnfoldAdminTextInputWidget(), help_text="50 to 10,000 m"
    )
    geometry = GeoJsonField(
        label="GeoJSON",
        help_text="A Polygon or MultiPolygon, WGS84, longitude first. At most 2,000 corners in 50 parts.",
    )

    def clean(self) -> dict[str, Any]:
        """Empty the fields of the other kind, and ask for those of this one."""
        cleaned = super().clean() or {}
        if "kind" not in cleaned:
            return cleaned
        circle = cleaned["kind"] == AreaKind.CIRCLE
        for name in ("geometry",) if circle else CIRCLE:
            cleaned[name] = None
            self.errors.pop(name, None)
        for name in CIRCLE if circle else ("geometry",):
            if cleaned.get(name) in (None, "") and name not in self.errors:
                self.add_error(name, "This is needed for a circle." if circle else "This is needed for a polygon.")
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # the hook that fills in the instance; not in the stubs
        if self.errors:
            return
        try:
            self.check_area(self.instance)
        except GeometryRefused as refused:
            text = refused.message[:1].upper() + refused.message[1:] + "."
            self.add_error(self._field_for(refused.code), forms.ValidationError(text, code=refused.code))
            if refused.at is not None:
                lon, lat = refused.at
                self.tell_map(fault={"lat": lat, "lon": lon, "text": text})

    def tell_map(self, **facts: Any) -> None:
        """Without permission to change there is no map among the fields."""
        field = self.fields.get("area_map")
        if isinstance(field, MapField):
            field.tell(**facts)

    def _field_for(self, code: str) -> str:
        row: Row = self.instance
        if row.kind == AreaKind.POLYGON:
            return "geometry"
        return "radius_m" if code == "radius_range" else "center_lat"
