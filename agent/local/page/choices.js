// This file decides what is shown and what a press means: values in, values out, no document.
export const isIdle = ({ phase }) => phase === "idle" || phase === "ended";
export const needsLook = (line) =>
  line.suggested === "unseen" || line.status !== "present" || line.flags?.length > 0;
export const joined = (parts, by = " · ") => parts.filter(Boolean).join(by);

export function addressOf(path, language) {
  return `${path}${path.includes("?") ? "&" : "?"}lang=${language}`;
}

// The roll by class: all, or only those to look at and those that a finger was on.
export function groupsOf(lines, onlyLook, touched) {
  const groups = new Map();
  for (const line of lines) {
    if (onlyLook && !needsLook(line) && !touched.has(line.student)) continue;
    groups.set(line.class_code, [...(groups.get(line.class_code) ?? []), line]);
  }
  return groups.size ? [...groups] : [["", []]];
}

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
  (questions ?? []).map((each) => ({ ...each, id: `${each.device_id} ${each.kind}` }));

// Where an answer goes, and what it says.
export function answerTo(kind, yes) {
  if (kind === "claim") return ["claim", { ours: yes }];
  return ["kind", { kind: yes ? kind : "other" }];
}
