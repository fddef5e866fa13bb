// What the phone reports, and when. Its fixes carry the speed that a receiver would tell; after a move it goes on looking
// for a while, because the server believes an entry after two fixes some seconds apart; at rest it reports when told to.

import { Refused, fixAt } from "./phone-api.js";
import { metresBetween } from "./phone-walk.js";

// The server takes thirty changes of one phone's state a minute; a report every 2.1 seconds stays below. What the
// phone saw in between goes along as further positions, so a fast walk skips no fence.
const REPORT_EVERY_MS = 2100;
const FIX_EVERY_MS = 500;
const LOOK_EVERY_MS = 2500;
const LOOK_FOR_MS = 15_000;
const REST_AT_MOST_S = 60;
// A phone that is put elsewhere takes its time to get there: what is faster than sound is believed of nobody.
const FASTEST_MPS = 300;
const TRAVEL_AT_MOST_MS = 10_000;

export class Reports {
  constructor({ api, where, allowed, details, answered, shown, travelling }) {
    Object.assign(this, { api, where, allowed, details, answered, shown, travelling });
    this.waiting = [];
    this.timer = null;
    this.notBefore = 0;
    this.lookUntil = 0;
    this.seen = []; // the last two fixes taken: where and when
    this.forgotten = 0; // how often
    setInterval(() => performance.now() < this.lookUntil && this.look(), LOOK_EVERY_MS);
  }

  moved() {
    this.lookUntil = performance.now() + LOOK_FOR_MS;
    this.look();
  }

  look() {
    clearTimeout(this.onTheWay);
    if (!this.allowed()) return;
    const now = performance.now(), place = this.where(), last = this.seen.at(-1);
    const arrives = last ? last.at + Math.min(TRAVEL_AT_MOST_MS, (metresBetween(last.place, place) / FASTEST_MPS) * 1000) : now;
    if (arrives - now > REPORT_EVERY_MS) this.travelling(Math.ceil((arrives - now) / 1000));
    if (arrives > now) this.onTheWay = setTimeout(() => this.look(), arrives - now);
    else this.take(place, now);
  }

  take(place, at) {
    if (this.waiting.length && at - this.seen.at(-1).at < FIX_EVERY_MS) {
      this.waiting.pop();
      this.seen.pop();
    }
    const before = this.seen.at(-1);
    const speedMps = before ? (metresBetween(before.place, place) / Math.max(1, at - before.at)) * 1000 : null;
    this.seen = [...this.seen.slice(-1), { place, at }];
    this.waiting.push(fixAt(place, { speedMps, ...this.details() }));
    this.timer ??= setTimeout(() => this.send(), Math.max(0, this.notBefore - at));
  }

  async send() {
    const fixes = this.waiting.splice(0, 100);
    if (!fixes.length) {
      this.timer = null;
      return;
    }
    this.notBefore = performance.now() + REPORT_EVERY_MS;
    const began = performance.now(), forgotten = this.forgotten;
    try {
      const answer = await this.api.report(fixes);
      this.shown({ fixes, answer, status: 200, ms: performance.now() - began });
      if (forgotten !== this.forgotten) return; // where it was is not known any more
      this.rest(answer.after_s);
      await this.answered(answer);
    } catch (error) {
      this.shown({ fixes, answer: { code: error.code, detail: error.message }, status: error.status ?? "no answer", ms: performance.now() - began });
      if (forgotten !== this.forgotten) return;
      if (!(error instanceof Refused) || error.status === 429 || error.status >= 500) {
        this.waiting.unshift(...fixes.slice(-50)); // a phone keeps what was not taken
        this.notBefore = performance.now() + Math.max(REPORT_EVERY_MS, (error.retryAfterS ?? 0) * 1000);
      }
    }
    this.timer = this.waiting.length ? setTimeout(() => this.send(), Math.max(0, this.notBefore - performance.now())) : null;
  }

  rest(afterS) {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.look(), Math.min(afterS ?? REST_AT_MOST_S, REST_AT_MOST_S) * 1000);
  }

  forget() {
    this.forgotten++;
    this.waiting.length = 0;
    clearTimeout(this.timer);
    clearTimeout(this.onTheWay);
    this.timer = null;
    this.lookUntil = 0;
  }
}
