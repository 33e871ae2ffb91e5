// This file puts a stocktake into words. words: the page's own, in its language.
import { called, same } from "./stocktake-count.js";

export const fill = (text, values) =>
  text.replaceAll(/\{(\w+)\}/gu, (all, name) => values[name] ?? all);
const number = (value, { locale }) => new Intl.NumberFormat(locale).format(value);
const withCount = (text, count, words) => fill(text, { n: number(count, words) });
// Such as 38/40.
export const ratio = (part, all, words) => `${number(part, words)}/${number(all, words)}`;
export const joined = (...parts) => parts.filter(Boolean).join(" · ");
export const titled = (line) => `${called(line)} ${line.tag}`.trim();

// How the sending stands: [status, text]. state: "ok", "offline", "login" where one is asked for,
// or "before" where the page is of another history of the server's data.
export function sendingNews({ full, state, waiting, late, refused }, words) {
  const [status, text] = stateNews(full, state, waiting, words);
  const parts = [
    withCount(text, waiting, words),
    late && withCount(words.late, late, words),
    refused && withCount(words.refused, refused, words),
  ];
  const isDoubtful = status === "ok" && (late || refused);
  return [isDoubtful ? "warning" : status, parts.filter(Boolean).join(" ")];
}

function stateNews(full, state, waiting, words) {
  if (full) return ["critical", words.full];
  if (state === "login" || state === "before") return ["warning", words[state]];
  if (!waiting) return ["ok", words.sent];
  return state === "offline" ? ["warning", words.offline] : ["unknown", words.waiting];
}

// What a scan has done: found its line here, a line of another room, or none.
export function scanNews(line, tag, room, words) {
  if (!line) return fill(words.unknown, { what: tag, tag });
  const text = line.room && !same(line.room, room) ? words.belongs : words.recorded;
  return fill(text, { what: titled(line), tag, room: line.room });
}

// Where a line was seen. word: what its outcome is called; room: the one whose page it stands on.
export function lineNews(line, outcome, word, room, words) {
  const rooms = line.rooms.map((name) => name || words.no_room).join(", ");
  if (outcome === "twice") return fill(words.seen_in, { rooms });
  if (outcome !== "elsewhere") return word;
  const isGuest = line.room && !same(line.room, room);
  return fill(isGuest ? words.guest : words.seen_in, { rooms, room: line.room });
}

// How far a room is: [status, what is left to count].
export function roomNews(counted, all, words) {
  if (counted === all) return ["ok", words.done];
  return [counted ? "warning" : "unknown", withCount(words.left, all - counted, words)];
}

export function addressOf(no, room) {
  if (room === null) return `/stocktake/${no}`;
  return `/stocktake/${no}/rooms/${encodeURIComponent(room || "-")}`;
}

// The room whose page an address is; null: the page of all rooms.
export function roomIn(pathname) {
  const [, room] = pathname.match(/^\/stocktake\/\d+\/rooms\/(.+)$/u) || [];
  if (room === undefined) return null;
  return room === "-" ? "" : decodeURIComponent(room);
}
