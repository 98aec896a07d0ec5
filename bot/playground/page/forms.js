// The window of a form: a Slack modal or a Teams dialog, in the browser's own <dialog>, which keeps the keyboard
// inside, closes with Esc and gives the focus back.

import { byId, el } from "./dom.js";
import { renderBlocks } from "./blocks.js";
import { renderCard } from "./cards.js";

export class FormWindow {
  /** `ask(what, details)`: ask the server; `take(answer)`: what is done with an answer; `desk`: as for a message. */
  constructor({ ask, take, desk }) {
    this.ask = ask;
    this.take = take;
    this.desk = desk;
    this.dialog = byId("form");
    this.help = byId("form-help");
    this.open = null;
    this.dialog.addEventListener("close", () => this.closed());
  }

  /** Show the form of an answer; with null the window closes. */
  show(form) {
    if (!form) {
      this.open = null;
      this.help.close();
      this.dialog.close();
      return;
    }
    const isSame = this.open?.handle === form.handle;
    if (isSame && form.platform === "slack") this.showErrors(form);
    else this.draw(form);
    this.open = form;
    if (!this.dialog.open) {
      this.returnTo = document.activeElement;
      this.dialog.showModal();
    }
    this.focusFirst(form);
  }

  draw(form) {
    this.fields = [];
    const slack = form.platform === "slack";
    const card = slack ? null : cardOf(form.raw);
    const desk = { ...this.desk, tap: () => this.getHelp() };
    const body = slack ? renderBlocks(form.raw.blocks, desk, this.fields) : renderCard(card, desk, this.fields);
    const problem = el("p", { class: "error", role: "alert", hidden: true });
    this.problem = problem;
    const title = el("h2", { id: "form-title", tabindex: "-1" }, form.title);
    const isToSend = slack ? Boolean(form.raw.submit) : Boolean(card.actions);
    const foot = slack ? this.foot(form.raw, isToSend) : isToSend ? null : this.foot({}, false);
    this.dialog.className = form.platform;
    this.dialog.replaceChildren(
      el(
        "form",
        { method: "dialog", novalidate: true, on: { submit: (event) => this.send(event, isToSend) } },
        el("header", {}, title, this.closeButton("×", "Close")),
        el("div", { class: "inside body" }, problem, ...body),
        foot,
      ),
    );
    this.showErrors(form);
  }

  foot(view, isToSend) {
    const send = view.submit ? el("button", { class: "act primary" }, view.submit.text) : null;
    return el("footer", {}, this.closeButton(view.close?.text ?? "Close"), isToSend ? send : null);
  }

  closeButton(words, label) {
    const shut = () => this.dialog.close();
    return el("button", { type: "button", class: "act", "aria-label": label, on: { click: shut } }, words);
  }

  /** Slack's errors come beside the form and stand below its fields; a Teams card has them in it already. */
  showErrors(form) {
    const errors = { ...form.errors };
    if (form.platform === "slack") {
      for (const field of this.fields) {
        field.fail(errors[field.name] ?? "");
        delete errors[field.name];
      }
    } else {
      for (const field of this.fields) delete errors[field.name];
    }
    this.fail(Object.values(errors).join(" "));
  }

  /** What is wrong with the form as a whole; empty for nothing. It must stand here: the page behind cannot be heard. */
  fail(words) {
    this.problem.replaceChildren(words);
    this.problem.hidden = !words;
  }

  /** The first field that is wrong, or the title, so that a screen reader begins at the top. */
  focusFirst(form) {
    const wrong = this.fields.find((field) => field.name in form.errors);
    if (wrong) wrong.focus();
    else byId("form-title").focus();
  }

  async send(event, isToSend) {
    event.preventDefault();
    if (!isToSend) return this.dialog.close();
    if (this.isSending) return undefined;
    this.isSending = true;
    this.dialog.setAttribute("aria-busy", "true");
    const values = Object.fromEntries(this.fields.map((field) => [field.name, field.value()]));
    const { handle } = this.open;
    try {
      const answer = await this.ask("submit", { form: handle, values });
      // Whoever closed the window while it was sent has seen enough of it.
      if (this.open?.handle === handle) this.take(answer);
    } catch (error) {
      this.fail(error.message);
    } finally {
      this.isSending = false;
      this.dialog.removeAttribute("aria-busy");
    }
    return undefined;
  }

  /** What Slack shows in front of the form; what was typed stays behind it. */
  async getHelp() {
    try {
      const { lines } = await this.ask("help", { form: this.open.handle });
      const shut = () => this.help.close();
      this.help.replaceChildren(
        el("h2", { id: "form-help-title", tabindex: "-1" }, "Get help"),
        ...lines.map((line) => el("p", {}, line)),
        el("button", { type: "button", class: "act", on: { click: shut } }, "Back to the form"),
      );
      this.help.showModal();
      byId("form-help-title").focus();
    } catch (error) {
      this.fail(error.message);
    }
  }

  /** Sent, or put away: then the platform is told. */
  closed() {
    const { open } = this;
    this.open = null;
    if (open) this.ask("close", { form: open.handle }).catch(() => undefined);
    // The browser gives the focus back itself, but the button may have been drawn anew while the form was open.
    if (!this.returnTo?.isConnected) byId("composer-text").focus();
  }
}

/** The card of a Teams dialog: of the task itself, or of what a stand-in wraps around it. */
function cardOf(raw) {
  return raw.task?.card?.content ?? raw.card?.content ?? raw;
}
