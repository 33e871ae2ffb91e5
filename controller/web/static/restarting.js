/* This file waits while the server starts anew, and goes on once the next start of it answers. */

const EVERY_MS = 500;
const waiting = document.querySelector("[data-boot]");

async function look() {
  const answer = await fetch("/livez", { cache: "no-store" }).catch(() => null); // it is away
  const { boot } = (await answer?.json().catch(() => null)) ?? {};
  if (boot && boot !== waiting.dataset.boot) location.replace(waiting.dataset.next);
  else setTimeout(look, EVERY_MS);
}

if (waiting) setTimeout(look, EVERY_MS);
