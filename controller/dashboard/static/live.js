// This file keeps an open page true: it listens to the server's line and says when it cannot.
import { ageOf, countsOf, isElsewhere, isListed, lackingOf, total, worst } from "./live-figures.js";
import { Wording } from "./live-wording.js";

const words = JSON.parse(document.body.dataset.words);
const wording = new Wording(words);
const LOST_S = 9;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 4000;
const OPEN_S = 5;
const CALM_MS = 800;
const ROLLS_CALM_MS = 1000;
const ROLLS_EVERY_MS = 60_000; // a lesson's roll falls due by the clock alone
const ROWS = 50;

const rooms = new Map();
let heardAt = performance.now();
let connected = false;
let waitMs = FIRST_WAIT_MS;
let skewMs = Date.now() - Date.parse(document.body.dataset.at);
let refreshing = false;
let again = false;
let meanwhile = []; // changes heard since this page was asked for anew: its answer may lack them

const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const byId = (id) => document.getElementById(id);
const now = () => Date.now() - skewMs; // the server's clock: this machine's may be years off

function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function setTime(element, iso) {
  element.dateTime = iso;
  tellTime(element);
}

function tellTime(element) {
  const at = element.dateTime;
  if ("since" in element.dataset) setText(element, wording.since(at, now()));
  else if ("when" in element.dataset) setText(element, wording.when(at));
  else {
    element.title = wording.when(at);
    setText(element, wording.ago((now() - Date.parse(at)) / 1000));
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

function fillTile(tile, room) {
  tile.dataset.status = room.status;
  setStatus(tile.querySelector(".state"), room.status);
  for (const part of all(".part[data-kind]", tile)) fillPart(part, room.devices[part.dataset.kind]);
  fillTablets(tile.querySelector(".tablets"), room);
  const lacking = tile.querySelector(".lacking");
  const { lines, count } = lackingOf(room.kit);
  lacking.hidden = lines.length === 0;
  lacking.title = lines.map((line) => wording.kit(line)).join(", ");
  setText(lacking, wording.lacking(count));
  const broken = tile.querySelector(".broken");
  broken.hidden = room.faults.length === 0;
  setText(broken, wording.broken(room.faults));
  const lesson = tile.querySelector(".lesson");
  lesson.hidden = !room.lesson && !room.sheet;
  setText(lesson, wording.lessonShort(room));
  lesson.title = lesson.hidden ? "" : wording.lesson(room);
  setTime(tile.querySelector("time"), room.since);
}

function fillPart(part, tally) {
  part.hidden = !tally;
  if (!tally) return;
  const status = worst(tally);
  part.dataset.status = status;
  part.querySelector(".mark use").setAttribute("href", `#s-${status}`);
  part.title = `${words.kind[part.dataset.kind]}: ${words.status[status]}`;
  setText(part.querySelector(".hush"), part.title);
}

function fillTablets(element, { devices: { tablet }, sleeping }) {
  element.hidden = !tablet;
  if (!tablet) return;
  const tally = `${tablet.ok || 0}/${total(tablet)}`;
  const asleep = wording.asleep(sleeping);
  setText(element.querySelector(".tally"), tally);
  setText(element.querySelector(".asleep"), asleep);
  element.title = `${words.kind.tablet}: ${tally}${asleep && ` (${asleep})`}`;
}

// A part as the server words it for whoever looks: this part of the page alone is fetched.
async function showPart(place, address) {
  if (!place) return;
  const lang = document.documentElement.lang;
  try {
    const answer = await fetch(`${address}?lang=${lang}`, { cache: "no-store" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focused = document.activeElement && document.activeElement.id;
    place.replaceChildren(...fresh.body.childNodes);
    showNeeds();
    if (focused && byId(focused)) byId(focused).focus({ preventScroll: true });
    tellTimes();
  } catch {
    // No network: the next snapshot asks again.
  }
}

const showWork = () => showPart(byId("work"), "/incidents/now");
const showRolls = () => showPart(byId("rolls"), "/rolls/now");

function showNeeds() {
  const count = document.querySelector("[data-needs]");
  if (!count) return;
  const figure = byId("needs");
  setText(figure, count.textContent);
  figure.parentElement.dataset.status = count.dataset.needs === "0" ? "ok" : "critical";
}

let workTimer = 0;
function showWorkSoon() {
  workTimer ||= setTimeout(() => {
    workTimer = 0;
    showWork();
  }, 100);
}

let rollsTimer = 0;
function showRollsSoon() {
  rollsTimer ||= setTimeout(() => {
    rollsTimer = 0;
    showRolls();
  }, ROLLS_CALM_MS);
}

function showCounts() {
  const figures = countsOf([...rooms.values()]);
  for (const element of all("[data-count]"))
    setText(element, wording.number(figures[element.dataset.count]));
  const element = document.querySelector('[data-count="disconnected"]');
  if (element) element.parentElement.dataset.status = figures.disconnected ? "unknown" : "ok";
}

const tileOf = (room) =>
  all(".tile").find(
    (tile) => tile.dataset.room === room.room && tile.dataset.school === room.school,
  );

const taught = (room) => JSON.stringify([room?.lesson, room?.sheet]);

function showRoom(room) {
  const key = JSON.stringify([room.school, room.room]);
  const empty = room.agents.length === 0 && Object.keys(room.devices).length === 0;
  if (greeted && taught(rooms.get(key)) !== taught(room)) showRollsSoon();
  if (empty) rooms.delete(key);
  else rooms.set(key, room);
  const tile = tileOf(room);
  if (tile && !empty) fillTile(tile, room);
  else if (tile || !empty) refreshSoon(); // a room came or went
}

// Whether the table is one of such devices. It says itself which: an address has its own spelling.
const isShown = (device) => isListed(device, byId("rows")?.dataset ?? {});

function isOnThisPage(device) {
  if (onRoomPage) return true;
  const ids = all("#rows tr").map((row) => row.dataset.device);
  return !isElsewhere(device, ids, new URLSearchParams(location.search).get("cursor"), ROWS);
}

function showDevice(device) {
  const row = all("#rows tr").find(
    ({ dataset }) => dataset.device === device.device_id && dataset.school === device.school,
  );
  const isVisible = !device.removed && isShown(device);
  if (row ? !isVisible : isVisible && isOnThisPage(device)) refreshSoon(); // in the server's order
  if (row && isVisible) fillDevice(row, device);
}

function fillDevice(row, device) {
  const fields = ["room", "identity", "address"]; // which the server writes
  if (fields.some((name) => row.dataset[name] !== (device[name] || ""))) refreshSoon();
  row.dataset.status = device.status;
  setStatus(row.querySelector(".state"), device.status);
  setText(
    row.querySelector(".why"),
    device.reasons.map((reason) => wording.sentence(reason)).join(" "),
  );
  setText(row.querySelector(".facts"), wording.facts(device));
  setText(row.querySelector(".name"), wording.device(device));
  setTime(row.querySelector(".began"), device.since);
  setTime(row.querySelector(".seen"), device.last_seen);
}

// Fetch this very page and take over the parts that changed shape; scroll and focus stay.
async function refresh() {
  if (refreshing) {
    again = true;
    return;
  }
  refreshing = true;
  meanwhile = [];
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focused = document.activeElement && document.activeElement.id;
    document.body.dataset.edition = fresh.body.dataset.edition;
    for (const part of all("[data-part]")) {
      const other = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!other) continue;
      const chosen = new FormData(part.querySelector("form.filters") || undefined);
      part.replaceChildren(...other.childNodes);
      for (const [name, value] of chosen) {
        const field = part.querySelector(`[name="${name}"]`);
        if (field) field.value = value;
      }
    }
    if (focused && byId(focused)) byId(focused).focus({ preventScroll: true });
    tellTimes();
    showNeeds();
    for (const { what, item } of meanwhile) show(what, item);
  } catch {
    // No network: the next snapshot asks again.
  } finally {
    refreshing = false;
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
    showCounts();
  }, 100);
}

function show(what, item) {
  if (what === "attendance") setText(byId("marked"), String(item.marked_today));
  else if (what === "device") showDevice(item);
  else if (onRoomPage) refreshSoon();
  else if (what === "incident") showWorkSoon();
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
    // The page was written before this line was there: what came in between stands on neither.
    if (greeted || message.edition !== document.body.dataset.edition) refreshSoon();
    greeted = true;
  } else if (message.type === "change") {
    if (refreshing) meanwhile.push(message);
    show(message.what, message.item);
  } else if (message.type === "resync") return "snapshot";
  return "";
}

