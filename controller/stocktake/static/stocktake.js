// This file is a stocktake on a phone, with a network or without: it draws, and takes what a thumb tells it.
import { Count, called, isLabel, roomKey, roomOf, same, tagIn } from "./stocktake-count.js";
import { button, byId, form, make, mark } from "./stocktake-dom.js";
import { Camera, canLook, smaller } from "./stocktake-eye.js";
import { PATIENCE_MS, Photos, Scans, freshId, post } from "./stocktake-scans.js";
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
  titled,
} from "./stocktake-wording.js";

const data = JSON.parse(byId("st-data").textContent);
const { words } = data;
const WAITS_MS = [1000, 2000, 5000, 10000, 30000];
const TROUBLES = { 401: "login", 412: "before" };
const LOOK_AROUND_MS = 30000; // what other phones counted

const scans = new Scans(data);
const photos = new Photos();
const camera = new Camera();
const count = data.no ? new Count(data) : null;
let room = null; // null: all rooms

const roomName = (name) => name || words.no_room;

// ---- Keeping and sending.
let sending = false;
let again = false;
let tries = 0;
let timer = 0;
let state = "ok";
let looked = Date.now();

function keep(details) {
  const scan = { id: freshId(), at_ms: Date.now(), ...details };
  scans.add(scan);
  learn();
  send();
  return scan;
}

function learn() {
  count.learn(scans.own.filter((entry) => !entry.late).map((entry) => entry.scan));
}

async function send() {
  tell();
  if (sending) {
    again = true;
    return;
  }
  sending = true;
  clearTimeout(timer);
  const late = scans.late;
  try {
    await scans.send();
    if (data.photos) await sendPhotos();
    if (count && Date.now() - looked > LOOK_AROUND_MS) await lookAround();
    [state, tries] = ["ok", 0];
  } catch (error) {
    state = ["login", "before"].includes(error.message) ? error.message : "offline";
    timer = setTimeout(send, WAITS_MS[Math.min(tries, WAITS_MS.length - 1)]);
    tries += 1;
  }
  sending = false;
  if (scans.late > late) ended();
  tell();
  if (again) {
    again = false;
    send();
  }
}

async function lookAround() {
  const answer = await fetch(`/stocktake/${data.no}/standing`, {
    headers: { "X-LopHoc-If-History": data.history },
    signal: AbortSignal.timeout?.(PATIENCE_MS),
  });
  if (!answer.ok) throw new Error(TROUBLES[answer.status] ?? "unwell");
  const before = data.finished;
  Object.assign(data, await answer.json());
  looked = Date.now();
  scans.tidy(data.at);
  learn();
  if (data.finished === before) draw();
  else build();
}

function ended() {
  data.finished = true;
  learn();
  build();
}

function tell() {
  const line = byId("st-line");
  const { late, refused, full } = scans;
  const waiting = scans.waiting.length;
  const [status, text] = sendingNews({ full, state, waiting, late, refused }, words);
  line.hidden = !data.no && !waiting && !refused;
  line.dataset.status = status;
  if (line.dataset.text === text) return; // a live region: only news are read aloud
  line.dataset.text = text;
  const ways = {
    login: `/login?next=${encodeURIComponent(location.pathname)}`,
    before: location.pathname,
  };
  const news = ways[state] ? make("a", { href: ways[state] }, text) : text;
  line.replaceChildren(mark(status), make("span", {}, news));
}

// ---- Photos of labels: the controller reads them when it can be reached.
async function keepPhoto(file) {
  const bytes = await (await smaller(file)).arrayBuffer();
  const { no, begun } = data;
  await photos.add({ id: freshId(), no, begun, room, at_ms: Date.now(), bytes });
  say(words.photo_kept);
  send();
}

