// The list of everybody, grouped by part. Thousands may be in it, so only rows in sight exist as elements.
//
// To a screen reader and the keyboard it is one listbox: arrows move, Enter chooses, and each row says which of how
// many it is. The row that the keyboard is at is always in sight, and therefore exists.

import { avatar, byId, el } from "./dom.js";

const ROW_IN_REM = 3;
/** Rows beyond the edges, so that scrolling does not show gaps. */
const SPARE = 6;
const PLATFORMS = { slack: "Slack", teams: "Teams" };

export class People {
  /** `onChosen(person)`: somebody was chosen. */
  constructor(onChosen) {
    this.onChosen = onChosen;
    this.box = byId("people-list");
    this.room = el("div", { class: "room", role: "presentation" });
    this.box.append(this.room);
    this.search = byId("people-search");
    this.unread = new Map();
    this.everybody = [];
    this.rows = [];
    this.at = 0;
    this.chosen = "";
    this.search.addEventListener("input", () => this.find());
    this.search.addEventListener("keydown", (event) => this.fromSearch(event));
    this.box.addEventListener("keydown", (event) => this.pressed(event));
    this.box.addEventListener("scroll", () => this.draw(), { passive: true });
    this.box.addEventListener("click", (event) => this.clicked(event));
    new ResizeObserver(() => this.draw()).observe(this.box);
  }

  /** Everybody there is. */
  show(everybody) {
    this.everybody = everybody;
    this.chosen = "";
    this.search.value = "";
    this.find();
  }

  /** Another scenario begins. */
  forgetUnread() {
    this.unread.clear();
  }

  /** Numbers of unread messages that have changed, by person. */
  noteUnread(counts) {
    for (const [person, count] of Object.entries(counts)) this.unread.set(person, count);
    this.drawSoon();
  }

  /** Show who is chosen. */
  mark(id) {
    this.chosen = id;
    const row = this.rows.findIndex((each) => each.person?.id === id);
    if (row >= 0) this.at = row;
    this.drawSoon();
  }

  find() {
    const wanted = this.search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.everybody.filter((person) => {
      const said = `${person.name} ${person.part} ${person.platform} ${person.organisation} ${person.grade}`;
      return wanted.every((word) => said.toLowerCase().includes(word));
    });
    this.rows = rowsOf(found);
    this.count = found.length;
    this.at = this.rows.findIndex((row) => row.person);
    this.box.scrollTop = 0;
    byId("people-count").replaceChildren(found.length === 1 ? "1 person" : `${found.length} people`);
    this.draw();
  }

  drawSoon() {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      this.draw();
    });
  }

  draw() {
    // In rem, so that the rows grow with the reader's letters.
    this.height = parseFloat(getComputedStyle(document.documentElement).fontSize) * ROW_IN_REM;
    this.room.style.height = `${this.rows.length * this.height}px`;
    const first = Math.max(0, Math.floor(this.box.scrollTop / this.height) - SPARE);
    const last = Math.ceil((this.box.scrollTop + this.box.clientHeight) / this.height) + SPARE;
    const drawn = this.rows.slice(first, last).map((row, n) => this.draw1(row, first + n));
    this.room.replaceChildren(...drawn);
    const current = this.room.querySelector(".at");
    if (current) this.box.setAttribute("aria-activedescendant", current.id);
    else this.box.removeAttribute("aria-activedescendant");
  }

  draw1(row, index) {
    const node = row.person ? this.option(row, index) : el("div", { class: "part", "aria-hidden": "true" }, row.title);
    node.style.transform = `translateY(${index * this.height}px)`;
    return node;
  }

  option({ person, number }, index) {
    const unread = this.unread.get(person.id) ?? 0;
    return el(
      "div",
      {
        role: "option",
        id: `person-${index}`,
        class: index === this.at ? "person at" : "person",
        "aria-selected": String(person.id === this.chosen),
        "aria-setsize": String(this.count),
        "aria-posinset": String(number),
        "data-row": String(index),
      },
      avatar(person.name),
      el(
        "span",
        { class: "about" },
        el(
          "span",
          {},
          el("span", { class: "name" }, person.name),
          unread ? el("span", { class: "unread" }, String(unread), el("span", { class: "aside" }, " unread")) : null,
        ),
        el(
          "span",
          {},
          // What the heading says to those who see it.
          el("span", { class: "aside" }, person.part),
          el("span", { class: "where" }, person.organisation),
          el("span", { class: `app ${person.platform}` }, PLATFORMS[person.platform]),
        ),
      ),
    );
  }

  clicked(event) {
    const option = event.target.closest("[role=option]");
    if (!option) return;
    this.at = Number(option.dataset.row);
    this.choose();
  }

  fromSearch(event) {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      this.box.focus();
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.choose();
    }
  }

  pressed(event) {
    const page = Math.max(1, Math.floor(this.box.clientHeight / this.height) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key === "Enter" || event.key === " ") this.choose();
    else if (event.key in steps) this.step(steps[event.key]);
    else return;
    event.preventDefault();
  }

  step(by) {
    const last = this.rows.length - 1;
    let to = Math.min(last, Math.max(0, this.at + by));
    const onwards = by > 0 ? 1 : -1;
    if (!this.rows[to]?.person) to += to === 0 ? 1 : onwards;
    if (!this.rows[to]?.person) return;
    this.at = to;
    const top = to * this.height;
    if (top < this.box.scrollTop) this.box.scrollTop = top - this.height;
    const below = top + this.height - this.box.clientHeight;
    if (below > this.box.scrollTop) this.box.scrollTop = below;
    this.draw();
  }

  choose() {
    const person = this.rows[this.at]?.person;
    if (person) this.onChosen(person);
  }
}

/** Rows of people with a heading for each part, in the order in which the parts come. */
function rowsOf(people) {
  const parts = new Map();
  for (const person of people) {
    if (!parts.has(person.part)) parts.set(person.part, []);
    parts.get(person.part).push(person);
  }
  let number = 0;
  return [...parts].flatMap(([part, members]) => [
    { title: `${part.charAt(0).toUpperCase()}${part.slice(1)} (${members.length})` },
    ...members.map((person) => ({ person, number: (number += 1) })),
  ]);
}
