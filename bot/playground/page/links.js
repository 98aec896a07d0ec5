// Links and pictures in messages, for both platforms.

import { el, unknown } from "./dom.js";

const OPENS = new Set(["https:", "http:", "mailto:", "tel:"]);

/**
 * A link as it is safe to open from here. What would open a chat in the real app only says so, because there is no
 * real app: `desk.say(text)`. Files of the bot come through the playground: `desk.file(url)` gives their address.
 */
export function link(url, label, desk) {
  const file = desk.file(url);
  if (file) return el("a", { href: file, download: true }, label);
  if (url.startsWith("slack://") || url.startsWith("https://teams.microsoft.com/l/chat/")) {
    const told = () => desk.say(`In the real app this opens a chat: ${label}`);
    return el("button", { type: "button", class: "as-link", on: { click: told } }, label);
  }
  if (!OPENS.has(new URL(url, location.href).protocol)) return unknown(`a link to ${url}`);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label);
}

/** A picture with its words on request. */
export function picture(url, alt, title, desk) {
  if (!alt?.trim()) return unknown("a picture without alternative text");
  return el(
    "figure",
    { class: "picture" },
    title ? el("figcaption", {}, title) : null,
    el("img", { src: desk.picture(url), alt, loading: "lazy" }),
    el("details", {}, el("summary", {}, "Picture in words"), el("p", { class: "alt" }, alt)),
  );
}