async function sendPhotos() {
  for (const photo of await photos.of(data.no, data.begun).catch(() => [])) {
    const answer = await post("/api/v1/stocktakes/photo", photo.bytes, "image/jpeg");
    const { texts } = answer.ok ? await answer.json() : { texts: [] };
    for (const text of texts) record(text, "label", photo.room, photo.at_ms);
    await photos.remove(photo.id);
    const when = new Date(photo.at_ms).toTimeString().slice(0, 5);
    if (!texts.length) say(fill(words.photo_blind, { when, room: roomName(photo.room) }));
  }
}

// ---- Deeds.
// how: "label" where a code was read; what was typed is a person's word.
function record(text, how, where = room, at_ms = Date.now()) {
  const tag = tagIn(text);
  if (!tag) return;
  const line = count.lineFor(tag, where);
  const scan = keep({ ...(line ? { line: line.no } : { tag }), room: where, at_ms, how });
  done(scanNews(line, tag, where, words), line ? titled(line) : tag, scan);
}

function done(text, what, scan) {
  draw();
  say(text, () => {
    keep({ cancels: scan.id, room: scan.room });
    draw();
    say(fill(words.taken_back, { what }));
  });
}

function say(text, undo) {
  const toast = byId("st-toast");
  if (!toast) return;
  const back = undo ? button({ onclick: undo }, words.undo) : "";
  toast.replaceChildren(make("span", {}, text), back);
  toast.hidden = false;
}

// ---- Drawing.
const shell = byId("st-count");
function go(name, push = true) {
  room = name;
  stopCamera();
  if (push) history.pushState(null, "", addressOf(data.no, name));
  build();
  shell.querySelector("h1").focus();
  scrollTo(0, 0);
}

function linkTo(name, attributes, ...children) {
  const follow = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(name);
  };
  return make("a", { href: addressOf(data.no, name), ...attributes, onclick: follow }, ...children);
}

function build() {
  byId("st-end").hidden = room !== null;
  shell.replaceChildren(...(room === null ? overview() : roomPage()).filter((part) => part !== ""));
  draw();
}

const heading = (text) => make("h1", { tabindex: -1 }, text, " ", make("span", { id: "st-tally" }));
const finished = () => (data.finished ? make("p", { class: "st-note" }, words.finished) : "");

function overview() {
  const other = form(
    { class: "st-type" },
    (fields) => {
      if (fields.room.value.trim()) go(roomOf(fields.room.value));
    },
    make("label", {}, words.other_room, make("input", { name: "room", autocomplete: "off" })),
    make("button", {}, words.open),
  );
  return [
    heading(document.title.split(" · ")[0]),
    finished(),
    make("ul", { id: "st-rooms" }),
    data.finished ? "" : other,
  ];
}

function roomPage() {
  const lists = [
    make("ul", { id: "st-lines" }),
    make("h2", {}, words.surplus),
    make("ul", { id: "st-extras" }),
  ];
  const top = [
    make("p", { class: "back" }, linkTo(null, {}, `← ${words.all_rooms}`)),
    heading(roomName(room)),
    finished(),
  ];
  if (data.finished) return [...top, ...lists];
  return [
    ...top,
    make("video", { id: "st-video", hidden: true, muted: true, playsinline: true }),
    ...lists,
    extraForm(),
    tools(),
  ];
}

function recordTyped(fields, all) {
  record(fields.tag.value, isLabel(fields.tag.value) ? "label" : "");
  all.reset();
}

function tools() {
  const type = form(
    { class: "st-type" },
    recordTyped,
    make("label", { class: "hush", for: "st-tag" }, words.tag),
    make("input", {
      id: "st-tag",
      name: "tag",
      placeholder: words.tag,
      autocomplete: "off",
      autocapitalize: "characters",
      enterkeyhint: "done",
    }),
    make("button", {}, words.record),
  );
  const toast = make("div", { class: "st-toast", id: "st-toast", role: "status", hidden: true });
  const scan = canLook() ? button({ id: "st-scan", onclick: toggleCamera }, words.scan) : "";
  return make("div", { class: "st-tools" }, toast, type, scan, data.photos ? photoField() : "");
}

