// This file counts a stocktake on a phone, with a network or without: every tap is kept at once, sent when it can be.
const data = JSON.parse(document.getElementById("st-data").textContent);
const words = data.words;
const BATCH = 100, PATIENCE_MS = 15000, WAITS_MS = [1000, 2000, 5000, 10000, 30000];
const SLACK_MS = 2000; // what was sent about when the page was made may not be on it yet
const PREFIX = "lophoc/scan/", MINE = `${PREFIX}${data.no}/${data.begun}/`;
const PHOTO_SIDE = 1600, LOOK_MS = 250;

const byId = (id) => document.getElementById(id);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

function mark(status) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "mark");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#s-${status}`);
  svg.append(use);
  return svg;
}

// Not crypto.randomUUID: on plain http in a school's network browsers withhold it.
function freshId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  return [...bytes].map((each, at) => ([4, 6, 8, 10].includes(at) ? "-" : "") + each.toString(16).padStart(2, "0")).join("");
}

// ---- What this phone keeps: one entry a scan, so that two tabs never write over each other.
const unkept = new Map();
let full = false;

function put(key, entry) {
  try {
    localStorage.setItem(key, JSON.stringify(entry));
    unkept.delete(key);
  } catch {
    unkept.set(key, entry);
    full = true;
  }
}

function drop(key) {
  unkept.delete(key);
  try { localStorage.removeItem(key); } catch { /* nothing was kept there */ }
}

function entries(prefix) {
  const found = new Map([...unkept].filter(([key]) => key.startsWith(prefix)));
  try {
    for (let at = 0; at < localStorage.length; at += 1) {
      const key = localStorage.key(at);
      if (key?.startsWith(prefix)) found.set(key, JSON.parse(localStorage.getItem(key)));
    }
  } catch { full = true; }
  return [...found].sort(([, one], [, other]) => one.order - other.order);
}

function keep(told) {
  const scan = { id: freshId(), at_ms: Date.now(), ...told };
  const order = Math.max(0, ...entries(MINE).map(([, entry]) => entry.order)) + 1;
  const entry = { order, scan, sent: 0 };
  put(MINE + scan.id, entry);
  apply(scan);
  send();
  return scan;
}

// ---- The count: what the page was told, then what this phone did since.
const rooms = new Map(), lines = new Map(), byTag = new Map(), bySerial = new Map();
const extras = new Map(), gone = new Set();
const cased = (text) => text.normalize("NFKC").toLowerCase();
const tagKey = (text) => cased(text).replace(/\s/g, "");
const serialKey = (text) => tagKey(text).replace(/[\p{Pd}\p{Cf}\u2212]/gu, "");
const roomKey = (text) => cased(text).replace(/\s/g, "");
const NUMBERED = /^(?:phòng học|phòng|phong|room|p|)[\s.:_-]*(?=p?\d)p?(\d[\da-z./]*)$/i; // P 203 and Phòng 203 are P203, as on the server
const roomName = (room) => room || words.no_room;

// What the page was told, and on it all that this phone kept since and did not take back.
function learn() {
  for (const index of [byTag, bySerial, extras, gone]) index.clear();
  for (const name of data.mine) rooms.set(roomKey(name), name);
  for (const [no, tag, kind, name, serial, room, about] of data.lines) {
    const line = lines.get(no) || { no, tag, kind: data.types[kind], name, serial, room: data.rooms[room], about };
    lines.set(no, Object.assign(line, { seen: [], outcome: "uncounted", condition: "", quality: null, note: "" }));
    for (const [index, key] of [[byTag, tagKey(tag)], [bySerial, serialKey(serial)]]) {
      if (key) index.set(key, [...(index.get(key) || []), line]);
    }
  }
  for (const [no, [outcome, seen, condition, quality, note]] of Object.entries(data.done)) {
    Object.assign(lines.get(Number(no)), { outcome, seen, condition, quality, note });
  }
  for (const [id, room, what, note, no] of data.extra) extras.set(id, { id, room, what, note, no });
  const told = entries(MINE).map(([, entry]) => entry.scan);
  for (const scan of told) if (scan.cancels) gone.add(scan.cancels);
  told.forEach(apply);
}

