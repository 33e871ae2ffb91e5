// These tests hold what a link to the page may carry, and where it may lead.
import assert from "node:assert/strict";
import test from "node:test";

import { givenIn } from "../../../agent/local/page/door.js";

test("the code and our own page stand behind #", () => {
  assert.deepEqual(givenIn("#t=aB-_9&to=/board"), { code: "aB-_9", to: "/board", only: false });
  assert.deepEqual(givenIn("#t=aB-_9&to=%2Fboard"), { code: "aB-_9", to: "/board", only: false });
  assert.deepEqual(givenIn("#t=aB-_9&to=/"), { code: "aB-_9", to: null, only: false });
});

test("the icon's own window says that it is the only one", () => {
  assert.equal(givenIn("#t=a&only=1").only, true);
});

test("no code leads to somebody else's page", () => {
  for (const to of ["//evil.example", "https://evil.example/", "javascript:alert(1)", "/board/x"]) {
    assert.equal(givenIn(`#t=a&to=${encodeURIComponent(to)}`).to, null);
  }
});

test("without a code there is nothing to trade", () => {
  for (const hash of ["", "#", "#top"]) assert.equal(givenIn(hash).code, null);
});
