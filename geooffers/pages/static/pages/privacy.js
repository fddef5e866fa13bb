// The page /privacy: a client of /api/v1, with the token of the phone that /phone keeps in this browser.

import { Api, Refused } from "./phone-api.js";
import { Consents } from "./phone-consents.js";
import { byId, dayAndTime, el } from "./phone-dom.js";
import { everything, tiles, why } from "./privacy-parts.js";

const LOOK_AGAIN_MS = 5000;

const page = byId("privacy");
const api = new Api(() => {});
const consents = new Consents({ api, problem: (error) => say(error.message), consented: changed, redraw: drawConsents });
let copy = null;
let text = "";

start();

async function start() {
  try {
    await consents.load();
    await drawConsents();
    byId("side").hidden = false; // going, and taking back, wait for no copy
    show(await copyOfMe());
  } catch (error) {
    refused(error);
  }
  page.removeAttribute("aria-busy");
}

// A large account is made by the worker, and fetched by a link that is good once.
async function copyOfMe() {
  const answer = await api.exportMe();
  if (answer.status === 200) return answer.text();
  const { link, ready_by: readyBy } = await answer.json();
  say(`There is much of it: your copy is being made, and ready before ${dayAndTime(readyBy)}. This page shows it then.`);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    try {
      return await api.exportByLink(link);
    } catch (error) {
      if (error.code !== "export_not_ready") throw error;
    }
  }
}

function show(fetched, before = "") {
  if (!byId("known")) return; // erased meanwhile
  text = fetched;
  copy = JSON.parse(text);
  const { devices, shoppers } = copy;
  const who = shoppers[0].firebase_uid ? "signed in" : "without an account";
  say(`${before}You use the app on ${counted(devices, "phone")}, ${who}, since ${dayAndTime(shoppers.at(-1).created_at)}. As of ${dayAndTime(copy.made_at)}.`);
  byId("tiles").replaceChildren(...tiles(copy));
  byId("why").replaceChildren(...why(copy));
  byId("all").replaceChildren(...everything(copy));
  byId("known").hidden = byId("copy").disabled = false;
}

function counted(rows, word) {
  return `${rows.length} ${word}${rows.length === 1 ? "" : "s"}`;
}

function refused(error) {
  if (error.code === "erased") return gone();
  if (error instanceof Refused && error.status === 401) {
    say("Nothing: this browser has no phone yet. Take one on the phone's page, and walk into a shop.");
    page.append(el("p", { class: "privacy-next" }, el("a", { class: "button primary", href: "/phone" }, "To the phone")));
    return;
  }
  say(error.message);
  page.append(el("p", { class: "privacy-next" }, el("button", { class: "button", type: "button", on: { click: () => location.reload() } }, "Try again")));
}

function say(words) {
  byId("said").textContent = words;
}

// -- what I agree to: the same switches as on the phone

async function drawConsents(focus) {
  if (consents.holdsBack()) return;
  byId("switches").replaceChildren(...(await consents.draw()));
  if (focus) byId("switches").querySelector(focus)?.focus();
}

// What is kept may be less by it: look again, and say first what holds already.
async function changed({ paused, given }) {
  const words = paused ? "Paused: nothing is looked at and no offer is sent. " : given === false ? "Taken back: nothing rests on it any more. " : "";
  try {
    show(await copyOfMe(), words);
  } catch (error) {
    say(`${words}${error.message}`);
  }
}

// -- my copy

byId("copy").addEventListener("click", () => {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  el("a", { href: address, download: `geooffers-${copy.made_at.slice(0, 10)}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
});

// -- the end

byId("erase").addEventListener("click", () => {
  byId("sure-what").replaceChildren(...whatGoes().filter(Boolean).map((words) => el("li", {}, words)));
  byId("sure-known").checked = false;
  byId("sure-yes").disabled = true;
  byId("sure").returnValue = "";
  byId("sure").showModal();
});

function whatGoes() {
  if (copy === null) return ["your phones, visits, coupons and messages"];
  const open = copy.coupons.filter((one) => one.state === "open");
  return [
    `${counted(copy.devices, "phone")}, with what was agreed to on ${copy.devices.length === 1 ? "it" : "them"}`,
    `${counted(copy.visits, "visit")}, ${counted(copy.decisions, "decision")}, ${counted(copy.messages, "message")}`,
    open.length ? `${counted(open, "coupon")} not used yet: ${open.map((one) => one.title).join(", ")}` : "",
  ];
}

byId("sure-known").addEventListener("change", (event) => (byId("sure-yes").disabled = !event.target.checked));

byId("sure").addEventListener("close", async () => {
  if (byId("sure").returnValue !== "yes") return;
  try {
    gone(await api.erase());
  } catch (error) {
    say(error.message);
  }
});

function gone(answer) {
  api.forget(); // the token stands for nobody any more
  if (!byId("known")) return;
  for (const id of ["known", "side"]) byId(id).remove();
  say("");
  const facts = answer ? [el("p", {}, `The last records of visits follow before ${dayAndTime(answer.complete_by)}.`), el("p", { class: "small" }, "If you ever ask about it, name ", el("code", {}, answer.request_id), ".")] : [];
  const verdict = el(
    "section",
    { class: "verdict yes privacy-gone", tabindex: "-1" },
    el("span", { class: "sign", "aria-hidden": "true" }, "✓"),
    el("h1", {}, "You are forgotten"),
    ...facts,
    el("a", { class: "button", href: "/phone" }, "Begin as somebody new"),
  );
  page.querySelector("h1").remove();
  page.append(verdict);
  verdict.focus();
}
