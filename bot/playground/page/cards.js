// Adaptive Cards as elements of this page: what bot/platforms/teams/render.py emits, and nothing else.
//
// `desk` and `fields`: as in blocks.js.

import { el, newId, unknown } from "./dom.js";
import * as controls from "./fields.js";
import { link, picture } from "./links.js";

/** A card: its body and the buttons below it. */
export function renderCard(card, desk, fields = []) {
  if (card.type !== "AdaptiveCard") return [unknown(`a card of the type “${card.type}”`)];
  const around = { desk, fields, buttons: { count: 0 }, hidden: new Map() };
  const body = card.body.map((element) => renderElement(element, around));
  const below = card.actions ? [actionSet({ actions: card.actions }, around)] : [];
  return [...body, ...below];
}

/** A text as it is read: without the space that has no width, which keeps a card from replacing `{{...}}`. */
function readable(text) {
  return text.replaceAll(/(?<=[{$])\u200b(?=\{)/g, "");
}

function renderElement(element, around) {
  const node = elementOf(element, around);
  const gap = (element.spacing ?? "Default").toLowerCase();
  node.classList.add(`gap-${gap}`);
  if (element.separator) node.classList.add("separated");
  return node;
}

function elementOf(element, around) {
  switch (element.type) {
    case "RichTextBlock":
      return el("p", { class: "ac-text", id: newId("text") }, ...textRuns(element.inlines, around.desk));
    case "Container":
      return container(element, around);
    case "ActionSet":
      return actionSet(element, around);
    case "Image":
      return picture(element.url, element.altText, "", around.desk);
    case "Input.Text":
    case "Input.Date":
    case "Input.Time":
    case "Input.ChoiceSet":
      return input(element, around);
    default:
      return unknown(`an Adaptive Card element of the type “${element.type}”`);
  }
}

function textRuns(inlines, desk) {
  return inlines.map((run) => textRun(run, desk));
}

function textRun(run, desk) {
  if (run.type !== "TextRun") return unknown(`a part of rich text of the type “${run.type}”`);
  if (run.selectAction) {
    if (run.selectAction.type === "Action.OpenUrl") return link(run.selectAction.url, readable(run.text), desk);
    return unknown(`a text that does “${run.selectAction.type}”`);
  }
  const style = [
    run.weight === "Bolder" && "bolder",
    run.size && `size-${run.size.toLowerCase()}`,
    run.isSubtle && "subtle",
    run.color && `color-${run.color.toLowerCase()}`,
  ].filter(Boolean);
  return style.length ? el("span", { class: style.join(" ") }, readable(run.text)) : readable(run.text);
}

function container(element, around) {
  const before = around.fields.length;
  const items = element.items.map((item) => renderElement(item, around));
  const node = el("div", { class: "ac-container" }, ...items);
  if (element.isVisible === false) node.hidden = true;
  if (element.id) around.hidden.set(element.id, node);
  // What stands below a field in its container is its error and its help, which a screen reader should say with it.
  const [field] = around.fields.slice(before);
  if (field) {
    const texts = items.filter((item) => item.classList.contains("ac-text")).map((item) => item.id);
    if (texts.length) field.describedBy(texts.join(" "));
  }
  return node;
}

function actionSet(element, around) {
  return el("div", { class: "buttons" }, ...element.actions.map((action) => renderAction(action, around)));
}

function renderAction(action, around) {
  const click = whatItDoes(action, around);
  if (!click) return unknown(`an Adaptive Card action of the type “${action.type}”`);
  const style = action.style ? ` ${action.style}` : "";
  const type = click === "submit" ? "submit" : "button";
  const on = click === "submit" ? {} : { click };
  return el("button", { type, class: `act${style}`, on }, readable(action.title));
}

/** What a button does: a listener, or "submit" for the one that sends the form it stands in. */
function whatItDoes(action, around) {
  const { desk, buttons, hidden } = around;
  if (action.type === "Action.ToggleVisibility") {
    return (event) => {
      for (const id of action.targetElements) hidden.get(id).hidden = !hidden.get(id).hidden;
      event.currentTarget.setAttribute("aria-expanded", String(!hidden.get(action.targetElements[0]).hidden));
    };
  }
  if (action.type === "Action.Submit" && "form" in (action.data ?? {})) return "submit";
  if (["Action.Submit", "Action.Execute"].includes(action.type) && "action" in (action.data ?? {})) {
    const index = buttons.count;
    buttons.count += 1;
    return () => desk.tap(index);
  }
  return null;
}

function input(element, { fields }) {
  const shared = { name: element.id.slice(element.id.indexOf(":") + 1), label: readable(element.label) };
  const field = fieldOf(element, shared);
  if (!field) return unknown(`an Adaptive Card field: ${element.type} ${element.style ?? ""}`);
  fields.push(field);
  return field.node;
}

function fieldOf(element, shared) {
  const value = element.value ?? "";
  switch (element.type) {
    case "Input.Text":
      return controls.typed({
        ...shared,
        value,
        multiline: element.isMultiline,
        longest: element.maxLength,
        placeholder: element.placeholder,
      });
    case "Input.Date":
      return controls.typed({ ...shared, value, type: "date" });
    case "Input.Time":
      return controls.typed({ ...shared, value, type: "time" });
    default:
      return choices(element, shared, value);
  }
}

function choices(element, shared, value) {
  const options = (readTitle) =>
    element.choices.map((choice) => ({ value: choice.value, label: readTitle(choice.title) }));
  if (element.style === "expanded") {
    // Teams reads Markdown in the titles of boxes and circles, so they come with backslashes.
    const shown = options((title) => readable(title).replaceAll(/\\(.)/g, "$1"));
    if (!element.isMultiSelect) return controls.radios({ ...shared, options: shown, value });
    return controls.checks({ ...shared, options: shown, value: value.split(",").filter(Boolean) });
  }
  if (element.isMultiSelect || element.style !== "compact") return null;
  return controls.menu({ ...shared, options: options(readable), value, empty: element.placeholder ?? "" });
}
