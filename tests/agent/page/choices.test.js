// These tests hold what the teacher's page shows and what a press on it means.
import assert from "node:assert/strict";
import test from "node:test";

import {
  addressOf,
  answerTo,
  asked,
  deedsOf,
  earlierOf,
  earlierWords,
  groupsOf,
  hintOf,
  isFound,
  isIdle,
  joined,
  meantFor,
  meantUndo,
  needsLook,
  nextUndo,
  noticesOf,
  newlySeen,
  offersOf,
  owedBeside,
  rollWith,
  signOf,
  stepOf,
  stepsAfter,
  tapOn,
  toggled,
} from "../../../agent/local/page/choices.js";

const pupil = (student, change = {}) => ({
  student,
  class_code: "6A1",
  status: "present",
  suggested: "seen",
  flags: [],
  ...change,
});

test("a lesson that has not begun or is over is idle", () => {
  const phases = ["idle", "ended", "running", "closing"];
  assert.deepEqual(
    phases.map((phase) => isIdle({ phase })),
    [true, true, false, false],
  );
});

test("who is unseen, not present or flagged needs a look", () => {
  assert.equal(needsLook(pupil("1")), false);
  assert.equal(needsLook(pupil("1", { flags: undefined })), false);
  assert.equal(needsLook(pupil("1", { suggested: "unseen" })), true);
  assert.equal(needsLook(pupil("1", { status: "late" })), true);
  assert.equal(needsLook(pupil("1", { flags: ["shared_tablet"] })), true);
});

test("the roll stands by class, in the order in which the classes come", () => {
  const lines = [pupil("1"), pupil("2", { class_code: "6A2" }), pupil("3")];
  assert.deepEqual(groupsOf(lines, null), [
    ["6A1", [lines[0], lines[2]]],
    ["6A2", [lines[1]]],
  ]);
});

test("a filtered roll keeps its pupils, whatever becomes of them", () => {
  const lines = [pupil("1"), pupil("2", { status: "late" }), pupil("3")];
  assert.deepEqual(groupsOf(lines, new Set(["2", "3"])), [["6A1", [lines[1], lines[2]]]]);
});

test("a pupil is found by the number's beginning and by a part of the name without tones", () => {
  const line = pupil("x", { number: 17, name: "Đặng Thị Ánh" });
  const finds = ["1", "17", "dang", "ÁNH", "thị a", "Đặng"];
  assert.ok(finds.every((wanted) => isFound(line, wanted)));
  assert.ok(!["7", "171", "danh", "x"].some((wanted) => isFound(line, wanted)));
  assert.ok(isFound(pupil("x1", { number: 2, name: "" }), "x1"));
  assert.deepEqual(groupsOf([line, pupil("2", { name: "An" })], null, "dang"), [["6A1", [line]]]);
});

test("what was pressed is shown and counted before it is answered", () => {
  const roll = { lines: [pupil("1"), pupil("2"), pupil("3")], text: "3/3/0", confirmed: false };
  assert.equal(rollWith(null, new Map([["1", "late"]])), null);
  assert.equal(rollWith(roll, new Map()), roll);
  const now = rollWith(
    roll,
    new Map([
      ["1", "absent_excused"],
      ["2", "late"],
      ["9", "late"],
    ]),
  );
  assert.equal(now.text, "3/2/1");
  assert.deepEqual(
    now.lines.map(({ status }) => status),
    ["absent_excused", "late", "present"],
  );
  assert.equal(now.lines[2], roll.lines[2]);
});

test("a deed says what it was meant for, where the agent has said it", () => {
  const meant = { lesson: "l2", running: true, confirmed: false, list: "v1" };
  assert.deepEqual(meantFor({ phase: "running" }), {});
  assert.deepEqual(meantFor({ meant, phase: "ready" }), { meant });
  assert.deepEqual(meantUndo({ undo: { what: "start" } }), {});
  assert.deepEqual(meantUndo({ meant, undo: { what: "start", lesson: "l2", left_s: 3 } }), {
    meant: { what: "start", lesson: "l2" },
  });
});

test("that all are there is said only while nothing speaks against it", () => {
  const [here, away, unseen] = [
    pupil("1"),
    pupil("2", { status: "late" }),
    pupil("3", { suggested: "unseen" }),
  ];
  const words = { mark_hint: "mark", tap_hint: "tap", correct_hint: "correct" };
  assert.equal(hintOf({ confirmed: false, lines: [here] }, words), "mark");
  assert.equal(hintOf({ confirmed: false, lines: [here, away] }, words), "tap");
  assert.equal(hintOf({ confirmed: false, lines: [here, unseen] }, words), "tap");
  assert.equal(hintOf({ confirmed: true, lines: [here, unseen] }, words), "correct");
  const checks = [{ sentence: "Số 7 chưa thấy." }, { sentence: "Số 8 chung máy." }];
  const both = "Số 7 chưa thấy. Số 8 chung máy.";
  assert.equal(hintOf({ confirmed: false, lines: [here], checks }, words), both);
});

