// This file looks through the phone's camera, where the browser lends it: on https and localhost.
const LOOK_MS = 250;
const PHOTO_SIDE = 1600;

export const canLook = () =>
  Boolean(globalThis.isSecureContext && "BarcodeDetector" in globalThis && navigator.mediaDevices);

export class Camera {
  #stream = null;

  get isOn() {
    return this.#stream !== null;
  }

  // Shows what it sees and tells each code once, until it is stopped. Throws if the person says no.
  async start(video, tell) {
    const stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment" },
    });
    this.#stream = stream;
    Object.assign(video, { srcObject: stream, hidden: false });
    video.play().catch(() => {});
    this.#watch(stream, video, tell);
  }

  async #watch(stream, video, tell) {
    const read = new Set();
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    while (this.#stream === stream) {
      for (const { rawValue } of await detector.detect(video).catch(() => [])) {
        if (!read.has(rawValue) && this.#stream === stream) tell(rawValue);
        read.add(rawValue);
      }
      await new Promise((wake) => {
        setTimeout(wake, LOOK_MS);
      });
    }
  }

  stop() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
  }
}

// The photo, small enough to be sent from a phone; as it is where it cannot be read.
export async function smaller(file) {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return file;
  const scale = Math.min(1, PHOTO_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => {
    canvas.toBlob((blob) => done(blob || file), "image/jpeg", 0.85);
  });
}