// What the page knows by itself need not be kept any more.
function tidy() {
  for (const [key, entry] of entries(MINE)) if (entry.sent && entry.sent < data.at - SLACK_MS) drop(key);
}

const called = (line) => [line.kind, line.name].filter(Boolean).join(" ") || line.tag || `#${line.no}`;

function apply(scan) {
  if (scan.cancels) {
    extras.delete(scan.cancels);
    gone.add(scan.cancels);
    return;
  }
  if (gone.has(scan.id)) return;
  const line = scan.line && lines.get(scan.line);
  if (!line || !line.about) {
    if (scan.found === false) return;
    const what = line ? `${called(line)} ${line.tag}` : [scan.type, scan.tag].filter(Boolean).join(" · ");
    const same = [...extras.values()].find((each) => (line ? each.no === line.no : scan.tag && tagKey(each.tag || "") === tagKey(scan.tag)));
    if (same) extras.delete(same.id);
    extras.set(scan.id, { id: scan.id, room: scan.room, what, note: scan.note || "", no: line?.no || 0, tag: scan.tag });
    return;
  }
  const others = line.seen.filter((room) => roomKey(room) !== roomKey(scan.room));
  line.seen = scan.found === false ? others : [scan.room, ...others];
  if (scan.condition) line.condition = scan.condition;
  if (scan.quality_pct !== undefined) line.quality = scan.quality_pct;
  if (scan.note) line.note = scan.note;
  line.outcome = outcomeOf(line);
}

function outcomeOf(line) {
  if (!line.seen.length) return "missing";
  if (line.seen.length > 1) return "twice";
  return !line.room || roomKey(line.seen[0]) === roomKey(line.room) ? "found" : "elsewhere";
}

const linesOf = (room) => [...lines.values()].filter((line) => line.about && roomKey(line.room) === roomKey(room));
const extrasOf = (room) => [...extras.values()].filter((each) => roomKey(each.room) === roomKey(room));
const tally = (some) => [some.filter((line) => line.outcome !== "uncounted").length, some.length];

function lineFor(text) {
  for (const [index, key] of [[byTag, tagKey(text)], [bySerial, serialKey(text)]]) {
    const fit = (key && index.get(key)) || [];
    const here = fit.filter((line) => roomKey(line.room) === roomKey(room));
    if (fit.length === 1) return fit[0];
    if (here.length === 1) return here[0];
  }
  return null;
}

// ---- Sending: what waits, of this stocktake and of others, until the controller says that it has it.
let sending = false, again = false, tries = 0, timer = 0, state = "ok";
let late = 0;
const SENSELESS = new Set([404, 409, 413, 422]); // sent again it would be answered the same

async function send() {
  tell();
  if (sending) { again = true; return; }
  sending = true;
  clearTimeout(timer);
  try {
    await sendScans();
    await sendPhotos();
    state = "ok";
    tries = 0;
  } catch (error) {
    state = error.message === "login" ? "login" : "offline";
    timer = setTimeout(send, WAITS_MS[Math.min(tries, WAITS_MS.length - 1)]);
    tries += 1;
  }
  sending = false;
  tell();
  if (again) { again = false; send(); }
}

const waiting = () => entries(PREFIX).filter(([, entry]) => !entry.sent && !entry.refused);

async function sendScans() {
  const groups = new Map();
  for (const [key, entry] of waiting()) {
    const home = key.slice(PREFIX.length, key.lastIndexOf("/"));
    groups.set(home, [...(groups.get(home) || []), [key, entry]]);
  }
  for (const [home, group] of groups) {
    const [no, begun] = home.split("/");
    for (let start = 0; start < group.length; start += BATCH) await sendSome(no, Number(begun), group.slice(start, start + BATCH));
  }
}

