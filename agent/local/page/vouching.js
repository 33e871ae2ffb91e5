// This file decides how the one who vouches for a deed is asked: values in, values out.
import { joined } from "./choices.js";

// By the deed's address: the question, and what the two ways to do it are called.
const PROVEN = {
  "roll/confirm": ["who_confirms", "confirm", "without_pin"],
  "roll/mark": ["who_corrects", "correct", "correct_without_pin"],
  undo: ["who_undoes", "undo", "undo_without_pin"],
};
export const provenDeed = (path) => PROVEN[path];

// Whose the lesson is that the page shows, of the teachers who may vouch for it.
export const expectedIn = ({ teachers }) =>
  (teachers ?? []).find(({ expected }) => expected)?.teacher ?? "";

// What is about to be done, in words: a pupil and the mark; else as the agent says it.
export function aboutWords({ line, marks, status, words }) {
  if (!line) return words;
  const mark = marks.find((one) => one.status === status);
  const set = mark && joined([mark.letter, mark.label], " ");
  return joined([`${line.number}. ${line.name || line.student}`, set]);
}
