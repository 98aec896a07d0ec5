// What surrounds everything: panes on narrow screens, light and dark, the line for screen readers, and trouble.

import { byId, el } from "./dom.js";

/** Say something to those who listen, and in the status line. */
export function announce(words) {
  byId("status").replaceChildren(words);
}

/** Something went wrong, in plain sight until it is put away. `remedy`: {label, act()}. */
export function trouble(words, remedy) {
  const shut = { label: "Put away", act: untroubled };
  const { label, act } = remedy ?? shut;
  const button = el("button", { type: "button", class: "act", on: { click: () => act() } }, label);
  byId("trouble").replaceChildren(el("span", {}, words), button);
  byId("trouble").hidden = false;
}

/** All is well again. */
export function untroubled() {
  byId("trouble").hidden = true;
}

/** On a screen too narrow for all panes, show this one: people, chats, chat or world. */
export function showPane(name) {
  document.body.dataset.pane = name;
  for (const button of byId("panes").querySelectorAll("button")) {
    if (button.dataset.pane === name) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

/** Light or dark: as the system has it, or as chosen here, which the browser remembers. */
export function followTheme() {
  const chosen = byId("theme");
  const apply = () => {
    document.documentElement.dataset.theme = chosen.value;
  };
  chosen.value = localStorage.getItem("theme") ?? "system";
  chosen.addEventListener("change", () => {
    localStorage.setItem("theme", chosen.value);
    apply();
  });
  apply();
}

byId("panes").addEventListener("click", (event) => {
  const { pane } = event.target.dataset;
  if (pane) showPane(pane);
});