async function sendSome(no, begun, some) {
  const scans = some.map(([, entry]) => entry.scan);
  const body = JSON.stringify({ begun_ms: begun, sent_ms: Date.now(), scans });
  const answer = await post(`/api/v1/stocktakes/${no}/scans`, body, "application/json");
  if (!answer.ok && !SENSELESS.has(answer.status)) throw new Error("unwell");
  const told = answer.ok ? await answer.json() : { kept: [], late: [], refused: scans.map((each) => each.id), at_ms: 0 };
  const taken = new Set([...told.kept, ...told.late]), refused = new Set(told.refused);
  late += told.late.length;
  for (const [key, entry] of some) {
    const { id } = entry.scan;
    if (taken.has(id) && key.startsWith(MINE)) put(key, { ...entry, sent: told.at_ms });
    else if (taken.has(id)) drop(key);
    else if (refused.has(id)) put(key, { ...entry, refused: true });
  }
}

async function post(address, body, type) {
  const answer = await fetch(address, { method: "POST", body, headers: { "Content-Type": type }, signal: AbortSignal.timeout?.(PATIENCE_MS) });
  if (answer.status === 401) throw new Error("login");
  if (answer.status >= 500) throw new Error("unwell");
  return answer;
}

function tell() {
  const line = byId("st-line");
  const count = waiting().length;
  const [status, text] =
    full ? ["critical", words.full]
    : state === "login" ? ["warning", words.login]
    : count && state === "offline" ? ["warning", words.offline]
    : count ? ["unknown", words.waiting]
    : ["ok", words.sent];
  const parts = [fill(text, { n: count })];
  const refused = entries(PREFIX).filter(([, entry]) => entry.refused).length;
  for (const [text2, n] of [[words.late, late], [words.refused, refused]]) if (n) parts.push(fill(text2, { n }));
  const said = parts.join(" ");
  line.hidden = !data.no && !count && !refused;
  line.dataset.status = late || refused ? "warning" : status;
  if (line.dataset.said === said) return;
  line.dataset.said = said;
  line.replaceChildren(mark(line.dataset.status), " ", state === "login" ? make("a", { href: `/login?next=${encodeURIComponent(location.pathname)}` }, said) : said);
}

// ---- Photos of labels: kept in IndexedDB, read by the controller when it can be reached.
function photoStore(mode) {
  return new Promise((done, fail) => {
    const asked = indexedDB.open("lophoc", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("photos", { keyPath: "id" });
    asked.onerror = () => fail(asked.error);
    asked.onsuccess = () => done(asked.result.transaction("photos", mode).objectStore("photos"));
  });
}

const settled = (request) => new Promise((done, fail) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => fail(request.error);
});

async function keepPhoto(file) {
  const shrunk = await smaller(file);
  const photo = { id: freshId(), no: data.no, begun: data.begun, room, at_ms: Date.now(), bytes: await shrunk.arrayBuffer() };
  await settled((await photoStore("readwrite")).put(photo));
  say(words.photo_kept);
  send();
}

