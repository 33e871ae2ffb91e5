// This file asks in which room a computer stands that is carried about; read when it is wanted.
import { attribute, byId, keep, make, setPressed, text } from "./dom.js";
import { isFoundRoom, roomChoice } from "./offers.js";

const MANY = 12; // rooms; fewer are seen at once
const title = make("h2");
const find = make("input");
const rooms = make("p", "options rooms");
const nobody = make("p", "nobody");
const close = make("button");
const dialog = make("dialog", "", title, find, rooms, nobody, make("p", "foot", close));
let page = null; // what reaches the agent, and what it said last

export function begin(given) {
  page = given;
  title.id = "rd-title";
  rooms.id = "rooms";
  dialog.id = "rooms-dialog";
  attribute(dialog, "aria-labelledby", title.id);
  find.type = "search";
  find.maxLength = 64;
  find.autocomplete = "off";
  find.addEventListener("input", render);
  document.body.append(dialog);
  page.press(close, () => dialog.close());
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) dialog.close();
  });
}
export function open() {
  find.value = "";
  render();
  dialog.showModal();
}

export function render() {
  const { view, words } = page.now();
  const all = roomChoice(view);
  const shown = all.filter((one) => isFoundRoom(one, find.value));
  text(title, words.which_room);
  text(close, words.close);
  page.able(close, true);
  find.hidden = all.length <= MANY;
  attribute(find, "placeholder", words.find_room);
  attribute(find, "aria-label", words.find_room);
  text(nobody, shown.length ? "" : words.no_room_found);
  keep(rooms, shown, "room", createRoom, fillRoom);
}
function createRoom({ room }) {
  const button = make("button", "", make("b"), make("small"));
  page.press(button, () => {
    dialog.close();
    const { view } = page.now();
    if (room !== view.room || view.pick_room) page.post(byId("room"), "room", { room });
  });
  return button;
}
function fillRoom(button, { room, words }) {
  text(button.children[0], room);
  text(button.children[1], words);
  setPressed(button, room === page.now().view.room);
  page.able(button, true);
}
