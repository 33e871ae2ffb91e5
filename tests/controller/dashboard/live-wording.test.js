// These tests hold what the dashboard's script says; the pages of the server say the same.
import assert from "node:assert/strict";
import test from "node:test";

import { Wording } from "../../../controller/dashboard/static/live-wording.js";

const WORDS = {
  locale: "en-GB",
  zone: "Asia/Ho_Chi_Minh",
  reason: { disk_low: "The disk is {value} % full.", device_gone: "A {value} is gone." },
  kind: { board: "board", tablet: "tablet" },
  part: { camera: "camera", board: "the board" },
  power: { on: "on", standby: "asleep" },
  picture: { black: "black picture" },
  lamp: "lamp {n} h",
  filter: "filter {n} h",
  no_room: "No room yet",
  not_installed: "is not installed",
  lacking: "missing {n}",
  broken: "broken: {parts}",
  asleep: "{n} asleep",
  in_lesson: "in lesson",
  period: "period {n}",
  unconfirmed: "not confirmed",
  since: "since {when}",
};
const wording = new Wording(WORDS);

test("a reason is a sentence with its value, a kind of device by its word", () => {
  assert.equal(wording.sentence({ code: "disk_low", value: 91 }), "The disk is 91 % full.");
  assert.equal(wording.sentence({ code: "device_gone", value: "board" }), "A board is gone.");
  assert.equal(wording.sentence({ code: "disk_low", value: null }), "The disk is ? % full.");
  assert.equal(wording.sentence({ code: "of_tomorrow" }), "of_tomorrow");
  assert.equal(wording.sentence({ code: "" }), "");
});

test("a number that is text is told as it came, a missing one is asked about", () => {
  assert.deepEqual(
    ["1.0.2", 0, 7, "", undefined].map((value) => wording.number(value)),
    ["1.0.2", "0", "7", "?", "?"],
  );
  assert.equal(wording.number(1234.56), "1,234.6");
  assert.equal(new Wording({ ...WORDS, locale: "vi-VN" }).number(1234.56), "1.234,6");
});

test("a room without a code has words of its own", () => {
  assert.equal(wording.room("?"), "No room yet");
  assert.equal(wording.room("P203"), "P203");
});

test("a device's facts are told once, what is unknown not at all", () => {
  const measures = { power: "on", input: "HDMI 1", lamp_hours: 120, picture: "black" };
  const reasons = [{ code: "picture_black" }];
  const device = { measures, reasons: [] };
  assert.equal(wording.facts(device), "on · HDMI 1 · lamp 120 h · black picture");
  assert.equal(wording.facts({ measures, reasons }), "on · HDMI 1 · lamp 120 h");
  assert.equal(wording.facts({ measures: null, reasons: [] }), "");
  assert.equal(wording.facts({ measures: { filter_hours: 5 }, reasons: [] }), "filter 5 h");
});

test("a device is called by its name, else its maker's, else its kind", () => {
  const device = { name: "", vendor: "", model: "", kind: "board" };
  assert.equal(wording.device({ ...device, name: "Left", vendor: "SMART" }), "Left");
  assert.equal(wording.device({ ...device, vendor: "SMART", model: "SB680" }), "SMART SB680");
  for (const [vendor, model, called] of [
    ["Raspberry Pi", "Raspberry Pi 4 Model B", "Raspberry Pi 4 Model B"],
    ["HP", "HPE 1920", "HP HPE 1920"],
    ["Dell", "DELL", "DELL"],
    ["", "X1", "X1"],
    ["Acer", "", "Acer"],
  ]) {
    assert.equal(wording.device({ ...device, vendor, model }), called);
  }
  assert.equal(wording.device(device), "board");
});

test("what a room lacks is told by kind and number, or as not installed", () => {
  assert.equal(wording.kit({ kind: "tablet", here: 3, wanted: 5 }), "tablet 3/5");
  assert.equal(wording.kit({ kind: "", name: "Scratch" }), "Scratch is not installed");
  assert.equal(wording.lacking(2), "missing 2");
  assert.equal(wording.lacking(0), "");
});

test("what teachers reported broken is listed, sleeping tablets are counted", () => {
  assert.equal(wording.broken(["camera", "board"]), "broken: camera, the board");
  assert.equal(wording.broken([]), "");
  assert.equal(wording.asleep(4), "4 asleep");
  assert.equal(wording.asleep(1234), "1,234 asleep");
  assert.equal(wording.asleep(0), "");
});

test("a lesson tells its classes, subject, period, roll, and that nobody confirmed it", () => {
  const sheet = { classes: ["6A1", "6A2"], subject: "Toán", period: 2, how: "", confirmed: false };
  const roll = "38/40";
  assert.equal(wording.lesson({ sheet, roll }), "6A1+6A2 · Toán · period 2 · 38/40");
  assert.equal(wording.lessonShort({ sheet, roll }), "6A1+6A2 38/40");
  const ended = { ...sheet, period: null, how: "bell" };
  assert.equal(wording.lesson({ sheet: ended, roll: "" }), "6A1+6A2 · Toán · not confirmed");
  assert.equal(wording.lessonShort({ sheet: ended, roll }), "6A1+6A2 not confirmed");
  const confirmed = { ...ended, confirmed: true };
  assert.equal(wording.lessonShort({ sheet: confirmed, roll }), "6A1+6A2 38/40");
});

test("a lesson of which nothing is known is a lesson still", () => {
  const bare = { classes: [], subject: "", period: null, how: "", confirmed: false };
  assert.equal(wording.lesson({ sheet: null }), "in lesson");
  assert.equal(wording.lesson({ sheet: bare, roll: "" }), "in lesson");
  assert.equal(wording.lessonShort({ sheet: null }), "in lesson");
  assert.equal(wording.lessonShort({ sheet: bare, roll: "" }), "in lesson");
});

test("a moment is told in the school's zone, as short as it can be", () => {
  const now = Date.parse("2026-11-03T03:00:00Z");
  assert.equal(wording.when("2026-11-02T23:05:00Z"), "03/11/2026 06:05");
  assert.equal(wording.since("2026-11-02T23:05:00Z", now), "since 06:05");
  assert.equal(wording.since("2026-11-01T23:05:00Z", now), "since 02/11");
  assert.equal(wording.since("2025-11-01T23:05:00Z", now), "since 02/11/2025");
});

test("how long ago it was is told in the largest whole unit, never in the future", () => {
  const told = [-5, 59.4, 60, 3599, 3600, 86399, 86400, 200000].map((s) => wording.ago(s));
  assert.deepEqual(told, [
    "0 seconds ago",
    "59 seconds ago",
    "1 minute ago",
    "59 minutes ago",
    "1 hour ago",
    "23 hours ago",
    "1 day ago",
    "2 days ago",
  ]);
});
