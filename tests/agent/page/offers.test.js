// These tests hold what the screens offer that are read when somebody wants them.
import assert from "node:assert/strict";
import test from "node:test";

import {
  isFoundRoom,
  roomChoice,
  settledBy,
  wholeClass,
} from "../../../agent/local/page/offers.js";

const doubt = (number, change = {}) => ({
  number,
  repeated: false,
  chosen: null,
  candidates: [
    { student: `a${number}`, class_code: "10A1", name: "An" },
    { student: `b${number}`, class_code: "10A2", name: "An (10A2)" },
  ],
  ...change,
});
const answers = { both: "Cả hai", all_of_them: "Tất cả", nobody: "Không em nào" };

test("a card that two may hold is one's, the other's, both's or neither's", () => {
  const offered = settledBy(doubt(7, { chosen: ["b7"] }), answers);
  assert.deepEqual(
    offered.map(({ label, students, pressed }) => [label, students, pressed]),
    [
      ["An (10A1)", ["a7"], false],
      ["An (10A2)", ["b7"], true],
      ["Cả hai", ["a7", "b7"], false],
      ["Không em nào", [], false],
    ],
  );
  assert.ok(settledBy(doubt(7), answers).every(({ pressed }) => !pressed));
});

test("a class takes every open card but those that were at two places", () => {
  const doubts = [doubt(1), doubt(2, { repeated: true }), doubt(3, { chosen: [] }), doubt(4)];
  assert.deepEqual(wholeClass(doubts, "10A2"), [
    { number: 1, students: ["b1"] },
    { number: 4, students: ["b4"] },
  ]);
  assert.deepEqual(wholeClass(doubts, "6A1"), []);
});

test("a room is found by its name or its class, without tones", () => {
  const room = { room: "P203", words: "10A1 · Đang học" };
  assert.ok(["203", "10a1", "dang", ""].every((wanted) => isFoundRoom(room, wanted)));
  assert.ok(!isFoundRoom(room, "204"));
  assert.deepEqual(roomChoice({ rooms: ["P1"] }), [{ room: "P1", words: "" }]);
});
