// This file asks what is broken, by pictures; read when somebody wants to report it.
import { attribute, byId, keep, make, picture, text } from "./dom.js";

const PARTS = new Set(["board", "camera", "tablet", "network", "power", "other"]);
const title = make("h2");
const parts = make("p", "pictures");
const close = make("button");
const dialog = make("dialog", "", title, parts, make("p", "foot", close));
let page = null; // what reaches the agent, and what it said last

export function begin(given) {
  page = given;
  title.id = "fd-title";
  parts.id = "parts";
  dialog.id = "faults-dialog";
  attribute(dialog, "aria-labelledby", title.id);
  document.body.append(dialog);
  page.press(close, () => dialog.close());
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) dialog.close();
  });
}
export function open() {
  render();
  dialog.showModal();
}

export function render() {
  const { view, words } = page.now();
  text(title, words.what_broken);
  text(close, words.close);
  page.able(close, true);
  keep(parts, view.faults?.parts ?? [], "part", createPart, fillPart);
}
function createPart({ part }) {
  const drawn = picture(`#f-${PARTS.has(part) ? part : "other"}`, "");
  const button = make("button", "", drawn, make("span"));
  page.press(button, () => {
    dialog.close();
    page.post(byId("fault"), "fault", { part });
  });
  return button;
}
function fillPart(button, { label }) {
  text(button.lastChild, label);
  page.able(button, true);
}
