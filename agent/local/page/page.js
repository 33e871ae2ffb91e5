// This file shows the agent's view of the lesson and posts what is pressed; it decides nothing.
import * as choices from "./choices.js";
import { beginDisplay, greet, readClock, showDisplay } from "./display.js";
import { enter } from "./door.js";
import * as rows from "./lines.js";
import { attribute, byId, keep, make, picture, say, setPressed, show, text } from "./dom.js";

const own = JSON.parse(document.body.dataset.words);
const language = document.documentElement.lang;
const TEACHER = "/api/v1/teacher";
const LIVE = "/livez";
const RETRY_MS = 1000;
const PULSE_MS = 2000;
const PATIENCE_MS = 2500;
const POLL_MS = 30000;
const SETTLE_MS = 600;
const LONG = 15; // pupils; a shorter list is seen whole
const MOST_STEPS = 50;

let view = null;
let words = own;
let away = false;
let chosen = null; // the classes that the teacher picked instead of the proposal
let joint = false;
let substitute = false;
let only = null; // the pupils to look at, as they were when the list was narrowed
let wanted = ""; // whom the teacher looks for
let open = null;
let pick = true; // the choice of the room opens by itself, once
const pending = new Map(); // marks that were pressed and are not answered yet, by pupil
let steps = []; // the marks that were set, each with what it was before
let undid = false; // the newest of them took another one back
let sending = Promise.resolve(); // what was pressed reaches the agent in the fingers' order
const busy = new Set();
let refused = "";
const screens = new Map(); // those that are read once somebody asks for them, by their file
let locked = ""; // why nothing is shown to this browser
const newest = new Map(); // by pupil, the press that counts
let settledAt = 0;
let undoUntil = 0;

// A button that is out of use keeps its focus: it says so and does nothing.
const usable = (button) => button.getAttribute("aria-disabled") !== "true";
let lastPressed = null;
function press(button, deed) {
  button.addEventListener("click", (event) => {
    const isSecond = event.detail > 1 && lastPressed === button; // of a double click
    lastPressed = button;
    if (isSecond || away || !usable(button)) return;
    deed(event);
  });
}
function able(button, can) {
  attribute(button, "aria-disabled", !can || away || busy.has(button) ? "true" : null);
}

async function fetched(path, options, patience, stop = new AbortController()) {
  const timer = setTimeout(() => stop.abort(), patience);
  const request = { ...options, cache: "no-store", signal: stop.signal };
  try {
    const answer = await fetch(choices.addressOf(path, language), request);
    const body = await answer.json();
    readClock(answer.headers);
    if (path !== LIVE) lock(answer.status === 401 ? body.error : null);
    return { ok: answer.ok, body };
  } finally {
    clearTimeout(timer);
  }
}

async function post(button, path, values) {
  if (busy.has(button)) return;
  busy.add(button);
  able(button, true);
  await send(path, values);
  busy.delete(button);
  able(button, true);
  render();
}
// One after the other: a confirmation that overtook a mark would confirm another roll.
function send(path, values) {
  sending = sending.then(() => sendNow(path, values));
  return sending;
}
async function sendNow(path, values) {
  const headers = { "Content-Type": "application/json" };
  try {
    const request = { method: "POST", headers, body: JSON.stringify(values) };
    const { ok, body } = await fetched(`/api/v1/${path}`, request, POLL_MS);
    refused = ok ? "" : choices.joined([body.error?.message, body.error?.hint], " ");
    if (ok && "rev" in body) take(body, body.rev >= (view?.rev ?? -1));
    else if (ok) take((await fetched(TEACHER, {}, POLL_MS)).body, true);
  } catch {
    refused = words.not_done;
  }
  return refused;
}

function take(next, newer) {
  if (!newer) return;
  if (view && choices.deedsOf(next) !== choices.deedsOf(view)) settle();
  // For this lesson, not for the next bell.
  if (!choices.isIdle(next) || next.subline !== view?.subline) {
    chosen = null;
    joint = false;
    substitute = false;
  }
  undoUntil = next.undo ? performance.now() + next.undo.left_s * 1000 : 0;
  const seen = choices.newlySeen(view?.roll?.lines, next.roll?.lines);
  steps = choices.stepsAfter(steps, next.roll?.lines, pending);
  view = next;
  words = { ...own };
  for (const [name, label] of Object.entries(next.labels ?? {})) {
    if (label && label !== "…") words[name] = label;
  }
  render();
  greet(seen);
}
// A press meant for the button as it was shall not be one of the button as it has become.
function settle() {
  const settleMs = view?.settle_s ? view.settle_s * 1000 : SETTLE_MS;
  settledAt = performance.now() + settleMs;
  setTimeout(render, settleMs + 20);
}

