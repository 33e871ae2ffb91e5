// These tests hold how the page asks whose word a deed is.
import assert from "node:assert/strict";
import test from "node:test";

import { aboutWords, expectedIn, provenDeed } from "../../../agent/local/page/vouching.js";

test("whose word a deed is, is asked by its own words", () => {
  assert.deepEqual(provenDeed("roll/mark"), ["who_corrects", "correct", "correct_without_pin"]);
  assert.deepEqual(provenDeed("undo"), ["who_undoes", "undo", "undo_without_pin"]);
  assert.deepEqual(provenDeed("roll/confirm"), ["who_confirms", "confirm", "without_pin"]);
});

test("the timetable's teacher is chosen already, where there is one", () => {
  const teachers = [{ teacher: "a" }, { teacher: "b", expected: true }];
  assert.equal(expectedIn({ teachers }), "b");
  assert.equal(expectedIn({ teachers: teachers.slice(0, 1) }), "");
  assert.equal(expectedIn({}), "");
});

test("what waits for somebody's word is told by number, name and letter, or as the agent says it", () => {
  const marks = [{ status: "late", letter: "M", label: "Đi muộn" }];
  const line = { number: 3, name: "Lò Thị Ánh", student: "s3" };
  assert.equal(aboutWords({ line, marks, status: "late" }), "3. Lò Thị Ánh · M Đi muộn");
  assert.equal(aboutWords({ line: { ...line, name: "" }, marks, status: "present" }), "3. s3");
  assert.equal(aboutWords({ words: "Điểm danh đã xác nhận." }), "Điểm danh đã xác nhận.");
  assert.equal(aboutWords({}), undefined);
});
