"use strict";
/* The page at the till, as states of which one is shown: stores, ready, busy, found, answer.
   Text of others is only ever set as text. */
{
  const byId = (id) => document.getElementById(id);
  const till = byId("till");
  const code = byId("code"), video = byId("video");
  const states = ["stores", "ready", "busy", "found", "answer"];
  const places = [...document.querySelectorAll("[data-store]")];
  const ASK_EVERY_MS = 2000;
  const handsOnKeys = window.matchMedia("(hover: hover) and (pointer: fine)").matches;
  let state = "";
  let place = null; // {id, name, zone}
  let scan = null; // what is asked now: {code, coupon?, key?}
  let again = null; // how to ask it again, while it is unanswered
  let asking = null; // the timer that asks whether the service is there
  let cameraWanted = false;

  /* A private window may refuse both; then nothing is remembered, and all else works. */
  const memory = (kind) => ({
    get: (name) => { try { return window[kind].getItem(`till.${name}.${till.dataset.member}`); } catch { return null; } },
    set: (name, value) => { try { window[kind].setItem(`till.${name}.${till.dataset.member}`, value); } catch { /* as above */ } },
    drop: (name) => { try { window[kind].removeItem(`till.${name}.${till.dataset.member}`); } catch { /* as above */ } },
  });
  const onDevice = memory("localStorage"), inTab = memory("sessionStorage");

  function show(name, focus) {
    clearInterval(asking);
    asking = null;
    state = name;
    document.body.dataset.state = name;
    for (const one of states) byId(one).hidden = one !== name;
    if (focus) focus.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }

  function say(text) {
    byId("said").textContent = text;
  }

  function fill(id, text) {
    byId(id).textContent = text;
    byId(id).hidden = !text;
  }

  /* ---- the store */

  function choose(button) {
    place = { id: button.dataset.store, name: button.dataset.name, zone: button.dataset.zone };
    onDevice.set("store", place.id);
    for (const one of places) one.setAttribute("aria-pressed", String(one === button));
    byId("place-name").textContent = place.name;
    if (byId("place")) byId("place").hidden = false;
    ready();
  }

  function askForPlace() {
    stopCamera();
    show("stores", places.find((one) => one.dataset.store === (place && place.id)) || places[0]);
  }

  /* ---- ready for the next code */

  function ready(text = "") {
    scan = again = null;
    inTab.drop("pending");
    code.value = text;
    show("ready", handsOnKeys || text ? code : null);
    if (text) code.select();
    say("Ready for the next code.");
    if (cameraWanted) startCamera();
  }

  async function lookUp(text) {
    if (!text.trim()) {
      code.focus();
      say("Type or scan a code first.");
      return;
    }
    scan = { code: text.trim() };
    stopCamera();
    busy("Asking …", place.name);
    again = () => lookUp(scan.code);
    const answer = await scanCalls.lookUp(scan.code, place.id);
    if (answer.kind === "yes") found(answer.data);
    else if (answer.kind === "no") no(answer.problem);
    else unanswered(answer, false);
  }

  function found(coupon) {
    scan.coupon = coupon;
    byId("coupon").style.setProperty("--merchant", till.dataset.colour);
    byId("coupon").style.setProperty("--on-merchant", till.dataset.onColour);
    fill("found-merchant", till.dataset.merchant);
    fill("found-worth", scanWords.worth(coupon));
    fill("found-title", coupon.title);
    fill("found-text", coupon.text);
    fill("found-terms", coupon.terms);
    fill("found-until", `Holds until ${scanWords.when(coupon.expires_at, place.zone, true)}`);
    show("found", byId("redeem"));
    say(`${scanWords.worth(coupon)}. ${coupon.title}. ${coupon.text} Redeem it?`);
  }

  /* ---- redeeming: the key is made once, and kept until there is an answer */

  async function redeem() {
    if (!scan.key) {
      scan.key = scanCalls.newKey();
      inTab.set("pending", JSON.stringify({ code: scan.code, key: scan.key, store: place.id, coupon: scan.coupon }));
    }
    busy("Redeeming …", scan.coupon.title);
    again = redeem;
    let answer = await scanCalls.redeem(scan.code, place.id, scan.key);
    if (answer.kind === "unanswered" && !["often", "stale"].includes(answer.why)) {
      byId("busy-says").textContent = "No answer yet, asking again …";
      await new Promise((done) => setTimeout(done, 1000));
      answer = await scanCalls.redeem(scan.code, place.id, scan.key);
    }
    if (answer.kind === "yes") yes(answer);
    else if (answer.kind === "no") no(answer.problem);
    else unanswered(answer, true);
  }

  function busy(title, text) {
    byId("busy-title").textContent = title;
    byId("busy-says").textContent = text;
    show("busy");
    say(title);
  }

  /* ---- the answer */

  function answered({ kind, sign, title, reason, todo, first, second }) {
    byId("verdict").className = `verdict ${kind}`;
    byId("answer-sign").textContent = sign;
    fill("answer-title", title);
    fill("answer-reason", reason);
    fill("answer-todo", todo);
    for (const [id, button] of [["first", first], ["second", second]]) {
      fill(id, button ? button.text : "");
      byId(id).onclick = button ? button.press : null;
    }
    byId("keys-help").hidden = kind === "wait";
    show("answer", byId("first"));
    say(`${title}. ${reason} ${todo || ""}`);
    if (navigator.vibrate && navigator.userActivation && navigator.userActivation.hasBeenActive) {
      navigator.vibrate(kind === "yes" ? 80 : [120, 80, 120]);
    }
  }

  const next = () => ({ text: "Next scan", press: () => ready() });

  function yes(answer) {
    inTab.drop("pending");
    const done = answer.data;
    remember("yes", done.title, done.redeemed_at);
    answered({
      kind: "yes", sign: "✓", title: "Redeemed", reason: `${scanWords.worth(done)}: ${done.title}`,
      todo: answer.replayed ? "It had gone through at the first try. It was redeemed once." : "Give it now. It cannot be used again.",
      first: next(),
    });
  }

  function no(problem) {
    inTab.drop("pending");
    const words = scanWords.of(problem, place.zone);
    remember("no", words.title, new Date().toISOString());
    const typo = ["malformed_code", "bad_check_symbol", "too_short", "too_long", "format"].includes(problem.code);
    const text = scan.code;
    const correct = { text: "Correct the code", press: () => ready(text) };
    const signIn = { text: "Sign in again", press: () => window.location.assign(till.dataset.signIn) };
    const elsewhere = { text: "Choose the store", press: askForPlace };
    const first = problem.code === "not_staff" ? signIn
      : problem.code.startsWith("store_") && places.length > 1 ? elsewhere
      : typo ? correct : next();
    answered({ kind: "no", sign: "✕", ...words, first, second: typo ? next() : null });
  }

  function unanswered(answer, redeeming) {
    const [title, why] = scanWords.unanswered[answer.why];
    const todo = redeeming
      ? "It may have been redeemed, or not. Try again: it is redeemed once, however often you try."
      : "Nothing was redeemed. Try again.";
    const wait = answer.waitS ? ` Wait ${answer.waitS} seconds.` : "";
    const stale = answer.why === "stale";
    answered({
      kind: "wait", sign: "!", title, reason: why, todo: todo + wait,
      first: stale ? { text: "Load the page again", press: () => window.location.reload() } : { text: "Try again", press: () => again() },
      second: { text: redeeming ? "Set it aside" : "Next scan", press: () => ready() },
    });
    if (answer.why === "unreachable") goOnWhenReached();
  }

  /* Where nobody was reached the page asks quietly whether the service is there again, and then goes on by itself. */
  function goOnWhenReached() {
    const timer = setInterval(async () => {
      if ((await scanCalls.isReached()) && asking === timer) again();
    }, ASK_EVERY_MS);
    asking = timer;
  }

  function remember(kind, title, moment) {
    const line = document.createElement("li");
    const badge = document.createElement("span"), what = document.createElement("span"), time = document.createElement("time");
    badge.className = `badge ${kind}`;
    badge.textContent = kind === "yes" ? "redeemed" : "refused";
    what.textContent = title;
    time.textContent = new Intl.DateTimeFormat("en-GB", { timeZone: place.zone, hour: "2-digit", minute: "2-digit" }).format(new Date(moment));
    line.append(badge, what, time);
    byId("lately-list").prepend(line);
    if (byId("lately-list").children.length > 6) byId("lately-list").lastElementChild.remove();
    byId("lately").hidden = false;
  }

  /* ---- the camera */

  function cameraSays(word) {
    fill("camera-says", word ? scanWords.camera[word] : "");
  }

  function finderSays(word) {
    /* It is a live region: the same words again would be read again. */
    const text = scanWords.camera[word];
    if (byId("finder-says").textContent !== text) byId("finder-says").textContent = text;
  }

  async function startCamera() {
    cameraWanted = true;
    cameraSays("");
    byId("camera").textContent = "Stop the camera";
    finderSays("looking");
    try {
      video.hidden = false;
      byId("finder").classList.add("live");
      await scanCamera.start(video, { onCode: lookUp, onSays: finderSays });
      onDevice.set("camera", "on");
    } catch (error) {
      cameraWanted = false;
      stopCamera();
      cameraSays(scanCamera.hindranceOf(error));
      byId("photo").hidden = false;
      code.focus({ preventScroll: true });
    }
  }

  function stopCamera() {
    scanCamera.stop(video);
    video.hidden = true;
    byId("finder").classList.remove("live");
    byId("finder-says").textContent = "The camera is off";
    byId("camera").textContent = "Scan with the camera";
  }

  function pressCamera() {
    if (scanCamera.stream) {
      cameraWanted = false;
      onDevice.drop("camera");
      stopCamera();
      if (handsOnKeys) code.focus();
    } else startCamera();
  }

  async function takePhoto(event) {
    const file = event.target.files[0];
    event.target.value = "";
    if (!file) return;
    cameraSays("");
    finderSays("looking");
    const seen = await scanCamera.photo(file);
    if (seen.code) lookUp(seen.code);
    else {
      cameraSays(seen.says);
      byId("finder-says").textContent = "The camera is off";
    }
  }

  function setUpCamera() {
    const hindrance = scanCamera.hindrance();
    byId("finder-says").textContent = "The camera is off";
    if (hindrance) {
      cameraSays(hindrance);
      byId("photo").hidden = false;
      return;
    }
    byId("camera").hidden = false;
    byId("camera").onclick = pressCamera;
    cameraWanted = onDevice.get("camera") === "on";
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) stopCamera();
      else if (cameraWanted && state === "ready") startCamera();
    });
  }

  /* ---- keys: what a hand scanner types finds its way into the field from wherever the focus is */

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.target === code) return;
    if (!["ready", "found", "answer"].includes(state)) return;
    if (event.key === "Escape" && state !== "ready") {
      event.preventDefault();
      ready();
    } else if (event.key === "Enter" && event.target === document.body) {
      event.preventDefault();
      if (state === "ready") lookUp(code.value);
      else byId(state === "found" ? "redeem" : "first").click();
    } else if (event.key.length === 1 && event.key !== " ") {
      /* An unanswered redemption is not left behind by a stray key. */
      if (inTab.get("pending")) return;
      event.preventDefault();
      if (state !== "ready") ready();
      code.value += event.key;
      code.focus();
    }
  });

  document.addEventListener("paste", (event) => {
    if (event.target === code || state !== "ready") return;
    event.preventDefault();
    code.value = event.clipboardData.getData("text/plain").trim().slice(0, 64);
    code.focus();
  });

  /* ---- begin */

  for (const button of places) button.addEventListener("click", () => choose(button));
  if (byId("place")) byId("place").addEventListener("click", askForPlace);
  byId("typed").addEventListener("submit", (event) => {
    event.preventDefault();
    lookUp(code.value);
  });
  byId("redeem").addEventListener("click", redeem);
  byId("leave").addEventListener("click", () => ready());
  byId("photo-file").addEventListener("change", takePhoto);

  till.hidden = false;
  setUpCamera();
  const left = JSON.parse(inTab.get("pending") || "null");
  const known = places.find((one) => one.dataset.store === (left ? left.store : onDevice.get("store")));
  if (known || places.length === 1) choose(known || places[0]);
  else askForPlace();
  if (left && known) {
    /* The page was left before the answer came: ask again, with the same key. */
    stopCamera();
    scan = { code: left.code, key: left.key, coupon: left.coupon };
    inTab.set("pending", JSON.stringify(left));
    redeem();
  }
}