async function smaller(file) {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return file;
  const scale = Math.min(1, PHOTO_SIDE / Math.max(picture.width, picture.height));
  const canvas = make("canvas", { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob((blob) => done(blob || file), "image/jpeg", 0.8));
}

async function sendPhotos() {
  if (!data.photos) return;
  const photos = await photoStore("readonly").then((store) => settled(store.getAll())).catch(() => []);
  for (const photo of photos.filter((each) => each.no === data.no && each.begun === data.begun)) {
    const answer = await post("/api/v1/stocktakes/photo", photo.bytes, "image/jpeg");
    const texts = answer.ok ? (await answer.json()).texts : [];
    await settled((await photoStore("readwrite")).delete(photo.id));
    const when = new Date(photo.at_ms).toTimeString().slice(0, 5);
    if (!texts.length) say(fill(words.photo_blind, { when, room: roomName(photo.room) }));
    for (const text of texts) record(text, photo);
  }
}

// ---- Deeds.
let room = null;

const label = (text) => text.replace(/^lophoc[ :]\s*/i, "").trim();

function record(text, { room: where = room, at_ms = Date.now() } = {}) {
  const tag = label(text);
  if (!tag) return;
  const line = lineFor(tag);
  const scan = keep(line ? { line: line.no, room: where, at_ms } : { tag, room: where, at_ms });
  const what = line ? `${called(line)} ${line.tag}`.trim() : tag;
  const elsewhere = line && line.room && roomKey(line.room) !== roomKey(where);
  const text2 = !line ? fill(words.unknown, { tag }) : elsewhere ? fill(words.belongs, { what, room: line.room }) : fill(words.recorded, { what });
  done(text2, what, scan);
}

function done(text, what, scan) {
  draw();
  say(text, () => {
    keep({ cancels: scan.id, room: scan.room });
    learn();
    draw();
    say(fill(words.taken_back, { what }));
  });
}

function say(text, undo) {
  const toast = byId("st-toast");
  if (!toast) return;
  toast.replaceChildren(make("span", {}, text), ...(undo ? [make("button", { type: "button", onclick: undo }, words.undo)] : []));
  toast.hidden = false;
}

// ---- Drawing.
const shell = byId("st-count");
const addressOf = (name) => `/stocktake/${data.no}/rooms/${encodeURIComponent(name || "-")}`;

function go(name, push = true) {
  room = name;
  stopCamera();
  if (push) history.pushState(null, "", name === null ? `/stocktake/${data.no}` : addressOf(name));
  build();
  shell.querySelector("h1").focus();
  scrollTo(0, 0);
}

const linkTo = (name, attributes, ...children) => make("a", {
  href: name === null ? `/stocktake/${data.no}` : addressOf(name), ...attributes,
  onclick: (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(name);
  },
}, ...children);

function build() {
  byId("st-end").hidden = room !== null;
  shell.replaceChildren(...(room === null ? overview() : roomPage()));
  shell.hidden = false;
  draw();
}

function overview() {
  const other = make("form", { class: "st-type", onsubmit: (event) => {
    event.preventDefault();
    const name = event.target.elements.room.value.trim();
    const [, numbered] = name.match(NUMBERED) || [];
    if (name) go(numbered ? `P${numbered.toUpperCase()}` : name);
  } }, make("label", {}, `${words.other_room} `, make("input", { name: "room", autocomplete: "off" })), make("button", {}, words.open));
  return [make("h1", { tabindex: -1 }, document.title.split(" · ")[0], " ", make("span", { id: "st-tally" })), make("ul", { id: "st-rooms" }), data.finished ? make("p", { class: "st-note" }, words.finished) : other];
}

function roomPage() {
  const type = make("form", { class: "st-type", onsubmit: (event) => {
    event.preventDefault();
    record(event.target.elements.tag.value);
    event.target.reset();
  } }, make("label", { class: "hush", for: "st-tag" }, words.tag),
  make("input", { id: "st-tag", name: "tag", placeholder: words.tag, autocomplete: "off", autocapitalize: "characters", enterkeyhint: "done" }), make("button", {}, words.record));
  const tools = make("div", { class: "st-tools" }, type, make("div", { class: "st-eyes" }, ...eyes()));
  return [
    make("p", { class: "back" }, linkTo(null, {}, `← ${words.all_rooms}`)),
    make("h1", { tabindex: -1 }, roomName(room), " ", make("span", { id: "st-tally" })),
    data.finished ? make("p", { class: "st-note" }, words.finished) : "",
    make("video", { id: "st-video", hidden: true, muted: true, playsinline: true }),
    make("ul", { id: "st-lines" }),
    make("h2", {}, words.surplus), make("ul", { id: "st-extras" }), data.finished ? "" : extraForm(),
    make("div", { class: "st-toast", id: "st-toast", role: "status", hidden: true }),
    data.finished ? "" : tools,
  ];
}

function eyes() {
  const found = [];
  if (globalThis.isSecureContext && "BarcodeDetector" in globalThis && navigator.mediaDevices) {
    found.push(make("button", { type: "button", id: "st-scan", onclick: toggleCamera }, words.scan));
  }
  if (data.photos) {
    const input = make("input", { type: "file", accept: "image/*", capture: "environment", class: "hush", id: "st-photo", onchange: (event) => {
      const [file] = event.target.files;
      if (file) keepPhoto(file).catch(() => say(words.full));
      event.target.value = "";
    } });
    found.push(input, make("label", { for: "st-photo", class: "st-button" }, words.photo));
  }
  return found;
}

function extraForm() {
  const kinds = make("select", { name: "type", id: "st-kind", required: true }, make("option", { value: "" }, words.choose), ...data.kinds.map((each) => make("option", {}, each)));
  const form = make("form", { onsubmit: (event) => {
    event.preventDefault();
    const told = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value.trim()));
    done(fill(words.recorded, { what: told.type }), told.type, keep({ ...told, room }));
    event.target.reset();
    event.target.closest("details").open = false;
  } }, make("label", {}, words.type, kinds), make("label", {}, words.tag, make("input", { name: "tag", autocomplete: "off" })), make("label", {}, words.note, make("input", { name: "note", maxlength: 200 })), make("button", {}, words.save));
  return make("details", { class: "st-extra" }, make("summary", {}, words.extra), form);
}

