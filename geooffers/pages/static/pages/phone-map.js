// The map: fences as they are drawn, and the phone to drag, click or move by arrow keys.

import { el, prefersStillness } from "./phone-dom.js";

const L = window.L;
const STEP_M = 10;
const METRES_PER_DEGREE = 111195;
const LABELS_UP_TO = 40;
export const NOWHERE = { lat: 60.1695, lon: 24.9525 }; // where there is no fence to begin at
const ARROWS = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export function offset(place, eastM, northM) {
  const lat = Math.min(89.9, Math.max(-89.9, place.lat + northM / METRES_PER_DEGREE));
  const lon = place.lon + eastM / (METRES_PER_DEGREE * Math.cos((place.lat * Math.PI) / 180));
  return { lat, lon: ((lon + 540) % 360) - 180 };
}

export class World {
  constructor(box, { tiles, attribution, moved }) {
    const moving = !prefersStillness();
    this.moved = moved;
    this.inside = new Set();
    this.shapes = new Map();
    this.map = L.map(box, {
      keyboard: false, // the arrow keys move the phone
      zoomAnimation: moving,
      fadeAnimation: moving,
      markerZoomAnimation: moving,
      attributionControl: Boolean(attribution),
    });
    if (attribution) this.map.attributionControl.setPrefix(false);
    if (tiles) L.tileLayer(tiles, { attribution, maxZoom: 19 }).addTo(this.map);
    this.map.createPane("phone").style.zIndex = "680"; // above the fences' names
    L.control.scale({ imperial: false, position: "bottomright" }).addTo(this.map);
    this.map.setView([NOWHERE.lat, NOWHERE.lon], 14); // a circle's bounds are only known on a map that shows something
    this.map.on("click", (event) => this.place({ lat: event.latlng.lat, lon: event.latlng.lng }));
    box.addEventListener("keydown", (event) => this.key(event));
  }

  show({ fences, zones }) {
    for (const zone of zones) {
      shape(zone.area, { className: "zone", interactive: false }).addTo(this.map).bindTooltip(text("Nobody is tracked here"), { sticky: true });
    }
    for (const fence of fences) {
      const drawn = shape(fence.area, { color: fence.colour, weight: 2, fillOpacity: 0.12, interactive: false });
      drawn.addTo(this.map);
      this.shapes.set(fence.id, drawn);
      if (fences.length <= LABELS_UP_TO) {
        drawn.bindTooltip(text(fence.merchant), { permanent: true, direction: "bottom", offset: [0, 8], className: "fence-name" });
      }
    }
    const around = L.featureGroup([...this.shapes.values()]);
    if (fences.length) this.map.fitBounds(around.getBounds().pad(0.15), { animate: false });
    this.map.on("zoomend", () => this.thinNames());
    this.thinNames();
  }

  // A name that would lie on another fades until there is room; who listens to the page hears them all.
  thinNames() {
    const kept = [];
    for (const drawn of this.shapes.values()) {
      const name = drawn.getTooltip()?.getElement();
      if (!name) continue;
      const box = name.getBoundingClientRect();
      const lies = (on) => box.left < on.right && on.left < box.right && box.top < on.bottom && on.top < box.bottom;
      name.classList.toggle("crowded", kept.some(lies));
      if (!kept.some(lies)) kept.push(box);
    }
  }

  putPhone(place, accuracyM) {
    this.at = place;
    this.circle = L.circle([place.lat, place.lon], { radius: accuracyM, className: "accuracy", interactive: false }).addTo(this.map);
    this.marker = L.marker([place.lat, place.lon], {
      draggable: true,
      keyboard: true,
      autoPan: true,
      pane: "phone",
      icon: L.divIcon({ className: "phone-dot", iconSize: [44, 44], html: el("span") }),
    }).addTo(this.map);
    const dot = this.marker.getElement();
    dot.setAttribute("aria-describedby", "map-help");
    this.marker.on("drag", () => {
      const { lat, lng } = this.marker.getLatLng();
      this.place({ lat, lon: lng }, { byDragging: true });
    });
    this.name();
  }

  place(place, { byDragging = false, byWalking = false } = {}) {
    this.at = place;
    if (!byDragging) this.marker.setLatLng([place.lat, place.lon]);
    this.circle.setLatLng([place.lat, place.lon]);
    if (!byDragging && !this.map.getBounds().pad(-0.05).contains([place.lat, place.lon])) {
      this.map.panTo([place.lat, place.lon], { animate: !prefersStillness() });
    }
    this.name();
    this.moved(place, { byWalking });
  }

  setAccuracy(accuracyM) {
    this.circle.setRadius(accuracyM);
  }

  mark(fenceId, isInside) {
    this.shapes.get(fenceId)?.setStyle({ weight: isInside ? 4 : 2, fillOpacity: isInside ? 0.35 : 0.12 });
  }

  showTrack(places) {
    this.track?.remove();
    this.track = L.polyline(places.map(({ lat, lon }) => [lat, lon]), { className: "track", interactive: false }).addTo(this.map);
    this.track.bringToBack();
  }

  look(places) {
    this.map.fitBounds(L.latLngBounds(places.map(({ lat, lon }) => [lat, lon])).pad(0.15), { animate: false });
  }

  name() {
    const { lat, lon } = this.at;
    this.marker.getElement().setAttribute("aria-label", `The phone, at ${lat.toFixed(5)}, ${lon.toFixed(5)}`);
  }

  key(event) {
    const arrow = ARROWS[event.key];
    if (!arrow || !this.marker || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const step = event.shiftKey ? 10 * STEP_M : STEP_M;
    this.place(offset(this.at, arrow[0] * step, arrow[1] * step));
  }
}

function shape(area, options) {
  if (area.kind === "circle") return L.circle([area.lat, area.lon], { radius: area.radius_m, ...options });
  return L.geoJSON(area.geometry, { ...options, style: options });
}

// Leaflet reads a string as HTML and an element as it is.
function text(words) {
  return el("span", {}, words);
}
