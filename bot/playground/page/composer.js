// Where people type: words, and commands with completion (a slash on Slack, plain words in Teams).

import { byId, el } from "./dom.js";

const LISTED = 12;

export class Composer {
  /** `send(words)`: something was typed and sent; rejects where it did not arrive. */
  constructor(send) {
    this.send = send;
    this.form = byId("composer");
    this.text = byId("composer-text");
    this.list = byId("commands");
    this.commands = [];
    this.found = [];
    this.at = -1;
    this.form.addEventListener("submit", (event) => this.sent(event));
    this.text.addEventListener("input", () => this.offer());
    this.text.addEventListener("keydown", (event) => this.pressed(event));
    this.text.addEventListener("blur", () => this.hide());
    // Not at the click: by then the field has lost the focus, and the list has gone.
    this.list.addEventListener("pointerdown", (event) => this.picked(event));
  }

  /** For another person or another conversation (`kind`, `title`). */
  show(platform, commands, { kind, title }) {
    this.slash = platform === "slack" ? "/" : "";
    this.commands = commands;
    const how = platform === "slack" ? "Message, or / for commands" : "Type a message, such as: help";
    // Where others are too, the bot hears only what is said to it.
    this.text.placeholder = kind === "dm" ? how : `${how.split(",")[0]}, to the bot with @peermentor`;
    this.text.value = "";
    this.text.setAttribute("aria-label", `Write in ${title}`);
    this.hide();
  }

  offer() {
    const typed = this.text.value.toLowerCase();
    const begins = typed && typed.startsWith(this.slash) && !typed.includes(" ");
    const wanted = typed.slice(this.slash.length);
    this.found = begins ? this.commands.filter((each) => each.name.startsWith(wanted)).slice(0, LISTED) : [];
    this.at = this.found.length && this.slash ? 0 : -1;
    this.draw();
  }

  draw() {
    this.list.replaceChildren(...this.found.map((command, n) => this.option(command, n)));
    this.list.hidden = !this.found.length;
    this.text.setAttribute("aria-expanded", String(this.found.length > 0));
    const current = this.list.children[this.at];
    if (current) this.text.setAttribute("aria-activedescendant", current.id);
    else this.text.removeAttribute("aria-activedescendant");
    current?.scrollIntoView({ block: "nearest" });
  }

  option(command, n) {
    return el(
      "li",
      { role: "option", id: `command-${n}`, "aria-selected": String(n === this.at), "data-n": String(n) },
      el("strong", {}, `${this.slash}${command.name}`),
      command.hint ? el("span", { class: "hint" }, ` ${command.hint}`) : null,
      el("span", { class: "does" }, command.help),
    );
  }

  hide() {
    this.found = [];
    this.at = -1;
    this.draw();
  }

  pressed(event) {
    if (!this.found.length) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      this.at = (this.at + steps[event.key] + this.found.length) % this.found.length;
      this.draw();
    } else if (event.key === "Escape") this.hide();
    else if (this.at >= 0 && (event.key === "Tab" || (event.key === "Enter" && !this.isComplete()))) this.complete();
    else return;
    event.preventDefault();
  }

  isComplete() {
    return this.text.value === this.slash + this.found[this.at].name;
  }

  complete() {
    this.text.value = `${this.slash}${this.found[this.at].name}${this.found[this.at].hint ? " " : ""}`;
    this.hide();
  }

  picked(event) {
    const option = event.target.closest("[role=option]");
    event.preventDefault();
    if (!option) return;
    this.at = Number(option.dataset.n);
    this.complete();
  }

  async sent(event) {
    event.preventDefault();
    const words = this.text.value.trim();
    if (!words) return;
    this.text.value = "";
    this.hide();
    try {
      await this.send(words);
    } catch (error) {
      // Nobody has to type it again.
      this.text.value ||= words;
      throw error;
    }
  }
}
