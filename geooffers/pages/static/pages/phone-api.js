// The phone as a client of /api/v1. It makes its own token, so that a lost answer to the registration locks nobody out.

const KEPT = "geooffers-phone";

function random(bytes) {
  const drawn = crypto.getRandomValues(new Uint8Array(bytes));
  return btoa(String.fromCharCode(...drawn)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function uuid() {
  // crypto.randomUUID exists only under HTTPS and on localhost.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export class Refused extends Error {
  constructor(status, problem, retryAfterS) {
    super(problem.detail || problem.title || `The server answered ${status}.`);
    Object.assign(this, { status, code: problem.code, retryAfterS });
  }
}

export class Api {
  constructor(log) {
    this.log = log;
    this.kept = read() || { installId: uuid(), token: random(32), address: `web-${random(16)}` };
    keep(this.kept);
  }

  register() {
    return this.call("POST", "/devices", {
      install_id: this.kept.installId,
      token: this.kept.token,
      platform: "web",
      app_version: "sandbox",
      language: "en",
      push: { kind: "fid", address: this.kept.address },
    });
  }

  consentTexts() {
    return this.call("GET", "/consent-texts");
  }

  consents(locale) {
    return this.call("GET", `/consents?locale=${locale}`);
  }

  pause(word) {
    return this.call("POST", "/consents/pause", { pause: word });
  }

  resume() {
    return this.call("POST", "/consents/resume", undefined, { "Idempotency-Key": uuid() });
  }

  give({ purpose, language, version }) {
    return this.call("POST", "/consents", { purpose, language, version }, { "Idempotency-Key": uuid() });
  }

  withdraw(purpose) {
    return this.call("POST", "/consents/withdraw", { purpose });
  }

  signalAge(age) {
    return this.call("PUT", "/consents/age-signal", { age });
  }

  declareJurisdiction(jurisdiction) {
    return this.call("PUT", "/consents/jurisdiction", { jurisdiction });
  }

  report(fixes) {
    return this.call("POST", "/positions", { fixes });
  }

  coupons() {
    return this.call("GET", "/coupons?limit=50");
  }

  coupon(id) {
    return this.call("GET", `/coupons/${id}`);
  }

  mark(id, mark) {
    return this.call("POST", `/coupons/${id}/${mark}`);
  }

  saveLink(id) {
    return this.call("POST", `/coupons/${id}/google-save-link`);
  }

  async applePass(id) {
    return (await this.send("GET", `/api/v1/coupons/${id}/pass.pkpass`)).blob();
  }

  // The whole answer: 200 is the copy, 202 a link to one.
  exportMe() {
    return this.send("GET", "/api/v1/me/export");
  }

  async exportByLink(link) {
    return (await this.send("GET", link)).text();
  }

  erase() {
    return this.call("DELETE", "/me");
  }

  // What a real phone has from Firebase and its own wallet; no part of the API.
  async pushes(since) {
    return (await this.send("GET", `/phone/pushes?since=${since}`, undefined, {}, { quiet: true })).json();
  }

  async face(id) {
    return (await this.send("GET", `/phone/coupons/${id}/face`)).json();
  }

  async qr(id) {
    return (await this.send("GET", `/phone/coupons/${id}/qr.svg`)).blob();
  }

  async fences() {
    return (await this.send("GET", "/phone/fences")).json();
  }

  async call(method, path, body, headers) {
    const answer = await this.send(method, `/api/v1${path}`, body, headers);
    return answer.status === 204 ? null : answer.json();
  }

  async send(method, path, body, headers = {}, { quiet = false } = {}) {
    const began = performance.now();
    const answer = await fetch(path, {
      method,
      credentials: "omit",
      headers: {
        Authorization: `Bearer ${this.kept.token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    }).catch(() => {
      throw new Error("The service could not be reached."); // each browser has words of its own for that
    });
    if (!quiet) this.log({ method, path, status: answer.status, ms: Math.round(performance.now() - began) });
    if (answer.ok) return answer;
    const problem = await answer.json().catch(() => ({}));
    throw new Refused(answer.status, problem, Number(answer.headers.get("Retry-After")) || 0);
  }

  forget() {
    localStorage.removeItem(KEPT);
  }
}

export function fixAt(place, { accuracyM, background, speedMps }) {
  return {
    uuid: uuid(),
    recorded_at: new Date().toISOString(),
    lat: Number(place.lat.toFixed(7)),
    lon: Number(place.lon.toFixed(7)),
    accuracy_m: accuracyM,
    background,
    ...(speedMps === null ? {} : { speed_mps: Math.round(speedMps * 10) / 10 }),
  };
}

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT));
    return kept && kept.installId && kept.token && kept.address ? kept : null;
  } catch {
    return null; // somebody else wrote there, or storage is switched off
  }
}

function keep(kept) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // Without storage the phone lasts as long as the page.
  }
}