function lock(error) {
  const why = choices.joined([error?.message, error?.hint], " ");
  if (why === locked) return;
  locked = why;
  render();
}
function reach(isHere) {
  if (away === !isHere && document.body.dataset.link !== "waiting") return;
  away = !isHere;
  document.body.dataset.link = isHere ? "here" : "away";
  if (isHere) refused = "";
  render();
}
const sleep = (ms) =>
  new Promise((done) => {
    setTimeout(done, ms);
  });

let polling = new AbortController();
async function follow() {
  let fresh = true; // after a silence the agent may be another: its numbers begin anew
  for (;;) {
    try {
      const before = view?.rev ?? -1;
      const path = fresh ? TEACHER : `${TEACHER}?after=${before}`;
      polling = new AbortController();
      const { ok, body } = await fetched(path, {}, fresh ? PATIENCE_MS : POLL_MS, polling);
      if (!ok || !("rev" in body)) throw new Error("no view");
      take(body, fresh || view.rev === before || body.rev > view.rev);
      fresh = false;
      reach(true);
    } catch {
      fresh = true;
      reach(false);
      await sleep(RETRY_MS);
    }
  }
}
// An agent that hangs keeps its line open: only its pulse tells. It tells the time, too.
async function pulse() {
  for (;;) {
    if (!away && !document.hidden) {
      await fetched(LIVE, {}, PATIENCE_MS).catch(() => polling.abort());
    }
    await sleep(PULSE_MS);
  }
}

const classesNow = () => chosen ?? view.proposal?.classes ?? [];
function startBody() {
  if (!chosen && !substitute) return {};
  return { classes: classesNow(), substitute };
}

function renderBar() {
  const choice = view.roaming !== false && ((view.rooms?.length ?? 0) > 1 || view.pick_room);
  byId("room").hidden = !view.room && !choice;
  say("room-name", view.room || "?");
  attribute(byId("room"), "data-fixed", choice ? null : "");
  able(byId("room"), choice);
  say("link-words", away ? words.away_short : (view.link?.words ?? words.here));
}

let joining = null; // how this computer joins, read where it has not
async function renderEnrolment() {
  if (!joining && !choices.isJoining(view)) return;
  joining ??= await import("./joining.js");
  joining.renderJoining(view.enrolment, (button, path, body) => {
    if (!away && usable(button)) post(button, path, body);
  });
  const isFree = !["running", "knocked"].includes(view.enrolment?.state);
  for (const id of ["join", "knock"]) if (byId(id)) able(byId(id), isFree);
}

let questions = null; // what is asked about devices, read once something is
async function renderQuestions() {
  if (!questions && !view.questions?.length) return;
  questions ??= await import("./questions.js");
  questions.renderQuestions(tools);
}

function renderLesson() {
  say("headline", view.headline);
  say("subline", view.subline);
  document.body.dataset.phase = view.phase;
  byId("big").hidden = !view.button;
  if (view.button) renderButtons(view.button, performance.now() < settledAt);
  byId("class").hidden = !choices.isIdle(view) || !view.proposal;
  if (view.proposal) renderProposal(view.proposal);
  say("other-class", words.other_class);
  able(byId("other-class"), true);
  byId("gaps").hidden = !view.gaps;
  say("gap", view.gaps?.sentence);
  say("todo", view.gaps?.todo);
  say("refused", refused);
  renderUndo();
}
function renderButtons({ label, action, enabled }, settling) {
  const [big, also] = [byId("big"), byId("also")];
  text(big, label);
  big.dataset.action = action;
  attribute(big, "data-settling", settling && enabled ? "" : null);
  able(big, enabled && !settling);
  also.hidden = !view.also;
  text(also, view.also?.label);
  able(also, Boolean(view.also?.enabled) && !settling);
}
function renderProposal(proposal) {
  say("class-name", classesNow().join(" + ") || "—");
  const stands = (substitute || proposal.substitute) && words.substitute;
  say("class-why", choices.joined([chosen ? words.chosen : proposal.why, stands]));
}
const secondsLeft = () => Math.ceil((undoUntil - performance.now()) / 1000);
const nextUndo = () => choices.nextUndo(steps, view, secondsLeft() > 0 ? view.undo : null, undid);
function renderUndo() {
  const undo = byId("undo");
  const had = document.activeElement === undo;
  const { step, offer } = view ? nextUndo() : {};
  undo.hidden = !step && !offer;
  if (undo.hidden) {
    if (had) byId("big").focus({ preventScroll: true });
    return;
  }
  if (step) say("undo-words", words.undo_mark.replace("{n}", lineOf(step.student)?.number ?? ""));
  else say("undo-words", offer.label);
  say("undo-left", step ? "" : `(${secondsLeft()})`);
  able(undo, true);
}

