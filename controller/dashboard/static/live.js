// This file keeps an open page true: it listens to the server's line and says when it cannot.
const words = JSON.parse(document.body.dataset.words);
const LATE_S = 30,
  OLD_S = 90,
  LOST_S = 9;
const FIRST_WAIT_MS = 500,
  LONGEST_WAIT_MS = 4000,
  OPEN_S = 5,
  CALM_MS = 800,
  ROWS = 50;

const rooms = new Map();
const ago = new Intl.RelativeTimeFormat(words.language, { numeric: "always" });
const clock = new Intl.DateTimeFormat("en-GB", {
  timeZone: words.zone,
  day: "2-digit",
  month: "2-digit",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
});
let heardAt = performance.now();
let connected = false;
let waitMs = FIRST_WAIT_MS;
let skewMs = Date.now() - Date.parse(document.body.dataset.at);
let refreshing = 0,
  again = false;

const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const byId = (id) => document.getElementById(id);
const now = () => Date.now() - skewMs; // the server's clock: this machine's may be years off

function number(value) {
  if (value === null || value === undefined || value === "") return "?";
  if (typeof value === "string") return value;
  const digits = Number.isInteger(value) ? 0 : 1;
  return new Intl.NumberFormat("de", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

function sentence(reason) {
  const text = words.reason[reason.code];
  return text
    ? text.replace("{value}", words.kind[reason.value] || number(reason.value))
    : reason.code || "";
}

const roomName = (code) => (code === "?" ? words.no_room : code);

// What a device told of itself, as on the server.
function facts(device) {
  const told = device.measures;
  if (!told) return "";
  const said = device.reasons.some((reason) => reason.code === `picture_${told.picture}`);
  const hours = (text, count) => count && text.replace("{n}", number(count));
  return [
    words.power[told.power],
    told.input,
    hours(words.lamp, told.lamp_hours),
    hours(words.filter, told.filter_hours),
    !said && words.picture[told.picture],
  ]
    .filter(Boolean)
    .join(" · ");
}

function kitFact(line) {
  return line.kind
    ? `${words.kind[line.kind]} ${line.here}/${line.wanted}`
    : `${line.name} ${words.not_installed}`;
}

function when(iso) {
  return clock.format(new Date(iso)).replace(", ", " ");
}

function since(iso) {
  const [day, hour] = when(iso).split(" ");
  const today = when(now()).split(" ")[0];
  const short = day.slice(6) === today.slice(6) ? day.slice(0, 5) : day;
  return words.since.replace("{when}", day === today ? hour : short);
}

function howLongAgo(seconds) {
  const past = Math.max(0, Math.round(seconds));
  if (past < 60) return ago.format(-past, "second");
  if (past < 3600) return ago.format(-Math.floor(past / 60), "minute");
  if (past < 86400) return ago.format(-Math.floor(past / 3600), "hour");
  return ago.format(-Math.floor(past / 86400), "day");
}

function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function setTime(element, iso) {
  element.dateTime = iso;
  tellTime(element);
}

function tellTime(element) {
  const at = element.dateTime;
  if ("since" in element.dataset) setText(element, since(at));
  else if ("when" in element.dataset) setText(element, when(at));
  else {
    element.title = when(at);
    setText(element, howLongAgo((now() - Date.parse(at)) / 1000));
  }
}

function tellTimes() {
  all("time[data-since], time[data-when], time[data-ago]").forEach(tellTime);
}

function setStatus(element, status) {
  element.dataset.status = status;
  element.querySelector(".mark use").setAttribute("href", `#s-${status}`);
  setText(element.querySelector(".word"), words.status[status]);
}

// From calm to urgent, as on the server.
const URGENCY = ["ok", "unknown", "warning", "critical"];
const worst = (tally) =>
  Object.keys(tally).sort((a, b) => URGENCY.indexOf(b) - URGENCY.indexOf(a))[0];
const total = (tally) => Object.values(tally).reduce((sum, count) => sum + count, 0);

function fillTile(tile, room) {
  tile.dataset.status = room.status;
  setStatus(tile.querySelector(".state"), room.status);
  for (const part of all(".part[data-kind]", tile)) {
    const tally = room.devices[part.dataset.kind];
    part.hidden = !tally;
    if (!tally) continue;
    const status = worst(tally);
    part.dataset.status = status;
    part.querySelector(".mark use").setAttribute("href", `#s-${status}`);
    part.title = `${words.kind[part.dataset.kind]}: ${words.status[status]}`;
    setText(part.querySelector(".hush"), part.title);
  }
  const tablets = room.devices.tablet;
  tile.querySelector(".tablets").hidden = !tablets;
  if (tablets) {
    const tally = `${tablets.ok || 0}/${total(tablets)}`;
    const asleep = room.sleeping ? words.asleep.replace("{n}", room.sleeping) : "";
    setText(tile.querySelector(".tally"), tally);
    setText(tile.querySelector(".asleep"), asleep);
    tile.querySelector(".tablets").title =
      `${words.kind.tablet}: ${tally}${asleep && ` (${asleep})`}`;
  }
  const missing = room.kit.filter((line) => line.here < line.wanted);
  const lacking = tile.querySelector(".lacking");
  lacking.hidden = missing.length === 0;
  lacking.title = missing.map(kitFact).join(", ");
  const count = missing.reduce((sum, line) => sum + line.wanted - line.here, 0);
  setText(lacking, count ? words.lacking.replace("{n}", count) : "");
  const broken = tile.querySelector(".broken");
  broken.hidden = room.faults.length === 0;
  setText(
    broken,
    room.faults.length
      ? words.broken.replace("{parts}", room.faults.map((part) => words.part[part]).join(", "))
      : "",
  );
  const lesson = tile.querySelector(".lesson");
  lesson.hidden = !room.lesson && !room.sheet;
  setText(lesson, lessonShort(room));
  lesson.title = lesson.hidden ? "" : lessonWords(room);
  setTime(tile.querySelector("time"), room.since);
}

// A lesson in a row of words, as on the server.
function lessonWords({ sheet, roll }) {
  if (!sheet) return words.in_lesson;
  const period = sheet.period === null ? "" : words.period.replace("{n}", sheet.period);
  const late = sheet.how && !sheet.confirmed ? words.unconfirmed : "";
  return (
    [sheet.classes.join("+"), sheet.subject, period, roll, late].filter(Boolean).join(" · ") ||
    words.in_lesson
  );
}

function lessonShort({ sheet, roll }) {
  if (!sheet || sheet.classes.length === 0) return words.in_lesson;
  const rest = sheet.how && !sheet.confirmed ? words.unconfirmed : roll;
  return `${sheet.classes.join("+")} ${rest}`.trim();
}

function fillTask(room, problem) {
  const task = byId("task").content.firstElementChild.cloneNode(true);
  setStatus(task, problem.status);
  const link = task.querySelector("a");
  const tile = tileOf(room);
  link.href = tile
    ? tile.querySelector("a").getAttribute("href")
    : `/rooms/${encodeURIComponent(room.room)}`;
  setText(link, roomName(room.room));
  const kind = problem.part
    ? words.part[problem.part]
    : problem.kind
      ? words.kind[problem.kind]
      : words.computer;
  setText(task.querySelector(".thing"), problem.count > 1 ? `${kind} (${problem.count})` : kind);
  setText(task.querySelector(".why"), sentence(problem));
  setTime(task.querySelector("time"), problem.since);
  return task;
}

function showTasks() {
  const list = byId("tasks");
  if (!list) return;
  const tasks = [...rooms.values()].flatMap((room) =>
    room.problems.map((problem) => [room, problem]),
  );
  const rank = (problem) => -URGENCY.indexOf(problem.status);
  tasks.sort(([, a], [, b]) => rank(a) - rank(b) || a.since.localeCompare(b.since));
  const limit = Number(list.dataset.limit);
  list.replaceChildren(...tasks.slice(0, limit).map(([room, problem]) => fillTask(room, problem)));
  const more = tasks.length - limit;
  setText(
    byId("rest"),
    tasks.length === 0 ? words.calm : more > 0 ? words.more.replace("{n}", more) : "",
  );
}

function showCounts() {
  const figures = {
    problems: 0,
    disconnected: 0,
    in_lesson: 0,
    rooms: rooms.size,
    working: 0,
    devices: 0,
  };
  for (const room of rooms.values()) {
    figures.problems += room.problems.length;
    figures.in_lesson += room.lesson ? 1 : 0;
    for (const tally of Object.values(room.devices)) {
      figures.disconnected += tally.unknown || 0;
      figures.working += tally.ok || 0;
      figures.devices += total(tally);
    }
  }
  for (const element of all("[data-count]"))
    setText(element, String(figures[element.dataset.count]));
  for (const [name, status] of [
    ["problems", "critical"],
    ["disconnected", "unknown"],
  ]) {
    const element = document.querySelector(`[data-count="${name}"]`);
    if (element) element.parentElement.dataset.status = figures[name] ? status : "ok";
  }
}

const tileOf = (room) =>
  all(".tile").find(
    (tile) => tile.dataset.room === room.room && tile.dataset.school === room.school,
  );

function showRoom(room) {
  const key = JSON.stringify([room.school, room.room]);
  const empty = room.agents.length === 0 && Object.keys(room.devices).length === 0;
  if (empty) rooms.delete(key);
  else rooms.set(key, room);
  const tile = tileOf(room);
  if (tile && !empty) fillTile(tile, room);
  else if (tile || !empty) refreshSoon(); // a room came or went
}

// Whether the table, as filtered and paged, would show this device.
function belongs(device) {
  if (onRoomPage) return device.room === byId("room").dataset.room;
  const wanted = new URLSearchParams(location.search);
  return ["room", "kind", "status"].every(
    (name) => !wanted.get(name) || wanted.get(name) === device[name],
  );
}

function isBehindThisPage(device) {
  const ids = all("#rows tr").map((row) => row.dataset.device);
  const begun =
    !new URLSearchParams(location.search).get("cursor") || device.device_id > (ids[0] || "");
  return !begun || (ids.length >= ROWS && device.device_id > ids.at(-1));
}

function showDevice(device) {
  const row = all("#rows tr").find(
    (each) => each.dataset.device === device.device_id && each.dataset.school === device.school,
  );
  if (!row && (device.removed || !belongs(device) || (!onRoomPage && isBehindThisPage(device))))
    return;
  if (!row || device.removed || !belongs(device)) {
    refreshSoon(); // rows come and go by the server's order and the filter's
    return;
  }
  const shown = ["room", "identity", "address"];
  if (shown.some((name) => row.dataset[name] !== (device[name] || ""))) refreshSoon();
  row.dataset.status = device.status;
  setStatus(row.querySelector(".state"), device.status);
  setText(row.querySelector(".why"), device.reasons.map(sentence).join(" "));
  setText(row.querySelector(".facts"), facts(device));
  setText(
    row.querySelector(".name"),
    device.name ||
      [device.vendor, device.model].filter(Boolean).join(" ") ||
      words.kind[device.kind],
  );
  setTime(row.querySelector(".began"), device.since);
  setTime(row.querySelector(".seen"), device.last_seen);
}

// Fetch this very page and take over the parts that changed shape; scroll and focus stay.
async function refresh() {
  if (refreshing) {
    again = true;
    return;
  }
  refreshing = 1;
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focused = document.activeElement && document.activeElement.id;
    for (const part of all("[data-part]")) {
      const other = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!other) continue;
      const chosen = new FormData(part.querySelector("form") || undefined);
      part.replaceChildren(...other.childNodes);
      for (const [name, value] of chosen) {
        const field = part.querySelector(`[name="${name}"]`);
        if (field) field.value = value;
      }
    }
    if (focused && byId(focused)) byId(focused).focus({ preventScroll: true });
    tellTimes();
    showTasks();
  } catch {
    // No network: the next snapshot asks again.
  } finally {
    refreshing = 0;
    if (again) {
      again = false;
      refreshSoon();
    }
  }
}

