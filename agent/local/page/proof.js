// This file asks who confirms a roll, by name and PIN; read where the school wants it.
import { attribute, keep, make, text } from "./dom.js";

const title = make("h2");
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
const dialog = make("dialog", "", title, refusal, form);
let page = null; // what reaches the agent, and what it said last
let body = {}; // which roll is confirmed
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
}
// asked: the body of the confirmation that waits for this.
export function open(asked) {
  body = asked;
  pin.value = "";
  text(refusal, "");
  render();
  who.value = page.now().view.teachers.find(({ expected }) => expected)?.teacher ?? "";
  dialog.showModal();
  (who.value ? pin : who).focus();
}

async function send(values) {
  if (isSent) return;
  isSent = true;
  const answer = await page.send("roll/confirm", { ...body, ...values });
  isSent = false;
  pin.value = "";
  text(refusal, answer);
  if (answer) pin.focus();
  else dialog.close();
}

export function render() {
  const { view, words } = page.now();
  text(title, words.who_confirms);
  text(whoLabel, words.teacher);
  text(pinLabel, "PIN");
  text(confirm, words.confirm);
  text(without, words.without_pin);
  text(close, words.close);
  for (const button of [confirm, without, close]) page.able(button, true);
  const all = [{ teacher: "", name: words.choose }, ...(view.teachers ?? [])];
  keep(who, all, "teacher", () => make("option"), fillTeacher);
}
function fillTeacher(option, { teacher, name }) {
  option.value = teacher;
  text(option, name);
}
