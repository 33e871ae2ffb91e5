// This file shows whether this computer has joined its school, and sends the code that is typed.
import { attribute, byId, say } from "./dom.js";
import { dressScreens } from "./lines.js";

dressScreens();
const part = byId("enrolment");
let openedFor = ""; // for whom the part was opened by itself: once, then the person's hand decides

// What is to be opened by itself: the form of a computer that nobody has told anything.
const opensFor = ({ membership, state }) =>
  membership === "not_enrolled" || state !== "idle" ? `${membership} ${state}` : "";

export function renderJoining(enrolment, send) {
  const is = enrolment ?? { membership: "enrolled", state: "idle" };
  const isJoined = is.membership === "enrolled" || is.state === "joined";
  part.hidden = isJoined && is.state !== "joined";
  if (part.hidden) return;
  if (opensFor(is) !== openedFor) {
    openedFor = opensFor(is);
    if (openedFor) part.open = true;
  }
  attribute(part, "data-membership", is.membership);
  attribute(part, "data-joining", is.state);
  say("join-title", is.title);
  say("join-why", is.why);
  if (!isJoined) renderForm(is, send);
  else if (byId("join-form")) byId("join-form").hidden = true;
  say("join-said", is.sentence);
  say("join-same", is.same);
  say("join-words", is.words);
  renderCompare(is, send);
}

// Digits that stand on both screens: one press, and either answer ends the question.
function renderCompare({ state, labels }, send) {
  byId("compare").hidden = state !== "knocked";
  for (const id of ["same", "other"]) {
    say(id, labels?.[id]);
    byId(id).onclick = () => send(byId(id), "enrolment/compared", { same: id === "same" });
  }
}

// A computer that has joined has no field to type into: a lesson needs none.
function renderForm({ labels, asks_address: asksAddress }, send) {
  if (!byId("join-form")) makeForm(send);
  byId("join-form").hidden = false;
  byId("join-address").hidden = !asksAddress && !byId("join-controller").value;
  say("join-code-label", labels.code);
  say("join-controller-label", labels.controller);
  say("join", labels.join);
  say("knock", labels.knock);
}
function makeForm(send) {
  const template = byId("join-template");
  template.replaceWith(template.content);
  byId("join-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const [code, controller] = ["join-code", "join-controller"].map((id) => byId(id).value);
    send(byId("join"), "enrolment", { code, controller });
  });
  byId("knock").addEventListener("click", () => {
    const controller = byId("join-controller").value;
    send(byId("knock"), "enrolment/knock", { controller });
  });
}
