"use strict";
/* What an area on the map is held by. Leaflet.draw moves and resizes a circle and drags the corners of one ring; it does
   not know holes and parts, so here every ring has its own corners, and two grips move and scale all of them together. */
L.Polyline._flat = L.LineUtil.isFlat; // as Leaflet has called it since 1.1; Leaflet.draw asks by the old name

/* Leaflet.draw goes on with a layer after it has told of the edit, so the layer is replaced a moment later. */
const afterwards = (act) => setTimeout(act, 0);

class CircleHandles {
  constructor(map, layer, { changing, changed }) {
    const area = () => {
      const { lat, lng } = layer.getLatLng().wrap();
      const radius = Math.round(layer.getRadius() * 10) / 10;
      return { kind: "circle", lat: mapShapes.round(lat), lon: mapShapes.round(lng), radius };
    };
    layer.editing.enable();
    layer.on("editdrag", () => changing(area()));
    layer.on("edit", () => afterwards(() => changed(area())));
    this.layer = layer;
  }

  remove() {
    this.layer.editing.disable();
  }
}

class PolygonHandles {
  static MOST_CORNERS = 300; // each is an element of the page, and so is each middle between two

  constructor(map, layer, area, { changing, changed }) {
    this.map = map;
    this.shown = layer;
    this.area = area;
    this.changing = changing;
    this.changed = changed;
    this.rings = area.parts.map((rings) => rings.map((ring) => this.ring(ring)));
    this.grips();
  }

  ring(ring) {
    const line = L.polygon(mapShapes.toLatLngs(ring), { fill: false, weight: 2, className: "map-rim", interactive: false }).addTo(this.map);
    line.options.editing = {}; // Leaflet.draw looks for it
    line.editing.enable();
    line.on("editdrag", () => this.follow());
    line.on("edit", () => afterwards(() => this.changed(this.read())));
    return line;
  }

  read() {
    const parts = this.rings.map((rings) => rings.map((line) => mapShapes.toRing(line.getLatLngs()[0])));
    return { kind: "polygon", parts };
  }

  follow() {
    const area = this.read();
    this.shown.setLatLngs(area.parts.map((rings) => rings.map(mapShapes.toLatLngs)));
    this.changing(area);
  }

  grips() {
    const bounds = mapShapes.bounds(this.area);
    this.grip("map-grip-move", bounds.getCenter(), (from, to) => mapShapes.moved(this.area, to.lng - from.lng, to.lat - from.lat));
    const centre = bounds.getCenter();
    const away = (place) => this.map.latLngToLayerPoint(place).distanceTo(this.map.latLngToLayerPoint(centre));
    this.grip("map-grip-scale", bounds.getNorthEast(), (from, to) => mapShapes.scaled(this.area, centre, Math.max(0.05, away(to) / away(from))));
  }

  grip(className, place, change) {
    const icon = L.divIcon({ className, iconSize: [20, 20] });
    const marker = L.marker(place, { icon, draggable: true, zIndexOffset: 200 }).addTo(this.map);
    let area = null;
    marker.on("dragstart", () => this.letGo());
    marker.on("drag", () => {
      area = change(place, marker.getLatLng());
      this.shown.setLatLngs(area.parts.map((rings) => rings.map(mapShapes.toLatLngs)));
      this.changing(area);
    });
    marker.on("dragend", () => area && afterwards(() => this.changed(area, className)));
    (this.markers ||= []).push(marker);
  }

  letGo() {
    for (const line of this.rings.flat()) {
      line.editing.disable();
      line.remove();
    }
  }

  remove() {
    this.letGo();
    for (const marker of this.markers) marker.remove();
  }
}
