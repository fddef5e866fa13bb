"use strict";
/* The map in the form of a store: a press, a pin to drag, and two fields that follow and lead. */
class PointMap extends BaseMap {
  constructor(root) {
    super(root);
    for (const { name, lat, lon } of this.facts.neighbours) this.pin([lat, lon], name).addTo(this.beside);
    this.map.on("click", ({ latlng }) => this.pick(latlng));
    this.whenTyped(["lat", "lon"], () => this.typed());
    this.typed();
    if (!this.marker && this.facts.neighbours.length) this.see(this.beside.getBounds());
  }

  typed() {
    const place = mapShapes.circle(this.field("lat").value, this.field("lon").value, 1);
    if (!place) return;
    this.mark(L.latLng(place.lat, place.lon));
    this.see(L.latLng(place.lat, place.lon).toBounds(800));
  }

  pick(latlng) {
    const { lat, lng } = latlng.wrap();
    this.mark(L.latLng(lat, lng));
    this.write("lat", mapShapes.round(lat));
    this.write("lon", mapShapes.round(lng));
    this.say(`At ${lat.toFixed(5)}, ${lng.toFixed(5)}.`);
  }

  mark(latlng) {
    if (this.marker) {
      this.marker.setLatLng(latlng);
      return;
    }
    const icon = L.divIcon({ className: "map-drag", iconSize: [26, 26], iconAnchor: [13, 13] });
    this.marker = L.marker(latlng, { icon, draggable: true, autoPan: true }).addTo(this.map);
    this.marker.on("dragend", () => this.pick(this.marker.getLatLng()));
  }
}

document.addEventListener("DOMContentLoaded", () => {
  for (const root of document.querySelectorAll("[data-map=point]")) new PointMap(root);
});
