// The page /phone: puts together the API client, the map, the walk and the screens.

import { Api, Refused } from "./phone-api.js";
import { byId, el, prefersStillness, time } from "./phone-dom.js";
import { NOWHERE, World } from "./phone-map.js";
import { Reports } from "./phone-reports.js";
import { Drawer, Screens } from "./phone-screens.js";
import { Walk, outside, readTrack, throughFences } from "./phone-walk.js";

const ASK_EVERY_MS = 1000;
const HEADSUP_MS = 7000;
const MOST_CALLS_SHOWN = 30;

const page = byId("phone-page");
const api = new Api(logCall);
const drawer = new Drawer();
const world = new World(byId("map"), { tiles: page.dataset.tiles, attribution: page.dataset.attribution, moved: onMoved });
const screens = new Screens({ api, drawer, problem: showProblem, consented: onConsented });
const walk = new Walk({ step: (place) => world.place(place, { byWalking: true }), ended: showWalk, tickMs: prefersStillness() ? 1000 : 200 });
const reports = new Reports({
  api,
  where: () => world.at,
  allowed: () => mayReport(),
  details: () => ({ accuracyM: accuracy(), background: isInBackground() }),
  answered: onAnswer,
  shown: showAnswer,
  travelling: (seconds) => say(`Travelling there: it arrives in ${seconds} seconds.`),
});
const inside = new Map();
let fencesById = new Map();

start();

async function start() {
  tick();
  setInterval(tick, 10_000);
  try {
    const shown = await api.fences();
    fencesById = new Map(shown.fences.map((fence) => [fence.id, fence]));
    world.show(shown);
    world.putPhone(shown.fences.length ? outside(leftmost(shown.fences)) : NOWHERE, accuracy());
    walk.set(throughFences(shown.fences));
    world.showTrack(walk.places);
    say(shown.fences.length ? "" : "There is no live fence yet: draw one in the admin, then load this page again.");
    await api.register();
    await Promise.all([screens.consents.load(), screens.loadCoupons()]);
    await screens.show(screens.consents.isAnythingGiven ? "home" : "consents");
    if (mayReport()) report();
    else say(whyNot("Nothing is reported before you agree on the phone."));
    await listen();
  } catch (error) {
    showProblem(error);
    say(`${error.message} Load the page again, or throw this phone away below.`);
  }
  page.dataset.ready = "true";
}

function leftmost(fences) {
  return fences.slice(0, 12).reduce((one, other) => (other.lon < one.lon ? other : one));
}

// -- where the phone is

function onMoved(place, { byWalking }) {
  if (!byWalking && walk.isWalking) {
    walk.pause();
    showWalk();
  }
  if (mayReport()) report();
  else say(whyNot("Nothing is reported: the shopper has not agreed to this use of the location."));
}

function isInBackground() {
  return byId("background").checked;
}

function whyNot(unlessPaused) {
  return screens.consents.isPaused ? "Paused: nothing is reported." : unlessPaused;
}

function mayReport() {
  return screens.consents.allows(isInBackground() ? "location_background" : "location_foreground");
}

function accuracy() {
  return Number(byId("accuracy").value);
}

// The map knows where the phone is.
function report() {
  reports.moved();
}

async function onAnswer(answer) {
  for (const { change, fence_id: id } of answer.transitions) {
    if (change === "left") inside.delete(id);
    else inside.set(id, fencesById.get(id)?.merchant ?? "a fence");
    world.mark(id, change !== "left");
  }
  const here = [...new Set(inside.values())];
  say(here.length ? `Inside the fence of ${here.join(" and ")}.` : "Outside every fence.");
  if (answer.coupons.length) {
    await screens.loadCoupons();
    await screens.redraw();
  }
}

function onConsented({ purpose, given, paused }) {
  if (paused === undefined && !purpose.startsWith("location")) return;
  if (mayReport()) report();
  else if (paused) forgetWhere("Paused: where the phone was is forgotten, and nothing is reported.");
  else if (given === false) forgetWhere("Consent withdrawn: where the phone was is forgotten, and nothing is reported.");
  else say(whyNot("Nothing is reported before you agree on the phone."));
}

function forgetWhere(words) {
  for (const id of inside.keys()) world.mark(id, false);
  inside.clear();
  reports.forget();
  say(words);
}

// -- what arrives

