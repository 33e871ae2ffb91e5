/* This file goes on once the server was away and answers again. */

let wasAway = false;
let looks = 0;

async function look() {
  looks += 1;
  try {
    await fetch("/livez", { cache: "no-store" });
    if (wasAway || looks > 10) location.replace("/settings");
  } catch {
    wasAway = true;
  }
}

setInterval(look, 500);