function createCheck({ screen }) {
  const item = rows.createNotice();
  if (screen) {
    const button = make("button");
    press(button, () => openScreen(screen));
    item.append(button);
  }
  return item;
}
function createOwed({ lesson }) {
  const button = make("button");
  press(button, () => {
    const line = view.lessons.find((one) => one.lesson === lesson);
    if (line) confirmRoll(button, { meant: line.meant }, line.expected);
  });
  return make("li", "", picture("#s-warning", "mark"), make("bdi"), button);
}
function renderLists() {
  byId("earlier").hidden = !choices.earlierOf(view).length;
  say("earlier", choices.earlierWords(view, words));
  able(byId("earlier"), true);
  keep(byId("owed"), choices.owedBeside(view), "lesson", createOwed, rows.fillOwed(words.confirm));
  keep(byId("checks"), view.roll?.checks ?? [], "code", createCheck, rows.fillCheck(words.choose));
  keep(byId("chips"), view.chips ?? [], "part", rows.createChip, rows.fillChip);
  renderQuestions();
  keep(byId("notices"), choices.noticesOf(view), "code", rows.createNotice, rows.fillNotice);
  keep(
    byId("sent"),
    [...(view.faults?.sent ?? []).entries()],
    "0",
    rows.createFault,
    rows.fillFault(words.waiting),
  );
}

function renderTools() {
  const [fault, scan, camera] = ["fault", "scan", "camera"].map(byId);
  text(fault, words.report_fault);
  fault.hidden = !view.faults;
  scan.hidden = !view.scan?.possible && !view.scan?.running;
  text(scan, view.scan?.label);
  setPressed(scan, view.scan?.running);
  say("scan-words", view.scan?.words);
  camera.hidden = !view.camera;
  text(camera, view.camera?.label);
  setPressed(camera, view.camera?.off);
  say("camera-words", view.camera?.words);
  attribute(byId("camera-words"), "data-looking", view.camera?.looking ? "" : null);
  for (const button of [fault, scan, camera]) able(button, true);
  rows.renderBoard(view.tablets?.board, words);
}
const rollNow = () => choices.rollWith(view.roll, pending);
function renderRoll() {
  const roll = rollNow();
  byId("roll").hidden = !roll;
  if (!roll) {
    open = null;
    only = null;
    return;
  }
  say("roll-title", roll.title);
  say("counts", roll.text);
  say("counts-words", words.counts);
  byId("confirmed").hidden = !roll.confirmed;
  text(byId("confirmed").lastElementChild, roll.confirmed_words || words.confirmed);
  say("hint", choices.hintOf(roll, words));
  say("filter", `${words.needs_a_look} (${roll.lines.filter(choices.needsLook).length})`);
  setPressed(byId("filter"), only);
  byId("find").hidden = roll.lines.length < LONG;
  attribute(byId("find"), "placeholder", words.find);
  attribute(byId("find"), "aria-label", words.find);
  renderClasses(roll);
}
function renderClasses({ lines: all, marks }) {
  const codes = [...new Set(all.map((line) => line.class_code))];
  const several = codes.length > 1;
  renderOptions("jump", several ? codes.map((code) => [code, false, () => jumpTo(code)]) : []);
  const groups = choices.groupsOf(all, only, wanted);
  keep(byId("classes"), groups, "0", createClass, (group, [code, lines]) => {
    const [title, pupils, nobody] = group.children;
    title.hidden = !several || !code;
    text(title, `${code} · ${all.filter((line) => line.class_code === code).length}`);
    const none = wanted ? words.nobody_found : words.nothing_to_look;
    text(nobody, lines.length ? "" : none);
    keep(pupils, lines, "student", createPupil, (item, line) => fillPupil(item, line, marks));
  });
}
function jumpTo(code) {
  wanted = byId("find").value = "";
  only = null;
  render();
  const groups = [...byId("classes").children];
  groups.find(({ dataset }) => dataset.key === code)?.scrollIntoView();
}
const createClass = () =>
  make("div", "group", make("h3"), make("ol", "pupils"), make("p", "nobody"));