test("owed is what has ended unconfirmed, but for what the large button confirms", () => {
  const line = { lesson: "l1", has_roll: true, confirmed: false, running: false };
  const others = [
    { ...line, lesson: "l2", confirmed: true },
    { ...line, lesson: "l3", running: true },
    { ...line, lesson: "l4", has_roll: false },
  ];
  assert.deepEqual(owedBeside({ lessons: [line, ...others], meant: { lesson: "l3" } }), [line]);
  assert.deepEqual(owedBeside({ lessons: [line], meant: { lesson: "l1" } }), []);
  assert.deepEqual(owedBeside({}), []);
});

test("lessons of before are those with a roll that is not shown anyway", () => {
  const line = (lesson, change = {}) => ({
    lesson,
    has_roll: true,
    confirmed: true,
    running: false,
    ...change,
  });
  const lessons = [
    line("l1", { running: true, confirmed: false }),
    line("l2", { confirmed: false }),
    line("l3"),
    line("l4", { has_roll: false, confirmed: false }),
  ];
  const codes = (view) => earlierOf(view).map(({ lesson }) => lesson);
  assert.deepEqual(codes({ lessons, meant: { lesson: "l1" }, roll: {} }), ["l2", "l3"]);
  assert.deepEqual(codes({ lessons, meant: { lesson: "l2" }, roll: {} }), ["l3"]);
  assert.deepEqual(codes({ lessons, meant: { lesson: "l2" }, roll: null }), ["l2", "l3"]);
  assert.deepEqual(codes({}), []);
  const words = { earlier: "Earlier", owed: "{n} open" };
  assert.equal(
    earlierWords({ lessons, meant: { lesson: "l1" }, roll: {} }, words),
    "Earlier · 1 open",
  );
  assert.equal(earlierWords({ lessons, meant: { lesson: "l2" }, roll: {} }, words), "Earlier");
});

test("newly seen is who was not seen before, and nobody of a list that opens", () => {
  const before = [pupil("1"), pupil("2", { suggested: "unseen" }), pupil("3", { suggested: null })];
  const after = [pupil("1"), pupil("2"), pupil("3", { suggested: "unseen" }), pupil("4")];
  assert.deepEqual(newlySeen(before, after), ["2"]);
  assert.deepEqual(newlySeen(undefined, after), []);
  assert.deepEqual(newlySeen(before, null), []);
});

test("steps of pupils that have left the roll are not taken back", () => {
  const steps = [
    { student: "1", status: "present" },
    { student: "9", status: "late" },
  ];
  assert.deepEqual(stepsAfter(steps, [pupil("1")]), [steps[0]]);
  assert.deepEqual(stepsAfter(steps, null), []);
});

test("a step is not taken back where another window or a refusal made the mark another one", () => {
  const step = (student, status, mark) => ({ student, status, mark });
  const steps = [step("1", "present", "absent_unexcused"), step("1", "absent_unexcused", "late")];
  const marked = (status, school) => [pupil("1", { status, school })];
  assert.deepEqual(stepsAfter(steps, marked("late")), steps);
  assert.deepEqual(stepsAfter(steps, marked("present")), []);
  assert.deepEqual(stepsAfter(steps, marked("present"), new Map([["1", "late"]])), steps);
  assert.deepEqual(stepsAfter(steps, marked("absent_excused", { room: "late" })), steps);
});

const stood = (confirmed, undo = null, phase = "running") => ({
  phase,
  meant: { lesson: "l1" },
  roll: { confirmed },
  undo,
});
const offered = (what, lesson = "l1") => ({ what, lesson });
const next = (steps, view, undid = false) => nextUndo(steps, view, view.undo, undid);

test("what is owed is told once: with its button, else as a notice", () => {
  const notices = [{ code: "unconfirmed" }, { code: "offline" }];
  const owed = { lesson: "l1", has_roll: true, confirmed: false };
  const beside = { notices, lessons: [owed], meant: { lesson: "l2" } };
  assert.deepEqual(noticesOf(beside), [notices[1]]);
  assert.deepEqual(noticesOf({ ...beside, meant: { lesson: "l1" } }), notices);
  assert.deepEqual(noticesOf({}), []);
});

test("the small button becomes another, too", () => {
  const deeds = (big, small) => deedsOf({ button: { action: big }, also: { action: small } });
  assert.notEqual(deeds("confirm", "end"), deeds("confirm", "start"));
  assert.equal(deedsOf({ button: null, also: null }), deedsOf({}));
});

test("several marks are taken back, the newest first, after the confirmation too", () => {
  const view = stood(true, offered("confirm"));
  const steps = ["1", "2"].map((student) => stepOf(view, student, "present"));
  const corrected = stood(true, offered("correction"));
  assert.deepEqual(next(steps, corrected), { step: steps[1] });
  assert.deepEqual(next([steps[0]], corrected, true), { step: steps[0] });
  assert.deepEqual(next([], corrected, true), { offer: null });
  assert.deepEqual(next([], corrected), { offer: corrected.undo }); // of a page that was loaded anew
  assert.deepEqual(next(steps, stood(true)), { step: steps[1] }); // for as long as it is shown
});