let greeted = false;
let line = null; // the one that counts; an abandoned one may close much later
let openedAt = 0;

function open() {
  if (line) return;
  const address = new URL(document.body.dataset.live, location.href.replace(/^http/u, "ws"));
  address.searchParams.set("edition", document.body.dataset.edition); // nothing older is shown
  const socket = new WebSocket(address);
  line = socket;
  openedAt = performance.now();
  socket.onmessage = (event) => {
    if (line !== socket) return;
    connected = true;
    waitMs = FIRST_WAIT_MS;
    const answer = hear(JSON.parse(event.data));
    if (answer) socket.send(answer);
    tellAge();
  };
  socket.onclose = () => abandon(socket);
}

// A dead network answers no closing handshake, so nobody waits for one.
function abandon(socket) {
  if (line !== socket) return;
  line = null;
  connected = false;
  socket.close();
  setTimeout(open, waitMs * (0.5 + Math.random() / 2));
  waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
}

function tellAge() {
  const age = (performance.now() - heardAt) / 1000;
  const tried = (performance.now() - openedAt) / 1000;
  if (line && (connected ? age > LOST_S : tried > OPEN_S)) abandon(line);
  const news = connected && words[trouble];
  const level = ageOf(age, connected, news);
  const before = byId("age").dataset.age;
  byId("age").dataset.age = level;
  const text = news || (connected ? words.updated : words.stale).replace("{ago}", wording.ago(age));
  setText(byId("age-words"), text);
  const began = before === "still" && level === "fresh";
  if (before !== level && !began) setText(byId("age-news"), text); // read aloud once, not every second
}

// The key / leads to the search box, unless somebody switched it off on the page of the search.
const SLASH = "lophoc-slash";
const isWriting = (target) => target.closest("input, select, textarea, [contenteditable]");
addEventListener("keydown", (event) => {
  const box = byId("seek");
  if (event.key !== "/" || event.ctrlKey || event.altKey || event.metaKey || !box) return;
  if (isWriting(event.target) || localStorage.getItem(SLASH) === "off") return;
  event.preventDefault();
  box.focus();
  box.select();
});
const slash = byId("slash");
if (slash) {
  slash.checked = localStorage.getItem(SLASH) !== "off";
  slash.addEventListener("change", () => localStorage.setItem(SLASH, slash.checked ? "on" : "off"));
}

if (document.body.dataset.live) {
  open();
  setInterval(tellAge, 1000);
  setInterval(() => connected && showRolls(), ROLLS_EVERY_MS);
  addEventListener("pageshow", (event) => {
    if (event.persisted && line) abandon(line);
  });
}
tellTimes();
setInterval(tellTimes, 15000);
