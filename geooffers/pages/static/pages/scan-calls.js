"use strict";
/* The calls of the till to the REST API. A call ends in one of three ways:
     {kind: "yes", data, replayed}      the API did it
     {kind: "no", status, problem}      the API refused it, with its reason
     {kind: "unanswered", why, waitS}   nobody knows: not reached, too slow, or a fault on the way. Ask again, with the same key.
   Only a call can tell whether there is a connection: navigator.onLine is false where no way leads to the internet,
   though the service may run next door or on this very machine. */
const scanCalls = {
  ANSWER_WITHIN_MS: 8000,

  newKey() {
    /* randomUUID is kept from pages without HTTPS, these bytes are not. */
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return "scan-" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  },

  csrfToken() {
    /* Read for every call: a sign-in in another tab changes it. */
    const found = document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/);
    return found ? decodeURIComponent(found[1]) : "";
  },

  lookUp(code, store) {
    return scanCalls.post("/api/v1/lookups", { code, store_id: store }, {});
  },

  redeem(code, store, key) {
    return scanCalls.post("/api/v1/redemptions", { code, store_id: store }, { "Idempotency-Key": key });
  },

  /* Any answer will do, also a refusal. */
  isReached() {
    return fetch("/livez", { cache: "no-store" }).then(() => true, () => false);
  },

  post(address, body, headers) {
    return scanCalls.send(address, JSON.stringify(body), { ...headers, "Content-Type": "application/json" });
  },

  async send(address, body, headers) {
    const tooLong = new AbortController();
    const timer = setTimeout(() => tooLong.abort(), scanCalls.ANSWER_WITHIN_MS);
    try {
      const response = await fetch(address, {
        method: "POST",
        body,
        headers: { ...headers, Accept: "application/json", "X-CSRFToken": scanCalls.csrfToken() },
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        signal: tooLong.signal,
      });
      return await scanCalls.judged(response);
    } catch (error) {
      return { kind: "unanswered", why: error.name === "AbortError" ? "slow" : "unreachable" };
    } finally {
      clearTimeout(timer);
    }
  },

  async judged(response) {
    if (response.status === 429) {
      return { kind: "unanswered", why: "often", waitS: Number(response.headers.get("Retry-After")) || 5 };
    }
    if (response.status >= 500) return { kind: "unanswered", why: "fault" };
    const data = await response.json().catch(() => null);
    if (response.ok && data) {
      return { kind: "yes", data, replayed: response.headers.get("Idempotent-Replayed") === "true" };
    }
    /* Somebody on the way answered in our place (a proxy, a captive portal), so the API may not have been asked. */
    if (!data || !data.code) return { kind: "unanswered", why: response.status === 403 ? "stale" : "fault" };
    if (data.code === "csrf_failed") return { kind: "unanswered", why: "stale" };
    return { kind: "no", status: response.status, problem: data };
  },
};
