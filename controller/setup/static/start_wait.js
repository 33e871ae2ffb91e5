/* This file goes on as soon as the server answers again. */

async function look() {
  try {
    const answer = await fetch("/healthz", { cache: "no-store" });
    const { setup } = await answer.json();
    if (setup !== "waiting") location.replace("/start");
  } catch {
    /* it is not there yet */
  }
}

setInterval(look, 500);
