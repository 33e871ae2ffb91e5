// This file asks who confirms a roll, or changes a confirmed one; read where the school wants it.
import { attribute, keep, make, text } from "./dom.js";
import { aboutWords, expectedIn, provenDeed } from "./vouching.js";

const title = make("h2");
const subject = make("p");
const refusal = make("p", "refusal");
const who = make("select");
const pin = make("input");
const [whoLabel, pinLabel] = [make("span"), make("span")];
const [confirm, without, close] = [make("button"), make("button"), make("button")];
const form = make(
  "form",
  "proof",
  make("label", "", whoLabel, who),
  make("label", "", pinLabel, pin),
);
const dialog = make("dialog", "", title, subject, refusal, form);
let page = null; // what reaches the agent, and what it said last
let deed = { path: "roll/confirm" }; // what waits for this
let isSent = false;

export function begin(given) {
  page = given;
  title.id = "proof-title";
  dialog.id = "proof-dialog";
  who.id = "proof-who";
  pin.id = "proof-pin";
  confirm.type = "submit";
  confirm.className = "go";
  attribute(dialog, "aria-labelledby", title.id);
  attribute(refusal, "role", "alert");
  Object.assign(pin, { type: "password", inputMode: "numeric", maxLength: 6, autocomplete: "off" });
  attribute(pin, "pattern", "[0-9]{4,6}");
  form.append(make("p", "foot", close, without, confirm));
  document.body.append(dialog);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (pin.value) send({ teacher: who.value, pin: pin.value });
    else pin.focus();
  });
  page.press(without, () => send(who.value ? { teacher: who.value } : {}));
  page.press(close, () => dialog.close());
  dialog.addEventListener("close", () => deed.left?.());
}
// path, body: where the deed goes, and what it says. about: a pupil's line and mark, or words.
// expected: whose lesson it is, where it is not the one that is shown. done: once it is done; left:
// once nothing is asked any more.
export function open(asked) {
  deed = asked;
  pin.value = "";
  text(refusal, "");
  text(subject, aboutWords(deed.about ?? {}));
  subject.hidden = !subject.textContent;
  render();
  who.value = deed.expected ?? expectedIn(page.now().view);
  if (who.selectedIndex < 0) who.value = ""; // of a teacher who was let go
  dialog.showModal();
  (who.value ? pin : who).focus();
}

async function send(values) {
  if (isSent) return;
  isSent = true;
  const sent = deed; // closed meanwhile, the dialog may ask of another one
  const answer = await page.send(sent.path, { ...sent.body, ...values });
  isSent = false;
  pin.value = "";
  text(refusal, answer);
  if (answer) {
    pin.focus();
    return;
  }
  sent.done?.();
  if (sent === deed) dialog.close();
}

export function render() {
  const { view, words } = page.now();
  const [asks, label, bare] = provenDeed(deed.path).map((name) => words[name]);
  text(title, asks);
  text(whoLabel, words.teacher);
  text(pinLabel, "PIN");
  text(confirm, label);
  text(without, bare);
  text(close, words.close);
  for (const button of [confirm, without, close]) page.able(button, true);
  const all = [{ teacher: "", name: words.choose }, ...(view.teachers ?? [])];
  keep(who, all, "teacher", () => make("option"), fillTeacher);
}
function fillTeacher(option, { teacher, name }) {
  option.value = teacher;
  text(option, name);
}
