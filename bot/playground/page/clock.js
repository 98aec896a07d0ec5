// The programme's clock and the cohort that acts by itself.

import { byId } from "./dom.js";
import { day, time } from "./time.js";

export class Clock {
  /** `ask(what, details)`: ask the server, and say it where that fails. `said(words)`: for the status line. */
  constructor({ ask, said }) {
    this.ask = ask;
    this.said = said;
    this.moves = byId("moves");
    this.running = byId("running");
    this.moves.addEventListener("click", (event) => {
      const { to } = event.target.dataset;
      if (to) this.move(to);
    });
    byId("stop").addEventListener("click", () => this.ask("stop"));
    byId("cohort").addEventListener("change", () => this.switchCohort());
  }

  /** The state of things when the page begins. */
  show({ now, starts, ends, cohort, running, waiting }) {
    this.starts = Date.parse(starts);
    this.ends = Date.parse(ends);
    byId("cohort").checked = cohort.on;
    byId("cohort-seed").value = cohort.seed;
    this.tell(now, waiting);
    this.run(running);
  }

  /** It is now so late. */
  tell(now, waiting) {
    byId("day").replaceChildren(day(now));
    byId("now").replaceChildren(time(now));
    byId("now").setAttribute("datetime", now);
    const passed = (Date.parse(now) - this.starts) / (this.ends - this.starts);
    byId("year").value = Math.min(1, Math.max(0, passed));
    const left = Math.max(0, Math.ceil((this.ends - Date.parse(now)) / 86_400_000));
    byId("left").replaceChildren(left === 1 ? "1 day is left" : `${left} days are left`);
    if (waiting !== undefined) byId("waiting").replaceChildren(waiting === 1 ? "1 message" : `${waiting} messages`);
  }

  /** How far a move of the clock is; null when none is on its way. */
  run(running) {
    const wasRunning = this.isRunning;
    this.isRunning = Boolean(running);
    // Whoever had tapped a button of the row that goes away must not be thrown to the top of the page.
    const isHere = this.moves.contains(document.activeElement) || this.running.contains(document.activeElement);
    this.moves.hidden = this.isRunning;
    this.running.hidden = !this.isRunning;
    if (running) {
      byId("done").value = running.done;
      byId("until").replaceChildren(`Moving to ${day(running.until)}`);
      if (running.now) this.tell(running.now);
    }
    if (this.isRunning !== wasRunning && isHere) (this.isRunning ? byId("stop") : this.last ?? byId("stop")).focus();
  }

  /** The server has told the time; with `arrived` because the clock has come to rest. */
  told({ now, waiting, arrived }) {
    this.tell(now, waiting);
    if (arrived === undefined) return;
    this.run(null);
    this.said(`It is ${day(now)}, ${time(now)}. Messages that arrived: ${arrived}.`);
  }

  async move(to) {
    this.last = this.moves.querySelector(`[data-to=${to}]`);
    await this.ask("clock", { to });
  }

  switchCohort() {
    const seed = Number.parseInt(byId("cohort-seed").value, 10);
    return this.ask("cohort", { on: byId("cohort").checked, ...(Number.isNaN(seed) ? {} : { seed }) });
  }
}
