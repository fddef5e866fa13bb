// A walk along places at a speed, and where its places come from.

import { offset } from "./phone-map.js";

const LARGEST_FILE = 8_000_000;
const MOST_PLACES = 20_000;
const EARTH_RADIUS_M = 6_371_009;
const radians = (degrees) => (degrees * Math.PI) / 180;

export function metresBetween(one, other) {
  const down = Math.sin(radians(other.lat - one.lat) / 2) ** 2;
  const across = Math.sin(radians(other.lon - one.lon) / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.sqrt(down + Math.cos(radians(one.lat)) * Math.cos(radians(other.lat)) * across));
}

export class Walk {
  constructor({ step, ended, tickMs }) {
    Object.assign(this, { step, ended, tickMs, places: [], speed: 7, timer: null });
    this.restart();
  }

  set(places) {
    this.pause();
    this.places = places;
    this.restart();
  }

  restart() {
    this.leg = 0;
    this.gone = 0;
  }

  get isWalking() {
    return this.timer !== null;
  }

  get isOver() {
    return this.leg >= this.places.length - 1;
  }

  start() {
    if (this.isOver) this.restart();
    let before = performance.now();
    this.timer ??= setInterval(() => {
      const now = performance.now();
      this.advance((this.speed * (now - before)) / 1000);
      before = now;
    }, this.tickMs);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
  }

  advance(metres) {
    this.gone += metres;
    while (!this.isOver) {
      const [from, to] = this.places.slice(this.leg, this.leg + 2);
      const long = metresBetween(from, to);
      if (this.gone < long) {
        const share = this.gone / long;
        this.step({ lat: from.lat + (to.lat - from.lat) * share, lon: from.lon + (to.lon - from.lon) * share });
        return;
      }
      this.gone -= long;
      this.leg += 1;
    }
    this.pause();
    this.step(this.places.at(-1));
    this.ended();
  }
}

// Through the fences, always to the nearest one not yet visited, and past the last.
export function throughFences(fences) {
  const left = fences.slice(0, 12);
  if (!left.length) return [];
  left.sort((one, other) => one.lon - other.lon);
  const places = [outside(left[0])];
  while (left.length) {
    const here = places.at(-1);
    left.sort((one, other) => metresBetween(here, one) - metresBetween(here, other));
    const { lat, lon } = left.shift();
    places.push({ lat, lon });
  }
  places.push(offset(places.at(-1), 0, 400));
  return places;
}

export function outside(fence) {
  const far = fence.area.kind === "circle" ? fence.area.radius_m + 90 : 400;
  return offset(fence, -far, -far / 3);
}

// The places in a GPX or GeoJSON file, in file order. Throws an Error whose message is for the reader.
export async function readTrack(file) {
  if (file.size > LARGEST_FILE) throw new Error(`${file.name} is larger than 8 MB.`);
  const content = (await file.text()).replace(/^\uFEFF/, "").trim();
  const places = (content.startsWith("<") ? fromGpx(content) : fromGeoJson(content)).filter(
    ({ lat, lon }) => Number.isFinite(lat) && Number.isFinite(lon) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180,
  );
  if (places.length < 2) throw new Error(`${file.name} has ${places.length} usable points; a walk needs two.`);
  if (places.length > MOST_PLACES) throw new Error(`${file.name} has more than ${MOST_PLACES} points.`);
  return places;
}

// By its tags: for XML that is not well-formed DOMParser makes a page with styles, which the policy reports.
function fromGpx(content) {
  const tags = content.replace(/<!--[^]*?-->/g, "");
  const points = (name) => [...tags.matchAll(new RegExp(`<(?:\\w+:)?${name}\\s([^>]*)>`, "g"))];
  const onTracks = points("trkpt");
  return (onTracks.length ? onTracks : points("rtept")).map(([, attributes]) => ({
    lat: number(attributes, "lat"),
    lon: number(attributes, "lon"),
  }));
}

function number(attributes, name) {
  const found = new RegExp(`(?:^|\\s)${name}\\s*=\\s*["']([^"']*)["']`).exec(attributes);
  return Number.parseFloat(found?.[1] ?? "");
}

function fromGeoJson(content) {
  let read;
  try {
    read = JSON.parse(content);
  } catch {
    throw new Error("This file is neither GPX nor GeoJSON.");
  }
  return lines(read).flat().map((at) => ({ lon: Number(at?.[0]), lat: Number(at?.[1]) }));
}

function lines(thing) {
  switch (thing?.type) {
    case "FeatureCollection":
      return (thing.features ?? []).flatMap((feature) => lines(feature));
    case "Feature":
      return lines(thing.geometry);
    case "LineString":
      return [thing.coordinates ?? []];
    case "MultiLineString":
      return thing.coordinates ?? [];
    default:
      return [];
  }
}
