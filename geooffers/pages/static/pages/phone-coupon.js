// A coupon on the screen: the card with its code, and what it looks like in each wallet. Loaded with the first one.

import { dayAndTime, el, time } from "./phone-dom.js";

export const FACES = [
  ["coupon", "Coupon"],
  ["apple", "Apple Wallet"],
  ["google", "Google Wallet"],
];

export function couponFace(coupon, face, qr) {
  const over = coupon.state !== "open";
  return el(
    "article",
    { class: `coupon ${coupon.state}`, colours: { "--merchant": face.colour, "--on-merchant": face.ink } },
    el("header", {}, el("img", { src: face.images.logo, alt: "" }), el("strong", {}, coupon.merchant), el("span", { class: "discount" }, face.discount)),
    el(
      "div",
      { class: "inside" },
      el("h3", { tabindex: "-1" }, coupon.title),
      coupon.text ? el("p", {}, coupon.text) : null,
      over ? stamp(coupon) : null,
      qr ? el("img", { class: "qr", src: qr, alt: `QR code of ${coupon.code}` }) : null,
      coupon.code ? el("p", { class: "code" }, coupon.code) : null,
      el("p", { class: "soft small" }, over ? "" : `Show this at the till until ${dayAndTime(coupon.expires_at)}.`),
      coupon.terms ? el("p", { class: "terms small" }, el("strong", {}, "Terms "), coupon.terms) : null,
    ),
  );
}

function stamp(coupon) {
  if (coupon.state === "redeemed") {
    return el("p", { class: "stamp yes" }, el("span", { "aria-hidden": "true" }, "✓"), ` Redeemed at ${time(coupon.redeemed_at)}`);
  }
  return el("p", { class: "stamp no" }, `Expired at ${time(coupon.expires_at)}`);
}

// As Apple Wallet lays out a coupon: logo and name, the strip with the primary field over it, one auxiliary field, and
// the barcode in a white box; the back's fields below, for here nothing turns.
export function applePass(face, qr) {
  return el(
    "div",
    { class: `wallet-pass apple ${face.voided ? "voided" : ""}`, colours: { "--merchant": face.colour, "--on-merchant": face.ink } },
    el("div", { class: "top" }, el("img", { src: face.images.logo, alt: "" }), el("span", {}, face.merchant)),
    el(
      "div",
      { class: "strip" },
      el("img", { src: face.images.strip, alt: "" }),
      el("p", { class: "primary" }, el("strong", {}, face.discount), el("span", {}, face.title)),
    ),
    el("dl", { class: "fields" }, el("div", {}, el("dt", {}, "Valid until"), el("dd", {}, dayAndTime(face.expires_at)))),
    barcode(face, qr),
  );
}

// As Google Wallet lays out an offer: who it is from, the title, the code, and the rest under it.
export function googlePass(face, qr) {
  return el(
    "div",
    { class: `wallet-pass google ${face.voided ? "voided" : ""}`, colours: { "--merchant": face.colour, "--on-merchant": face.ink } },
    el("div", { class: "top" }, el("span", { class: "initial", "aria-hidden": "true" }, face.merchant.slice(0, 1)), el("span", {}, face.merchant)),
    el("p", { class: "primary" }, el("strong", {}, face.title), el("span", {}, face.discount)),
    barcode(face, qr),
    el("p", { class: "ends" }, `Valid until ${dayAndTime(face.expires_at)}`),
  );
}

function barcode(face, qr) {
  if (!qr) return el("p", { class: "void" }, face.voided ? "Redeemed" : "Expired");
  return el("div", { class: "barcode" }, el("img", { src: qr, alt: `QR code of ${face.code}` }), el("span", { class: "mono" }, face.code));
}

export function back(face) {
  const rows = [
    ["Offer", face.text],
    ["Terms", face.terms],
    ["Where", face.stores.join("\n")],
  ].filter(([, words]) => words);
  return el("dl", { class: "pass-back small" }, ...rows.map(([name, words]) => el("div", {}, el("dt", {}, name), el("dd", {}, words))));
}

export function keysSaid(keys, wallet) {
  if (!keys.ready) return el("p", { class: "notice no small", role: "alert" }, `No ${wallet} pass can be made: ${keys.wrong}`);
  if (!keys.self_made) return null;
  return el("p", { class: "notice small" }, `Signed with keys that this sandbox made itself: ${wallet} on a real phone refuses it.`);
}
