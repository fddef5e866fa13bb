"use strict";
/* The map in the form of a geofence or exclusion zone. The form's fields are the truth: every change of the drawing is
   written there, and what is typed or pasted there is drawn. */
class AreaMap extends BaseMap {
  static ROUND_THE_STORE_M = 150;
  static NAMES_UP_TO = 25;
  static COLOUR = "#2456d6";

  constructor(root) {
    super(root);
    this.before = []; // areas to go back to
    this.area = null;
    root.querySelector(".map-tools").hidden = false;
    for (const button of root.querySelectorAll("[data-tool]")) {
      button.addEventListener("click", () => this.use(button.dataset.tool));
    }
    this.whenTyped(["center_lat", "center_lon", "radius_m", "geometry"], (name) => this.typed(name));
    this.field("kind").addEventListener("change", () => this.writing || this.typed("kind"));
    const store = this.field("store");
    if (store) store.addEventListener("change", () => this.lookAround());
    else this.button("around").hidden = true; // a zone lies around no store
    this.map.on(L.Draw.Event.CREATED, ({ layer, layerType }) => this.drawn(layer, layerType));
    this.map.on(L.Draw.Event.DRAWSTOP, () => this.press(null));
    this.area = this.read();
    this.draw();
    this.seeAll();
    this.lookAround({ first: true });
    this.explain();
    if (this.facts.fault) this.showFault(this.facts.fault);
  }

  /* ---- fields */

  read() {
    if (this.field("kind").value === "polygon") return mapShapes.polygon(this.field("geometry").value);
    return mapShapes.circle(...["center_lat", "center_lon", "radius_m"].map((name) => this.field(name).value));
  }

  put(area) {
    this.write("kind", area.kind);
    if (area.kind === "circle") {
      this.write("center_lat", area.lat);
      this.write("center_lon", area.lon);
      this.write("radius_m", area.radius);
    } else {
      this.write("geometry", mapShapes.toGeoJson(area));
    }
  }

  typed(name) {
    const empty = ["center_lat", "center_lon"].every((each) => this.field(each).value.trim() === "");
    if (name === "radius_m" && empty && this.store) {
      this.write("center_lat", this.store.lat);
      this.write("center_lon", this.store.lon);
    }
    this.remember();
    this.area = this.read();
    this.draw();
    if (this.area) this.seeAll();
    this.explain();
  }

  /* ---- drawing */

  change(area) {
    this.remember();
    this.area = area;
    this.put(area);
    this.draw();
    this.explain();
  }

  remember() {
    this.before.push(this.area);
    if (this.before.length > 50) this.before.shift();
    this.button("undo").disabled = false;
  }

  undo() {
    this.area = this.before.pop();
    this.button("undo").disabled = this.before.length === 0;
    if (this.area) this.put(this.area);
    this.draw();
    this.explain();
  }

  draw() {
    if (this.handles) this.handles.remove();
    if (this.layer) this.layer.remove();
    if (this.fault) this.fault.remove();
    this.handles = this.layer = this.fault = null;
    const polygon = this.area && this.area.kind === "polygon";
    this.button("hole").hidden = this.button("part").hidden = !polygon;
    if (!this.area) return;
    this.layer = mapShapes.layer(this.area, { className: "map-own", weight: 2, fillOpacity: 0.2, interactive: false });
    this.layer.options.editing = {};
    this.layer.addTo(this.map);
    const heard = { changing: (area) => this.explain(area), changed: (area, grip) => this.edited(area, grip) };
    if (!polygon) this.handles = new CircleHandles(this.map, this.layer, heard);
    else if (mapShapes.corners(this.area) <= PolygonHandles.MOST_CORNERS) {
      this.handles = new PolygonHandles(this.map, this.layer, this.area, heard);
    }
  }

  edited(area, grip) {
    /* The handle that is held may be drawn anew; its focus stays with it. */
    const held = document.activeElement && [...document.activeElement.classList].find((name) => /^(map-grip|leaflet-edit)-/.test(name));
    this.change(area);
    const name = grip || held;
    if (name && this.canvas.querySelector(`.${name}`)) this.canvas.querySelector(`.${name}`).focus({ preventScroll: true });
  }

  use(tool) {
    const wasOn = this.tool === tool;
    if (this.drawing) this.drawing.disable();
    if (tool === "undo") this.undo();
    else if (tool === "see") this.seeAll();
    else if (tool === "around") this.goRound();
    else if (!wasOn) this.begin(tool);
  }

  begin(tool) {
    const shapeOptions = { color: AreaMap.COLOUR, weight: 2 };
    this.drawing = tool === "circle"
      ? new L.Draw.Circle(this.map, { shapeOptions, feet: false })
      : new L.Draw.Polygon(this.map, { shapeOptions, allowIntersection: false, drawError: { color: "#b6243a", message: "Edges must not cross." } });
    this.drawing.enable();
    this.press(tool);
    this.say(tool === "circle"
      ? "Press where the middle is, drag to the rim, let go. Escape leaves it."
      : "Press at each corner, and on the first one again to close it. Escape leaves it.");
  }

  press(tool) {
    this.tool = tool;
    for (const button of this.root.querySelectorAll("[aria-pressed]")) {
      button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    }
    if (!tool) {
      this.drawing = null;
      this.explain();
    }
  }

