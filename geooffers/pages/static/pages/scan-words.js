"use strict";
/* What the till says. The sentence and the hint of a refusal come with the answer (docs/redemption.md lists them);
   here are the few large words above them, and what is meant for people where the hint is meant for programs. */
const scanWords = {
  titles: {
    malformed_code: "Not a whole code",
    bad_check_symbol: "A sign is wrong",
    unknown_code: "Unknown code",
    wrong_store: "Not at this store",
    not_yet_valid: "Not valid yet",
    coupon_expired: "Expired",
    already_redeemed: "Already redeemed",
    may_not_scan: "You may not scan",
    store_not_found: "Not your store",
    store_needed: "Which store?",
    not_staff: "Signed out",
    key_reused: "Mixed up",
  },

  /* in place of the hint */
  todos: {
    store_not_found: "Choose the store again; perhaps it was closed, or you were moved.",
    store_needed: "Choose the store first.",
    not_staff: "Sign in again, then go on. Nothing was redeemed.",
    key_reused: "Scan it again.",
    too_short: "Scan it, or type the whole code.",
    too_long: "Scan it, or type the code alone.",
  },

  unanswered: {
    unreachable: ["No connection", "The service could not be reached. Is this device connected?"],
    slow: ["No answer", "The service did not answer in time."],
    often: ["Too fast", "There were too many scans in a minute."],
    fault: ["A fault", "Something is wrong at the service."],
    stale: ["Load the page again", "This page has become too old."],
  },

  of(problem, zone) {
    const title = scanWords.titles[problem.code] || "Refused";
    let reason = problem.detail || "";
    if (problem.code === "already_redeemed" && problem.redeemed_at) {
      reason = `${scanWords.when(problem.redeemed_at, zone)}, at ${problem.redeemed_at_store}.`;
    }
    if (problem.code === "coupon_expired" && problem.expired_at) {
      reason = `It held until ${scanWords.when(problem.expired_at, zone, true)}.`;
    }
    if (problem.code === "not_yet_valid" && problem.valid_from) {
      reason = `It holds from ${scanWords.when(problem.valid_from, zone, true)}.`;
    }
    return { title, reason, todo: scanWords.todos[problem.code] || problem.hint || "" };
  },

  /* "today at 14:03", by the clock on the store's wall */
  when(moment, zone, inSentence = false) {
    const day = (date) => new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(date);
    const date = new Date(moment), now = new Date();
    const time = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" }).format(date);
    const days = Math.round((Date.parse(day(date)) - Date.parse(day(now))) / 86_400_000);
    const near = { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days];
    const far = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone, day: "numeric", month: "long", ...(Math.abs(days) > 180 && { year: "numeric" }),
    }).format(date);
    const words = `${near || far} at ${time}`;
    return inSentence ? words : words[0].toUpperCase() + words.slice(1);
  },

  worth(coupon) {
    const value = Number(coupon.discount_value);
    if (coupon.discount_kind === "percent") return `${value} % off`;
    if (coupon.discount_kind === "amount") {
      const money = new Intl.NumberFormat("en-GB", { style: "currency", currency: coupon.currency || "EUR" });
      return `${money.format(value)} off`;
    }
    return "Free";
  },

  camera: {
    insecure: "Browsers give the camera to pages over HTTPS only. Type the code, or take a photo of it.",
    missing: "This device has no camera. Type the code, or use a hand scanner.",
    refused: "The browser may not use the camera. Allow it beside the address, or type the code.",
    taken: "Another program is using the camera. Close it, or type the code.",
    failed: "The camera does not start. Type the code, or take a photo of it.",
    often: "The camera rests for a moment: too many pictures in a minute. Type the code meanwhile.",
    unreachable: "Pictures cannot be read without a connection. Type the code; the connection will be needed all the same.",
    signedOut: "You have been signed out. Load the page again.",
    nothing: "There is no code in this photo. Hold the phone closer, and still.",
    other: "That is a QR code, but not one of a coupon.",
    looking: "Hold the coupon's QR code into the frame",
  },
};
