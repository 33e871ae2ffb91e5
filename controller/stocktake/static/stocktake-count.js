// This file counts a stocktake as the controller does: what the page was told, then what this phone kept since.
const NUMBERED = /^(?:phòng học|phòng|phong|room|p|)[\s.:_-]*(?=p?\d)p?(\d[\da-z./]*)$/iu;

const cased = (text) => text.normalize("NFKC").toLowerCase();
const tagKey = (text) => cased(text).replaceAll(/\s/gu, "");
const serialKey = (text) => tagKey(text).replaceAll(/[\p{Pd}\p{Cf}\u2212]/gu, "");
export const roomKey = tagKey;
export const same = (one, other) => roomKey(one) === roomKey(other);

// P 203, 203 and Phòng 203 are P203.
export function roomOf(text) {
  const [, numbered] = text.trim().match(NUMBERED) || [];
  return numbered ? `P${numbered.toUpperCase()}` : text.trim();
}

// What a label says, without its lead.
export const tagIn = (text) => text.trim().replace(/^lophoc[ :]\s*/iu, "");

export const called = (line) => {
  const said = [line.kind, line.name].filter(Boolean).join(" ") || line.tag || `#${line.no}`;
  return said[0].toUpperCase() + said.slice(1);
};

export class Count {
  lines = new Map();
  extras = new Map();
  #told;
  #byTag = new Map();
  #bySerial = new Map();
  #gone = new Set();

  constructor(told) {
    this.#told = told;
    for (const [no, tag, kind, name, serial, room, about] of told.lines) {
      const line = { no, tag, kind: told.types[kind], name, serial, room: told.rooms[room], about };
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
      Object.assign(line, { seen: [], looked: false, condition: "", quality: null, note: "" });
    for (const [no, [outcome, seen, condition, quality, note]] of Object.entries(this.#told.done)) {
      Object.assign(this.lines.get(Number(no)), {
        seen: [...seen],
        looked: outcome === "missing",
        condition,
        quality,
        note,
      });
    }
    for (const [id, room, what, note, no] of this.#told.extra)
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
    const others = line.seen.filter((room) => !same(room, scan.room));
    line.seen = scan.found === false ? others : [scan.room, ...others];
    if (scan.found === false && (!line.room || same(line.room, scan.room))) line.looked = true;
    if (scan.condition) line.condition = scan.condition;
    if (scan.quality_pct !== undefined) line.quality = scan.quality_pct;
    if (scan.note) line.note = scan.note;
  }

  #add(line, scan) {
    const what = line
      ? `${called(line)} ${line.tag}`
      : [scan.type, scan.tag].filter(Boolean).join(" · ");
    for (const each of this.extras.values()) {
      if (
        line ? each.no === line.no : scan.tag && each.tag && tagKey(each.tag) === tagKey(scan.tag)
      )
        this.extras.delete(each.id);
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
    if (!line.seen.length) return line.looked ? "missing" : "uncounted";
    if (line.seen.length > 1) return "twice";
    return !line.room || same(line.seen[0], line.room) ? "found" : "elsewhere";
  }

  // The line that a tag or serial means; of several that fit, the only one of the room.
  lineFor(text, room) {
    for (const [index, key] of [
      [this.#byTag, tagKey(text)],
      [this.#bySerial, serialKey(text)],
    ]) {
      const fit = (key && index.get(key)) || [];
      const here = fit.filter((line) => same(line.room, room));
      if (fit.length === 1) return fit[0];
      if (here.length === 1) return here[0];
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
      (line) => line.room && !same(line.room, room) && line.seen.some((each) => same(each, room)),
    );
  }
  extrasOf(room) {
    return [...this.extras.values()].filter((each) => same(each.room, room));
  }
  tally(lines) {
    return [lines.filter((line) => this.outcome(line) !== "uncounted").length, lines.length];
  }
}