function createPupil({ student }) {
  const [number, name] = [make("span", "number"), make("bdi", "name")];
  const status = make("span", "status", make("span", "letter"), make("span", "what"));
  const why = make("span", "why", picture("#s-ok", "mark"), make("bdi"));
  const button = make("button", "", number, name, status, why);
  press(button, () => tap(student));
  const past = make("div", "past", make("p", "who"), make("ul", "history"));
  const more = make("div", "more", make("div", "marks"), past);
  more.id = `more-${student}`;
  more.hidden = true;
  button.setAttribute("aria-controls", more.id);
  return make("li", "pupil", button, more);
}
function fillPupil(item, line, marks) {
  const [button, more] = item.children;
  const isOpen = open === line.student;
  item.dataset.status = line.status;
  attribute(item, "data-look", line.suggested === "unseen" || line.flags?.length ? "" : null);
  attribute(item, "data-open", isOpen ? "" : null);
  fillButton(button, line, marks);
  attribute(button, "aria-expanded", isOpen);
  able(button, true);
  more.hidden = !isOpen;
  if (isOpen) fillMore(more, line);
}
function fillButton(button, line, marks) {
  const fill = (part, content) => text(button.querySelector(part), content);
  const mark = marks.find(({ status }) => status === line.status);
  const why = choices.whyOf(line);
  fill(".number", String(line.number));
  fill(".name", line.name || line.student);
  fill(".letter", mark?.letter || (line.status === "present" ? "" : "!"));
  fill(".what", choices.whatOf(line, mark?.label ?? line.status));
  fill(".why bdi", why);
  button.querySelector(".why").hidden = !why;
  show(button, choices.signOf(line));
}
function fillMore({ children: [marks, past] }, line) {
  const { student, number, name, status, history } = line;
  const [who, changes] = past.children;
  marks.setAttribute("role", "group");
  attribute(marks, "aria-label", name || student);
  text(who, choices.joined([`${number}. ${name || student}`, choices.whyOf(line, "words")]));
  const create = (mark) => {
    const button = make("button");
    press(button, () => set(student, mark.status));
    return button;
  };
  keep(marks, view.roll.marks, "status", create, (button, mark) => {
    const [letter, label] = [make("b"), make("span")];
    if (!button.firstChild) button.append(letter, " ", label);
    text(button.firstChild, mark.letter || "✓");
    text(button.lastChild, mark.label);
    setPressed(button, mark.status === status);
    able(button, true);
  });
  const lines = [...(history ?? []).entries()];
  keep(
    changes,
    lines,
    "0",
    () => make("li"),
    (item, [, change]) => text(item, change),
  );
}
const lineOf = (student) => rollNow()?.lines.find((line) => line.student === student);

function tap(student) {
  const line = lineOf(student);
  if (!line || performance.now() < settledAt) return; // meant for what stood here before
  const next = choices.tapOn(line, view.roll.confirmed, open === student);
  open = next.open ? student : null;
  if (next.mark) set(student, next.mark);
  render();
}
function set(student, status) {
  const line = lineOf(student);
  const before = choices.ownMark(line);
  if (before === undefined || before === status) return;
  const step = choices.stepOf(view, student, before, status);
  sendMark(student, status, () => {
    undid = false;
    steps = [...steps, step].slice(-MOST_STEPS);
  });
}
// The newest mark of a pupil is shown until the agent has answered it; where the school asks who
// corrects, none is shown before that is said.
async function sendMark(student, status, done) {
  const body = { student, status, ...choices.meantFor(view) };
  if (view.roll.asks) {
    const about = { line: lineOf(student), marks: view.roll.marks, status };
    await openScreen("proof", { path: "roll/mark", body, about, done });
    return;
  }
  done();
  const token = Symbol(student);
  newest.set(student, token);
  pending.set(student, status);
  render();
  await send("roll/mark", body);
  if (newest.get(student) === token) pending.delete(student);
  render();
}
function takeBack() {
  const { step } = nextUndo();
  if (!step) return undoOffer();
  open = step.student;
  return sendMark(step.student, step.status, () => {
    undid = true;
    steps = steps.filter((one) => one !== step);
  });
}
function undoOffer() {
  const body = choices.meantUndo(view);
  if (!view.undo?.asks) return post(byId("undo"), "undo", body);
  return openScreen("proof", { path: "undo", body, about: view.undo });
}

