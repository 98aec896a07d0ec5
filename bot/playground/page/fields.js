// The fields of forms, the same for both platforms: native controls with a label, a hint and an error beside them.
//
// A field is {name, node, value(), fail(text), focus()}. `value` gives a string, or a list where several can be chosen.
// Nothing here refuses what is typed: the platform and the bot do, and say so beside the field.

import { el, newId } from "./dom.js";

/** One line, or several, that is typed. `type`: text, number, date or time. */
export function typed({ name, label, value = "", hint = "", type = "text", required = false, ...rest }) {
  const id = newId("field");
  const shared = { id, name, "aria-required": required && "true", placeholder: rest.placeholder };
  // A number is typed as text: a control for numbers would silently drop what is none.
  const kind = type === "number" ? { type: "text", inputmode: "numeric" } : { type };
  const control = rest.multiline
    ? el("textarea", { ...shared, rows: 4, maxlength: rest.longest })
    : el("input", { ...shared, ...kind, maxlength: rest.longest, autocomplete: "off" });
  control.value = value;
  const node = el("div", { class: "field" }, el("label", { for: id }, label), control);
  return described({ name, node, control, hint, value: () => control.value });
}

/** One of the options, from a menu. `empty`: the words of the first line, which stands for no choice. */
export function menu({ name, label, options, value = "", hint = "", empty, required = false }) {
  const id = newId("field");
  const lines = options.map((option) => el("option", { value: option.value }, option.label));
  const control = el("select", { id, name, "aria-required": required && "true" }, el("option", { value: "" }, empty));
  control.append(...lines);
  control.value = value;
  const node = el("div", { class: "field" }, el("label", { for: id }, label), control);
  return described({ name, node, control, hint, value: () => control.value });
}

/** One of the options, all of them in sight. */
export function radios({ name, label, options, value = "", hint = "", required = false }) {
  const group = newId("radios");
  const boxes = options.map((option) => box("radio", group, option, option.value === value));
  const parts = { class: "field choices", role: "radiogroup", "aria-required": required && "true" };
  const node = el("fieldset", parts, el("legend", {}, label), ...boxes.map((each) => each.line));
  const chosen = () => boxes.find((each) => each.input.checked)?.input.value ?? "";
  return described({ name, node, control: node, first: boxes[0].input, hint, value: chosen });
}

/** Any number of the options, all of them in sight. */
export function checks({ name, label, options, value = [], hint = "" }) {
  const group = newId("checks");
  const boxes = options.map((option) => box("checkbox", group, option, value.includes(option.value)));
  const list = el("div", { class: options.length > 10 ? "many" : "few" }, ...boxes.map((each) => each.line));
  const node = el("fieldset", { class: "field choices" }, el("legend", {}, label), list);
  const chosen = () => boxes.filter((each) => each.input.checked).map((each) => each.input.value);
  return described({ name, node, control: node, first: boxes[0].input, hint, value: chosen });
}

function box(type, group, option, checked) {
  const input = el("input", { type, name: group, value: option.value });
  input.checked = checked;
  return { input, line: el("label", { class: "choice" }, input, el("span", {}, option.label)) };
}

function described({ name, node, control, first = control, hint, value }) {
  const help = hint && el("p", { class: "hint", id: newId("hint") }, hint);
  const error = el("p", { class: "error", id: newId("error"), hidden: true });
  if (help) node.append(help);
  node.append(error);
  const saysWhat = (withError) => {
    const ids = [withError && error.id, help && help.id].filter(Boolean).join(" ");
    if (ids) control.setAttribute("aria-describedby", ids);
    else control.removeAttribute("aria-describedby");
    // A fieldset of check boxes has no state of being wrong; its description says it.
    const canBeWrong = control !== node || node.getAttribute("role") === "radiogroup";
    if (withError && canBeWrong) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  };
  const fail = (text) => {
    error.replaceChildren(text ? `Error: ${text}` : "");
    error.hidden = !text;
    saysWhat(Boolean(text));
  };
  const describedBy = (id) => {
    const ids = `${id} ${control.getAttribute("aria-describedby") ?? ""}`.trim();
    control.setAttribute("aria-describedby", ids);
  };
  saysWhat(false);
  return { name, node, value, fail, describedBy, focus: () => first.focus() };
}
