// The messages of one conversation: the newest at the bottom, older ones on request, edits in place.

import { avatar, byId, el, unknown } from "./dom.js";
import { renderBlocks, unescaped } from "./blocks.js";
import { renderCard } from "./cards.js";
import { day, stamp, time } from "./time.js";

const CARD = "application/vnd.microsoft.card.adaptive";
const PAGE = 50;
/** So many are there at most, so that the page stays quick. What went at the far end is read again when wanted. */
const KEPT = 300;
/** Pixels from the bottom within which somebody counts as reading the newest, and from the top as asking for more. */
const NEAR = 80;

export class Messages {
  /** `read(before, limit)`: a page, before a message or with null the newest; `desk(message)`: what it may ask for. */
  constructor({ read, desk }) {
    this.read = read;
    this.desk = desk;
    this.box = byId("scroll");
    this.list = byId("messages");
    this.earlier = byId("earlier");
    this.newest = byId("newest");
    this.shown = new Map();
    this.earlier.addEventListener("click", () => this.loadEarlier());
    this.newest.addEventListener("click", () => this.showNewest());
    this.box.addEventListener("scroll", () => this.scrolled(), { passive: true });
    // Pictures come late, and make a message grow: who reads the newest stays with it.
    new ResizeObserver(() => this.follows && this.toTheEnd()).observe(this.list);
  }

  /** Show a conversation from its newest page on. */
  show(platform, { messages, more }) {
    this.platform = platform;
    this.shown.clear();
    this.list.replaceChildren(...messages.map((message) => this.line(message)));
    this.nameDays(this.list.children);
    this.isCut = false;
    this.isLoading = false;
    this.earlier.hidden = !more;
    byId("nothing").hidden = messages.length > 0;
    this.toTheEnd();
  }

  /** A message that is on the screen has changed; one that is not is left alone. Whether it is. */
  change(message) {
    const line = this.shown.get(message.id);
    if (line) this.replace(line, message);
    return Boolean(line);
  }

  /** A message that is new, or has changed. Whether it was new. */
  put(message) {
    if (this.change(message)) return false;
    byId("nothing").hidden = true;
    if (!this.isCut) {
      const line = this.line(message);
      this.list.append(line);
      this.nameDays([line]);
      if (this.follows) this.forget("firstElementChild");
    }
    // Who reads the newest is kept there by the observer, once for all that comes within a frame.
    if (!this.follows) this.newest.hidden = false;
    return true;
  }

  /** Mark a message as waiting for the bot, or not any more. Whether that changed anything. */
  busy(id, waits) {
    const line = this.shown.get(id);
    if (!line || (line.getAttribute("aria-busy") === "true") === waits) return false;
    line.setAttribute("aria-busy", String(waits));
    return true;
  }

  async loadEarlier() {
    const oldest = this.list.firstElementChild;
    if (this.isLoading || this.earlier.hidden || !oldest) return;
    this.isLoading = true;
    this.follow(false);
    try {
      const { messages, more } = await this.read(oldest.dataset.id, PAGE);
      // Another conversation may have been opened in the meantime.
      if (this.list.firstElementChild !== oldest) return;
      const fromTheEnd = this.box.scrollHeight - this.box.scrollTop;
      const lines = messages.map((message) => this.line(message));
      this.list.prepend(...lines);
      this.nameDays([...lines, oldest]);
      this.earlier.hidden = !more;
      this.box.scrollTop = this.box.scrollHeight - fromTheEnd;
      this.forget("lastElementChild");
    } finally {
      this.isLoading = false;
    }
  }

  /** From wherever somebody has scrolled to. */
  async showNewest() {
    if (this.isCut) this.show(this.platform, await this.read(null, PAGE));
    else this.toTheEnd();
  }

  /** Let go what is too much, from the end that is out of sight. */
  forget(end) {
    while (this.list.childElementCount > KEPT) {
      this.shown.delete(this.list[end].dataset.id);
      this.list[end].remove();
      if (end === "firstElementChild") this.earlier.hidden = false;
      else this.isCut = true;
    }
    if (this.list.firstElementChild) this.nameDays([this.list.firstElementChild]);
    if (this.isCut) this.newest.hidden = false;
  }

  toTheEnd() {
    this.follow(true);
    this.box.scrollTop = this.box.scrollHeight;
    this.top = this.box.scrollTop;
    this.newest.hidden = true;
  }

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.box;
    if (!this.isCut && scrollHeight - scrollTop - clientHeight < NEAR) this.follow(true);
    else if (scrollTop < this.top) this.follow(false);
    if (this.follows) this.newest.hidden = true;
    if (scrollTop < NEAR && scrollTop < this.top) this.loadEarlier();
    this.top = scrollTop;
  }

  /** Whether the newest stays in sight. The browser must not hold an older message in its place then. */
  follow(follows) {
    this.follows = follows;
    this.box.classList.toggle("follows", follows);
  }

  replace(line, message) {
    const buttons = [...line.querySelectorAll("button, a, summary")];
    const focused = buttons.indexOf(document.activeElement);
    const fresh = this.line(message);
    line.replaceWith(fresh);
    this.nameDays([fresh]);
    if (focused < 0) return;
    // Whoever had just tapped a button here goes on from the same place, though the button may have gone.
    const now = fresh.querySelectorAll("button, a, summary");
    (now[Math.min(focused, now.length - 1)] ?? fresh).focus({ preventScroll: this.follows });
  }

  line(message) {
    const { from } = message;
    const kind = ["message", from.bot ? "from-bot" : "from-me", message.ephemeral && "ephemeral"];
    const head = el(
      "p",
      { class: "head" },
      el("strong", {}, from.name),
      from.bot ? el("span", { class: "badge" }, this.platform === "slack" ? "App" : "Bot") : null,
      el("time", { datetime: message.at, title: stamp(message.at) }, time(message.at)),
      message.edited ? el("span", { class: "edited" }, "Edited") : null,
    );
    const line = el(
      "li",
      { class: kind.filter(Boolean).join(" "), tabindex: "-1", "data-id": message.id, "data-day": day(message.at) },
      el("p", { class: "day", hidden: true }, day(message.at)),
      avatar(from.name, from.bot),
      el(
        "div",
        { class: "content" },
        head,
        message.ephemeral ? el("p", { class: "only-you" }, "Only visible to you") : null,
        el("div", { class: "body" }, ...bodyOf(message, this.platform, this.desk(message))),
        message.why ? el("p", { class: "why" }, `Why this came: ${message.why} (${message.key})`) : null,
      ),
    );
    this.shown.set(message.id, line);
    return line;
  }

  /** The day stands above the first message of each day. */
  nameDays(lines) {
    for (const line of lines) {
      line.firstElementChild.hidden = line.dataset.day === line.previousElementSibling?.dataset.day;
    }
  }
}

/** What a message holds, in its platform's own format. */
export function bodyOf(message, platform, desk) {
  const { raw } = message;
  if (!message.from.bot) return [words(raw.text)];
  if (platform === "slack") return raw.blocks?.length ? renderBlocks(raw.blocks, desk) : [words(unescaped(raw.text))];
  const cards = (raw.attachments ?? []).map((attached) =>
    attached.contentType === CARD
      ? el("div", { class: "card" }, ...renderCard(attached.content, desk))
      : unknown(`an attachment of the type “${attached.contentType}”`),
  );
  return raw.text ? [words(raw.text), ...cards] : cards;
}

function words(text) {
  return el("p", { class: "words" }, text);
}
