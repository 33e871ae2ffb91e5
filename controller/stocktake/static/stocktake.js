// This file is a stocktake on a phone, with a network or without: it draws, and takes what a thumb tells it.
import { Count, called, roomKey, roomOf, same, tagIn } from "./stocktake-count.js";
import { Kept, PATIENCE_MS, Photos, freshId, post } from "./stocktake-kept.js";

const data = JSON.parse(document.getElementById("st-data").textContent);
const { words } = data;
const WAITS_MS = [1000, 2000, 5000, 10000, 30000];
const LOOK_AROUND_MS = 30000; // what other phones counted
const PHOTO_SIDE = 1600,
  LOOK_MS = 250;

const kept = new Kept(data),
  photos = new Photos();
const count = data.no ? new Count(data) : null;
let room = null; // null: all rooms

const byId = (id) => document.getElementById(id);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
const joined = (...parts) => parts.filter(Boolean).join(" · ");
const roomName = (name) => name || words.no_room;
const titled = (line) => `${called(line)} ${line.tag}`.trim();

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null)
      made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== ""));
  return made;
}

function mark(status) {
  const [svg, use] = ["svg", "use"].map((name) =>
    document.createElementNS("http://www.w3.org/2000/svg", name),
  );
  svg.setAttribute("class", "mark");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#s-${status}`);
  svg.append(use);
  return svg;
}

// ---- Keeping and sending.
let sending = false,
  again = false,
  tries = 0,
  timer = 0,
  state = "ok",
  looked = Date.now();

function keep(told) {
  const scan = { id: freshId(), at_ms: Date.now(), ...told };
  kept.add(scan);
  learn();
  send();
  return scan;
}

function learn() {
  count.learn(kept.own.filter((entry) => !entry.late).map((entry) => entry.scan));
}

async function send() {
  tell();
  if (sending) {
    again = true;
    return;
  }
  sending = true;
  clearTimeout(timer);
  const late = kept.late;
  try {
    await kept.send();
    if (data.photos) await sendPhotos();
    if (count && Date.now() - looked > LOOK_AROUND_MS) await lookAround();
    [state, tries] = ["ok", 0];
  } catch (error) {
    state = error.message === "login" ? "login" : "offline";
    timer = setTimeout(send, WAITS_MS[Math.min(tries, WAITS_MS.length - 1)]);
    tries += 1;
  }
  sending = false;
  if (kept.late > late) ended();
  tell();
  if (again) {
    again = false;
    send();
  }
}

async function lookAround() {
  const answer = await fetch(`/stocktake/${data.no}/standing`, {
    signal: AbortSignal.timeout?.(PATIENCE_MS),
  });
  if (!answer.ok) throw new Error(answer.status === 401 ? "login" : "unwell");
  const before = data.finished;
  Object.assign(data, await answer.json());
  looked = Date.now();
  kept.tidy(data.at);
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
  const line = byId("st-line"),
    n = kept.waiting.length,
    { late, refused, full } = kept;
  const [status, text] = full
    ? ["critical", words.full]
    : state === "login"
      ? ["warning", words.login]
      : n && state === "offline"
        ? ["warning", words.offline]
        : n
          ? ["unknown", words.waiting]
          : ["ok", words.sent];
  const said = [
    fill(text, { n }),
    late && fill(words.late, { n: late }),
    refused && fill(words.refused, { n: refused }),
  ]
    .filter(Boolean)
    .join(" ");
  line.hidden = !data.no && !n && !refused;
  line.dataset.status = status === "ok" && (late || refused) ? "warning" : status;
  if (line.dataset.said === said) return; // a live region: only news are read aloud
  line.dataset.said = said;
  const way = `/login?next=${encodeURIComponent(location.pathname)}`;
  line.replaceChildren(
    mark(line.dataset.status),
    make("span", {}, state === "login" ? make("a", { href: way }, said) : said),
  );
}

