// This file draws the lines that only tell: what the room has, and what is to be known.
import { joined } from "./choices.js";
import { attribute, byId, make, picture, say, show, text } from "./dom.js";

const STATES = new Set(["ok", "warning", "critical", "unknown", "absent"]);

function setState(item, state) {
  item.dataset.state = state;
  show(item, `#s-${state}`);
}
export function createChip() {
  const mark = picture("#s-unknown", "mark");
  return make("li", "", make("span", "label"), mark, " ", make("span", "word"));
}
export function fillChip(item, chip) {
  const [label, , word] = item.children;
  setState(item, STATES.has(chip.state) ? chip.state : "unknown");
  text(label, chip.label);
  text(word, chip.words);
}

export const createNotice = () => make("li", "", picture("#s-unknown", "mark"), make("bdi"));
export function fillNotice(item, { level, sentence }) {
  setState(item, level === "warning" ? "warning" : "unknown");
  text(item.lastChild, sentence);
}

export const createFault = () => make("li", "", picture("#s-ok", "mark"), " ", make("span"));
export const fillFault =
  (waiting) =>
  (item, [, { sentence, delivered }]) => {
    setState(item, delivered ? "ok" : "unknown");
    text(item.lastChild, joined([sentence, !delivered && waiting]));
  };

// A lesson of before whose roll nobody has confirmed: which it is, and how its roll stands.
export const fillOwed =
  (label) =>
  (item, { title, words, text: counts }) => {
    setState(item, "warning");
    text(item.children[1], joined([title, counts, words]));
    text(item.lastChild, label);
    attribute(item.lastChild, "aria-label", `${label}: ${title}`);
  };
// What speaks against a roll: said, and where there is a choice, a way to it.
export const fillCheck =
  (label) =>
  (item, { sentence }) => {
    setState(item, "warning");
    text(item.children[1], sentence);
    if (item.children[2]) text(item.children[2], label);
  };

export function renderBoard(address, words) {
  byId("board").hidden = !address;
  attribute(byId("board"), "href", address?.startsWith("/") ? address : "/board");
  say("board", words.board_page);
}
export function renderLogbook({ logbook }, words) {
  byId("logbook").hidden = !logbook;
  say("logbook-line", logbook);
  say("copy", words.copy);
  if (!logbook) say("copied", "");
}
export async function copyLogbook(words) {
  try {
    await navigator.clipboard.writeText(byId("logbook-line").textContent);
    say("copied", words.copied);
  } catch {
    getSelection().selectAllChildren(byId("logbook-line"));
    say("copied", words.selected);
  }
}

// The looks of the screens that are read when wanted.
export function dressScreens() {
  if (byId("dress")) return;
  const style = make("link");
  style.id = "dress";
  style.rel = "stylesheet";
  style.href = "/page/screens.css";
  document.head.append(style);
}
