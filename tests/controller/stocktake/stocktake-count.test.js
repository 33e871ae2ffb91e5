// These tests hold how a phone counts a stocktake; test_stocktake_browser.py holds it to the controller.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import {
  Count,
  called,
  roomKey,
  roomOf,
  same,
  serialKey,
  tagIn,
  tagKey,
} from "../../../controller/stocktake/static/stocktake-count.js";

// no, tag, kind, name, serial, room, about: as the page is told of a line.
const LINES = [
  [1, "TS-0001", 0, "SMART SB680", "SN-77", 0, true],
  [2, "TS-0002", 1, "", "", 0, true],
  [3, "TS-0002", 1, "", "", 1, true],
  [4, "", 1, "", "AB 12", 1, true],
  [5, "TS-0009", 1, "", "", 2, false],
];
const TOLD = { types: ["board", "chair"], rooms: ["P203", "P204", ""], lines: LINES };

function counted(scans = [], told = {}) {
  const count = new Count({ ...TOLD, done: {}, extra: [], ...told });
  count.learn(scans);
  return count;
}
const outcomes = (count) => count.about.map((line) => count.outcome(line));

test("a room is one room however it is written", () => {
  for (const text of ["203", "P 203", "p203", "Phòng 203", "PHÒNG HỌC: 203", " room_203 "]) {
    assert.equal(roomOf(text), "P203", text);
  }
  assert.equal(roomOf(" Thư viện "), "Thư viện");
  assert.ok(same("p 203", "P203"));
  assert.ok(!same("P203", "P204"));
});

test("rooms, tags and serials are compared as the controller does", () => {
  const file = new URL("../sheets/names.json", import.meta.url);
  const scanned = (text) => tagKey(tagIn(text));
  const keys = { room: roomKey, tag: tagKey, serial: serialKey, scanned };
  for (const [kind, groups] of Object.entries(JSON.parse(readFileSync(file, "utf8")))) {
    const all = groups.map((group) => new Set(group.map(keys[kind])));
    for (const each of all) assert.equal(each.size, 1, `${kind}: ${[...each]}`);
    assert.equal(new Set(all.flatMap((each) => [...each])).size, groups.length, kind);
  }
});

test("a label says its tag with or without its lead", () => {
  const texts = ["LOPHOC TS-0001", "lophoc:TS-0001", " TS-0001 ", "LopHoc TS-0001"];
  assert.deepEqual(
    texts.map((text) => tagIn(text)),
    ["TS-0001", "TS-0001", "TS-0001", "TS-0001"],
  );
});

test("a line is called by kind and name, else by its tag, else by its number", () => {
  assert.equal(called({ kind: "bàn", name: "Hoà Phát" }), "Bàn Hoà Phát");
  assert.equal(called({ kind: "", name: "", tag: "TS-1" }), "TS-1");
  assert.equal(called({ kind: "", name: "", tag: "", no: 7 }), "#7");
});

test("a tag or serial means its line; of several that fit, the room's own", () => {
  const count = counted();
  const no = (text, room) => count.lineFor(text, room)?.no ?? null;
  assert.equal(no("ts-0001", "P999"), 1);
  assert.equal(no("sn77", "P999"), 1);
  assert.equal(no("TS-0002", "P203"), 2);
  assert.equal(no("TS-0002", "p 204"), 3);
  assert.equal(no("TS-0002", "P999"), null);
  assert.equal(no("ab–12", "P999"), 4);
  assert.equal(no("TS-7777", "P203"), null);
});

test("what was seen is found in its room, elsewhere in another, twice in two", () => {
  const scans = [
    { id: "a", line: 1, room: "p 203" },
    { id: "b", line: 2, room: "P204" },
    { id: "c", line: 3, room: "P204" },
    { id: "d", line: 3, room: "P203" },
  ];
  const count = counted(scans);
  assert.deepEqual(outcomes(count), ["found", "elsewhere", "twice", "uncounted"]);
  assert.deepEqual(count.tally(count.about), [3, 4]);
  assert.deepEqual(count.tally(count.linesOf("P203")), [2, 2]);
  assert.deepEqual(
    count.guestsOf("P204").map((line) => line.no),
    [2],
  );
});

test("what is not found in its own room is missing, in another it is not looked for", () => {
  const absent = (id, room) => ({ id, line: 1, room, found: false });
  assert.equal(outcomes(counted([absent("a", "P203")]))[0], "missing");
  assert.equal(outcomes(counted([absent("a", "P204")]))[0], "uncounted");
  const again = [absent("a", "P203"), { id: "b", line: 1, room: "P203" }];
  assert.equal(outcomes(counted(again))[0], "found");
  const gone = [{ id: "b", line: 1, room: "P203" }, absent("a", "P203")];
  assert.equal(outcomes(counted(gone))[0], "missing");
});

test("a scan that is taken back has not been", () => {
  const scans = [
    { id: "a", line: 1, room: "P203" },
    { id: "b", cancels: "a", room: "P203" },
    { id: "c", tag: "X-1", room: "P203" },
    { id: "d", cancels: "c", room: "P203" },
  ];
  const count = counted(scans);
  assert.equal(outcomes(count)[0], "uncounted");
  assert.equal(count.extras.size, 0);
});

test("a scan's condition, quality and note stand until another says otherwise", () => {
  const count = counted([
    { id: "a", line: 1, room: "P203", condition: "worn", quality_pct: 0, note: "scratched" },
    { id: "b", line: 1, room: "P203" },
  ]);
  const { condition, quality, note } = count.lines.get(1);
  assert.deepEqual([condition, quality, note], ["worn", 0, "scratched"]);
});

test("what the page was told stands below this phone's scans", () => {
  const done = { 1: ["found", ["P203"], "good", 90, "ok"], 2: ["missing", [], "", null, ""] };
  const count = counted([], { done, extra: [["e", "P204", "chair X-9", "", 0]] });
  assert.deepEqual(outcomes(count), ["found", "missing", "uncounted", "uncounted"]);
  assert.equal(count.lines.get(1).quality, 90);
  assert.equal(count.extrasOf("P204")[0].what, "chair X-9");
});

test("a surplus is listed once, by its tag or by its line outside the stocktake", () => {
  const count = counted([
    { id: "a", tag: "X-1", room: "P203" },
    { id: "b", tag: "x-1", type: "fan", room: "P204" },
    { id: "c", line: 5, room: "P203" },
    { id: "d", line: 5, room: "P204" },
    { id: "e", type: "fan", room: "P203" },
    { id: "f", type: "fan", room: "P203" },
  ]);
  const names = [...count.extras.values()].map(({ id, what }) => `${id} ${what}`);
  assert.deepEqual(names, ["b fan · x-1", "d Chair TS-0009", "e fan", "f fan"]);
});