// ---- Photos of labels: the controller reads them when it can be reached.
async function keepPhoto(file) {
  const bytes = await (await smaller(file)).arrayBuffer();
  await photos.add({
    id: freshId(),
    no: data.no,
    begun: data.begun,
    room,
    at_ms: Date.now(),
    bytes,
  });
  say(words.photo_kept);
  send();
}

async function smaller(file) {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return file;
  const scale = Math.min(1, PHOTO_SIDE / Math.max(picture.width, picture.height));
  const canvas = make("canvas", {
    width: Math.round(picture.width * scale),
    height: Math.round(picture.height * scale),
  });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => {
    canvas.toBlob((blob) => done(blob || file), "image/jpeg", 0.85);
  });
}

async function sendPhotos() {
  for (const photo of await photos.of(data.no, data.begun).catch(() => [])) {
    const answer = await post("/api/v1/stocktakes/photo", photo.bytes, "image/jpeg");
    const { texts } = answer.ok ? await answer.json() : { texts: [] };
    for (const text of texts) record(text, photo);
    await photos.remove(photo.id);
    const when = new Date(photo.at_ms).toTimeString().slice(0, 5);
    if (!texts.length) say(fill(words.photo_blind, { when, room: roomName(photo.room) }));
  }
}

// ---- Deeds.
function record(text, { room: where, at_ms } = { room, at_ms: Date.now() }) {
  const tag = tagIn(text);
  if (!tag) return;
  const line = count.lineFor(tag, where);
  const scan = keep({ ...(line ? { line: line.no } : { tag }), room: where, at_ms });
  const away = line?.room && !same(line.room, where);
  const what = line ? titled(line) : tag;
  done(
    fill(line ? (away ? words.belongs : words.recorded) : words.unknown, {
      what,
      tag,
      room: line?.room,
    }),
    what,
    scan,
  );
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
  toast.replaceChildren(
    make("span", {}, text),
    undo ? make("button", { type: "button", onclick: undo }, words.undo) : "",
  );
  toast.hidden = false;
}

// ---- Drawing.
const shell = byId("st-count");
const addressOf = (name) =>
  name === null
    ? `/stocktake/${data.no}`
    : `/stocktake/${data.no}/rooms/${encodeURIComponent(name || "-")}`;

function go(name, push = true) {
  room = name;
  stopCamera();
  if (push) history.pushState(null, "", addressOf(name));
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
  return make("a", { href: addressOf(name), ...attributes, onclick: follow }, ...children);
}

function form(attributes, submitted, ...children) {
  const told = (event) => {
    event.preventDefault();
    submitted(event.target.elements, event.target);
  };
  return make("form", { ...attributes, onsubmit: told }, ...children);
}

