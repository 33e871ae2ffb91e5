/* This file shows the browser's clock beside the server's, and sends it along. */

const form = document.querySelector("form[data-server]");
const shown = document.getElementById("browser-clock");
const field = form?.querySelector('[name="browser_ms"]');
const server = document.getElementById("server-clock");

if (form instanceof HTMLFormElement && shown && server && field instanceof HTMLInputElement) {
  const { server: serverMs, zone, locale } = form.dataset;
  const ahead = Date.now() - Number(serverMs);
  const options = { timeZone: zone, dateStyle: "short", timeStyle: "medium" };
  const words = new Intl.DateTimeFormat(
    locale,
    /** @type {Intl.DateTimeFormatOptions} */ (options),
  );
  const tick = () => {
    shown.textContent = words.format(Date.now());
    server.textContent = words.format(Date.now() - ahead);
  };
  if (shown.parentElement) shown.parentElement.hidden = false;
  tick();
  setInterval(tick, 1000);
  form.addEventListener("submit", () => {
    field.value = String(Date.now());
  });
}