function createOption() {
  const button = make("button");
  press(button, () => button.deed());
  return button;
}
function fillOption(button, [label, pressed, deed]) {
  button.deed = deed;
  text(button, label);
  setPressed(button, pressed);
  able(button, true);
}
const renderOptions = (id, options) => keep(byId(id), options, "0", createOption, fillOption);
function renderClassChoice() {
  say("cd-title", words.which_class);
  say("joint", words.joint);
  setPressed(byId("joint"), joint);
  say("substitute", words.substitute);
  setPressed(byId("substitute"), substitute);
  const now = classesNow();
  renderOptions(
    "proposed",
    [...choices.offersOf(view.proposal)].map(([label, codes]) => [
      label,
      label === now.join(" + "),
      () => choose(codes, true),
    ]),
  );
  const toggle = (code) => choose(choices.toggled(now, code, joint), !joint);
  renderOptions(
    "all",
    (view.proposal?.all ?? []).map((code) => [code, now.includes(code), () => toggle(code)]),
  );
}
function choose(classes, done) {
  if (classes.length) {
    chosen = classes.join() === view.proposal?.classes.join() ? null : classes;
  }
  if (done) byId("classes-dialog").close();
  render();
}

function render() {
  byId("away").hidden = !away;
  say("away", away ? locked || words.no_agent : "");
  if (!view) {
    say("link-words", away ? words.away_short : words.waiting_agent);
    return;
  }
  renderBar();
  renderEnrolment();
  renderLesson();
  renderLists();
  rows.renderLogbook(view, words);
  renderTools();
  renderRoll();
  showDisplay(words);
  for (const button of document.querySelectorAll("dialog .close")) text(button, words.close);
  renderClassChoice();
  askForRoom();
  for (const screen of screens.values()) screen.render();
}
function askForRoom() {
  if (!view.pick_room) pick = true;
  else if (pick && choices.isIdle(view) && view.rooms?.length) {
    if (document.querySelector("dialog[open]")) return;
    pick = false;
    openScreen("rooms");
  }
}

const act = (id, action) => {
  const path = choices.PATHS[action];
  if (!path) return;
  const body = { ...(action === "start" ? startBody() : {}), ...choices.meantFor(view) };
  if (action === "confirm") confirmRoll(byId(id), body);
  else post(byId(id), path, body);
};
// Where the school wants to know who confirms, that is asked first.
function confirmRoll(button, body, expected) {
  if (view.asks) openScreen("proof", { path: "roll/confirm", body, expected });
  else post(button, "roll/confirm", body);
}
press(byId("big"), () => act("big", view.button?.action));
press(byId("also"), () => act("also", view.also?.action));
press(byId("undo"), takeBack);
press(byId("scan"), () => post(byId("scan"), "scan", { on: !view.scan.running }));
press(byId("camera"), () => post(byId("camera"), "camera", { off: !view.camera.off }));
const tools = { press, able, send, post, fetched, openScreen, now: () => ({ view, words }) };
async function openScreen(name, about) {
  const screen = await import(`./${name}.js`);
  rows.dressScreens();
  if (!screens.has(name)) screen.begin(tools);
  screens.set(name, screen);
  screen.open(about);
}
press(byId("earlier"), () => openScreen("earlier"));
press(byId("copy"), () => rows.copyLogbook(words));
press(byId("filter"), () => {
  const look = rollNow().lines.filter(choices.needsLook);
  only = only ? null : new Set(look.map(({ student }) => student));
  render();
});
byId("find").addEventListener("input", () => {
  wanted = byId("find").value;
  render();
});
press(byId("joint"), () => {
  joint = !joint;
  render();
});
press(byId("substitute"), () => {
  substitute = !substitute;
  render();
});
press(byId("other-class"), () => byId("classes-dialog").showModal());
press(byId("room"), () => openScreen("rooms"));
press(byId("fault"), () => openScreen("faults"));
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.classList.contains("close")) dialog.close();
  });
}
attribute(document.querySelector(`.bar nav [lang=${language}]`), "aria-current", "true");
setInterval(renderUndo, 250);
beginDisplay(() => words);
window.addEventListener("hashchange", enter);
await enter();
follow();
pulse();
