// This file changes the page's elements, and only where something is another than before.
const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);
export function text(element, words) {
  const next = words ?? "";
  if (element.textContent !== next) element.textContent = next;
}
export const say = (id, words) => text(byId(id), words);
export function attribute(element, name, value) {
  if (value === null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}
export const setPressed = (element, on) => attribute(element, "aria-pressed", Boolean(on));
export function make(tag, name = "", ...children) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (tag === "button") element.type = "button";
  element.append(...children);
  return element;
}
export function picture(id, name) {
  const svg = document.createElementNS(SVG, "svg");
  attribute(svg, "class", name);
  attribute(svg, "aria-hidden", "true");
  svg.append(document.createElementNS(SVG, "use"));
  show(svg, id);
  return svg;
}
export const show = (element, id) => attribute(element.querySelector("use"), "href", id);

// Keeps one child an item, by its field: what stays is never rebuilt, so focus and scroll stay too.
export function keep(parent, items, field, create, fill) {
  const keys = new Set(items.map((item) => String(item[field])));
  for (const child of [...parent.children]) if (!keys.has(child.dataset.key)) child.remove();
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = String(item[field]);
    const child = old.get(key) ?? create(item);
    child.dataset.key = key;
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    fill(child, item);
  }
}
