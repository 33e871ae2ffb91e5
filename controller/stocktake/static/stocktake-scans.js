// This file holds what the phone keeps of a stocktake until the controller has it: one entry a scan,
// so that two tabs never write over each other; written at once, sent in batches, as often as it takes.
// What was sent stays for a week: where the controller's data was put back since, it is sent anew.
export const PATIENCE_MS = 15000;
const BATCH = 100;
const SLACK_MS = 2000; // what was sent about when the page was made may not be on it yet
const WEEK_MS = 7 * 24 * 3600 * 1000;
const PREFIX = "lophoc/scan/";
const SENSELESS = new Set([404, 409, 413, 422]); // sent again it would be answered the same

// Not crypto.randomUUID: on plain http in a school's network browsers withhold it.
export function freshId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  return [...bytes]
    .map((byte, at) => ([4, 6, 8, 10].includes(at) ? "-" : "") + byte.toString(16).padStart(2, "0"))
    .join("");
}

export async function post(address, body, type) {
  const answer = await fetch(address, {
    method: "POST",
    body,
    headers: { "Content-Type": type },
    signal: AbortSignal.timeout?.(PATIENCE_MS),
  });
  if (answer.status === 401) throw new Error("login");
  if (!answer.ok && !SENSELESS.has(answer.status)) throw new Error("unwell");
  return answer;
}

// The scans on this phone, of all stocktakes; own: those of the stocktake that is shown, as far as
// its page does not know them. history: what the page says of the controller's data.
export class Scans {
  #own;
  #start; // of the controller: the one whose data the page tells
  #unsaved = new Map(); // where the browser keeps nothing: as long as the page lives
  full = false;

  constructor({ no, begun, history = "" }) {
    this.#own = `${PREFIX}${no}/${begun}/`;
    this.#start = history.slice(0, Math.max(0, history.lastIndexOf(".")));
    if (this.#start) this.#sendAnew();
  }

  get own() {
    return this.#entries(this.#own)
      .map(([, entry]) => entry)
      .filter((entry) => !entry.known);
  }
  get waiting() {
    return this.#entries(PREFIX).filter(([, entry]) => !entry.sent && !entry.refused);
  }
  get late() {
    return this.own.filter((entry) => entry.late).length;
  }
  get refused() {
    return this.#entries(PREFIX).filter(([, entry]) => entry.refused).length;
  }

  add(scan) {
    const order = Math.max(0, ...this.#entries(this.#own).map(([, entry]) => entry.order)) + 1;
    this.#put(this.#own + scan.id, { order, scan, sent: 0 });
  }

  // What a page of this time of the controller's knows by itself is not shown by us any more.
  tidy(at) {
    for (const [key, entry] of this.#entries(PREFIX)) {
      const own = key.startsWith(this.#own) && !entry.late && !entry.known;
      if (entry.sent && entry.sent < at - WEEK_MS) this.#drop(key);
      else if (entry.sent && own && entry.sent < at - SLACK_MS)
        this.#put(key, { ...entry, known: true });
    }
  }

  // Another start of the controller may be of a copy that lacks what an earlier one took; it knows
  // what it has by its id.
  #sendAnew() {
    for (const [key, entry] of this.#entries(PREFIX)) {
      if (entry.sent && !entry.refused && entry.start !== this.#start)
        this.#put(key, { ...entry, sent: 0, known: false, anew: true });
    }
  }

  async send() {
    const groups = new Map();
    for (const [key, entry] of this.waiting) {
      const home = key.slice(PREFIX.length, key.lastIndexOf("/"));
      groups.set(home, [...(groups.get(home) || []), [key, entry]]);
    }
    for (const [home, group] of groups) {
      for (let start = 0; start < group.length; start += BATCH)
        await this.#sendBatch(home.split("/"), group.slice(start, start + BATCH));
    }
  }

  async #sendBatch([no, begun], batch) {
    const scans = batch.map(([, entry]) => entry.scan);
    const body = JSON.stringify({ begun_ms: Number(begun), sent_ms: Date.now(), scans });
    const answer = await post(`/api/v1/stocktakes/${no}/scans`, body, "application/json");
    const verdict = answer.ok
      ? await answer.json()
      : { kept: [], late: [], refused: scans.map((scan) => scan.id) };
    const stored = new Set(verdict.kept);
    const late = new Set(verdict.late);
    const refused = new Set(verdict.refused);
    for (const [key, entry] of batch) {
      const { id } = entry.scan;
      const taken = { ...entry, sent: verdict.at_ms, start: this.#start, late: late.has(id) };
      if (refused.has(id) && entry.anew) this.#drop(key);
      else if (refused.has(id)) this.#put(key, { ...entry, refused: true });
      else if (stored.has(id) || late.has(id))
        this.#put(key, { ...taken, known: !key.startsWith(this.#own) });
    }
  }

  #put(key, entry) {
    try {
      localStorage.setItem(key, JSON.stringify(entry));
      this.#unsaved.delete(key);
    } catch {
      this.#unsaved.set(key, entry);
      this.full = true;
    }
  }

  #drop(key) {
    this.#unsaved.delete(key);
    try {
      localStorage.removeItem(key);
    } catch {
      /* nothing was kept there */
    }
  }

  #entries(prefix) {
    const entries = new Map();
    try {
      for (let at = 0; at < localStorage.length; at += 1) {
        const key = localStorage.key(at);
        if (key.startsWith(prefix)) entries.set(key, JSON.parse(localStorage.getItem(key)));
      }
    } catch {
      this.full = true;
    }
    for (const [key, entry] of this.#unsaved) if (key.startsWith(prefix)) entries.set(key, entry);
    return [...entries].sort(([, one], [, other]) => one.order - other.order);
  }
}

// Photos of labels, in IndexedDB until the controller has read them.
export class Photos {
  async add(photo) {
    await resultOf((await photoStore("readwrite")).put(photo));
  }
  async remove(id) {
    await resultOf((await photoStore("readwrite")).delete(id));
  }
  async of(no, begun) {
    const all = await resultOf((await photoStore("readonly")).getAll());
    return all.filter((photo) => photo.no === no && photo.begun === begun);
  }
}

function photoStore(mode) {
  return new Promise((done, fail) => {
    const request = indexedDB.open("lophoc", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("photos", { keyPath: "id" });
    request.onerror = () => fail(request.error);
    request.onsuccess = () =>
      done(request.result.transaction("photos", mode).objectStore("photos"));
  });
}

const resultOf = (request) =>
  new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
