// This file counts a stocktake as the controller does: what the page was told, then what this phone kept since.
const NUMBERED = /^(?:phòng học|phòng|phong|room|p|)[\s.:_-]*(?=p?\d)p?(\d[\da-z./]*)$/iu;

const DASHES = /[\u2010-\u2015\u2212\uFE58\uFE63\uFF0D]/gu;
// oxlint-disable-next-line no-control-regex -- blanks to Python, as a GS1 code holds them
const BLANKS = /[\t-\r\u001C-\u001F\u0085]/gu;
const RUNS = /[0-9]+|(?:(?![0-9])[\p{L}\p{M}\p{N}])+/gu;
const ROOM_WORDS = /^(?:(?:ph[òo]ng(?: h[ọo]c)?|(?:class)?room|ph|p)(?: |(?=[0-9])))+/u;

// As controller/sheets/names.py compares them: a phone without a network finds what the office does.
const seen = (text) => text.replaceAll(BLANKS, " ").replaceAll(/\p{C}/gu, "");
const plain = (text) => seen(text).normalize("NFKC").toLowerCase().normalize("NFKC");
export const tagKey = (text) => plain(text).replaceAll(DASHES, "-").replaceAll(/\s/gu, "");
export const serialKey = (text) => tagKey(text).replaceAll(/\p{Pd}/gu, "");
const isNumber = (text) => /^[0-9]/u.test(text);
// A blank parts two numbers or two words, and no others.
const beside = (key, run) =>
  `${key}${key && isNumber(key.slice(-1)) === isNumber(run) ? " " : ""}${run}`;
export function roomKey(text) {
  const key = (plain(text).match(RUNS) || []).reduce(beside, "").replace(ROOM_WORDS, "");
  return isNumber(key) ? `p${key}` : key;
}
export const same = (one, other) => roomKey(one) === roomKey(other);

// P 203, 203 and Phòng 203 are P203.
export function roomOf(text) {
  const [, numbered] = text.trim().match(NUMBERED) || [];
  return numbered ? `P${numbered.toUpperCase()}` : text.trim();
}

// What a label says, without its lead and the mark that a scanner sets before it (]Q1, ISO/IEC 15424).
export const tagIn = (text) =>
  seen(text)
    .trim()
    .replace(/^\][a-z][\da-z]/iu, "")
    .trim()
    .replace(/^lophoc[ :]\s*/iu, "");

// Whether a text is a label's own: nobody types its lead.
export const isLabel = (text) => /^(\][a-z][\da-z])?\s*lophoc[ :]/iu.test(seen(text).trim());

export const called = (line) => {
  const name = [line.kind, line.name].filter(Boolean).join(" ") || line.tag || `#${line.no}`;
  return name[0].toUpperCase() + name.slice(1);
};

export class Count {
  lines = new Map();
  extras = new Map();
  #page;
  #byTag = new Map();
  #bySerial = new Map();
  #gone = new Set();

  constructor(page) {
    this.#page = page;
    for (const [no, tag, kind, name, serial, room, about] of page.lines) {
      const line = { no, tag, kind: page.types[kind], name, serial, room: page.rooms[room], about };
      this.lines.set(no, line);
      for (const [index, key] of [
        [this.#byTag, tagKey(tag)],
        [this.#bySerial, serialKey(serial)],
      ]) {
        if (key) index.set(key, [...(index.get(key) || []), line]);
      }
    }
  }

  // Begin again with what the page was told, and on it the scans that still stand.
  learn(scans) {
    this.extras.clear();
    for (const line of this.lines.values())
      Object.assign(line, { rooms: [], looked: false, condition: "", quality: null, note: "" });
    for (const [no, [outcome, rooms, condition, quality, note]] of Object.entries(
      this.#page.done,
    )) {
      Object.assign(this.lines.get(Number(no)), {
        rooms: [...rooms],
        looked: outcome === "missing",
        condition,
        quality,
        note,
      });
    }
    for (const [id, room, what, note, no] of this.#page.extra)
      this.extras.set(id, { id, room, what, note, no });
    this.#gone = new Set(scans.map((scan) => scan.cancels).filter(Boolean));
    for (const scan of scans) this.apply(scan);
  }

  apply(scan) {
    if (scan.cancels) this.extras.delete(scan.cancels);
    if (scan.cancels || this.#gone.has(scan.id)) return;
    const line = this.lines.get(scan.line);
    if (line?.about) this.#see(line, scan);
    else if (scan.found !== false) this.#add(line, scan);
  }

  #see(line, scan) {
    const rest = line.rooms.filter((room) => !same(room, scan.room));
    line.rooms = scan.found === false ? rest : [scan.room, ...rest];
    if (scan.found === false && (!line.room || same(line.room, scan.room))) line.looked = true;
    if (scan.condition) line.condition = scan.condition;
    if (scan.quality_pct !== undefined) line.quality = scan.quality_pct;
    if (scan.note) line.note = scan.note;
  }

  #add(line, scan) {
    const what = line
      ? `${called(line)} ${line.tag}`
      : [scan.type, scan.tag].filter(Boolean).join(" · ");
    for (const extra of this.extras.values()) {
      if (
        line
          ? extra.no === line.no
          : scan.tag && extra.tag && tagKey(extra.tag) === tagKey(scan.tag)
      )
        this.extras.delete(extra.id);
    }
    this.extras.set(scan.id, {
      id: scan.id,
      room: scan.room,
      what,
      note: scan.note || "",
      no: line?.no || 0,
      tag: scan.tag,
    });
  }

  outcome(line) {
    if (!line.rooms.length) return line.looked ? "missing" : "uncounted";
    if (line.rooms.length > 1) return "twice";
    return !line.room || same(line.rooms[0], line.room) ? "found" : "elsewhere";
  }

  // The line that a tag or serial means; of several that fit, the only one of the room.
  lineFor(text, room) {
    for (const [index, key] of [
      [this.#byTag, tagKey(text)],
      [this.#bySerial, serialKey(text)],
    ]) {
      const fit = (key && index.get(key)) || [];
      const local = fit.filter((line) => same(line.room, room));
      if (fit.length === 1) return fit[0];
      if (local.length === 1) return local[0];
    }
    return null;
  }

  get about() {
    return [...this.lines.values()].filter((line) => line.about);
  }
  linesOf(room) {
    return this.about.filter((line) => same(line.room, room));
  }
  guestsOf(room) {
    return this.about.filter(
      (line) => line.room && !same(line.room, room) && line.rooms.some((name) => same(name, room)),
    );
  }
  extrasOf(room) {
    return [...this.extras.values()].filter((extra) => same(extra.room, room));
  }
  tally(lines) {
    return [lines.filter((line) => this.outcome(line) !== "uncounted").length, lines.length];
  }
}