async function listen() {
  try {
    const { visible, silent } = drawer.take(await api.pushes(drawer.since));
    byId("signal").textContent = "";
    if (visible.length || silent.length) await onArrival(visible, silent);
  } catch (error) {
    byId("signal").textContent = "no service";
    byId("signal").title = error.message;
  }
  setTimeout(listen, document.hidden ? 5 * ASK_EVERY_MS : ASK_EVERY_MS);
}

async function onArrival(visible, silent) {
  await screens.loadCoupons();
  for (const { couponId } of visible) {
    const coupon = screens.coupons.find((one) => one.id === couponId);
    // What was opened or dismissed before the page was loaded anew is not shown again.
    if (!coupon || coupon.state !== "open" || coupon.seen_at || coupon.dismissed_at) drawer.remove(couponId);
  }
  for (const { kind, coupon_id: couponId } of silent) if (kind === "coupon_redeemed") drawer.remove(couponId);
  const newest = visible.filter(({ tag }) => drawer.shown.has(tag)).at(-1);
  if (newest) headsUp(newest);
  await screens.redraw();
}

function headsUp(notification) {
  const box = byId("headsup");
  if (screens.name === "home") {
    say(`A notification arrived: ${notification.title}`);
    return;
  }
  const shown = screens.notification(notification, { close: false });
  box.replaceChildren(shown);
  setTimeout(() => shown.remove(), HEADSUP_MS);
}

// -- what is said around the phone

function say(words) {
  const said = byId("said");
  if (said.textContent !== words) said.textContent = words;
}

function tick() {
  byId("clock").textContent = time(new Date());
}

function showProblem(error) {
  byId("signal").textContent = error instanceof Refused ? "" : "no service";
  say(error.message);
}

function showAnswer({ fixes, answer, status, ms }) {
  const fine = status === 200;
  const outcomes = fine ? [...new Set(answer.results.map((one) => one.code ?? one.status))].join(", ") : answer.code ?? "";
  byId("answer-line").replaceChildren(
    el("span", { class: `badge ${fine ? "yes" : "no"}` }, String(status)),
    el("span", { class: "mono small" }, "POST /api/v1/positions"),
    el("span", { class: "soft small" }, `${fixes.length} position${fixes.length === 1 ? "" : "s"}, ${Math.round(ms)} ms, ${outcomes}`),
  );
  byId("sent").textContent = JSON.stringify({ fixes }, null, 2);
  byId("answer").textContent = JSON.stringify(answer, null, 2);
  byId("answer-both").hidden = false;
}

function logCall({ method, path, status, ms }) {
  const calls = byId("calls");
  calls.prepend(el("li", {}, `${status} ${method} ${path} (${ms} ms)`));
  while (calls.children.length > MOST_CALLS_SHOWN) calls.lastChild.remove();
}

// -- the walk

function showWalk() {
  const begun = walk.leg > 0 || walk.gone > 0;
  byId("walk-go").textContent = walk.isWalking ? "Pause" : walk.isOver ? "Walk again" : begun ? "Walk on" : "Start walking";
  byId("walk-go").disabled = walk.places.length < 2;
}

byId("walk-go").addEventListener("click", () => {
  if (walk.isWalking) walk.pause();
  else walk.start();
  showWalk();
});

byId("walk-again").addEventListener("click", () => {
  walk.restart();
  if (walk.places.length) world.place(walk.places[0], { byWalking: true });
  showWalk();
});

byId("walk-speed").addEventListener("change", (event) => (walk.speed = Number(event.target.value)));

byId("accuracy").addEventListener("change", () => {
  world.setAccuracy(accuracy());
  onMoved(world.at, { byWalking: true });
});

byId("background").addEventListener("change", () => {
  if (isInBackground()) screens.show("home");
  onMoved(world.at, { byWalking: true });
});

byId("track").addEventListener("change", (event) => take(event.target.files[0]));
byId("map").addEventListener("dragover", (event) => event.preventDefault());
byId("map").addEventListener("drop", (event) => {
  event.preventDefault();
  take(event.dataTransfer.files[0]);
});

async function take(file) {
  if (!file) return;
  const said = byId("track-said");
  try {
    const places = await readTrack(file);
    walk.set(places);
    world.showTrack(places);
    world.look(places);
    world.place(places[0], { byWalking: true });
    said.className = "";
    said.textContent = `${file.name}: ${places.length} points.`;
  } catch (error) {
    said.className = "wrong";
    said.textContent = error.message;
  }
  showWalk();
}

byId("forget").addEventListener("click", () => {
  api.forget();
  location.reload();
});
