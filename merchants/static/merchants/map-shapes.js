"use strict";
/* Areas as the form's fields hold them, and back. An area is
     {kind: "circle", lat, lon, radius}   or   {kind: "polygon", parts: [[ring, ...], ...]}
   with rings as GeoJSON writes them: [lon, lat] pairs, the first again at the end; the first ring of a part is its rim,
   the others are holes. The server judges; here it is only read. */
const mapShapes = {
  MOST_CHARACTERS: 1_000_000,

  round(degrees) {
    return Math.round(degrees * 1e7) / 1e7;
  },

  /* null while a number is missing or is none */
  circle(lat, lon, radius) {
    const [y, x, r] = [lat, lon, radius].map((text) => (String(text).trim() === "" ? NaN : Number(text)));
    const fits = Math.abs(y) <= 90 && Math.abs(x) <= 180 && r > 0 && r < 20_000_000;
    return fits ? { kind: "circle", lat: y, lon: x, radius: r } : null;
  },

  /* null where the text is no GeoJSON of a polygon */
  polygon(text) {
    if (text.length > mapShapes.MOST_CHARACTERS) return null;
    let value;
    try {
      value = JSON.parse(text);
    } catch {
      return null;
    }
    if (value && value.type === "FeatureCollection" && Array.isArray(value.features) && value.features.length === 1) value = value.features[0];
    if (value && value.type === "Feature") value = value.geometry;
    if (!value || !["Polygon", "MultiPolygon"].includes(value.type)) return null;
    const parts = value.type === "Polygon" ? [value.coordinates] : value.coordinates;
    const isPlace = (place) => Array.isArray(place) && Math.abs(place[0]) <= 180 && Math.abs(place[1]) <= 90;
    const isRing = (ring) => Array.isArray(ring) && ring.length > 3 && ring.every(isPlace);
    const isPart = (rings) => Array.isArray(rings) && rings.length > 0 && rings.every(isRing);
    return Array.isArray(parts) && parts.length > 0 && parts.every(isPart) ? { kind: "polygon", parts } : null;
  },

  toGeoJson({ parts }) {
    const geometry = parts.length === 1
      ? { type: "Polygon", coordinates: parts[0] }
      : { type: "MultiPolygon", coordinates: parts };
    return JSON.stringify(geometry);
  },

  corners({ parts }) {
    return parts.flat().reduce((sum, ring) => sum + ring.length - 1, 0);
  },

  /* Leaflet's places of a ring, without the last, which is the first */
  toLatLngs(ring) {
    return ring.slice(0, -1).map(([lon, lat]) => L.latLng(lat, lon));
  },

  toRing(latLngs) {
    const ring = latLngs.map((each) => {
      const { lat, lng } = each.wrap();
      return [mapShapes.round(lng), mapShapes.round(lat)];
    });
    return [...ring, ring[0]];
  },

  layer(area, options) {
    return area.kind === "circle"
      ? L.circle([area.lat, area.lon], { radius: area.radius, ...options })
      : L.polygon(area.parts.map((rings) => rings.map(mapShapes.toLatLngs)), options);
  },

  /* The bounds of a circle are known to Leaflet only once it is on a map. */
  bounds(area) {
    return area.kind === "circle"
      ? L.latLng(area.lat, area.lon).toBounds(2 * area.radius)
      : L.latLngBounds(area.parts.flatMap((rings) => mapShapes.toLatLngs(rings[0])));
  },

  /* Is a place in a ring? Even-odd; only to find the part into which a hole is cut. */
  holds(ring, [lon, lat]) {
    let inside = false;
    for (let i = 1; i < ring.length; i += 1) {
      const [x1, y1] = ring[i - 1], [x2, y2] = ring[i];
      if (y1 > lat !== y2 > lat && lon < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) inside = !inside;
    }
    return inside;
  },

  moved({ parts }, east, north) {
    return mapShapes.each(parts, ([lon, lat]) => [lon + east, lat + north]);
  },

  scaled({ parts }, centre, factor) {
    return mapShapes.each(parts, ([lon, lat]) => [centre.lng + (lon - centre.lng) * factor, centre.lat + (lat - centre.lat) * factor]);
  },

  each(parts, change) {
    const rounded = (place) => change(place).map(mapShapes.round);
    return { kind: "polygon", parts: parts.map((rings) => rings.map((ring) => ring.map(rounded))) };
  },
};
