/* This file writes on every card whom to call; it goes to the printer, and to nobody else. */

const field = document.getElementById("contact");
const blanks = [...document.querySelectorAll(".contact")].map((place) => ({
  place,
  dots: place.firstElementChild,
}));

function write() {
  if (!(field instanceof HTMLInputElement)) return;
  const text = field.value.trim();
  for (const { place, dots } of blanks) place.replaceChildren(text || (dots ?? ""));
}

field?.addEventListener("input", write);
write();
