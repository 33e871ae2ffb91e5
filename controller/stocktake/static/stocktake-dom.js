// This file makes the elements of a stocktake's page.
const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

// attributes: on… hears an event; false and null leave one out. children: "" leaves one out.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.filter((child) => child !== ""));
  return element;
}

export const button = (attributes, ...children) =>
  make("button", { type: "button", ...attributes }, ...children);

// submit: hears the form's fields, and the form.
export function form(attributes, submit, ...children) {
  const onsubmit = (event) => {
    event.preventDefault();
    submit(event.target.elements, event.target);
  };
  return make("form", { ...attributes, onsubmit }, ...children);
}

export function mark(status) {
  const [svg, use] = ["svg", "use"].map((name) => document.createElementNS(SVG, name));
  svg.setAttribute("class", "mark");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#s-${status}`);
  svg.append(use);
  return svg;
}
