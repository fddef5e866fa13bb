// What the phone's glass shows: the home screen with its notifications, the coupons, one coupon, the consents.

import { Consents } from "./phone-consents.js";
import { byId, el, time } from "./phone-dom.js";

const STATES = {
  open: ["", "Yours"],
  redeemed: ["yes", "Redeemed"],
  expired: ["no", "Expired"],
};

export class Screens {
  constructor({ api, drawer, problem, consented }) {
    Object.assign(this, { api, drawer, problem });
    this.consents = new Consents({ api, problem, consented, redraw: (focus) => this.redraw(focus) });
    this.coupons = [];
    this.name = "home";
    this.face = "coupon";
    this.box = byId("screen");
    for (const tab of document.querySelectorAll("[data-screen]")) {
      tab.addEventListener("click", () => this.show(tab.dataset.screen));
    }
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

  async redraw(focus) {
    if (this.name === "consents" && this.consents.holdsBack()) return;
    await this.show(this.name, { couponId: this.couponId, keepFocus: true });
    if (focus) this.box.querySelector(focus)?.focus();
  }

  async loadCoupons() {
    this.coupons = (await this.api.coupons()).coupons;
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
    const known = el("p", { class: "row" }, el("a", { class: "button", href: "/privacy" }, "What is known about me"));
    return [...(await this.consents.draw()), known];
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

// What arrives, as a phone shows it: the same tag replaces, a silent message only wakes the app, and a message that
// comes twice counts once.

export class Drawer {
  constructor() {
    this.since = 0;
    this.seen = new Set();
    this.shown = new Map(); // tag -> notification, in the order in which they are on the screen
  }

  // The new messages of one answer: {visible: [...], silent: [...]}.
  take({ messages, last }) {
    // The sandbox keeps messages in memory; after it was started anew its numbers begin again.
    if (last < this.since) this.since = 0;
    else this.since = last;
    const fresh = messages.filter(({ message }) => {
      const id = message.data?.delivery_id;
      if (!id || this.seen.has(id)) return false;
      this.seen.add(id);
      return true;
    });
    const visible = fresh.filter((one) => one.visible).map(asNotification);
    for (const notification of visible) {
      this.shown.delete(notification.tag); // to the top again
      this.shown.set(notification.tag, notification);
    }
    const silent = fresh.filter((one) => !one.visible).map((one) => one.message.data);
    return { visible, silent };
  }

  remove(couponId) {
    for (const [tag, notification] of this.shown) if (notification.couponId === couponId) this.shown.delete(tag);
  }

  get newestFirst() {
    return [...this.shown.values()].reverse();
  }
}

function asNotification({ message, received_at: receivedAt, name }) {
  return {
    tag: message.android?.notification?.tag ?? message.apns?.headers?.["apns-collapse-id"] ?? name,
    title: message.notification.title,
    body: message.notification.body ?? "",
    couponId: message.data.coupon_id,
    receivedAt,
  };
}
