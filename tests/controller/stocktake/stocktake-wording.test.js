// These tests hold what a phone says during a stocktake.
import assert from "node:assert/strict";
import test from "node:test";

import {
  addressOf,
  fill,
  joined,
  lineNews,
  ratio,
  roomIn,
  roomNews,
  scanNews,
  sendingNews,
} from "../../../controller/stocktake/static/stocktake-wording.js";

const WORDS = {
  locale: "vi-VN",
  full: "The phone is full.",
  login: "Log in.",
  before: "Open anew, {n} are kept.",
  offline: "{n} wait for a network.",
  waiting: "{n} on the way.",
  sent: "All sent.",
  late: "{n} too late.",
  refused: "{n} refused.",
  unknown: "{tag} is not in the book.",
  belongs: "{what} belongs to {room}.",
  recorded: "{what} recorded.",
  seen_in: "seen in {rooms}",
  guest: "belongs to {room}",
  no_room: "no room",
  done: "done",
  left: "{n} left",
};
const LINE = { kind: "board", name: "", tag: "TS-1", room: "P203", rooms: [] };

test("the sending's news are the worst first: full, login, no network, on the way, sent", () => {
  const news = (change) =>
    sendingNews({ full: false, state: "ok", waiting: 0, late: 0, refused: 0, ...change }, WORDS);
  assert.deepEqual(news({}), ["ok", "All sent."]);
  assert.deepEqual(news({ waiting: 2 }), ["unknown", "2 on the way."]);
  assert.deepEqual(news({ waiting: 2, state: "offline" }), ["warning", "2 wait for a network."]);
  assert.deepEqual(news({ state: "offline" }), ["ok", "All sent."]);
  assert.deepEqual(news({ state: "login", waiting: 2 }), ["warning", "Log in."]);
  assert.deepEqual(news({ state: "before" }), ["warning", "Open anew, 0 are kept."]);
  assert.deepEqual(news({ full: true, state: "login" }), ["critical", "The phone is full."]);
});

test("what came too late or was refused is told, and never called well", () => {
  const told = { full: false, state: "ok", waiting: 0, late: 1, refused: 3 };
  assert.deepEqual(sendingNews(told, WORDS), ["warning", "All sent. 1 too late. 3 refused."]);
  const full = { ...told, full: true };
  assert.equal(sendingNews(full, WORDS)[0], "critical");
});

test("a scan says what it found, and where that belongs", () => {
  assert.equal(scanNews(LINE, "TS-1", "p 203", WORDS), "Board TS-1 recorded.");
  assert.equal(scanNews(LINE, "TS-1", "P204", WORDS), "Board TS-1 belongs to P203.");
  assert.equal(scanNews({ ...LINE, room: "" }, "TS-1", "P204", WORDS), "Board TS-1 recorded.");
  assert.equal(scanNews(null, "X-9", "P204", WORDS), "X-9 is not in the book.");
});

test("a line says where it was seen; on another room's page, where it belongs", () => {
  const news = (rooms, outcome, room) => lineNews({ ...LINE, rooms }, outcome, "word", room, WORDS);
  assert.equal(news(["P203"], "found", "P203"), "word");
  assert.equal(news(["P204", ""], "twice", "P203"), "seen in P204, no room");
  assert.equal(news(["P204"], "elsewhere", "P203"), "seen in P204");
  assert.equal(news(["P204"], "elsewhere", "P204"), "belongs to P203");
});

test("a room is done, begun or not begun", () => {
  assert.deepEqual(roomNews(3, 3, WORDS), ["ok", "done"]);
  assert.deepEqual(roomNews(0, 0, WORDS), ["ok", "done"]);
  assert.deepEqual(roomNews(1, 3, WORDS), ["warning", "2 left"]);
  assert.deepEqual(roomNews(0, 3, WORDS), ["unknown", "3 left"]);
  assert.deepEqual(roomNews(0, 1360, WORDS), ["unknown", "1.360 left"]);
  assert.equal(ratio(1000, 1360, WORDS), "1.000/1.360");
  assert.equal(ratio(1000, 1360, { locale: "en-GB" }), "1,000/1,360");
});

test("a room's address leads back to the room", () => {
  for (const room of ["P203", "", "Thư viện/1", "100 %", null]) {
    assert.equal(roomIn(addressOf(7, room)), room);
  }
  assert.equal(addressOf(7, null), "/stocktake/7");
  assert.equal(roomIn("/stocktake"), null);
});

test("what is not given stays as it is written", () => {
  assert.equal(
    fill("{what} of {room}", { what: "a {room}", room: undefined }),
    "a {room} of {room}",
  );
  assert.equal(joined("a", "", null, false, "b"), "a · b");
});