let refreshTimer = 0;
function refreshSoon() {
  refreshTimer ||= setTimeout(() => {
    refreshTimer = 0;
    refresh();
  }, CALM_MS);
}

const onRoomPage = Boolean(byId("room"));
let summing = 0;
function sumUpSoon() {
  summing ||= setTimeout(() => {
    summing = 0;
    showTasks();
    showCounts();
  }, 100);
}

function show(what, item) {
  if (what === "attendance") setText(byId("marked"), String(item.marked_today));
  else if (what === "device") showDevice(item);
  else if (onRoomPage) refreshSoon();
  else if (what === "room") {
    showRoom(item);
    sumUpSoon();
  }
}

let trouble = ""; // the server's own: what it shows may be old though the line is well

function hear(message) {
  heardAt = performance.now();
  if (message.type === "change") trouble = "";
  else if ("trouble" in message) trouble = message.trouble;
  if (message.at) skewMs = Date.now() - Date.parse(message.at);
  if (message.type === "snapshot") {
    rooms.clear();
    if (!onRoomPage) message.rooms.forEach(showRoom);
    sumUpSoon();
    if (greeted) refreshSoon();
    greeted = true;
  } else if (message.type === "change") show(message.what, message.item);
  else if (message.type === "resync") return "snapshot";
  return "";
}