test("a step belongs to the lesson as it stood: open, confirmed, over", () => {
  const tap = stepOf(stood(false, offered("start")), "1", "present");
  const confirmed = stood(true, offered("confirm"));
  assert.deepEqual(next([tap], confirmed), { offer: confirmed.undo });
  assert.deepEqual(next([tap], stood(true)), { offer: null });
  assert.deepEqual(next([tap], stood(false)), { step: tap });
  assert.deepEqual(next([tap], { ...stood(false), meant: { lesson: "l2" } }), { offer: null });
  const ended = stood(false, offered("end"), "ended");
  assert.deepEqual(next([tap], ended), { offer: ended.undo });
});

test("what was done after a mark goes first, what was done before it does not", () => {
  const late = stood(false, offered("confirm", "l0"));
  const [before, after] = [stepOf(stood(false), "1", "late"), stepOf(late, "1", "late")];
  assert.deepEqual(next([before], late), { offer: late.undo });
  assert.deepEqual(next([after], late), { step: after });
  const earlier = stood(false, offered("correction", "l0"));
  assert.deepEqual(next([before], earlier), { offer: earlier.undo });
  assert.deepEqual(next([], earlier, true), { offer: earlier.undo });
});

test("an empty roll is one group without a name, so that it can say so", () => {
  assert.deepEqual(groupsOf([pupil("1")], new Set()), [["", []]]);
});

test("a sign says unseen before it says flagged", () => {
  assert.equal(signOf(pupil("1")), "#s-ok");
  assert.equal(signOf(pupil("1", { flags: undefined })), "#s-ok");
  assert.equal(signOf(pupil("1", { flags: ["copied_card"] })), "#s-warning");
  assert.equal(signOf(pupil("1", { flags: ["copied_card"], suggested: "unseen" })), "#s-unknown");
});

test("before the confirmation a tap marks absent, and a second one takes it back", () => {
  const [present, absent] = [pupil("1"), pupil("1", { status: "absent_unexcused" })];
  assert.deepEqual(tapOn(present, false, false), { open: true, mark: "absent_unexcused" });
  assert.deepEqual(tapOn(present, false, true), { open: true, mark: "absent_unexcused" });
  assert.deepEqual(tapOn(absent, false, true), { open: false, mark: "present" });
  assert.deepEqual(tapOn(absent, false, false), { open: true, mark: null });
});

test("after the confirmation a tap only opens and closes the choice of marks", () => {
  for (const line of [pupil("1"), pupil("1", { status: "late" })]) {
    assert.deepEqual(tapOn(line, true, false), { open: true, mark: null });
    assert.deepEqual(tapOn(line, true, true), { open: false, mark: null });
  }
});

test("a proposal offers each set of classes once, under its name", () => {
  const offers = offersOf({ classes: ["6A1"], others: [["6A2", "6A3"], [], ["6A1"]] });
  assert.deepEqual(
    [...offers],
    [
      ["6A1", ["6A1"]],
      ["6A2 + 6A3", ["6A2", "6A3"]],
    ],
  );
  assert.equal(offersOf(null).size, 0);
  assert.equal(offersOf({ classes: [] }).size, 0);
});

test("a press on a class chooses it alone, or joins and parts it", () => {
  assert.deepEqual(toggled(["6A1"], "6A2", false), ["6A2"]);
  assert.deepEqual(toggled(["6A1"], "6A2", true), ["6A1", "6A2"]);
  assert.deepEqual(toggled(["6A1", "6A2"], "6A1", true), ["6A2"]);
});

test("what is absent leaves no dot between the words", () => {
  assert.equal(joined(["late", "", null, false, "7:05"]), "late · 7:05");
  assert.equal(joined(["Board", "Is it one?"], ": "), "Board: Is it one?");
});

test("every request says in which language it is to be answered", () => {
  assert.equal(addressOf("/healthz", "vi"), "/healthz?lang=vi");
  assert.equal(addressOf("/api/v1/teacher?after=3", "en"), "/api/v1/teacher?after=3&lang=en");
});

test("an answer says whose a device is, or what", () => {
  assert.deepEqual(answerTo("claim", true), ["claim", { ours: true }]);
  assert.deepEqual(answerTo("claim", false), ["claim", { ours: false }]);
  assert.deepEqual(answerTo("board", true), ["kind", { kind: "board" }]);
  assert.deepEqual(answerTo("board", false), ["kind", { kind: "other" }]);
});

test("of one device two things may be asked", () => {
  const both = ["claim", "board"].map((kind) => ({ device_id: "d1", kind }));
  assert.equal(new Set(asked(both).map(({ id }) => id)).size, 2);
  assert.deepEqual(asked(), []);
});