function draw() {
  if (room === null) drawRooms();
  else drawRoom();
}

function drawRooms() {
  const all = [...rooms.values()];
  for (const each of extras.values()) if (!rooms.has(roomKey(each.room))) { rooms.set(roomKey(each.room), each.room); all.push(each.room); }
  const [counted, of] = tally([...lines.values()].filter((line) => line.about));
  byId("st-tally").textContent = `${counted}/${of}`;
  byId("st-rooms").replaceChildren(...all.map((name) => {
    const [some, total] = tally(linesOf(name));
    const status = some === total ? "ok" : some ? "warning" : "unknown";
    const left = some === total ? words.done : fill(words.left, { n: total - some });
    const extra = extrasOf(name).length;
    return make("li", {}, linkTo(name, { class: "st-room", "data-status": status }, mark(status), make("b", {}, roomName(name)),
      make("span", {}, `${some}/${total}`, make("small", {}, ` ${left}${extra ? ` · +${extra}` : ""}`))));
  }));
}

function drawRoom() {
  const here = linesOf(room);
  byId("st-tally").textContent = tally(here).join("/");
  const list = byId("st-lines");
  const known = new Map([...list.children].map((each) => [Number(each.dataset.line), each]));
  for (const line of here) {
    const row = known.get(line.no) || list.appendChild(lineRow(line));
    const [status, word] = data.outcomes[line.outcome];
    const condition = data.conditions.find(([code]) => code === line.condition)?.[1];
    const there = line.outcome === "elsewhere" || line.outcome === "twice" ? fill(words.seen_in, { rooms: line.seen.map(roomName).join(", ") }) : word;
    row.dataset.status = status;
    row.querySelector(".st-word").replaceChildren(mark(status), " ", [there, line.outcome !== "uncounted" && condition, line.quality != null && `${line.quality} %`].filter(Boolean).join(" · "));
    row.querySelector(".st-note").textContent = line.note || "";
  }
  const own = extrasOf(room);
  byId("st-extras").replaceChildren(...own.map((each) => make("li", {}, mark("warning"), " ", [each.what, each.note].filter(Boolean).join(" · "),
    data.finished ? "" : make("button", { type: "button", "aria-label": `${words.undo}: ${each.what}`, onclick: () => { keep({ cancels: each.id, room }); draw(); } }, words.undo))));
}

function lineRow(line) {
  const panel = `st-panel-${line.no}`;
  const facts = [line.tag || words.no_tag, line.serial && fill(words.serial, { serial: line.serial })].filter(Boolean).join(" · ");
  const body = [make("b", {}, called(line)), make("small", {}, facts), make("span", { class: "st-word" }), make("small", { class: "st-note" })];
  const more = make("button", { type: "button", class: "st-more", "aria-expanded": "false", "aria-controls": panel, "aria-label": `${words.details}: ${called(line)} ${line.tag}`, onclick: () => toggle(row, line) }, "⋯");
  const row = data.finished
    ? make("li", { "data-line": line.no }, make("div", { class: "st-here" }, ...body))
    : make("li", { "data-line": line.no }, make("button", { type: "button", class: "st-here", onclick: () => tap(row, line) }, ...body), more, make("div", { id: panel, class: "st-panel", hidden: true }));
  return row;
}

