/* This file shows which rooms have joined meanwhile; what somebody is writing is left alone. */

const table = document.querySelector("[data-room][data-state='open']");
const field = document.querySelector("textarea[name='rooms']");

async function look() {
  if (
    document.hidden ||
    (field instanceof HTMLTextAreaElement && field.value !== field.defaultValue)
  )
    return;
  try {
    const answer = await fetch(location.pathname, { cache: "no-store" });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const row of page.querySelectorAll("tr[data-room]")) {
      if (!(row instanceof HTMLElement)) continue;
      const shown = document.querySelector(`tr[data-room="${CSS.escape(row.dataset.room ?? "")}"]`);
      if (shown instanceof HTMLElement && shown.dataset.state !== row.dataset.state)
        shown.replaceWith(row);
    }
  } catch {
    /* the server is away; the next look tells */
  }
}

if (table) setInterval(look, 2000);
