// This file decides what is shown and what a press means: values in, values out, no document.
export const isIdle = ({ phase }) => phase === "idle" || phase === "ended";
export const isJoining = ({ enrolment: is }) =>
  Boolean(is) && (is.membership !== "enrolled" || is.state !== "idle");
export const needsLook = (line) =>
  line.suggested === "unseen" || line.status !== "present" || line.flags?.length > 0;
export const joined = (parts, by = " · ") => parts.filter(Boolean).join(by);

export function addressOf(path, language) {
  return `${path}${path.includes("?") ? "&" : "?"}lang=${language}`;
}

// What people type and what names hold, in one writing: no case, no tones, đ as d.
export const plain = (text) =>
  String(text).normalize("NFD").toLowerCase().replaceAll(/\p{M}/gu, "").replaceAll("đ", "d").trim();

// Whether a pupil is the one that is looked for: by the number, or by a part of the name.
export function isFound({ number, name, student }, wanted) {
  const needle = plain(wanted);
  if (/^\d+$/u.test(needle)) return String(number).startsWith(needle);
  return plain(name || student).includes(needle);
}

// The roll by class: all, or only these pupils (a set), and of them only who is looked for.
export function groupsOf(lines, only, wanted = "") {
  const groups = new Map();
  for (const line of lines) {
    if (only && !only.has(line.student)) continue;
    if (wanted && !isFound(line, wanted)) continue;
    groups.set(line.class_code, [...(groups.get(line.class_code) ?? []), line]);
  }
  return groups.size ? [...groups] : [["", []]];
}

// The roll with what was pressed and is not answered yet, so that it is shown at once.
export function rollWith(roll, pending) {
  if (!roll || !pending.size) return roll;
  const lines = roll.lines.map((line) => {
    const status = pending.get(line.student) ?? line.status;
    return status === line.status ? line : { ...line, status };
  });
  const absent = lines.filter(({ status }) => status.startsWith("absent")).length;
  return { ...roll, lines, text: `${lines.length}/${lines.length - absent}/${absent}` };
}

// What a deed is meant for, as it was shown, so that it does nothing to another lesson.
export const meantFor = ({ meant }) => (meant ? { meant } : {});

export function meantUndo({ meant, undo }) {
  return meant && undo ? { meant: { what: undo.what, lesson: undo.lesson } } : {};
}

// How the list is introduced: what is to be looked at before confirming; that all are there only
// while nothing speaks against it.
export function hintOf({ confirmed, lines, checks }, words) {
  if (confirmed) return words.correct_hint;
  if (checks?.length) return checks.map(({ sentence }) => sentence).join(" ");
  return lines.some(needsLook) ? words.tap_hint : words.mark_hint;
}

const isOwed = (line) => line.has_roll && !line.confirmed && !line.entered && !line.running;
// The lessons of before that are still to be confirmed, but for the one that the large button does.
export const owedBeside = ({ lessons, meant }) =>
  (lessons ?? []).filter((line) => isOwed(line) && line.lesson !== meant?.lesson);

// Not once more what stands there with its button.
export const noticesOf = (view) =>
  (view.notices ?? []).filter(({ code }) => code !== "unconfirmed" || !owedBeside(view).length);

// The lessons of before that have a roll, but for the one whose roll the page shows anyway.
export const earlierOf = ({ lessons, meant, roll }) =>
  (lessons ?? []).filter(
    (line) => line.has_roll && !line.running && !(roll && line.lesson === meant?.lesson),
  );
export function earlierWords(view, words) {
  const count = earlierOf(view).filter(isOwed).length;
  return joined([words.earlier, count && words.owed.replace("{n}", count)]);
}

// Who is seen now and was not before; of a list that was not shown yet, nobody.
export function newlySeen(before, after) {
  const unseen = new Set(
    (before ?? []).filter(({ suggested }) => suggested !== "seen").map(({ student }) => student),
  );
  return (after ?? [])
    .filter(({ suggested, student }) => suggested === "seen" && unseen.has(student))
    .map(({ student }) => student);
}

