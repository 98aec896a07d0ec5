// What no person in the programme sees: who was written to and why, what waits, what goes wrong, and the scenario.

import { byId, el } from "./dom.js";
import { stamp } from "./time.js";

/** Lines that stay in the list of what arrived. */
const KEPT = 200;
const PLATFORMS = { slack: "Slack", teams: "Teams" };

/** The list of what arrived, the newest on top. Hundreds may come in a second: they are drawn once a frame. */
export class Arrivals {
  constructor() {
    this.list = byId("arrivals");
    this.coming = [];
  }

  clear() {
    this.coming = [];
    this.list.replaceChildren();
  }

  /** Something arrived, or so many were left out (`{skipped}`). */
  add(arrived) {
    this.coming.push(arrived);
    if (this.coming.length > KEPT) this.coming.shift();
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      this.list.prepend(...this.coming.reverse().map(lineOf));
      this.coming = [];
      while (this.list.childElementCount > KEPT) this.list.lastElementChild.remove();
    });
  }
}

function lineOf(arrived) {
  if (arrived.skipped) return el("li", { class: "skipped" }, `and ${arrived.skipped} more`);
  return el(
    "li",
    {},
    el("p", { class: "why-line" }, arrived.why),
    el("p", { class: "to" }, `${namesOf(arrived.to)}, on ${PLATFORMS[arrived.platform]}`),
    el("p", { class: "line" }, arrived.line),
    el(
      "p",
      { class: "small key", title: arrived.key },
      el("time", { datetime: arrived.at }, stamp(arrived.at)),
      ` · ${arrived.key}`,
    ),
  );
}

function namesOf(names) {
  return names.length > 4 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
}

/** What waits to be sent: asked for when it is opened, and again when the clock has moved. */
export class Outbox {
  constructor(ask) {
    this.ask = ask;
    this.part = byId("outbox");
    this.part.addEventListener("toggle", () => this.refresh());
  }

  async refresh() {
    if (!this.part.open) return;
    const { waiting, total } = await this.ask("outbox");
    byId("outbox-list").replaceChildren(...waiting.map(waitingLine));
    const shown = waiting.length;
    const words = total ? `${shown} of ${total}, by when they are due` : "Nothing waits.";
    byId("outbox-count").replaceChildren(words);
  }
}

/** What the programme has come to: asked for when it is opened, and again when the clock has moved. */
export class Figures {
  constructor(ask) {
    this.ask = ask;
    this.part = byId("figures");
    this.part.addEventListener("toggle", () => this.refresh());
  }

  async refresh() {
    if (!this.part.open) return;
    const { figures } = await this.ask("figures");
    // How long it took is known of a year in the terminal only.
    const told = Object.entries(figures).filter(([name]) => name !== "seconds");
    const rows = told.flatMap(([name, value]) => [
      el("dt", {}, name.replaceAll("_", " ")),
      el("dd", {}, typeof value === "object" ? Object.entries(value).flat().join(" ") : String(value)),
    ]);
    byId("figures-list").replaceChildren(...rows);
  }
}

function waitingLine(row) {
  const held = row.not_before && row.not_before > row.due_at ? `, held back until ${stamp(row.not_before)}` : "";
  return el(
    "li",
    {},
    el("p", { class: "why-line" }, row.why),
    el("p", { class: "to" }, row.to),
    el("p", { class: "small" }, `due ${stamp(row.due_at)}${held} · ${row.state} · ${row.key}`),
  );
}

/** Things that go wrong between the bot and a platform, on request. */
export class Faults {
  constructor(ask) {
    this.ask = ask;
    this.form = byId("faults-form");
    this.form.addEventListener("submit", (event) => this.add(event));
    this.form.elements.kind.addEventListener("change", () => this.showStatus());
    this.showStatus();
  }

  show(faults) {
    const rows = Object.entries(faults).flatMap(([platform, list]) => (list.length ? [this.row(platform, list)] : []));
    byId("faults-list").replaceChildren(...rows);
    byId("no-faults").hidden = rows.length > 0;
  }

  row(platform, list) {
    const off = async () => {
      this.show((await this.ask("faults", { platform, kind: "off" })).faults);
      this.form.elements.platform.focus();
    };
    return el(
      "li",
      {},
      el("span", {}, `${PLATFORMS[platform]}: ${list.map(inWords).join("; ")}`),
      el("button", { type: "button", class: "act", on: { click: off } }, `All well on ${PLATFORMS[platform]} again`),
    );
  }

  showStatus() {
    byId("faults-status").hidden = this.form.elements.kind.value !== "status";
  }

  async add(event) {
    event.preventDefault();
    const { platform, kind, times, status } = this.form.elements;
    const details = { platform: platform.value, kind: kind.value, times: Number(times.value) || 1 };
    if (kind.value === "status") {
      details.status = Number(status.value);
      if (details.status === 429) details.retry_after = 30;
    }
    this.show((await this.ask("faults", details)).faults);
  }
}

function inWords(fault) {
  const what = {
    reply_lost: "the reply is lost",
    reply_late: "the reply comes too late",
    delay: "the reply takes a second",
    status: `answers ${fault.status}`,
    slack_error: fault.error,
  };
  return `${what[fault.kind] ?? fault.kind}, ${fault.times} more times`;
}

/** The scenario, and beginning it anew. */
export class Scenario {
  constructor({ ask, said }) {
    this.form = byId("scenario-form");
    this.about = byId("scenario-about");
    this.form.elements.scenario.addEventListener("change", () => this.describe());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { scenario, level, seed } = this.form.elements;
      const number = Number.parseInt(seed.value, 10);
      said("The programme begins anew. With thousands of people that takes a while.");
      ask("reset", {
        scenario: scenario.value,
        level: level.value,
        ...(Number.isNaN(number) ? {} : { seed: number }),
      });
    });
  }

  show({ scenario, scenarios, level, cohort }) {
    this.scenarios = scenarios;
    const { elements } = this.form;
    elements.scenario.replaceChildren(...scenarios.map((each) => el("option", { value: each.name }, each.title)));
    elements.scenario.value = scenario;
    elements.level.value = level ?? "standard";
    elements.seed.value = cohort.seed;
    byId("scenario-title").replaceChildren(scenarios.find((each) => each.name === scenario)?.title ?? scenario);
    this.describe();
  }

  describe() {
    const chosen = this.scenarios.find((each) => each.name === this.form.elements.scenario.value);
    this.about.replaceChildren(chosen?.about ?? "");
  }
}
