// What the phone's glass shows: the home screen with its notifications, the coupons, one coupon, the consents.

import { byId, el, time } from "./phone-dom.js";

const PURPOSES = {
  location_foreground: "Location while the app is open",
  location_background: "Location in the background",
  marketing_push: "Notifications about offers",
  analytics: "Counted in figures",
};
const STATES = {
  open: ["", "Yours"],
  redeemed: ["yes", "Redeemed"],
  expired: ["no", "Expired"],
};
const LANGUAGES = { en: "English", de: "Deutsch", fi: "Suomi" };

export class Screens {
  constructor({ api, drawer, problem, consented }) {
    Object.assign(this, { api, drawer, problem, consented });
    this.coupons = [];
    this.consents = [];
    this.texts = [];
    this.language = "en";
    this.name = "home";
    this.face = "coupon";
    this.box = byId("screen");
    for (const tab of document.querySelectorAll("[data-screen]")) {
      tab.addEventListener("click", () => this.show(tab.dataset.screen));
    }
  }

  isGiven(purpose) {
    return this.consents.some((one) => one.purpose === purpose && one.given);
  }

  async show(name, { couponId = null, keepFocus = false } = {}) {
    if (couponId !== this.couponId) this.face = "coupon";
    Object.assign(this, { name, couponId });
    const turn = (this.turn = (this.turn ?? 0) + 1); // a slow answer must not draw over a later screen
    for (const tab of document.querySelectorAll("[data-screen]")) {
      const isHere = tab.dataset.screen === (name === "coupon" ? "coupons" : name);
      if (isHere) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    let drawn;
    try {
      drawn = await this[`draw_${name}`]();
    } catch (error) {
      this.problem(error);
      drawn = [el("p", { class: "notice no" }, error.message)];
    }
    if (turn !== this.turn) return;
    const hadFocus = this.box.contains(document.activeElement);
    this.box.dataset.shows = name;
    if (name === "home") byId("headsup").replaceChildren(); // it stands in the list there
    this.box.replaceChildren(...drawn);
    if (!keepFocus) this.box.scrollTop = 0;
    if (hadFocus || (name === "coupon" && !keepFocus)) (this.box.querySelector("h3") ?? this.box).focus({ preventScroll: true });
    const mine = this.coupons.filter((coupon) => coupon.state === "open").length;
    byId("screen-coupons").textContent = mine ? `Coupons (${mine})` : "Coupons";
  }

  redraw() {
    return this.show(this.name, { couponId: this.couponId, keepFocus: true });
  }

  async loadCoupons() {
    this.coupons = (await this.api.coupons()).coupons;
  }

  async loadConsents() {
    this.consents = (await this.api.consents()).items;
  }

  draw_home() {
    const now = new Date();
    const notes = this.drawer.newestFirst.map((one) => this.notification(one));
    return [
      el("p", { class: "bigclock", "aria-hidden": "true" }, time(now)),
      el("p", { class: "date" }, now.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" })),
      notes.length ? el("ul", { class: "notifications", "aria-label": "Notifications" }, ...notes) : el("p", { class: "quiet" }, "No notifications. Walk into a fence."),
    ];
  }

  notification({ couponId, title, body, receivedAt }, { close = true } = {}) {
    return el(
      close ? "li" : "div",
      { class: "notification" },
      el(
        "button",
        { type: "button", class: "opens", on: { click: () => this.open(couponId) } },
        el("span", { class: "from small" }, el("img", { src: byId("handset").dataset.icon, alt: "" }), "Geooffers", el("time", {}, time(receivedAt))),
        el("strong", {}, title),
        el("span", {}, body),
      ),
      close ? el("button", { type: "button", class: "closes", "aria-label": `Dismiss: ${title}`, on: { click: () => this.dismiss(couponId) } }, "×") : null,
    );
  }

  async open(couponId) {
    byId("headsup").replaceChildren();
    this.drawer.remove(couponId); // as a phone takes away what was tapped
    await this.show("coupon", { couponId });
    await this.api.mark(couponId, "seen").catch(this.problem);
  }

  async dismiss(couponId) {
    this.drawer.remove(couponId);
    await this.redraw();
    await this.api.mark(couponId, "dismissed").catch(this.problem);
  }

  draw_coupons() {
    const entries = this.coupons.map((coupon) => listEntry(coupon, { open: (id) => this.open(id) }));
    return [
      el("h3", { tabindex: "-1" }, "My coupons"),
      entries.length ? el("ul", { class: "coupon-list" }, ...entries) : el("p", { class: "soft" }, "None yet. A coupon comes when a visit to a shop with an offer begins."),
    ];
  }

  async draw_coupon() {
    const id = this.couponId;
    const [coupon, face, { FACES, couponFace }] = await Promise.all([this.api.coupon(id), this.api.face(id), import("./phone-coupon.js")]);
    this.coupons = this.coupons.map((one) => (one.id === id ? coupon : one));
    const qr = coupon.code ? await this.qrOf(id) : null;
    const draw = { coupon: () => [couponFace(coupon, face, qr)], apple: () => this.appleParts(coupon, face, qr), google: () => this.googleParts(coupon, face, qr) };
    const choices = FACES.map(([name, word]) =>
      el("button", { type: "button", "aria-pressed": String(name === this.face), on: { click: () => this.turnTo(name) } }, word),
    );
    return [
      el("div", { class: "coupon-top" }, el("button", { type: "button", class: "button quiet", on: { click: () => this.show("coupons") } }, "‹ My coupons"), badge(coupon)),
      el("div", { class: "faces", role: "group", "aria-label": "How it looks" }, ...choices),
      ...(await draw[this.face]()),
    ];
  }

  async turnTo(face) {
    this.face = face;
    await this.redraw();
    this.box.querySelector("[aria-pressed=true]")?.focus();
  }

  async qrOf(id) {
    if (this.qrFor !== id) {
      if (this.qrAddress) URL.revokeObjectURL(this.qrAddress);
      this.qrAddress = URL.createObjectURL(await this.api.qr(id));
      this.qrFor = id;
    }
    return this.qrAddress;
  }

  async appleParts(coupon, face, qr) {
    const { applePass, back, keysSaid } = await import("./phone-coupon.js");
    const get = el("button", { type: "button", class: "button primary", disabled: !face.apple.ready, on: { click: () => this.download(coupon) } }, "Download the pass");
    return [applePass(face, qr), el("div", { class: "row" }, get), keysSaid(face.apple, "Apple Wallet"), back(face)];
  }

  async download(coupon) {
    try {
      const address = URL.createObjectURL(await this.api.applePass(coupon.id));
      el("a", { href: address, download: `coupon-${coupon.id}.pkpass` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
      await this.api.mark(coupon.id, "saved");
    } catch (error) {
      this.problem(error);
    }
  }

  async googleParts(coupon, face, qr) {
    const { back, googlePass, keysSaid } = await import("./phone-coupon.js");
    const place = el("div", { class: "row" });
    const make = async () => {
      try {
        const { link } = await this.api.saveLink(coupon.id);
        const leads = el("a", { class: "button primary", href: link, target: "_blank", rel: "noopener" }, "Save to Google Wallet");
        place.replaceChildren(leads);
        leads.focus();
        await this.api.mark(coupon.id, "saved");
      } catch (error) {
        place.append(el("p", { class: "notice no small", role: "alert" }, error.message));
        this.problem(error);
      }
    };
    place.append(el("button", { type: "button", class: "button primary", disabled: !face.google.ready, on: { click: make } }, "Make the save link"));
    return [googlePass(face, qr), place, keysSaid(face.google, "Google Wallet"), back(face)];
  }

  async draw_consents() {
    if (!this.texts.length) this.texts = (await this.api.consentTexts()).items;
    const languages = [...new Set(this.texts.map((text) => text.language))].sort();
    const choice = el(
      "select",
      { "aria-label": "Language", on: { change: (event) => this.speak(event.target.value) } },
      ...languages.map((language) => el("option", { value: language, selected: language === this.language }, LANGUAGES[language] ?? language)),
    );
    const asked = this.consents.map(({ purpose, given }) => this.consentSwitch(purpose, given)).filter(Boolean);
    return [el("div", { class: "coupon-top" }, el("h3", { tabindex: "-1" }, "What you agree to"), choice), el("div", { class: "consents" }, ...asked), el("p", { class: "row" }, el("a", { class: "button", href: "/privacy" }, "What is known about me"))];
  }

  async speak(language) {
    this.language = language;
    await this.redraw();
    this.box.querySelector("select")?.focus();
  }

  consentSwitch(purpose, given) {
    const text = this.texts.find((one) => one.purpose === purpose && one.language === this.language);
    if (!text) return null;
    const box = el("input", { type: "checkbox", role: "switch", name: purpose, checked: given, "aria-describedby": `text-${purpose}` });
    box.addEventListener("change", () => this.change(text, box));
    return el(
      "div",
      { class: "consent" },
      el("label", { class: "switch" }, el("strong", {}, PURPOSES[purpose] ?? purpose), box),
      el("p", { class: "small", id: `text-${purpose}`, lang: this.language }, text.body),
    );
  }

  async change(text, box) {
    box.disabled = true;
    try {
      const state = await (box.checked ? this.api.give(text) : this.api.withdraw(text.purpose));
      this.consents = this.consents.map((one) => (one.purpose === text.purpose ? state : one));
      this.consented(state);
    } catch (error) {
      box.checked = !box.checked;
      this.problem(error);
    }
    box.disabled = false;
    box.focus();
  }
}

function badge(coupon) {
  const [kind, word] = STATES[coupon.state] ?? ["wait", coupon.state];
  return el("span", { class: `badge ${kind}` }, word);
}

function listEntry(coupon, { open }) {
  return el(
    "li",
    {},
    el(
      "button",
      { type: "button", class: `coupon-entry ${coupon.state}`, on: { click: () => open(coupon.id) } },
      el("span", { class: "what" }, el("strong", {}, coupon.title), el("span", { class: "soft small" }, coupon.merchant)),
      badge(coupon),
    ),
  );
}
