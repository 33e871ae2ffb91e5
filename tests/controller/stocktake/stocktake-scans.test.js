// These tests hold what a phone keeps until the controller has it: nothing is lost, nothing sent twice.
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import test, { beforeEach } from "node:test";

import { Scans, freshId } from "../../../controller/stocktake/static/stocktake-scans.js";

globalThis.crypto ??= webcrypto; // which Node 18 has not by itself
const DAY_MS = 24 * 3600 * 1000;

// The part of a browser's Storage that is used; `full` refuses as a full disk does.
class Storage {
  #items = new Map();
  full = false;

  get length() {
    return this.#items.size;
  }
  key(at) {
    return [...this.#items.keys()][at];
  }
  getItem(key) {
    return this.#items.get(key) ?? null;
  }
  setItem(key, value) {
    if (this.full) throw new Error("QuotaExceededError");
    this.#items.set(key, value);
  }
  removeItem(key) {
    this.#items.delete(key);
  }
}

let requests = [];
// Answers as the controller does: all scans kept, unless `change` says otherwise.
function answerWith(change = {}, status = 200) {
  globalThis.fetch = (address, { body }) => {
    const { scans, ...rest } = JSON.parse(body);
    requests.push({ address, ids: scans.map((scan) => scan.id), ...rest });
    const ids = requests.at(-1).ids;
    const told = { kept: ids, late: [], refused: [], at_ms: 5000, ...change };
    return Promise.resolve(Response.json(told, { status }));
  };
}

beforeEach(() => {
  requests = [];
  globalThis.localStorage = new Storage();
  answerWith();
});

const kept = (no = 7, begun = 1000, history = "") => new Scans({ no, begun, history });
const ids = (entries) => entries.map((entry) => entry.scan.id);
const waiting = (some) => some.waiting.map(([, entry]) => entry.scan.id);

test("an id is a random UUID of version 4", () => {
  const some = Array.from({ length: 100 }, () => freshId());
  for (const id of some)
    assert.match(id, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/u);
  assert.equal(new Set(some).size, 100);
});

test("scans stand in the order in which they were made, also in another tab", () => {
  const one = kept();
  one.add({ id: "z" });
  kept().add({ id: "a" });
  one.add({ id: "m" });
  assert.deepEqual(ids(kept().own), ["z", "a", "m"]);
  assert.deepEqual(ids(kept(8).own), []);
});

test("what was sent waits no more, and is sent once", async () => {
  const some = kept();
  some.add({ id: "a" });
  some.add({ id: "b" });
  await some.send();
  await some.send();
  assert.deepEqual(
    requests.map(({ address, ids: sent, begun_ms }) => [address, sent, begun_ms]),
    [["/api/v1/stocktakes/7/scans", ["a", "b"], 1000]],
  );
  assert.deepEqual([waiting(some), ids(some.own)], [[], ["a", "b"]]);
});

test("many are sent a hundred at a time", async () => {
  const some = kept();
  for (let n = 0; n < 205; n += 1) some.add({ id: String(n) });
  await some.send();
  assert.deepEqual(
    requests.map((request) => request.ids.length),
    [100, 100, 5],
  );
});

test("another stocktake's scans are sent to it, and then shown no longer", async () => {
  kept(6, 500).add({ id: "old" });
  const some = kept();
  await some.send();
  assert.equal(requests[0].address, "/api/v1/stocktakes/6/scans");
  assert.deepEqual([requests[0].begun_ms, kept(6, 500).own], [500, []]);
});

test("without a network everything waits", async () => {
  const some = kept();
  some.add({ id: "a" });
  globalThis.fetch = () => Promise.reject(new TypeError("no network"));
  await assert.rejects(some.send());
  assert.deepEqual(waiting(some), ["a"]);
});

test("a controller that is unwell or wants a login leaves everything waiting", async () => {
  const some = kept();
  some.add({ id: "a" });
  for (const [status, message] of [
    [401, "login"],
    [500, "unwell"],
  ]) {
    answerWith({}, status);
    await assert.rejects(some.send(), { message });
  }
  assert.deepEqual(waiting(some), ["a"]);
});

test("what is refused is not sent again, and is counted", async () => {
  const some = kept();
  some.add({ id: "a" });
  some.add({ id: "b" });
  answerWith({ kept: ["a"], refused: ["b"] });
  await some.send();
  assert.deepEqual([waiting(some), some.refused], [[], 1]);
});

test("a stocktake that is gone refuses all that is sent to it", async () => {
  const some = kept();
  some.add({ id: "a" });
  answerWith({}, 404);
  await some.send();
  assert.deepEqual([waiting(some), some.refused], [[], 1]);
});

test("what came after the end is kept, and is told as late", async () => {
  const some = kept();
  some.add({ id: "a" });
  answerWith({ kept: [], late: ["a"] });
  await some.send();
  assert.deepEqual([waiting(some), some.late], [[], 1]);
});

test("what the answer does not name is sent again", async () => {
  const some = kept();
  some.add({ id: "a" });
  answerWith({ kept: [] });
  await some.send();
  assert.deepEqual(waiting(some), ["a"]);
});

test("what a newer page knows is tidied away; late, waiting and fresh scans stay", async () => {
  const some = kept();
  some.add({ id: "late" });
  answerWith({ kept: [], late: ["late"] });
  await some.send();
  some.add({ id: "known" });
  answerWith();
  await some.send();
  some.add({ id: "waits" });
  some.tidy(6999);
  assert.deepEqual(ids(some.own), ["late", "known", "waits"]);
  some.tidy(7001);
  assert.deepEqual(ids(some.own), ["late", "waits"]);
  some.tidy(5001 + 7 * DAY_MS);
  assert.deepEqual(ids(some.own), ["waits"]);
});

test("what a copy that was put back lacks is sent anew, once, whatever page knows it", async () => {
  kept(6, 500, "first.1").add({ id: "other" });
  const before = kept(7, 1000, "first.1");
  before.add({ id: "a" });
  await before.send();
  before.tidy(9000);
  assert.deepEqual(ids(before.own), []);
  requests = [];
  await kept(7, 1000, "first.9").send();
  assert.deepEqual(requests, [], "the same start");
  const after = kept(7, 1000, "second.0");
  assert.deepEqual(ids(after.own), ["a"]);
  await after.send();
  assert.deepEqual(requests.map((request) => request.ids).sort(), [["a"], ["other"]]);
  await kept(7, 1000, "second.4").send();
  assert.equal(requests.length, 2);
});

test("what is sent anew and refused is no trouble: it was taken once", async () => {
  const before = kept(7, 1000, "first.1");
  before.add({ id: "a" });
  await before.send();
  answerWith({}, 404);
  const after = kept(7, 1000, "second.1");
  await after.send();
  assert.deepEqual([waiting(after), after.refused, ids(after.own)], [[], 0, []]);
});

test("what was taken a week ago is kept no longer", async () => {
  const some = kept(7, 1000, "first.1");
  some.add({ id: "a" });
  await some.send();
  some.tidy(5001 + 7 * DAY_MS);
  assert.equal(globalThis.localStorage.length, 0);
});

test("where the phone keeps nothing, the page does, and says so", async () => {
  globalThis.localStorage.full = true;
  const some = kept();
  some.add({ id: "a" });
  assert.deepEqual([ids(some.own), some.full, waiting(some)], [["a"], true, ["a"]]);
  await some.send();
  assert.deepEqual(waiting(some), []);
});
