// This file asks whose the cards are that several pupils may hold; read when somebody wants it.
import { attribute, keep, make, setPressed, text } from "./dom.js";
import { settledBy, wholeClass } from "./offers.js";

const title = make("h2");
const refusal = make("p", "refusal");
const classes = make("p", "options");
const cards = make("ul", "cards");
const close = make("button");
const dialog = make("dialog", "", title, refusal, classes, cards, make("p", "foot", close));
let page = null; // what reaches the agent, and what it said last

export function begin(given) {
  page = given;
  title.id = "doubts-title";
  dialog.id = "doubts-dialog";
  attribute(dialog, "aria-labelledby", title.id);
  attribute(refusal, "role", "alert");
  document.body.append(dialog);
  page.press(close, () => dialog.close());
}
export function open() {
  text(refusal, "");
  render();
  dialog.showModal();
}

const doubts = () => page.now().view.roll?.doubts ?? [];
async function settle(answers) {
  const { view } = page.now();
  text(refusal, await page.send("roll/settle", { answers, meant: view.meant }));
  if (!refusal.textContent && !doubts().some(({ chosen }) => !chosen)) dialog.close();
}

export function render() {
  const { words } = page.now();
  const now = doubts();
  if (!now.length) dialog.close();
  text(title, words.whose_cards);
  text(close, words.close);
  page.able(close, true);
  const codes = [...new Set(now.flatMap((one) => one.candidates.map((who) => who.class_code)))];
  const whole = codes.map((code) => ({ code, label: words.all_of.replace("{class_code}", code) }));
  keep(classes, codes.length > 1 ? whole : [], "code", createClass, fillButton);
  keep(cards, now, "number", () => make("li", "", make("b"), make("span", "options")), fillCard);
}
function createClass({ code }) {
  const button = make("button");
  page.press(button, () => settle(wholeClass(doubts(), code)));
  return button;
}
function fillButton(button, { label, pressed }) {
  text(button, label);
  if (pressed !== undefined) setPressed(button, pressed);
  page.able(button, true);
}
function fillCard({ children: [number, options] }, doubt) {
  const { words } = page.now();
  text(number, String(doubt.number));
  attribute(options, "role", "group");
  attribute(options, "aria-label", String(doubt.number));
  keep(options, settledBy(doubt, words), "key", createAnswer, fillButton);
}
function createAnswer({ number, students }) {
  const button = make("button");
  page.press(button, () => settle([{ number, students }]));
  return button;
}
