// This file holds how this browser shows the page: larger, in high contrast, with sound or flash.
import { attribute, byId, say, setPressed, text } from "./dom.js";

const KEY = "lophoc_display";
const WAYS = ["large", "contrast", "sound", "flash"]; // each is off until it is chosen
const TONE = { hz: 880, s: 0.12, volume: 0.15 };
const FLASH_MS = 1200;
const CLOCK_MS = 1000;
const clock = new Intl.DateTimeFormat(document.documentElement.lang === "vi" ? "vi-VN" : "en-GB", {
  weekday: "short",
  day: "2-digit",
  month: "2-digit",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "UTC",
});
let audio = null;
let clockAhead = null; // the school's clock before UTC here [ms]

function read() {
  try {
    return new Set(JSON.parse(localStorage.getItem(KEY)).filter((way) => WAYS.includes(way)));
  } catch {
    return new Set(); // nothing chosen, or nothing kept
  }
}
const chosen = read();

function keepChoice() {
  try {
    localStorage.setItem(KEY, JSON.stringify([...chosen]));
  } catch {
    // It holds until the page is left.
  }
}

export function showDisplay(words) {
  for (const way of WAYS) {
    attribute(document.documentElement, `data-${way}`, chosen.has(way) ? "" : null);
    const button = byId(`display-${way}`);
    if (!button) continue;
    text(button, words[way]);
    setPressed(button, chosen.has(way));
  }
}

// The agent's Date (RFC 9110, 6.6.1), in the school's zone.
export function readClock(headers) {
  const [date, zone] = [headers.get("date"), Number(headers.get("lophoc-zone-min"))];
  if (date) clockAhead = Date.parse(date) + zone * 60_000 - Date.now();
  showClock();
}
function showClock() {
  if (clockAhead !== null) say("clock", clock.format(Date.now() + clockAhead));
}

// words: answers the page's words in the language of now.
export function beginDisplay(words) {
  setInterval(showClock, CLOCK_MS);
  byId("display").addEventListener("click", () => byId("display-dialog").showModal());
  for (const way of WAYS) {
    byId(`display-${way}`).addEventListener("click", () => {
      switchWay(way);
      showDisplay(words());
    });
  }
  showDisplay(words());
}

function switchWay(way) {
  if (!chosen.delete(way)) chosen.add(way);
  if (way === "sound" && chosen.has(way)) beep(); // a press allows the page to be heard
  keepChoice();
}

function beep() {
  audio ??= new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = TONE.hz;
  volume.gain.value = TONE.volume;
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + TONE.s);
}

// Pupils were seen by a tablet or a card: it is heard or seen where the teacher wants it.
export function greet(students) {
  if (!students.length) return;
  if (chosen.has("sound")) beep();
  if (!chosen.has("flash")) return;
  for (const row of document.querySelectorAll(".pupil")) {
    if (students.includes(row.dataset.key)) flash(row);
  }
}
function flash(row) {
  attribute(row, "data-seen", "");
  setTimeout(() => attribute(row, "data-seen", null), FLASH_MS);
}
