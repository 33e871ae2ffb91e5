// This file lets the page in: it trades the one-time code behind # for a cookie, and clears it.
const OWN = "lophoc-window";
const ELSEWHERE = new Set(["/board", "/doctor"]);

// What stands behind #: the code, and which of our own pages it is for.
export function givenIn(hash) {
  const given = new URLSearchParams(hash.slice(1));
  const to = given.get("to");
  return { code: given.get("t"), to: ELSEWHERE.has(to) ? to : null, only: given.has("only") };
}

// A second window that the icon opens takes the first one's place, in front: so there is one. What
// the icon opened stays the icon's window when it is loaded again.
let windows = null;
function beTheOnlyOne(isNew) {
  if (isNew) sessionStorage.setItem(OWN, "1");
  if (windows || !sessionStorage.getItem(OWN)) return;
  windows = new BroadcastChannel(OWN);
  windows.addEventListener("message", () => window.close());
  if (isNew) windows.postMessage("here"); // oxlint-disable-line require-post-message-target-origin -- a channel has none
}

export async function enter() {
  const { code, to, only } = givenIn(window.location.hash);
  beTheOnlyOne(only);
  if (!code) return;
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ code });
  try {
    await fetch("/door/pages", { method: "POST", headers, body });
    if (to) window.location.replace(to);
  } catch {
    // Nobody answers: what follows says so, and a code is good for one try.
  }
}