// A pupil's mark by the room itself.
export const ownMark = (line) => line?.school?.room ?? line?.status;

// The marks that a finger set, to be taken back one by one while they stand: not of pupils who have
// left, nor where another window set another. waiting: not answered yet.
export function stepsAfter(steps, lines, waiting = new Map()) {
  const marks = new Map((lines ?? []).map((line) => [line.student, ownMark(line)]));
  const newest = new Map(steps.map(({ student, mark }) => [student, mark]));
  const stands = (student) =>
    waiting.has(student) || [undefined, marks.get(student)].includes(newest.get(student));
  return steps.filter(({ student }) => marks.has(student) && stands(student));
}

// How the lesson stands: what was set before the confirmation or the end is not taken back after.
const standing = (view) => [view.meant?.lesson, isIdle(view), Boolean(view.roll?.confirmed)].join();
const offerOf = (undo) => joined([undo?.what, undo?.lesson], " ");

// A mark that is set now, with the mark of before and what the agent offered to undo.
export const stepOf = (view, student, status, mark) => ({
  student,
  status,
  mark,
  standing: standing(view),
  since: offerOf(view.undo),
});

// What is taken back next, the newest first: a mark, or what the agent offers (undo). Its offer to
// undo a correction is of no use beside that mark, nor where it would take an undo back (undid).
export function nextUndo(steps, view, undo, undid) {
  const step = steps.findLast((one) => one.standing === standing(view));
  const isOfMark = undo?.what === "correction" && undo.lesson === view.meant?.lesson;
  const offer = undo && !(isOfMark && (step || undid)) ? undo : null;
  return step && (!offer || step.since === offerOf(offer)) ? { step } : { offer };
}

// Whose mark counts where it is not the room's, why a pupil is to be looked at, and how seen.
export const whyOf = (line, whose = "short") => joined([line.school?.[whose], seenOf(line)]);
const seenOf = (line) => joined([...(line.flag_words ?? []), line.words]);

// Whose a mark is comes first: a narrow line is cut, its letter is not.
export const whatOf = (line, label) =>
  joined([line.school?.short, label, line.status !== "present" && seenOf(line)]);

export function signOf({ suggested, flags }) {
  if (suggested === "unseen") return "#s-unknown";
  return flags?.length ? "#s-warning" : "#s-ok";
}

// A tap marks a present pupil absent and offers the other marks; once confirmed it only offers.
export function tapOn({ status }, confirmed, isOpen) {
  if (!confirmed && status === "present") return { open: true, mark: "absent_unexcused" };
  return { open: !isOpen, mark: isOpen && !confirmed ? "present" : null };
}

// What the proposal offers: each set of classes once, under its name.
export function offersOf(proposal) {
  const sets = [proposal?.classes, ...(proposal?.others ?? [])].filter((set) => set?.length);
  return new Map(sets.map((set) => [set.join(" + "), set]));
}

// The classes after a press on one of them: this one alone, or of several one more or less.
export function toggled(classes, code, joint) {
  if (!joint) return [code];
  return classes.includes(code) ? classes.filter((other) => other !== code) : [...classes, code];
}

// Of one device both may be asked: whose it is, and what.
export const asked = (questions) =>
  (questions ?? []).map((each) => ({
    ...each,
    id: [each.device_id, each.kind, each.other ?? ""].join(" ").trim(),
  }));

// Where an answer goes, and what it says.
export function answerTo(kind, yes, other) {
  if (kind === "pair") return [yes ? "join" : "distinct", { other }];
  if (kind === "claim") return ["claim", { ours: yes }];
  return ["kind", { kind: yes ? kind : "other" }];
}

// What the two buttons of the lesson do: a button that has become another rests for a moment.
export const deedsOf = ({ button, also }) => [button?.action, also?.action].join();

// Where the lesson's steps are taken.
export const PATHS = {
  start: "lesson/start",
  confirm: "roll/confirm",
  end: "lesson/end",
};
