// One person's conversations, in the order of their platform's own side bar.

import { avatar, byId, el } from "./dom.js";

const HEADINGS = {
  slack: { dm: "Direct messages", group: "Group messages", channel: "Channels" },
  teams: { dm: "Chat", group: "Group chats", channel: "Teams and channels" },
};
/** What opens the bot's home: a place of its own on Slack, a card in the chat on Teams. */
export const HOME = "home";

export class Chats {
  /** `onChosen(id)`: a conversation, or HOME. */
  constructor(onChosen) {
    this.onChosen = onChosen;
    this.list = byId("chat-list");
    this.list.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.onChosen(button.dataset.id);
    });
  }

  /** The conversations of somebody. */
  show(platform, conversations, hasHome) {
    this.platform = platform;
    this.conversations = new Map(conversations.map((each) => [each.id, each]));
    this.hasHome = hasHome;
    this.draw();
  }

  /** Which one is open. */
  mark(id) {
    this.open = id;
    for (const button of this.list.querySelectorAll("button")) {
      if (button.dataset.id === id) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }

  /** Something arrived in a conversation that is not open, or it was read. Whether it is known. */
  noteUnread(id, isUnread) {
    const conversation = this.conversations.get(id);
    if (!conversation) return false;
    const unread = isUnread ? conversation.unread + 1 : 0;
    if (unread === conversation.unread) return true;
    conversation.unread = unread;
    const button = [...this.list.querySelectorAll("button")].find((each) => each.dataset.id === id);
    button.replaceWith(this.button(conversation));
    this.mark(this.open);
    return true;
  }

  draw() {
    const groups = new Map();
    for (const conversation of this.conversations.values()) {
      if (!groups.has(conversation.kind)) groups.set(conversation.kind, []);
      groups.get(conversation.kind).push(conversation);
    }
    const title = this.platform === "slack" ? "Home of the app" : "Ask for the home card";
    const home = { id: HOME, kind: HOME, title };
    const parts = [...groups].map(([kind, list]) => this.group(HEADINGS[this.platform][kind], list));
    this.list.replaceChildren(...(this.hasHome ? [this.group("peermentor", [home])] : []), ...parts);
    this.mark(this.open);
  }

  group(heading, list) {
    const items = list.map((each) => el("li", {}, this.button(each)));
    return el("section", {}, el("h3", {}, heading), el("ul", {}, ...items));
  }

  button({ id, kind, title, unread = 0 }) {
    return el(
      "button",
      { type: "button", class: `chat ${kind}${unread ? " has-unread" : ""}`, "data-id": id },
      this.sign(kind, title),
      el("span", { class: "title" }, title),
      unread ? el("span", { class: "unread" }, String(unread), el("span", { class: "aside" }, " unread")) : null,
    );
  }

  /** What stands before the title: Slack has signs, Teams has pictures. */
  sign(kind, title) {
    if (this.platform === "teams") return avatar(title, kind === "dm" || kind === HOME);
    const signs = { dm: "●", group: "◉", channel: "#", home: "⌂" };
    return el("span", { class: "sign", "aria-hidden": "true" }, signs[kind]);
  }
}
