// These tests hold what the dashboard's script counts and sorts.
import assert from "node:assert/strict";
import test from "node:test";

import {
  ageOf,
  countsOf,
  isElsewhere,
  isListed,
  lackingOf,
  total,
  worst,
} from "../../../controller/dashboard/static/live-figures.js";

const room = (change) => ({ lesson: null, devices: {}, ...change });

test("the worst of a tally is the most urgent status in it", () => {
  assert.equal(worst({ ok: 5, unknown: 1 }), "unknown");
  assert.equal(worst({ warning: 1, unknown: 3, ok: 1 }), "warning");
  assert.equal(worst({ warning: 9, critical: 1 }), "critical");
  assert.equal(total({ ok: 5, unknown: 1 }), 6);
});

test("the counts are sums over all rooms", () => {
  const rooms = [
    room({ devices: { tablet: { ok: 3, unknown: 2 }, board: { warning: 1 } } }),
    room({ lesson: { since: "" }, devices: { tablet: { ok: 1 } } }),
  ];
  assert.deepEqual(countsOf(rooms), {
    disconnected: 2,
    in_lesson: 1,
    rooms: 2,
    working: 4,
    devices: 7,
  });
  assert.equal(countsOf([]).devices, 0);
});

test("a kit lacks the pieces that it should have and has not", () => {
  const kit = [
    { kind: "tablet", here: 3, wanted: 5 },
    { kind: "board", here: 1, wanted: 1 },
    { kind: "camera", here: 2, wanted: 1 },
    { kind: "", here: 0, wanted: 1 },
  ];
  assert.deepEqual(lackingOf(kit), { lines: [kit[0], kit[3]], count: 3 });
  assert.deepEqual(lackingOf([]), { lines: [], count: 0 });
});

test("a list shows the devices that its filter leaves", () => {
  const device = { room: "P203", kind: "board", status: "ok" };
  assert.equal(isListed(device, {}), true);
  assert.equal(isListed(device, { room: "", kind: "board", limit: "9" }), true);
  assert.equal(isListed(device, { room: "P203", status: "warning" }), false);
});

test("a page shows the devices between its cursor and its last row", () => {
  const rows = ["c", "e"];
  const where = (device_id, cursor, size) => isElsewhere({ device_id }, rows, cursor, size);
  assert.deepEqual([where("a", "", 2), where("d", "", 2), where("f", "", 2)], [false, false, true]);
  assert.deepEqual(
    [where("a", "b", 2), where("c", "b", 2), where("d", "b", 2)],
    [true, true, false],
  );
  assert.equal(where("f", "", 3), false); // the page is not full
  assert.equal(isElsewhere({ device_id: "a" }, [], "b", 2), false);
});

test("an age says how far the page may be believed", () => {
  assert.deepEqual(
    [ageOf(1, true), ageOf(1, false), ageOf(31, true), ageOf(31, false), ageOf(91, true)],
    ["fresh", "lost", "late", "late", "old"],
  );
  assert.equal(ageOf(1, true, "The server cannot write."), "old");
});
