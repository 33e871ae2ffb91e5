// This file counts and sorts the rooms that the line brings, as the server does.
const LATE_S = 30;
const OLD_S = 90;
// From calm to urgent.
const URGENCY = ["ok", "unknown", "warning", "critical"];

const urgency = (status) => URGENCY.indexOf(status);
export const worst = (tally) => Object.keys(tally).sort((a, b) => urgency(b) - urgency(a))[0];
const sum = (numbers) => numbers.reduce((before, number) => before + number, 0);
export const total = (tally) => sum(Object.values(tally));

export function countsOf(rooms) {
  const tallies = rooms.flatMap((room) => Object.values(room.devices));
  return {
    disconnected: sum(tallies.map((tally) => tally.unknown || 0)),
    in_lesson: rooms.filter((room) => room.lesson).length,
    rooms: rooms.length,
    working: sum(tallies.map((tally) => tally.ok || 0)),
    devices: sum(tallies.map(total)),
  };
}

// What a room's kit lacks: its lines, and how many pieces.
export function lackingOf(kit) {
  const lines = kit.filter((line) => line.here < line.wanted);
  return { lines, count: sum(lines.map((line) => line.wanted - line.here)) };
}

// Whether a list, as it is filtered, would show this device.
export function isListed(device, filter) {
  return ["room", "kind", "status"].every((name) => !filter[name] || filter[name] === device[name]);
}

// Whether its place is before or behind the rows of this page. cursor: where the page begins.
export function isElsewhere(device, ids, cursor, size) {
  if (cursor && device.device_id <= (ids[0] || "")) return true;
  return ids.length >= size && device.device_id > ids.at(-1);
}

// How far what is shown may be believed. trouble: the server's own, though the line is well.
export function ageOf(age_s, connected, trouble) {
  if (trouble || age_s > OLD_S) return "old";
  if (age_s > LATE_S) return "late";
  return connected ? "fresh" : "lost";
}
