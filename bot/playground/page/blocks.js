// Slack's Block Kit as elements of this page: what bot/platforms/slack/render.py emits, and nothing else.
//
// `desk` is what a message may ask of the page: {tap(index), file(url), picture(url), say(words)}. `file` and `picture`
// give the address to use. Fields that were made are added to `fields`.

import { el, unknown } from "./dom.js";
import * as controls from "./fields.js";
import { link, picture } from "./links.js";

/** The blocks of a message, of the App Home or of a modal. */
export function renderBlocks(blocks, desk, fields = []) {
  const buttons = { count: 0 };
  return blocks.map((block) => renderBlock(block, { desk, fields, buttons }));
}

/** A text that Slack parses, as it reads: it comes escaped. */
export function unescaped(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function renderBlock(block, around) {
  switch (block.type) {
    case "header":
      return el("h3", { class: "bk-header" }, plain(block.text));
    case "section":
      return el("p", { class: "bk-section" }, plain(block.text));
    case "context":
      return el("p", { class: "bk-context" }, ...block.elements.map(plain));
    case "divider":
      return el("hr");
    case "actions":
      return el("div", { class: "buttons" }, ...block.elements.map((button) => renderButton(button, around)));
    case "rich_text":
      return el("div", { class: "bk-rich" }, ...block.elements.map((part) => renderRich(part, around)));
    case "image":
      return renderImage(block, around.desk);
    case "input":
      return renderInput(block, around);
    default:
      return unknown(`a Block Kit block of the type “${block.type}”`);
  }
}

function plain(text) {
  return text.type === "plain_text" ? text.text : unknown(`a Block Kit text of the type “${text.type}”`);
}

function renderButton(button, { desk, buttons }) {
  if (button.type !== "button") return unknown(`a Block Kit element of the type “${button.type}”`);
  const index = buttons.count;
  buttons.count += 1;
  const style = button.style ? ` ${button.style}` : "";
  const click = () => desk.tap(index);
  return el("button", { type: "button", class: `act${style}`, on: { click } }, plain(button.text));
}

function renderRich(part, { desk }) {
  if (part.type === "rich_text_section") return el("p", {}, ...runs(part.elements, desk));
  if (part.type === "rich_text_list" && part.style === "bullet") {
    return el("ul", {}, ...part.elements.map((item) => el("li", {}, ...runs(item.elements, desk))));
  }
  return unknown(`rich text of the type “${part.type} ${part.style ?? ""}”`);
}

function runs(elements, desk) {
  return elements.map((run) => {
    if (run.type === "link") return link(run.url, run.text, desk);
    if (run.type !== "text") return unknown(`a part of rich text of the type “${run.type}”`);
    return run.style?.bold ? el("strong", {}, run.text) : run.text;
  });
}

function renderImage(block, desk) {
  const url = block.slack_file ? `slack-file:${block.slack_file.id ?? block.slack_file.url}` : block.image_url;
  return picture(url, block.alt_text, block.title ? block.title.text : "", desk);
}

function renderInput(block, { fields }) {
  const { element } = block;
  const optional = block.optional ? el("span", { class: "optional" }, " (optional)") : "";
  const shared = {
    name: block.block_id,
    label: el("span", {}, plain(block.label), optional),
    hint: block.hint ? plain(block.hint) : "",
    required: !block.optional,
  };
  const field = fieldOf(element, shared);
  if (!field) return unknown(`a Block Kit field of the type “${element.type}”`);
  fields.push(field);
  return field.node;
}

function fieldOf(element, shared) {
  const options = element.options?.map((option) => ({ value: option.value, label: plain(option.text) }));
  const one = element.initial_option?.value ?? "";
  const several = element.initial_options?.map((option) => option.value) ?? [];
  switch (element.type) {
    case "radio_buttons":
      return controls.radios({ ...shared, options, value: one });
    case "static_select":
      return controls.menu({ ...shared, options, value: one, empty: "Select an option" });
    case "checkboxes":
    case "multi_static_select":
      return controls.checks({ ...shared, options, value: several });
    case "datepicker":
      return controls.typed({ ...shared, type: "date", value: element.initial_date });
    case "timepicker":
      return controls.typed({ ...shared, type: "time", value: element.initial_time });
    case "number_input":
      return controls.typed({ ...shared, type: "number", value: element.initial_value });
    case "plain_text_input":
      return controls.typed({
        ...shared,
        value: element.initial_value,
        multiline: element.multiline,
        longest: element.max_length,
      });
    default:
      return null;
  }
}