// A first tap says that it is here; a tap on what is here asks for more.
function tap(row, line) {
  if (line.seen.some((each) => roomKey(each) === roomKey(room))) { toggle(row, line); return; }
  const what = `${called(line)} ${line.tag}`.trim();
  done(fill(words.recorded, { what }), what, keep({ line: line.no, room }));
}

function toggle(row, line) {
  const panel = row.querySelector(".st-panel");
  panel.hidden = !panel.hidden;
  row.querySelector(".st-more").setAttribute("aria-expanded", String(!panel.hidden));
  if (panel.hidden) return;
  const name = `condition-${line.no}`;
  const chosen = line.condition;
  const conditions = make("fieldset", {}, make("legend", {}, words.condition), ...data.conditions.map(([code, said]) =>
    make("label", {}, make("input", { type: "radio", name, value: code, checked: code === chosen }), said)));
  const absent = make("button", { type: "button", class: "st-absent", onclick: () => close(keep({ line: line.no, room, found: false })) }, words.absent);
  const form = make("form", { onsubmit: (event) => {
    event.preventDefault();
    const { elements } = event.target;
    const told = { line: line.no, room, condition: elements[name].value, note: elements.note.value.trim() };
    const quality = Number.parseInt(elements.quality.value, 10);
    if (quality >= 0 && quality <= 100) told.quality_pct = quality;
    close(keep(told));
  } }, conditions,
  make("label", {}, words.quality, make("input", { name: "quality", type: "number", min: 0, max: 100, inputmode: "numeric", value: line.quality ?? "" })),
  make("label", {}, words.note, make("input", { name: "note", maxlength: 200, value: line.note || "" })),
  make("div", { class: "st-eyes" }, make("button", {}, words.save), absent));
  panel.replaceChildren(form);

  function close(scan) {
    panel.hidden = true;
    row.querySelector(".st-more").setAttribute("aria-expanded", "false");
    row.querySelector(".st-here").focus();
    const what = `${called(line)} ${line.tag}`.trim();
    done(fill(words.recorded, { what }), what, scan);
  }
}

// ---- The camera, where the browser lends it (https or localhost).
let stream = null;

async function toggleCamera() {
  if (stream) { stopCamera(); return; }
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch { return; }
  const video = byId("st-video"), detector = new BarcodeDetector({ formats: ["qr_code"] }), read = new Set();
  video.srcObject = stream;
  video.hidden = false;
  byId("st-scan").textContent = words.stop;
  await video.play();
  const mine = stream;
  while (stream === mine) {
    const codes = await detector.detect(video).catch(() => []);
    for (const { rawValue } of codes) if (!read.has(rawValue)) { read.add(rawValue); record(rawValue); }
    await new Promise((wake) => { setTimeout(wake, LOOK_MS); });
  }
}

function stopCamera() {
  if (!stream) return;
  stream.getTracks().forEach((track) => track.stop());
  stream = null;
  if (byId("st-video")) { byId("st-video").hidden = true; byId("st-scan").textContent = words.scan; }
}

// ---- The start.
function roomInAddress() {
  const found = location.pathname.match(/^\/stocktake\/\d+\/rooms\/(.+)$/);
  if (!found) return null;
  const name = decodeURIComponent(found[1]);
  return name === "-" ? "" : name;
}

if (data.no) {
  tidy();
  learn();
  room = roomInAddress();
  build();
  addEventListener("popstate", () => go(roomInAddress(), false));
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/stocktake/worker.js", { scope: "/stocktake" }).catch(() => {});
}
addEventListener("online", send);
document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
send();