  drawn(layer, layerType) {
    const tool = this.tool;
    if (layerType === "circle") {
      const { lat, lng } = layer.getLatLng().wrap();
      this.change({ kind: "circle", lat: mapShapes.round(lat), lon: mapShapes.round(lng), radius: Math.round(layer.getRadius()) });
      return;
    }
    const ring = mapShapes.toRing(layer.getLatLngs()[0]);
    const parts = this.area && this.area.kind === "polygon" ? this.area.parts : [];
    if (tool === "part") this.change({ kind: "polygon", parts: [...parts, [ring]] });
    else if (tool === "hole") {
      const holed = parts.findIndex((rings) => mapShapes.holds(rings[0], ring[0]));
      if (holed < 0) this.complaint = "A hole lies inside of the area. Nothing was changed.";
      else this.change({ kind: "polygon", parts: parts.map((rings, at) => (at === holed ? [...rings, ring] : rings)) });
    } else this.change({ kind: "polygon", parts: [[ring]] });
  }

  goRound() {
    if (!this.store) {
      this.say("Choose the store first.");
      this.field("store")?.focus();
      return;
    }
    this.change({ kind: "circle", lat: this.store.lat, lon: this.store.lon, radius: AreaMap.ROUND_THE_STORE_M });
    this.seeAll();
  }

  button(tool) {
    return this.root.querySelector(`[data-tool=${tool}]`);
  }

  /* ---- words */

  explain(area = this.area) {
    if (this.complaint) {
      this.say(this.complaint);
      this.complaint = "";
    } else if (!area) {
      const polygon = this.field("kind").value === "polygon";
      const typed = polygon ? this.field("geometry").value.trim() : this.field("radius_m").value.trim();
      if (typed) this.say(polygon ? "This text is no GeoJSON of a polygon yet." : "A circle needs a latitude, a longitude and a radius.");
      else this.say("Nothing is drawn yet. Draw, or type into the fields below.");
    } else if (area.kind === "circle") {
      this.say(`A circle of ${area.radius.toLocaleString("en-GB")} m. Drag its middle or its rim, or type.`);
    } else {
      const corners = mapShapes.corners(area), holes = area.parts.flat().length - area.parts.length;
      const count = (number, what) => (number ? `, ${number} ${what}${number > 1 ? "s" : ""}` : "");
      const many = corners > PolygonHandles.MOST_CORNERS;
      this.say(`A polygon with ${corners} corners${count(holes, "hole")}${area.parts.length > 1 ? count(area.parts.length, "part") : ""}. `
        + (many ? "Too many to drag; edit the text, or draw it anew." : "Drag a corner, press one to take it away; the square moves all of it, the round grip scales it."));
    }
  }

  /* ---- what is around */

  async lookAround({ first = false } = {}) {
    const store = this.field("store");
    if (!this.facts.around || (store && !store.value) || this.lookedAt === store?.value) return;
    this.lookedAt = store?.value;
    const address = this.facts.around + (store ? `${store.value}/` : "");
    const response = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!response || !response.ok || this.lookedAt !== store?.value) return;
    const around = await response.json();
    this.showBeside(around);
    // A radius that was typed before the store's place was known has waited for it.
    const waiting = this.store && !this.area && this.field("kind").value === "circle" && this.field("radius_m").value.trim();
    if (waiting) this.typed("radius_m");
    if (!(first && this.area)) this.seeAll();
  }

  showBeside({ store, fences, zones }) {
    this.beside.clearLayers();
    this.store = store;
    for (const [others, className] of [[fences, "map-other"], [zones, "map-zone"]]) {
      const named = others.length <= AreaMap.NAMES_UP_TO;
      for (const other of others) {
        if (className === "map-other" && other.id === this.facts.own) continue;
        if (className === "map-zone" && other.id === this.facts.ownZone) continue;
        const layer = mapShapes.layer(other.area, { className, weight: 1.5, interactive: false });
        if (named) layer.bindTooltip(this.text(other.name), { pane: "names", permanent: true, direction: "center", className: "map-name faint" });
        layer.addTo(this.beside);
      }
    }
    if (store) this.pin([store.lat, store.lon], store.name).addTo(this.beside);
    if (this.layer) this.layer.bringToFront();
  }

  seeAll() {
    if (this.area) {
      const bounds = mapShapes.bounds(this.area);
      this.see(this.store ? bounds.extend([this.store.lat, this.store.lon]) : bounds);
    } else if (this.store) this.see(L.latLng(this.store.lat, this.store.lon).toBounds(800));
    else if (this.beside.getLayers().length) this.see(this.beside.getBounds());
  }

  showFault({ lat, lon, text }) {
    const icon = L.divIcon({ className: "map-fault", iconSize: [24, 24] });
    this.fault = L.marker([lat, lon], { icon, interactive: false, keyboard: false, zIndexOffset: 500 })
      .bindTooltip(this.text(text), { permanent: true, direction: "top", offset: [0, -12], className: "map-fault-words" })
      .addTo(this.map);
    if (!this.map.getBounds().contains([lat, lon])) {
      this.see((this.area ? mapShapes.bounds(this.area) : L.latLng(lat, lon).toBounds(500)).extend([lat, lon]));
    }
    this.say(text);
  }
}

document.addEventListener("DOMContentLoaded", () => {
  for (const root of document.querySelectorAll("[data-map=area]")) new AreaMap(root);
});