function photoField() {
  const onchange = ({ target }) => {
    const [file] = target.files;
    if (file) keepPhoto(file).catch(() => say(words.full));
    target.value = "";
  };
  const input = make("input", {
    type: "file",
    accept: "image/*",
    capture: "environment",
    class: "hush",
    id: "st-photo",
    onchange,
  });
  const label = make("label", { for: "st-photo", class: "st-button" }, words.photo);
  return make("span", { class: "st-eye" }, input, label);
}

const labelled = (text, name, attributes = {}) =>
  make("label", {}, text, make("input", { name, ...attributes }));

function extraForm() {
  const kinds = data.kinds.map((kind) => make("option", {}, kind));
  const none = make("option", { value: "" }, words.choose);
  const select = make("select", { name: "type", required: true }, none, ...kinds);
  const take = (fields, all) => {
    const type = fields.type.value;
    const scan = keep({ type, tag: tagIn(fields.tag.value), note: fields.note.value.trim(), room });
    all.reset();
    all.closest("details").open = false;
    done(fill(words.recorded, { what: type }), type, scan);
  };
  const body = form(
    {},
    take,
    make("label", {}, words.type, select),
    labelled(words.tag, "tag", { autocomplete: "off" }),
    labelled(words.note, "note", { maxlength: 200 }),
    make("button", {}, words.save),
  );
  return make("details", { class: "st-extra" }, make("summary", {}, words.extra), body);
}

function draw() {
  if (room === null) drawRooms();
  else drawRoom();
}

function drawRooms() {
  const names = new Map(data.mine.map((name) => [roomKey(name), name]));
  for (const extra of count.extras.values()) {
    if (!names.has(roomKey(extra.room))) names.set(roomKey(extra.room), extra.room);
  }
  byId("st-tally").textContent = ratio(...count.tally(count.about), words);
  byId("st-rooms").replaceChildren(...[...names.values()].map(roomRow));
}

function roomRow(name) {
  const [counted, all] = count.tally(count.linesOf(name));
  const [status, left] = roomNews(counted, all, words);
  const extra = count.extrasOf(name).length;
  const small = make("small", {}, joined(left, extra && `+${extra}`));
  const parts = [
    make("b", {}, roomName(name)),
    make("span", {}, ratio(counted, all, words), small),
  ];
  const attributes = { class: "st-room", "data-status": status };
  return make("li", {}, linkTo(name, attributes, mark(status), ...parts));
}

function drawRoom() {
  const lines = count.linesOf(room);
  byId("st-tally").textContent = ratio(...count.tally(lines), words);
  const list = byId("st-lines");
  const rows = new Map([...list.children].map((row) => [Number(row.dataset.line), row]));
  for (const line of [...lines, ...count.guestsOf(room)]) {
    if (!rows.has(line.no)) list.append(lineRow(line));
    drawLine(rows.get(line.no) ?? list.lastChild, line);
    rows.delete(line.no);
  }
  for (const row of rows.values()) row.remove();
  byId("st-extras").replaceChildren(...count.extrasOf(room).map(extraRow));
}

function extraRow({ id, what, note }) {
  const onclick = () => {
    keep({ cancels: id, room });
    draw();
  };
  const undo = () => button({ "aria-label": `${words.undo}: ${what}`, onclick }, words.undo);
  const text = make("span", {}, joined(what, note));
  return make("li", {}, mark("warning"), text, data.finished ? "" : undo());
}

function drawLine(row, line) {
  const outcome = count.outcome(line);
  const [status, word] = data.outcomes[outcome];
  const condition = data.conditions.find(([code]) => code === line.condition)?.[1];
  row.dataset.status = status;
  const news = joined(
    lineNews(line, outcome, word, room, words),
    outcome !== "uncounted" && condition,
    line.quality !== null && `${line.quality} %`,
  );
  row.querySelector(".st-word").replaceChildren(mark(status), " ", news);
  row.querySelector(".st-note").textContent = line.note;
}

