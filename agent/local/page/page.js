// This file shows the agent's view of the lesson and posts what is pressed; it decides nothing.
const own = JSON.parse(document.body.dataset.words);
const language = document.documentElement.lang;
const RETRY_MS = 1000,
  PULSE_MS = 2000,
  PATIENCE_MS = 2500,
  POLL_MS = 30000,
  SETTLE_MS = 600;
const STATES = ["ok", "warning", "critical", "unknown", "absent"];
const PARTS = ["board", "camera", "tablet", "network", "power", "other"];

let view = null;
let words = own;
let away = false;
let chosen = null; // the classes that the teacher picked instead of the proposal
let joint = false,
  substitute = false;
let onlyLook = false,
  open = null;
let pick = true; // the choice of the room opens by itself, once
const touched = new Set(); // pupils that stay in a filtered list, since a finger was on them
const busy = new Set();
let refused = "";
let settledAt = 0;
let undoUntil = 0;

const byId = (id) => document.getElementById(id);
function text(element, said) {
  const wanted = said ?? "";
  if (element.textContent !== wanted) element.textContent = wanted;
}
function attribute(element, name, value) {
  if (value === null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}
function make(tag, name = "", ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (tag === "button") made.type = "button";
  made.append(...children);
  return made;
}
function picture(id, name) {
  const space = "http://www.w3.org/2000/svg";
  const made = document.createElementNS(space, "svg");
  made.setAttribute("class", name);
  made.setAttribute("aria-hidden", "true");
  made.append(document.createElementNS(space, "use"));
  made.firstChild.setAttribute("href", id);
  return made;
}
const show = (element, id) => attribute(element.querySelector("use"), "href", id);

// Keeps one child an item, by key: what stays is never rebuilt, so focus and scroll stay too.
function keep(parent, items, keyOf, create, fill) {
  const keys = new Set(items.map((item) => String(keyOf(item))));
  for (const each of [...parent.children]) if (!keys.has(each.dataset.key)) each.remove();
  const old = new Map([...parent.children].map((each) => [each.dataset.key, each]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const child = old.get(key) ?? create(item);
    child.dataset.key = key;
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    fill(child, item);
  }
}

// A button that is out of use keeps its focus: it says so and does nothing.
const usable = (button) => button.getAttribute("aria-disabled") !== "true";
function press(button, deed) {
  button.addEventListener("click", (event) => {
    if (event.detail > 1 || away || !usable(button)) return; // a second click of a double one
    deed(event);
  });
}
function able(button, can) {
  attribute(button, "aria-disabled", !can || away || busy.has(button) ? "true" : null);
}

function address(path) {
  return `${path}${path.includes("?") ? "&" : "?"}lang=${language}`;
}
async function fetched(path, options, patience, stop = new AbortController()) {
  const timer = setTimeout(() => stop.abort(), patience);
  try {
    const answer = await fetch(address(path), {
      ...options,
      cache: "no-store",
      signal: stop.signal,
    });
    return { ok: answer.ok, body: await answer.json() };
  } finally {
    clearTimeout(timer);
  }
}

async function post(button, path, body) {
  if (busy.has(button)) return;
  busy.add(button);
  able(button, true);
  try {
    const { ok, body: told } = await fetched(
      path,
      {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      },
      POLL_MS,
    );
    refused = ok ? "" : [told.error?.message, told.error?.hint].filter(Boolean).join(" ");
    if (ok && "rev" in told) take(told, told.rev >= (view?.rev ?? -1));
    else if (ok) take((await fetched("/api/v1/teacher", {}, POLL_MS)).body, true);
  } catch {
    refused = words.not_done;
  } finally {
    busy.delete(button);
    able(button, true);
    render();
  }
}

function take(told, newer) {
  if (!newer) return;
  if (view && told.button?.action !== view.button?.action) settle();
  if (told.phase !== "idle" && told.phase !== "ended") {
    chosen = null;
    joint = false;
    substitute = false;
  }
  undoUntil = told.undo ? performance.now() + told.undo.left_s * 1000 : 0;
  view = told;
  words = { ...own };
  for (const [name, said] of Object.entries(told.labels ?? {}))
    if (said && said !== "…") words[name] = said;
  render();
}
// A press meant for the button as it was shall not be one of the button as it has become.
function settle() {
  settledAt = performance.now() + SETTLE_MS;
  setTimeout(render, SETTLE_MS + 20);
}

function reach(there) {
  if (away === !there && document.body.dataset.link !== "waiting") return;
  away = !there;
  document.body.dataset.link = there ? "here" : "away";
  if (there) refused = "";
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
      const after = fresh ? "" : `?after=${before}`;
      polling = new AbortController();
      const { ok, body } = await fetched(
        `/api/v1/teacher${after}`,
        {},
        after ? POLL_MS : PATIENCE_MS,
        polling,
      );
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
// An agent that hangs keeps its line open: only its pulse tells.
async function pulse() {
  for (;;) {
    await sleep(PULSE_MS);
    if (away || document.hidden) continue;
    await fetched("/healthz", {}, PATIENCE_MS).catch(() => polling.abort());
  }
}

const idle = () => view.phase === "idle" || view.phase === "ended";
const classesNow = () => chosen ?? view.proposal?.classes ?? [];
function startBody() {
  if (!chosen && !substitute) return {};
  return { classes: classesNow(), substitute };
}

function renderBar() {
  const choice = view.roaming !== false && ((view.rooms?.length ?? 0) > 1 || view.pick_room);
  byId("room").hidden = !view.room && !choice;
  text(byId("room-name"), view.room || "?");
  attribute(byId("room"), "data-fixed", choice ? null : "");
  able(byId("room"), choice);
  const line = view.link?.words ?? words.here;
  text(byId("link-words"), away ? words.away_short : line);
}

function renderLesson() {
  text(byId("headline"), view.headline);
  text(byId("subline"), view.subline);
  document.body.dataset.phase = view.phase;
  const big = byId("big");
  big.hidden = !view.button;
  if (view.button) {
    text(big, view.button.label);
    big.dataset.action = view.button.action;
    const settling = performance.now() < settledAt;
    attribute(big, "data-settling", settling && view.button.enabled ? "" : null);
    able(big, view.button.enabled && !settling);
    const also = byId("also");
    also.hidden = !view.also;
    text(also, view.also?.label);
    able(also, Boolean(view.also?.enabled) && !settling);
  }
  byId("class").hidden = !idle() || !view.proposal;
  if (view.proposal) {
    text(byId("class-name"), classesNow().join(" + ") || "—");
    const why = [
      chosen ? words.chosen : view.proposal.why,
      (substitute || view.proposal.substitute) && words.substitute,
    ];
    text(byId("class-why"), why.filter(Boolean).join(" · "));
  }
  text(byId("other-class"), words.other_class);
  able(byId("other-class"), true);
  byId("gaps").hidden = !view.gaps;
  text(byId("gap"), view.gaps?.sentence);
  text(byId("todo"), view.gaps?.todo);
  text(byId("refused"), refused);
  renderUndo();
}
function renderUndo() {
  const left = Math.ceil((undoUntil - performance.now()) / 1000);
  const undo = byId("undo");
  const had = document.activeElement === undo;
  undo.hidden = !view?.undo || left <= 0;
  if (undo.hidden) {
    if (had) byId("big").focus({ preventScroll: true });
    return;
  }
  text(byId("undo-words"), view.undo.label);
  text(byId("undo-left"), `(${left})`);
  able(undo, true);
}

function renderRoom() {
  keep(
    byId("chips"),
    view.chips ?? [],
    (chip) => chip.part,
    () =>
      make(
        "li",
        "",
        make("span", "label"),
        picture("#s-unknown", "mark"),
        " ",
        make("span", "word"),
      ),
    (item, chip) => {
      const state = STATES.includes(chip.state) ? chip.state : "unknown";
      item.dataset.state = state;
      show(item, `#s-${state}`);
      text(item.querySelector(".label"), chip.label);
      text(item.querySelector(".word"), chip.words);
    },
  );
  keep(
    byId("questions"),
    view.questions ?? [],
    (question) => question.device_id,
    (question) => {
      const yes = make("button", "yes"),
        no = make("button", "no");
      const kind = (button, is) =>
        press(button, () =>
          post(button, `/api/v1/devices/${encodeURIComponent(question.device_id)}/kind`, {
            kind: is,
          }),
        );
      kind(yes, question.kind);
      kind(no, "other");
      return make("li", "", make("bdi"), yes, no);
    },
    (item, question) => {
      text(
        item.querySelector("bdi"),
        [question.name, question.question].filter(Boolean).join(": "),
      );
      for (const name of ["yes", "no"]) {
        const button = item.querySelector(`.${name}`);
        text(button, question[name] ?? words[name]);
        attribute(button, "aria-label", `${question.name}: ${button.textContent}`);
        able(button, true);
      }
    },
  );
  keep(
    byId("notices"),
    view.notices ?? [],
    (notice) => notice.code,
    () => make("li", "", picture("#s-unknown", "mark"), make("bdi")),
    (item, notice) => {
      item.dataset.state = notice.level === "warning" ? "warning" : "unknown";
      show(item, `#s-${item.dataset.state}`);
      text(item.querySelector("bdi"), notice.sentence);
    },
  );
  byId("logbook").hidden = !view.logbook;
  text(byId("logbook-line"), view.logbook);
  text(byId("copy"), words.copy);
  if (!view.logbook) text(byId("copied"), "");
}

function renderTools() {
  text(byId("fault"), words.report_fault);
  byId("fault").hidden = !view.faults;
  able(byId("fault"), true);
  const scan = byId("scan"),
    camera = byId("camera"),
    board = byId("board");
  scan.hidden = !view.scan || !(view.scan.possible || view.scan.running);
  text(scan, view.scan?.label);
  attribute(scan, "aria-pressed", Boolean(view.scan?.running));
  able(scan, true);
  text(byId("scan-words"), view.scan?.words);
  camera.hidden = !view.camera;
  text(camera, view.camera?.label);
  text(byId("camera-words"), view.camera?.words);
  attribute(camera, "aria-pressed", Boolean(view.camera?.off));
  able(camera, true);
  board.hidden = !view.tablets?.board;
  attribute(board, "href", view.tablets?.board?.startsWith("/") ? view.tablets.board : "/board");
  text(board, words.board_page);
  keep(
    byId("sent"),
    (view.faults?.sent ?? []).map((each, place) => ({ ...each, place })),
    (each) => each.place,
    () => make("li", "", picture("#s-ok", "mark"), " ", make("span")),
    (item, fault) => {
      item.dataset.state = fault.delivered ? "ok" : "unknown";
      show(item, `#s-${item.dataset.state}`);
      text(
        item.querySelector("span"),
        fault.delivered ? fault.sentence : `${fault.sentence} · ${words.waiting}`,
      );
    },
  );
}

const needsLook = (line) =>
  line.suggested === "unseen" || line.status !== "present" || line.flags?.length > 0;
function renderRoll() {
  const roll = view.roll;
  byId("roll").hidden = !roll;
  if (!roll) {
    open = null;
    return;
  }
  text(byId("roll-title"), roll.title);
  text(byId("counts"), roll.text);
  text(byId("counts-words"), words.counts);
  byId("confirmed").hidden = !roll.confirmed;
  text(byId("confirmed").lastElementChild, roll.confirmed_words || words.confirmed);
  text(byId("hint"), roll.confirmed ? words.correct_hint : words.mark_hint);
  const looks = roll.lines.filter(needsLook).length;
  text(byId("filter"), `${words.needs_a_look} (${looks})`);
  attribute(byId("filter"), "aria-pressed", onlyLook);
  const shown = onlyLook
    ? roll.lines.filter((line) => needsLook(line) || touched.has(line.student))
    : roll.lines;
  const groups = new Map();
  for (const line of shown)
    groups.set(line.class_code, [...(groups.get(line.class_code) ?? []), line]);
  const several = new Set(roll.lines.map((line) => line.class_code)).size > 1;
  keep(
    byId("classes"),
    groups.size ? [...groups] : [["", []]],
    ([code]) => code,
    () => make("div", "group", make("h3"), make("ol", "pupils"), make("p", "nobody")),
    (group, [code, lines]) => {
      const size = roll.lines.filter((line) => line.class_code === code).length;
      group.querySelector("h3").hidden = !several || !code;
      text(group.querySelector("h3"), `${code} · ${size}`);
      text(group.querySelector(".nobody"), lines.length ? "" : words.nothing_to_look);
      keep(group.querySelector("ol"), lines, (line) => line.student, createPupil, fillPupil);
    },
  );
}

function createPupil({ student }) {
  const status = make("span", "status", make("span", "letter"), make("span", "what"));
  const button = make(
    "button",
    "",
    make("span", "number"),
    make("bdi", "name"),
    status,
    make("span", "why", picture("#s-ok", "mark"), make("bdi")),
  );
  press(button, () => tap(student, button));
  const more = make("div", "more", make("div", "marks"), make("ul", "history"));
  more.id = `more-${student}`;
  more.hidden = true;
  button.setAttribute("aria-controls", more.id);
  return make("li", "pupil", button, more);
}
function fillPupil(item, line) {
  const marks = view.roll.marks;
  const mark = marks.find((each) => each.status === line.status);
  const [button, more] = item.children;
  item.dataset.status = line.status;
  attribute(item, "data-look", line.suggested === "unseen" || line.flags?.length ? "" : null);
  text(button.querySelector(".number"), String(line.number));
  text(button.querySelector(".name"), line.name || line.student);
  text(button.querySelector(".letter"), mark?.letter || (line.status === "present" ? "" : "!"));
  text(button.querySelector(".what"), mark?.label ?? line.status);
  const why = [line.words, ...(line.flag_words ?? [])].filter(Boolean).join(" · ");
  button.querySelector(".why").hidden = !why;
  text(button.querySelector(".why bdi"), why);
  show(
    button,
    line.suggested === "unseen" ? "#s-unknown" : line.flags?.length ? "#s-warning" : "#s-ok",
  );
  const mine = open === line.student;
  attribute(item, "data-open", mine ? "" : null);
  attribute(button, "aria-expanded", mine);
  able(button, true);
  more.hidden = !mine;
  if (!mine) return;
  more.firstChild.setAttribute("role", "group");
  attribute(more.firstChild, "aria-label", line.name || line.student);
  keep(
    more.firstChild,
    marks,
    (each) => each.status,
    (each) => {
      const choice = make("button");
      press(choice, () => set(line.student, each.status, choice));
      return choice;
    },
    (choice, each) => {
      text(choice, each.letter ? `${each.letter} · ${each.label}` : each.label);
      attribute(choice, "aria-pressed", each.status === line.status);
      able(choice, true);
    },
  );
  keep(
    more.lastChild,
    (line.history ?? []).map((said, place) => ({ said, place })),
    (each) => each.place,
    () => make("li"),
    (entry, each) => text(entry, each.said),
  );
}
const lineOf = (student) => view.roll?.lines.find((line) => line.student === student);

// A tap marks a present pupil absent and offers the other marks; once confirmed it only offers.
function tap(student, button) {
  const line = lineOf(student);
  if (!line || performance.now() < settledAt) return; // meant for what stood here before
  const wasOpen = open === student;
  touched.add(student);
  open = student;
  if (view.roll.confirmed) {
    if (wasOpen) open = null;
  } else if (line.status === "present") {
    set(student, "absent_unexcused", button);
  } else if (wasOpen) {
    open = null;
    set(student, "present", button);
  }
  render();
}
function set(student, status, button) {
  if (lineOf(student)?.status === status) return;
  post(button, "/api/v1/roll/mark", { student, status });
}

function option(label, pressed, deed) {
  return { label, pressed, deed };
}
function renderOptions(parent, options) {
  keep(
    parent,
    options,
    (each) => each.label,
    (each) => {
      const button = make("button");
      press(button, () => button.deed());
      return button;
    },
    (button, each) => {
      button.deed = each.deed;
      text(button, each.label);
      attribute(button, "aria-pressed", each.pressed);
      able(button, true);
    },
  );
}
function renderDialogs() {
  for (const button of document.querySelectorAll("dialog .close")) text(button, words.close);
  text(byId("cd-title"), words.which_class);
  text(byId("joint"), words.joint);
  attribute(byId("joint"), "aria-pressed", joint);
  text(byId("substitute"), words.substitute);
  attribute(byId("substitute"), "aria-pressed", substitute);
  const now = classesNow().join(" + ");
  const sets = view.proposal
    ? [view.proposal.classes, ...(view.proposal.others ?? [])].filter((each) => each.length)
    : [];
  const labels = new Map(sets.map((each) => [each.join(" + "), each]));
  renderOptions(
    byId("proposed"),
    [...labels].map(([label, classes]) =>
      option(label, label === now, () => choose(classes, true)),
    ),
  );
  renderOptions(
    byId("all"),
    (view.proposal?.all ?? []).map((code) =>
      option(code, classesNow().includes(code), () => {
        if (!joint) {
          choose([code], true);
          return;
        }
        const rest = classesNow().filter((each) => each !== code);
        choose(rest.length === classesNow().length ? [...rest, code] : rest, false);
      }),
    ),
  );
  text(byId("rd-title"), words.which_room);
  renderOptions(
    byId("rooms"),
    (view.rooms ?? []).map((code) =>
      option(code, code === view.room, () => {
        byId("rooms-dialog").close();
        if (code !== view.room || view.pick_room)
          post(byId("room"), "/api/v1/room", { room: code });
      }),
    ),
  );
  text(byId("fd-title"), words.what_broken);
  keep(
    byId("parts"),
    view.faults?.parts ?? [],
    (each) => each.part,
    (each) => {
      const button = make(
        "button",
        "",
        picture(`#f-${PARTS.includes(each.part) ? each.part : "other"}`, ""),
        make("span"),
      );
      press(button, () => {
        byId("faults-dialog").close();
        post(byId("fault"), "/api/v1/fault", { part: each.part });
      });
      return button;
    },
    (button, each) => text(button.lastChild, each.label),
  );
}
function choose(classes, done) {
  if (classes.length) chosen = classes.join() === view.proposal?.classes.join() ? null : classes;
  if (done) byId("classes-dialog").close();
  render();
}

function render() {
  byId("away").hidden = !away;
  text(byId("away"), away ? words.no_agent : "");
  if (!view) {
    text(byId("link-words"), away ? words.away_short : words.waiting_agent);
    return;
  }
  renderBar();
  renderLesson();
  renderRoom();
  renderTools();
  renderRoll();
  renderDialogs();
  if (!view.pick_room) pick = true;
  else if (pick && idle() && !document.querySelector("dialog[open]") && view.rooms?.length) {
    pick = false;
    byId("rooms-dialog").showModal();
  }
}

async function copy() {
  try {
    await navigator.clipboard.writeText(view.logbook);
    text(byId("copied"), words.copied);
  } catch {
    getSelection().selectAllChildren(byId("logbook-line"));
    text(byId("copied"), words.selected);
  }
}

const DEEDS = {
  start: ["/api/v1/lesson/start", startBody],
  confirm: ["/api/v1/roll/confirm", () => ({})],
  end: ["/api/v1/lesson/end", () => ({})],
};
for (const [id, name] of [
  ["big", "button"],
  ["also", "also"],
]) {
  press(byId(id), () => {
    const [path, body] = DEEDS[view[name]?.action] ?? [];
    if (path) post(byId(id), path, body());
  });
}
press(byId("undo"), () => post(byId("undo"), "/api/v1/undo", {}));
press(byId("scan"), () => post(byId("scan"), "/api/v1/scan", { on: !view.scan.running }));
press(byId("camera"), () => post(byId("camera"), "/api/v1/camera", { off: !view.camera.off }));
press(byId("copy"), copy);
press(byId("filter"), () => {
  onlyLook = !onlyLook;
  touched.clear();
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
press(byId("room"), () => byId("rooms-dialog").showModal());
press(byId("fault"), () => byId("faults-dialog").showModal());
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.classList.contains("close")) dialog.close();
  });
}
for (const link of document.querySelectorAll(".bar nav a")) {
  if (link.lang === language) link.setAttribute("aria-current", "true");
}
setInterval(renderUndo, 250);
follow();
pulse();
