// This file asks about devices; it is read once there is something to ask.
import { answerTo, asked, joined } from "./choices.js";
import { attribute, byId, keep, make, text } from "./dom.js";

// A device's own login: what is typed stays while the page renders, and is shown nowhere again.
function createLogin(path, { press, post }) {
  const [user, password] = ["user", "password"].map((name) => make("input", name));
  Object.assign(user, { maxLength: 128, autocomplete: "off", spellcheck: false });
  Object.assign(password, { maxLength: 128, type: "password", autocomplete: "new-password" });
  const save = make("button", "yes");
  press(save, async () => {
    await post(save, path, { user: user.value, password: password.value });
    password.value = "";
  });
  return make("li", "", make("bdi"), user, password, save);
}
function fillLogin(item, question) {
  for (const input of item.querySelectorAll("input")) {
    attribute(input, "placeholder", question[input.className]);
    attribute(input, "aria-label", `${question.name}: ${question[input.className]}`);
  }
}

const create =
  (tools) =>
  ({ device_id: id, kind, other }) => {
    const device = `devices/${encodeURIComponent(id)}`;
    if (kind === "login") return createLogin(`${device}/login`, tools);
    const [yes, no] = [make("button", "yes"), make("button", "no")];
    const answerBy = (button, is) => {
      const [path, body] = answerTo(kind, is, other);
      tools.press(button, () => tools.post(button, `${device}/${path}`, body));
    };
    for (const button of [yes, no]) answerBy(button, button === yes);
    return make("li", "", make("bdi"), yes, no);
  };
const fill =
  ({ able, now }) =>
  (item, question) => {
    text(item.firstChild, joined([question.name, question.question], ": "));
    for (const button of item.querySelectorAll("button")) {
      text(button, question[button.className] ?? now().words[button.className]);
      attribute(button, "aria-label", `${question.name}: ${button.textContent}`);
      able(button, true);
    }
    fillLogin(item, question);
  };
export function renderQuestions(tools) {
  const questions = asked(tools.now().view.questions);
  keep(byId("questions"), questions, "id", create(tools), fill(tools));
}
