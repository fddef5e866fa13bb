"""Geometry from strangers: checked numbers become areas, everything else is refused with a code and the place.

Pure, no Django. Depth, counts, types and ranges are checked in Python before shapely sees a single ring: its parsers of
text can be made to end the process, and mending a tangle takes seconds. An invalid ring is refused, never mended.
"""

from merchants.fences.geometry.buffers import buffered
from merchants.fences.geometry.covering import Covering, covering, enclosing_circle
from merchants.fences.geometry.measures import Bounds, area_km2, bounds, center, overlap
from merchants.fences.geometry.reading import circle, from_geojson, to_geojson
from merchants.fences.geometry.refusals import GeometryRefused
from merchants.fences.geometry.stores import check_near_store
from merchants.fences.geometry.text import from_text

__all__ = [
    "Bounds",
    "Covering",
    "GeometryRefused",
    "area_km2",
    "bounds",
    "buffered",
    "center",
    "check_near_store",
    "circle",
    "covering",
    "enclosing_circle",
    "from_geojson",
    "from_text",
    "overlap",
    "to_geojson",
]