function lineRow(line) {
  const serial = line.serial && fill(words.serial, { serial: line.serial });
  const body = [
    make("b", {}, called(line)),
    make("small", {}, joined(line.tag || words.no_tag, serial)),
    make("span", { class: "st-word" }),
    make("small", { class: "st-note" }),
  ];
  const parts = data.finished
    ? [make("div", { class: "st-here" }, ...body)]
    : lineButtons(line, body);
  return make("li", { "data-line": line.no }, ...parts);
}

function lineButtons(line, body) {
  const recorded = (scan) => done(fill(words.recorded, { what: titled(line) }), titled(line), scan);
  const panel = make("div", { id: `st-panel-${line.no}`, class: "st-panel", hidden: true });
  // A first tap says that it is here; a tap on what is here asks for more.
  const onclick = () => {
    if (line.rooms.some((name) => same(name, room))) show(panel.hidden);
    else recorded(keep({ line: line.no, room }));
  };
  const whole = button({ class: "st-here", onclick }, ...body);
  const attributes = {
    class: "st-more",
    "aria-expanded": "false",
    "aria-controls": panel.id,
    "aria-label": `${words.details}: ${titled(line)}`,
    onclick: () => show(panel.hidden),
  };
  const more = button(attributes, "⋯");
  const finish = (scan) => {
    show(false);
    whole.focus();
    recorded(scan);
  };
  function show(open) {
    panel.hidden = !open;
    more.setAttribute("aria-expanded", String(open));
    if (open) panel.replaceChildren(lineForm(line, finish));
  }
  return [whole, more, panel];
}

function lineForm(line, recorded) {
  const name = `condition-${line.no}`;
  const take = (fields) => {
    const [condition, note] = [fields[name].value, fields.note.value.trim()];
    const scan = { line: line.no, room, condition, note };
    const quality = Number.parseInt(fields.quality.value, 10);
    if (quality >= 0 && quality <= 100) scan.quality_pct = quality;
    recorded(keep(scan));
  };
  const choice = ([value, text]) => {
    const checked = value === line.condition;
    return make("label", {}, make("input", { type: "radio", name, value, checked }), text);
  };
  const percent = { type: "number", min: 0, max: 100, inputmode: "numeric" };
  const absent = () => recorded(keep({ line: line.no, room, found: false }));
  return form(
    {},
    take,
    make("fieldset", {}, make("legend", {}, words.condition), ...data.conditions.map(choice)),
    labelled(words.quality, "quality", { ...percent, value: line.quality ?? "" }),
    labelled(words.note, "note", { maxlength: 200, value: line.note }),
    make(
      "div",
      { class: "st-eyes" },
      make("button", {}, words.save),
      button({ class: "st-absent", onclick: absent }, words.absent),
    ),
  );
}

// ---- The camera.
async function toggleCamera() {
  if (camera.isOn) {
    stopCamera();
    return;
  }
  try {
    await camera.start(byId("st-video"), (text) => record(text, "label"));
    byId("st-scan").textContent = words.stop;
  } catch {
    // The person said no: the field and the photo remain.
  }
}

function stopCamera() {
  camera.stop();
  if (byId("st-scan")) byId("st-scan").textContent = words.scan;
  if (byId("st-video")) byId("st-video").hidden = true;
}

// ---- The start.
if (count) {
  scans.tidy(data.at);
  learn();
  room = roomIn(location.pathname);
  build();
  addEventListener("popstate", () => go(roomIn(location.pathname), false));
  if ("serviceWorker" in navigator)
    navigator.serviceWorker
      .register("/stocktake/worker.js", { scope: "/stocktake" })
      .catch(() => {});
}
// Back at the page, or in the network: send, and look what others did.
function comeBack() {
  looked = 0;
  send();
}

addEventListener("online", comeBack);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) comeBack();
});
setInterval(() => {
  if (count && !document.hidden && state === "ok") send();
}, LOOK_AROUND_MS);
send();
