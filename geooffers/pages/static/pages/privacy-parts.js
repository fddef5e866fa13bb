// What is known, drawn from an export. Whatever somebody wrote goes in as text.

import { dayAndTime, el, time } from "./phone-dom.js";

const OUTCOMES = {
  chosen: ["yes", "You got it"],
  passed_over: ["wait", "Passed over"],
  refused: ["no", "Not for you then"],
  withheld: ["wait", "Held back"],
};
const COUPON_STATES = { open: "yours", redeemed: "redeemed", expired: "expired" };
const END_REASONS = {
  left: "you left",
  stale: "your phone fell silent",
  withdrawn: "you took your consent back",
  paused: "you paused",
  fence_gone: "the shop’s area went away",
  signed_in: "another account took the phone over",
  signed_out: "you signed out",
  revoked: "you took the phone off your list",
  crossed: "you had passed through",
  corrected: "a late report showed that there was no visit",
};
const SECTIONS = {
  shoppers: "You",
  devices: "Your phones",
  consents: "What you agree to now",
  receipts: "When you agreed to what",
  last_seen: "Where your phones were last",
  visits: "Your visits",
  decisions: "What was decided at your visits",
  interruptions: "When you were last sent a message about a coupon",
  coupons: "Your coupons",
  wallet_passes: "Passes in wallets",
  redemptions: "Coupons that you used",
  refused_scans: "Scans that were refused",
  ledger: "What your coupons did to budgets",
  offer_counts: "How many of each offer you had",
  messages: "Messages to you",
  deliveries: "How they went to your phones and wallets",
};
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

export function tiles(copy) {
  const places = copy.last_seen.flatMap((one) => one.positions);
  const last = places.reduce((one, other) => (one && one.at > other.at ? one : other), null);
  const open = copy.coupons.filter((one) => one.state === "open").length;
  const facts = [
    ["Where you are", last ? `${last.lat.toFixed(5)}, ${last.lon.toFixed(5)}` : "not known", last ? `give or take ${Math.round(last.accuracy_m)} m, at ${time(last.at)}; ${kept(places.length)}` : "no position is kept"],
    ["Visits", copy.visits.length, "to the areas of shops, for 30 days"],
    ["Coupons", copy.coupons.length, open ? `${open} of them to use` : "none of them to use"],
    ["Messages", copy.messages.length, "for 14 days"],
  ];
  return facts.map(([name, figure, note]) => el("li", { class: "card tile" }, el("span", { class: "soft small" }, name), el("strong", {}, String(figure)), el("span", { class: "soft small" }, note)));
}

function kept(count) {
  return count === 1 ? "the only position kept" : `the newest of ${count} positions kept`;
}

// The visits, the newest first, each with the offers that were judged at it.
export function why(copy) {
  const at = new Map(copy.visits.map((visit) => [visit.id, { visit, decisions: [] }]));
  const elsewhere = [];
  for (const decision of copy.decisions) (at.get(decision.visit_id)?.decisions ?? elsewhere).push(decision);
  const shown = [...at.values()].reverse().map(({ visit, decisions }) => stay(visit, decisions, copy.coupons));
  if (elsewhere.length) shown.push(el("article", { class: "stay" }, el("h3", {}, "At visits that are forgotten"), judged(elsewhere, [])));
  return shown.length ? shown : [el("p", { class: "soft" }, "You have not been to a shop with an area. When a visit begins, every offer of the shop is judged, and this says why.")];
}

function stay(visit, decisions, coupons) {
  const until = visit.ended_at ? `until ${time(visit.ended_at)}, when ${END_REASONS[visit.end_reason] ?? visit.end_reason}` : "you are still there";
  return el(
    "article",
    { class: "stay" },
    el("h3", {}, visit.store),
    el("p", { class: "soft small" }, `${visit.merchant} · ${dayAndTime(visit.began_at)}, ${until}`),
    judged(decisions, coupons.filter((coupon) => coupon.visit_id === visit.id)),
  );
}

function judged(decisions, coupons) {
  const entries = decisions.flatMap((decision) => decision.candidates.map((candidate) => entry(candidate, coupons.find((coupon) => candidate.outcome === "chosen" && coupon.id === decision.coupon_id))));
  if (!entries.length) return el("p", { class: "small soft" }, "The shop had no offer for that moment.");
  return el("ul", { class: "judged" }, ...entries);
}

function entry(candidate, coupon) {
  const [kind, word] = OUTCOMES[candidate.outcome] ?? ["wait", candidate.outcome];
  return el(
    "li",
    {},
    el("div", {}, el("strong", {}, candidate.offer), coupon ? el("span", { class: "soft small" }, ` ${COUPON_STATES[coupon.state] ?? coupon.state}`) : null, el("p", { class: "small" }, candidate.meaning)),
    el("span", { class: `badge ${kind}` }, word),
  );
}

export function everything(copy) {
  return Object.entries(copy)
    .filter(([, rows]) => Array.isArray(rows))
    .map(([name, rows]) =>
      el(
        "details",
        { class: "rows" },
        el("summary", {}, SECTIONS[name] ?? name.replaceAll("_", " "), " ", el("span", { class: "count" }, String(rows.length))),
        rows.length ? el("ol", {}, ...rows.map(row)) : el("p", { class: "soft small" }, "Nothing."),
      ),
    );
}

function row(entry) {
  return el("li", {}, el("dl", {}, ...members(entry).map(([name, value]) => el("div", {}, el("dt", {}, name.replaceAll("_", " ")), el("dd", {}, said(value))))));
}

function members(entry) {
  return Object.entries(entry).filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && !value.length));
}

function said(value) {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string" && MOMENT.test(value)) return moment(value);
  if (Array.isArray(value)) return value.map((one) => (typeof one === "object" ? members(one).map(([name, inner]) => `${name.replaceAll("_", " ")} ${said(inner)}`).join(", ") : String(one))).join("; ");
  return String(value);
}

function moment(value) {
  return value.startsWith("9999") ? "until you say so" : new Date(value).toLocaleString([], { dateStyle: "medium", timeStyle: "medium" });
}
