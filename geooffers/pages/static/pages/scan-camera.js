"use strict";
/* The camera: finds the code of a coupon in what it sees. The browser reads it where it can (BarcodeDetector);
   where it cannot, about one still a second goes to the server, smaller than a letter, and is not kept there. */
const scanCamera = {
  BETWEEN_STILLS_MS: 800,
  BETWEEN_LOOKS_MS: 150,
  STILL_ASIDE: 1024,
  PHOTO_ASIDE: 1600,
  FAILURES_IN_A_ROW: 5, // a detector may be promised and not work; then the server reads
  stream: null,
  turn: 0, // a look that belongs to an earlier start is dropped

  /* Why there can be no camera here, or "" */
  hindrance() {
    if (!window.isSecureContext) return "insecure";
    return navigator.mediaDevices && navigator.mediaDevices.getUserMedia ? "" : "missing";
  },

  async start(video, { onCode, onSays }) {
    scanCamera.stop(video);
    const turn = ++scanCamera.turn;
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 960 } },
    });
    if (turn !== scanCamera.turn) {
      stream.getTracks().forEach((track) => track.stop());
      return;
    }
    scanCamera.stream = stream;
    video.srcObject = stream;
    await video.play();
    onSays("looking");
    scanCamera.watch(video, turn, await scanCamera.reader(), { onCode, onSays });
  },

  stop(video) {
    scanCamera.turn += 1;
    if (scanCamera.stream) scanCamera.stream.getTracks().forEach((track) => track.stop());
    scanCamera.stream = null;
    video.srcObject = null;
  },

  hindranceOf(error) {
    return { NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "missing",
      OverconstrainedError: "missing", NotReadableError: "taken", AbortError: "taken" }[error.name] || "failed";
  },

  async reader() {
    if (!("BarcodeDetector" in window)) return null;
    const formats = await BarcodeDetector.getSupportedFormats().catch(() => []);
    return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
  },

  async watch(video, turn, detector, { onCode, onSays }) {
    let failures = 0;
    while (turn === scanCamera.turn) {
      const began = performance.now();
      const seen = detector ? await scanCamera.detected(detector, video) : await scanCamera.sent(video, scanCamera.STILL_ASIDE);
      failures = seen.failed ? failures + 1 : 0;
      if (failures === scanCamera.FAILURES_IN_A_ROW) detector = null;
      if (turn !== scanCamera.turn) return;
      if (seen.code) {
        onCode(seen.code);
        return;
      }
      onSays(seen.says || (seen.other ? "other" : "looking"));
      const pause = detector ? scanCamera.BETWEEN_LOOKS_MS : scanCamera.BETWEEN_STILLS_MS;
      await new Promise((done) => setTimeout(done, Math.max(0, began + (seen.waitMs || pause) - performance.now())));
    }
  },

  async detected(detector, video) {
    const found = await detector.detect(video).catch(() => null);
    if (!found) return { failed: true };
    const texts = found.map((one) => one.rawValue);
    const code = texts.find((text) => text.replace(/[\s-]/g, "").length === 13 && /^[0-9a-z\s-]+$/i.test(text));
    return { code, other: texts.length > 0 };
  },

  /* `source` is a video or an ImageBitmap */
  async sent(source, aside) {
    const width = source.videoWidth || source.width, height = source.videoHeight || source.height;
    if (!width) return {};
    const scale = Math.min(1, aside / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
    const answer = await scanCalls.send(document.getElementById("till").dataset.still, blob, { "Content-Type": "image/jpeg" });
    if (answer.kind === "yes") return answer.data;
    if (answer.kind === "no") return { says: answer.status === 401 ? "signedOut" : "failed", waitMs: 5000 };
    return { says: answer.why === "often" ? "often" : "unreachable", waitMs: (answer.waitS || 3) * 1000 };
  },

  async photo(file) {
    const picture = await createImageBitmap(file).catch(() => null);
    if (!picture) return { says: "nothing" };
    const seen = await scanCamera.sent(picture, scanCamera.PHOTO_ASIDE);
    picture.close();
    return seen.code || seen.says ? seen : { says: seen.other ? "other" : "nothing" };
  },
};
