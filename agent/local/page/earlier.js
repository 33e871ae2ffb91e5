// This file shows the lessons of before, and one's roll to confirm or to correct; read when asked.
import { earlierOf, joined } from "./choices.js";
import { attribute, keep, make, text } from "./dom.js";

const PATIENCE_MS = 5000;
const title = make("h2");
const refusal = make("p", "refusal");
const list = make("ul", "cards");
const pupils = make("ol", "corrections");
const [confirm, back, close] = [make("button"), make("button"), make("button")];
const dialog = make("dialog", "", title, refusal, list, pupils);

let page = null; // what reaches the agent, and what it said last
let lesson = ""; // which one is open; empty: the list is
let shown = null; // its line and roll, as the agent gave them
let asked = ""; // how its line stood when they were asked for
let refused = "";
let turn = 0; // the newest mark; the roll is read again after it
const waiting = new Set(); // pupils whose mark is not answered yet

export function begin(given) {
  page = given;
  title.id = "earlier-title";
  title.tabIndex = -1;
  dialog.id = "earlier-dialog";
  attribute(dialog, "aria-labelledby", title.id);
  attribute(refusal, "role", "alert");
  dialog.append(make("p", "foot", confirm, back, close));
  document.body.append(dialog);
  page.press(confirm, () => {
    const body = { meant: shown.meant };
    if (page.now().view.asks) prove("roll/confirm", body);
    else tell("roll/confirm", body);
  });
  page.press(back, () => choose(""));
  page.press(close, () => dialog.close());
}
export function open() {
  choose("");
  dialog.showModal();
}

function choose(code) {
  lesson = code;
  shown = null;
  refused = "";
  asked = "";
  render();
  title.focus();
}
const standOf = (line) => JSON.stringify([line.text, line.words, line.meant]);
async function read(line) {
  asked = standOf(line);
  const now = asked;
  const { words } = page.now();
  try {
    const path = `/api/v1/lessons/${encodeURIComponent(line.lesson)}`;
    const { ok, body } = await page.fetched(path, {}, PATIENCE_MS);
    if (lesson !== line.lesson || asked !== now) return;
    if (ok) shown = body;
    else refused = joined([body.error?.message, body.error?.hint], " ");
  } catch {
    refused = words.not_done;
  }
  render();
}
// Whose word it is, is asked first; what is on the screen is what stands, until it is done.
function prove(path, body, about) {
  const readAgain = () => {
    asked = "";
    render();
  };
  const { expected } = shown;
  page.openScreen("proof", { path, body, about, expected, done: readAgain, left: render });
}
async function tell(path, values) {
  turn += 1;
  const mine = turn;
  const answer = await page.send(path, values);
  waiting.delete(values.student);
  if (mine !== turn) return;
  refused = answer;
  asked = "";
  render();
}

export function render() {
  const { view, words } = page.now();
  const lines = earlierOf(view);
  const line = lines.find((one) => one.lesson === lesson);
  if (!line) lesson = "";
  else if (standOf(line) !== asked) read(line);
  const roll = line && shown?.roll;
  text(title, line?.title ?? words.earlier);
  text(refusal, refused);
  keep(list, lesson ? [] : lines, "lesson", createLesson, fillLesson);
  pupils.hidden = !roll;
  keep(pupils, roll?.lines ?? [], "student", createPupil, fillPupil);
  confirm.hidden = !roll || roll.confirmed;
  back.hidden = !lesson;
  for (const [button, label] of [
    [confirm, words.confirm],
    [back, words.earlier],
    [close, words.close],
  ]) {
    text(button, label);
    page.able(button, true);
  }
}
function createLesson(line) {
  const button = make("button");
  page.press(button, () => choose(line.lesson));
  return make("li", "", button);
}
function fillLesson({ firstChild: button }, line) {
  text(button, joined([line.title, line.text, line.words]));
  page.able(button, true);
}
function createPupil({ student }) {
  const select = make("select");
  select.addEventListener("change", () => {
    const body = { student, status: select.value, meant: shown.meant };
    const line = shown.roll.lines.find((one) => one.student === student);
    if (shown.roll.asks) {
      prove("roll/mark", body, { line, marks: shown.roll.marks, status: select.value });
      return;
    }
    waiting.add(student);
    tell("roll/mark", body);
  });
  const school = make("p", "school");
  return make("li", "", make("label", "", make("bdi"), select), school, make("p", "history"));
}
function fillPupil(item, line) {
  const [{ children }, school, history] = item.children;
  const [name, select] = children;
  text(name, `${line.number}. ${line.name || line.student}`);
  keep(select, shown.roll.marks, "status", () => make("option"), fillMark);
  if (!waiting.has(line.student)) select.value = line.status;
  item.dataset.status = line.status;
  text(school, line.school?.words);
  text(history, joined(line.history ?? [], "; "));
}
function fillMark(option, { status, letter, label }) {
  option.value = status;
  text(option, joined([letter, label]));
}
