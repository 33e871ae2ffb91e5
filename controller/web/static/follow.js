/* This file follows a page that goes on by itself: what it tells anew is drawn, all else stays. */

const EVERY_MS = 1000;
const followed = document.querySelector("[data-follow]");

function copy(from, to) {
  if (to.textContent !== from.textContent) to.textContent = from.textContent;
  for (const { name, value } of from.attributes)
    if (to.getAttribute(name) !== value) to.setAttribute(name, value);
}

async function look() {
  const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null); // a cut line
  const text = answer ? await answer.text().catch(() => "") : "";
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const other = fresh.querySelector("[data-follow]");
  const isAway = !text || (answer.status >= 500 && !other); // it is asked again
  if (!isAway && other?.dataset.follow !== followed.dataset.follow) {
    location.reload();
    return;
  }
  for (const part of isAway ? [] : fresh.querySelectorAll("[data-followed]")) {
    const shown = document.getElementById(part.id);
    if (shown) copy(part, shown);
  }
  setTimeout(look, EVERY_MS);
}

if (followed) setTimeout(look, EVERY_MS);
