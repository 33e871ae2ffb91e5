// This file decides what the screens offer that are read when wanted: values in, values out.
import { plain } from "./choices.js";

// How a card that several pupils may hold can be answered: each of them, all, or none of them.
export function settledBy({ number, candidates, chosen }, words) {
  const all = candidates.map(({ student }) => student);
  const answers = [
    ...candidates.map(({ student, name, class_code: code }) => [
      name.includes(code) ? name : `${name} (${code})`,
      [student],
    ]),
    ...(all.length > 1 ? [[all.length === 2 ? words.both : words.all_of_them, all]] : []),
    [words.nobody, []],
  ];
  const picked = chosen && [...chosen].sort().join();
  return answers.map(([label, students]) => {
    const key = [...students].sort().join();
    return { key, number, label, students, pressed: picked === key };
  });
}
// The answers that give every open card to one class; a card that was at two places stays asked.
export function wholeClass(doubts, code) {
  return doubts
    .filter(({ chosen, repeated }) => !chosen && !repeated)
    .map(({ number, candidates }) => ({
      number,
      students: candidates.filter((who) => who.class_code === code).map(({ student }) => student),
    }))
    .filter(({ students }) => students.length);
}

// The rooms that the teacher may pick, each with what is known of it; an agent of before names them.
export const roomChoice = ({ room_choice: told, rooms }) =>
  told ?? (rooms ?? []).map((room) => ({ room, words: "" }));
export const isFoundRoom = ({ room, words }, wanted) =>
  plain(`${room} ${words}`).includes(plain(wanted));