function build() {
  byId("st-end").hidden = room !== null;
  shell.replaceChildren(...(room === null ? overview() : roomPage()).filter((each) => each !== ""));
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

function tools() {
  const type = form(
    { class: "st-type" },
    (fields, all) => {
      record(fields.tag.value);
      all.reset();
    },
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
  return make("div", { class: "st-tools" }, toast, type, ...eyes());
}

function eyes() {
  const found = [];
  if (globalThis.isSecureContext && "BarcodeDetector" in globalThis && navigator.mediaDevices) {
    found.push(
      make("button", { type: "button", id: "st-scan", onclick: toggleCamera }, words.scan),
    );
  }
  if (data.photos) {
    const taken = (event) => {
      const [file] = event.target.files;
      if (file) keepPhoto(file).catch(() => say(words.full));
      event.target.value = "";
    };
    const input = make("input", {
      type: "file",
      accept: "image/*",
      capture: "environment",
      class: "hush",
      id: "st-photo",
      onchange: taken,
    });
    found.push(
      make(
        "span",
        { class: "st-eye" },
        input,
        make("label", { for: "st-photo", class: "st-button" }, words.photo),
      ),
    );
  }
  return found;
}

function extraForm() {
  const kinds = make(
    "select",
    { name: "type", required: true },
    make("option", { value: "" }, words.choose),
    ...data.kinds.map((each) => make("option", {}, each)),
  );
  const told = (fields, all) => {
    const type = fields.type.value;
    const scan = keep({ type, tag: tagIn(fields.tag.value), note: fields.note.value.trim(), room });
    all.reset();
    all.closest("details").open = false;
    done(fill(words.recorded, { what: type }), type, scan);
  };
  return make(
    "details",
    { class: "st-extra" },
    make("summary", {}, words.extra),
    form(
      {},
      told,
      make("label", {}, words.type, kinds),
      make("label", {}, words.tag, make("input", { name: "tag", autocomplete: "off" })),
      make("label", {}, words.note, make("input", { name: "note", maxlength: 200 })),
      make("button", {}, words.save),
    ),
  );
}

function draw() {
  if (room === null) drawRooms();
  else drawRoom();
}

function drawRooms() {
  const names = new Map(data.mine.map((name) => [roomKey(name), name]));
  for (const each of count.extras.values())
    if (!names.has(roomKey(each.room))) names.set(roomKey(each.room), each.room);
  byId("st-tally").textContent = count.tally(count.about).join("/");
  byId("st-rooms").replaceChildren(
    ...[...names.values()].map((name) => {
      const [some, total] = count.tally(count.linesOf(name)),
        extra = count.extrasOf(name).length;
      const status = some === total ? "ok" : some ? "warning" : "unknown";
      const left = some === total ? words.done : fill(words.left, { n: total - some });
      return make(
        "li",
        {},
        linkTo(
          name,
          { class: "st-room", "data-status": status },
          mark(status),
          make("b", {}, roomName(name)),
          make(
            "span",
            {},
            `${some}/${total}`,
            make("small", {}, joined(left, extra && `+${extra}`)),
          ),
        ),
      );
    }),
  );
}

function drawRoom() {
  const here = count.linesOf(room),
    guests = count.guestsOf(room);
  byId("st-tally").textContent = count.tally(here).join("/");
  const list = byId("st-lines");
  const known = new Map([...list.children].map((row) => [Number(row.dataset.line), row]));
  for (const line of [...here, ...guests]) {
    drawLine(known.get(line.no) || list.appendChild(lineRow(line)), line);
    known.delete(line.no);
  }
  for (const row of known.values()) row.remove();
  byId("st-extras").replaceChildren(
    ...count.extrasOf(room).map((each) => {
      const back = () => {
        keep({ cancels: each.id, room });
        draw();
      };
      return make(
        "li",
        {},
        mark("warning"),
        make("span", {}, joined(each.what, each.note)),
        data.finished
          ? ""
          : make(
              "button",
              { type: "button", "aria-label": `${words.undo}: ${each.what}`, onclick: back },
              words.undo,
            ),
      );
    }),
  );
}

function drawLine(row, line) {
  const outcome = count.outcome(line),
    [status, word] = data.outcomes[outcome];
  const guest = line.room && !same(line.room, room),
    seen = line.seen.map(roomName).join(", ");
  const said =
    outcome === "twice"
      ? fill(words.seen_in, { rooms: seen })
      : outcome !== "elsewhere"
        ? word
        : fill(guest ? words.guest : words.seen_in, { rooms: seen, room: line.room });
  const condition = data.conditions.find(([code]) => code === line.condition)?.[1];
  row.dataset.status = status;
  row
    .querySelector(".st-word")
    .replaceChildren(
      mark(status),
      " ",
      joined(
        said,
        outcome !== "uncounted" && condition,
        line.quality !== null && `${line.quality} %`,
      ),
    );
  row.querySelector(".st-note").textContent = line.note;
}

function lineRow(line) {
  const body = [
    make("b", {}, called(line)),
    make(
      "small",
      {},
      joined(line.tag || words.no_tag, line.serial && fill(words.serial, { serial: line.serial })),
    ),
    make("span", { class: "st-word" }),
    make("small", { class: "st-note" }),
  ];
  if (data.finished)
    return make("li", { "data-line": line.no }, make("div", { class: "st-here" }, ...body));
  const panel = make("div", { id: `st-panel-${line.no}`, class: "st-panel", hidden: true });
  const more = make(
    "button",
    {
      type: "button",
      class: "st-more",
      "aria-expanded": "false",
      "aria-controls": panel.id,
      "aria-label": `${words.details}: ${titled(line)}`,
    },
    "⋯",
  );
  const here = make("button", { type: "button", class: "st-here" }, ...body);
  const show = (shown) => {
    panel.hidden = !shown;
    more.setAttribute("aria-expanded", String(shown));
    if (shown)
      panel.replaceChildren(
        lineForm(line, (scan) => {
          show(false);
          here.focus();
          done(fill(words.recorded, { what: titled(line) }), titled(line), scan);
        }),
      );
  };
  more.addEventListener("click", () => show(panel.hidden));
  // A first tap says that it is here; a tap on what is here asks for more.
  here.addEventListener("click", () => {
    if (line.seen.some((each) => same(each, room))) show(panel.hidden);
    else
      done(
        fill(words.recorded, { what: titled(line) }),
        titled(line),
        keep({ line: line.no, room }),
      );
  });
  return make("li", { "data-line": line.no }, here, more, panel);
}

function lineForm(line, recorded) {
  const name = `condition-${line.no}`;
  const told = (fields) => {
    const scan = {
      line: line.no,
      room,
      condition: fields[name].value,
      note: fields.note.value.trim(),
    };
    const quality = Number.parseInt(fields.quality.value, 10);
    if (quality >= 0 && quality <= 100) scan.quality_pct = quality;
    recorded(keep(scan));
  };
  const absent = () => recorded(keep({ line: line.no, room, found: false }));
  return form(
    {},
    told,
    make(
      "fieldset",
      {},
      make("legend", {}, words.condition),
      ...data.conditions.map(([code, said]) =>
        make(
          "label",
          {},
          make("input", { type: "radio", name, value: code, checked: code === line.condition }),
          said,
        ),
      ),
    ),
    make(
      "label",
      {},
      words.quality,
      make("input", {
        name: "quality",
        type: "number",
        min: 0,
        max: 100,
        inputmode: "numeric",
        value: line.quality ?? "",
      }),
    ),
    make(
      "label",
      {},
      words.note,
      make("input", { name: "note", maxlength: 200, value: line.note }),
    ),
    make(
      "div",
      { class: "st-eyes" },
      make("button", {}, words.save),
      make("button", { type: "button", class: "st-absent", onclick: absent }, words.absent),
    ),
  );
}

// ---- The camera, where the browser lends it (https or localhost).
let stream = null;

async function toggleCamera() {
  if (stream) {
    stopCamera();
    return;
  }
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    return;
  } // the person said no: the field and the photo remain
  const mine = stream,
    video = byId("st-video"),
    read = new Set();
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  Object.assign(video, { srcObject: stream, hidden: false });
  byId("st-scan").textContent = words.stop;
  video.play().catch(() => {});
  while (stream === mine) {
    for (const { rawValue } of await detector.detect(video).catch(() => [])) {
      if (!read.has(rawValue) && stream === mine) record(rawValue);
      read.add(rawValue);
    }
    await new Promise((wake) => {
      setTimeout(wake, LOOK_MS);
    });
  }
}

function stopCamera() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  if (byId("st-scan")) byId("st-scan").textContent = words.scan;
  if (byId("st-video")) byId("st-video").hidden = true;
}

// ---- The start.
function roomInAddress() {
  const [, found] = location.pathname.match(/^\/stocktake\/\d+\/rooms\/(.+)$/) || [];
  if (found === undefined) return null;
  return found === "-" ? "" : decodeURIComponent(found);
}

if (count) {
  kept.tidy(data.at);
  learn();
  room = roomInAddress();
  build();
  addEventListener("popstate", () => go(roomInAddress(), false));
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
