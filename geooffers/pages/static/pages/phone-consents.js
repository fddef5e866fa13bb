// The screen of consents: what is agreed to, in which words, and the switch for "not now".

import { dayAndTime, el } from "./phone-dom.js";

const PURPOSES = {
  location_foreground: "Location while the app is open",
  location_background: "Location in the background",
  marketing_push: "Notifications about offers",
  analytics: "Counted in figures",
};
const LANGUAGES = { en: "English", de: "Deutsch", fi: "Suomi" };
const AGES = [["unknown", "says nothing"], ["under_13", "under 13"], ["13_15", "13 to 15"], ["16_17", "16 or 17"], ["18_plus", "18 or older"]];
const PAUSES = [["hour", "1 hour"], ["day", "1 day"], ["until_resumed", "Until I say so"]];

export class Consents {
  constructor({ api, problem, consented, redraw }) {
    Object.assign(this, { api, problem, consented, redraw });
    this.items = [];
    this.languages = [];
    this.language = "en";
    this.pause = { paused: false, paused_until: null };
    this.circumstances = { age: "unknown", jurisdiction: null };
    this.isStale = false;
    this.turn = Promise.resolve();
  }

  // One after the other: a slow answer must not say again what was so before.
  inTurn(work, focus) {
    this.turn = this.turn.catch(() => {}).then(async () => {
      await work().catch(this.problem);
      await this.redraw(focus);
    });
  }

  // What is being typed would go with its field. Leaving the field draws the screen anew.
  holdsBack() {
    const field = document.activeElement;
    this.isStale = field?.name === "jurisdiction" && field.value !== field.defaultValue;
    return this.isStale;
  }

  async load() {
    const { items, pause, circumstances } = await this.api.consents(this.language);
    Object.assign(this, { items, pause, circumstances });
  }

  get isPaused() {
    const { paused, paused_until: until } = this.pause;
    return paused && (until === null || Date.now() < Date.parse(until));
  }

  // Whether the phone may act on it now.
  allows(purpose) {
    const found = this.items.find((one) => one.purpose === purpose);
    return Boolean(found?.given && found.allowed && !found.outdated && !this.isPaused);
  }

  get isAnythingGiven() {
    return this.items.some((one) => one.given);
  }

  async draw() {
    if (!this.languages.length) this.languages = [...new Set((await this.api.consentTexts()).items.map((one) => one.language))].sort();
    const choice = el(
      "select",
      { "aria-label": "Language", on: { change: (event) => this.speak(event.target.value) } },
      ...this.languages.map((language) => el("option", { value: language, selected: language === this.language }, LANGUAGES[language] ?? language)),
    );
    return [
      el("div", { class: "coupon-top" }, el("h3", { tabindex: "-1" }, "What you agree to"), choice),
      this.isPaused ? this.drawPaused() : this.drawPause(),
      el("div", { class: "consents" }, ...this.items.map((one) => this.drawSwitch(one)).filter(Boolean)),
      this.drawCircumstances(),
    ];
  }

  drawCircumstances() {
    const age = el(
      "select",
      { name: "age", on: { change: (event) => this.tell(() => this.api.signalAge(event.target.value), "[name=age]") } },
      ...AGES.map(([value, word]) => el("option", { value, selected: value === this.circumstances.age }, word)),
    );
    const place = el("input", {
      name: "jurisdiction", value: this.circumstances.jurisdiction ?? "", maxlength: 6, placeholder: "FI, US-WA", autocomplete: "off", spellcheck: "false",
      on: {
        change: ({ target }) => {
          target.defaultValue = target.value; // typed to its end
          this.isStale = false;
          this.tell(() => this.api.declareJurisdiction(target.value.trim() || null), "[name=jurisdiction]");
        },
        blur: () => this.isStale && this.redraw(),
      },
    });
    return el(
      "div",
      { class: "circumstances" },
      el("label", { class: "field" }, el("span", {}, "I live in"), place),
      el("label", { class: "field" }, el("span", {}, "The app store says of my age"), age),
    );
  }

  drawPause() {
    const taps = PAUSES.map(([word, label]) => el("button", { type: "button", on: { click: () => this.tap(() => this.api.pause(word)) } }, label));
    return el("div", { class: "pause", role: "group", "aria-labelledby": "pause-word" }, el("strong", { id: "pause-word" }, "Not now: pause for"), el("div", { class: "faces" }, ...taps));
  }

  drawPaused() {
    const until = this.pause.paused_until;
    const end = el("button", { type: "button", class: "button primary", on: { click: () => this.tap(() => this.api.resume()) } }, "Go on");
    return el(
      "div",
      { class: "pause paused" },
      el("strong", {}, until ? `Paused until ${dayAndTime(until)}` : "Paused until you say so"),
      el("span", { class: "small" }, "You are not followed and sent no offers. Your coupons stay good."),
      end,
    );
  }

  drawSwitch({ purpose, given, outdated, allowed, text }) {
    if (!text) return null;
    const box = el("input", { type: "checkbox", role: "switch", name: purpose, checked: given && allowed && !outdated, disabled: !allowed, "aria-describedby": `text-${purpose}` });
    box.addEventListener("change", () => this.change(text, box));
    return el(
      "div",
      { class: "consent" },
      el("label", { class: "switch" }, el("strong", {}, PURPOSES[purpose] ?? purpose), box),
      allowed ? null : el("p", { class: "notice wait small" }, "At this age, or where you live, this may not be agreed to."),
      outdated && allowed ? el("p", { class: "notice wait small" }, "This means something new since you agreed to it. Read it, and agree again if you like.") : null,
      el("p", { class: "small", id: `text-${purpose}`, lang: text.language }, text.body),
    );
  }

  speak(language) {
    this.inTurn(() => {
      this.language = language;
      return this.load();
    }, "select");
  }

  tell(call, focus) {
    this.inTurn(async () => {
      await call();
      await this.load();
      this.consented({ purpose: "location_foreground", given: this.allows("location_foreground") });
    }, focus);
  }

  tap(call) {
    this.inTurn(async () => {
      this.pause = await call();
      this.consented({ paused: this.isPaused });
    }, ".pause button");
  }

  change(text, box) {
    const wanted = box.checked;
    box.disabled = true;
    this.inTurn(async () => {
      const state = await (wanted ? this.api.give(text) : this.api.withdraw(text.purpose));
      this.items = this.items.map((one) => (one.purpose === text.purpose ? { ...one, ...state } : one));
      this.consented(state);
    }, `[name=${text.purpose}]`);
  }
}
