// This file shows what the doctor found on this computer, and has it look again at a press.
import { enter } from "./door.js";
import { attribute, byId, make, picture, say } from "./dom.js";

const words = JSON.parse(document.body.dataset.words);
const language = document.documentElement.lang;
const PATIENCE_MS = 20000; // a look takes eight seconds at most, and somebody else's may come first
let isLooking = false;

function finding({ check, code, sentence, advice }, status) {
  const told = make(
    "p",
    "",
    picture(`#s-${status}`, "mark"),
    " ",
    make("b", "", check),
    " ",
    make("bdi", "", sentence),
  );
  const item = make("li", "card", told);
  if (advice) item.append(make("p", "", "→ ", make("bdi", "", advice)));
  attribute(item, "data-state", status);
  attribute(item, "data-code", code);
  return item;
}

function group({ status, label, findings }) {
  const title = make("h2", "", `${label} (${findings.length})`);
  const list = make("ul", "cards", ...findings.map((each) => finding(each, status)));
  const section = make("section", "", title, list);
  attribute(section, "data-group", status);
  return section;
}

function deviceCard({ name, device_id, kind_word, grounds }) {
  const head = make("p", "", make("b", "", kind_word), " ", make("bdi", "", name || device_id));
  return make("li", "card", head, ...grounds.map((each) => make("p", "", make("bdi", "", each))));
}

// What was said of two devices; the room takes back its own word, the school's is taken back there.
function pairCard({ device_id: id, other, by, words: told }) {
  const item = make("li", "card", make("p", "", make("bdi", "", told)));
  if (by !== "person") return item;
  const button = make("button", "", words.undo);
  attribute(button, "type", "button");
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled")) return;
    attribute(button, "aria-disabled", "true");
    const path = `/api/v1/devices/${encodeURIComponent(id)}/ask-again?lang=${language}`;
    const headers = { "Content-Type": "application/json" };
    await fetch(path, { method: "POST", headers, body: JSON.stringify({ other }) });
    await showFound();
  });
  item.append(button);
  return item;
}

async function showFound() {
  const answer = await fetch(`/api/v1/status?lang=${language}`, { cache: "no-store" });
  if (!answer.ok) return;
  const { devices, pairs } = await answer.json();
  byId("devices").replaceChildren(...devices.list.filter((each) => each.present).map(deviceCard));
  byId("found").hidden = !devices.present;
  byId("pairs").replaceChildren(...(pairs ?? []).map(pairCard));
  byId("paired").hidden = !pairs?.length;
}

async function look() {
  if (isLooking) return;
  isLooking = true;
  attribute(byId("again"), "aria-disabled", "true");
  say("summary", words.looking);
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const answer = await fetch(`/api/v1/doctor?lang=${language}`, { cache: "no-store", signal });
    const body = await answer.json();
    say("summary", answer.ok ? body.summary : `${body.error.message} ${body.error.hint}`);
    byId("groups").replaceChildren(...(answer.ok ? body.groups.map(group) : []));
    await showFound();
  } catch {
    say("summary", words.look_failed);
  }
  attribute(byId("again"), "aria-disabled", null);
  isLooking = false;
}

byId("again").addEventListener("click", look);
attribute(document.querySelector(`.bar nav [lang=${language}]`), "aria-current", "true");
await enter();
await look();
