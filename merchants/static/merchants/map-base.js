"use strict";
/* What the maps of the forms share: the ground, pins, words at a place, and handles that also obey the arrow keys. */
class BaseMap {
  constructor(root) {
    this.root = root;
    this.form = root.closest("form");
    this.facts = JSON.parse(root.dataset.facts);
    this.canvas = root.querySelector(".map-canvas");
    this.status = root.querySelector(".map-says[role=status]");
    const { tiles, attribution } = this.facts;
    this.map = L.map(this.canvas, { attributionControl: Boolean(attribution), worldCopyJump: true, zoomSnap: 0.5 });
    if (attribution) this.map.attributionControl.setPrefix(false);
    if (tiles) L.tileLayer(tiles, { attribution, maxZoom: 19 }).addTo(this.map);
    L.control.scale({ imperial: false }).addTo(this.map);
    this.map.setView([20, 10], 1.5);
    this.map.createPane("names").style.zIndex = "550"; // under the handles, which are at 600
    this.map.getPane("names").style.pointerEvents = "none";
    this.beside = L.featureGroup().addTo(this.map); // what is not edited: stores, other fences
    this.map.on("layeradd", ({ layer }) => layer instanceof L.Marker && this.obeyKeys(layer));
    new ResizeObserver(() => this.map.invalidateSize()).observe(this.canvas);
  }

  field(name) {
    return this.form.elements.namedItem(name);
  }

  /* Alpine and Django's own scripts learn of a change by its events. */
  write(name, value) {
    const field = this.field(name);
    if (!field || field.value === String(value)) return;
    this.writing = true;
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
    this.writing = false;
  }

  whenTyped(names, act) {
    for (const name of names) {
      const field = this.field(name);
      if (field) field.addEventListener("input", () => this.writing || act(name));
    }
  }

  say(text) {
    this.status.textContent = text;
  }

  /* Leaflet takes a string for HTML and an element for what it is. */
  text(words) {
    const span = document.createElement("span");
    span.textContent = words;
    return span;
  }

  pin(place, name, className = "map-pin") {
    const icon = L.divIcon({ className, iconSize: [16, 16] });
    return L.marker(place, { icon, interactive: false, keyboard: false, zIndexOffset: -100 })
      .bindTooltip(this.text(name), { pane: "names", permanent: true, direction: "bottom", offset: [0, 8], className: "map-name" });
  }

  see(bounds) {
    this.map.fitBounds(bounds.pad(0.25), { maxZoom: 17, animate: false });
  }

  /* A handle that can be dragged can be focused; then the arrows move it, and whoever listens for drags hears of it. */
  obeyKeys(marker) {
    const element = marker.getElement();
    if (!element || !marker.options.draggable || element.hasAttribute("aria-label")) return;
    const names = {
      "leaflet-edit-move": "Move it", "leaflet-edit-resize": "Resize it", "map-grip-move": "Move all of it",
      "map-grip-scale": "Scale all of it", "map-drag": "The store",
    };
    const known = Object.keys(names).find((name) => element.classList.contains(name));
    element.setAttribute("aria-label", `${known ? names[known] : "Corner"}: arrow keys`);
    element.addEventListener("keydown", (event) => {
      const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const by = event.shiftKey ? 20 : 4;
      marker.fire("dragstart", { target: marker });
      const at = this.map.latLngToContainerPoint(marker.getLatLng()).add([step[0] * by, step[1] * by]);
      marker.setLatLng(this.map.containerPointToLatLng(at));
      marker.fire("drag", { target: marker, latlng: marker.getLatLng() });
      marker.fire("dragend", { target: marker });
    });
  }
}