let greeted = false;
let line = null; // the one that counts; an abandoned one may close much later
let openedAt = 0;

function open() {
  if (line) return;
  const mine = new WebSocket(
    new URL(document.body.dataset.live, location.href.replace(/^http/, "ws")),
  );
  line = mine;
  openedAt = performance.now();
  mine.onmessage = (event) => {
    if (line !== mine) return;
    connected = true;
    waitMs = FIRST_WAIT_MS;
    const answer = hear(JSON.parse(event.data));
    if (answer) mine.send(answer);
    tellAge();
  };
  mine.onclose = () => abandon(mine);
}

// A dead network answers no closing handshake, so nobody waits for one.
function abandon(mine) {
  if (line !== mine) return;
  line = null;
  connected = false;
  mine.close();
  setTimeout(open, waitMs * (0.5 + Math.random() / 2));
  waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
}

function tellAge() {
  const age = (performance.now() - heardAt) / 1000;
  const tried = (performance.now() - openedAt) / 1000;
  if (line && (connected ? age > LOST_S : tried > OPEN_S)) abandon(line);
  const told = connected && words[trouble];
  const level = told || age > OLD_S ? "old" : age > LATE_S ? "late" : connected ? "fresh" : "lost";
  const before = byId("age").dataset.age;
  byId("age").dataset.age = level;
  const text = told || (connected ? words.updated : words.stale).replace("{ago}", howLongAgo(age));
  setText(byId("age-words"), text);
  if (before !== level) setText(byId("age-news"), text); // read aloud once, not every second
}

if (document.body.dataset.live) {
  open();
  setInterval(tellAge, 1000);
  addEventListener("pageshow", (event) => {
    if (event.persisted && line) abandon(line);
  });
}
tellTimes();
setInterval(tellTimes, 15000);
