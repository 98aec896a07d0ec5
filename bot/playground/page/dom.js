// The one way in which this page makes elements: every text becomes a text node, never markup.

/**
 * An element. `parts`: `class`, `on` ({event: listener}), and attributes by name; false, null and undefined leave an
 * attribute out, true sets it empty. `inside`: elements and texts; null and false are left out.
 */
export function el(tag, parts = {}, ...inside) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(parts)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  node.append(...inside.flat().filter((part) => part !== null && part !== undefined && part !== false));
  return node;
}

/** The element with this id, which index.html has. */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`index.html has no #${id}`);
  return node;
}

let numbers = 0;

/** An id that nothing else on the page has. */
export function newId(prefix) {
  numbers += 1;
  return `${prefix}-${numbers}`;
}

/** In place of something that this page cannot show: loud, so that nobody takes the rest for the whole. */
export function unknown(what) {
  return el("p", { class: "unknown", role: "alert" }, `This page cannot show: ${what}`);
}

/** Two letters for a name. */
export function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  return ((words[0]?.[0] ?? "?") + (words.length > 1 ? words[words.length - 1][0] : "")).toUpperCase();
}

/** The picture beside a name. It says nothing that the name does not. */
export function avatar(name, isBot = false) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 997;
  const tone = isBot ? "bot" : `${sum % 6}`;
  return el("span", { class: `avatar tone-${tone}`, "aria-hidden": "true" }, isBot ? "pm" : initials(name));
}
