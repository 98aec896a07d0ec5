// The page as a whole: who somebody is, what they see, and the wires between the parts.

import { Arrivals, Faults, Figures, Outbox, Scenario } from "./backstage.js";
import { Chats, HOME } from "./chats.js";
import { Clock } from "./clock.js";
import { Composer } from "./composer.js";
import { avatar, byId, el } from "./dom.js";
import { FormWindow } from "./forms.js";
import { Messages } from "./messages.js";
import { People } from "./people.js";
import { announce, followTheme, showPane, trouble, untroubled } from "./shell.js";
import { NotDone, Socket } from "./socket.js";
import { setZone } from "./time.js";

const PLATFORMS = { slack: "Slack", teams: "Teams" };
/** Milliseconds in which messages that arrive are told together. */
const TOGETHER = 800;

/**
 * What is on the screen: the person, the id of the conversation (or HOME), and what the server said at the start.
 * `wanted`: who was chosen last; they may not be on the screen yet.
 */
const state = { person: null, wanted: null, place: null, hello: null };
const TITLE = document.title;

// The address keeps the token, and who somebody is: the page can be loaded again, and be several people in several tabs.
const token = new URLSearchParams(location.search).get("token") ?? "";
const socket = new Socket(token, { onPush: pushed, onClosed: lost });

const people = new People(be);
const chats = new Chats(open);
const messages = new Messages({
  read: (before, limit) => ask("read", { conversation: state.place, before, limit }),
  desk: (message) => ({ ...desk, tap: (index) => tap(message.id, index) }),
});
/** What messages and forms may ask of the page. */
const desk = {
  picture: (url) => socket.picture(url),
  file: (url) => state.hello.files.some((prefix) => url.startsWith(prefix)) && socket.picture(url),
  say: announce,
};
const form = new FormWindow({ ask: (what, details) => socket.ask(what, details), take, desk });
const composer = new Composer(type);
const clock = new Clock({ ask, said: announce });
const arrivals = new Arrivals();
const figures = new Figures(ask);
const outbox = new Outbox(ask);
const faults = new Faults(ask);
const scenario = new Scenario({ ask, said: announce });

/** Ask the server; where it says no, that is said in plain sight, and whoever asked goes no further. */
async function ask(what, details) {
  try {
    return await socket.ask(what, details);
  } catch (error) {
    // A server that has gone is trouble of its own, with another remedy.
    if (socket.isOpen) trouble(error.message);
    throw error;
  }
}

addEventListener("unhandledrejection", (event) => {
  if (event.reason instanceof NotDone) event.preventDefault();
  else stumbled(event.reason);
});
addEventListener("error", (event) => event.error && stumbled(event.error));

/** A mistake of this page's own, which must not pass for an answer of the bot's. */
function stumbled(error) {
  trouble(`This page has made a mistake, and may show less than there is: ${error?.message ?? error}`);
}

async function begin() {
  untroubled();
  await socket.connect();
  await hello();
  const named = decodeURIComponent(location.hash.slice(1));
  const person = state.hello.people.find((each) => each.id === named);
  if (person) await be(person);
}

async function hello() {
  // Who has unread messages is told around this answer, before or after it.
  people.forgetUnread();
  state.hello = await ask("hello");
  setZone(state.hello.zone);
  leave();
  people.show(state.hello.people);
  suggest(state.hello.people);
  clock.show(state.hello);
  faults.show(state.hello.faults);
  scenario.show(state.hello);
}

/** Somebody of each part, for those who do not know where to begin. */
function suggest(everybody) {
  const firsts = new Map(everybody.toReversed().map((person) => [person.part, person]));
  const buttons = [...firsts.values()].reverse().map((person) => {
    const click = () => be(person);
    return el("button", { type: "button", class: "act", on: { click } }, `${person.name}, ${person.part}`);
  });
  byId("starts").replaceChildren(...buttons);
}

/** Nobody is chosen. */
function leave() {
  state.person = null;
  state.wanted = null;
  state.place = null;
  document.title = TITLE;
  if (form.open) form.show(null);
  arrivals.clear();
  byId("middle").dataset.platform = "none";
  byId("welcome").hidden = false;
  byId("look").hidden = true;
}

async function be(person) {
  state.wanted = person;
  byId("look").setAttribute("aria-busy", "true");
  try {
    await become(person);
  } finally {
    if (state.wanted === person || !state.wanted) byId("look").setAttribute("aria-busy", "false");
  }
}

/** Be somebody from now on. */
async function become(person) {
  const known = await ask("be", { person: person.id });
  // Somebody else may have been chosen in the meantime: then the server follows them already.
  if (state.wanted !== person) return;
  state.person = person;
  document.title = `${person.name} · ${TITLE}`;
  history.replaceState(null, "", `#${encodeURIComponent(person.id)}`);
  state.place = null;
  setZone(known.zone);
  people.mark(person.id);
  byId("middle").dataset.platform = person.platform;
  byId("welcome").hidden = true;
  byId("look").hidden = false;
  const about = [person.part, person.grade, person.organisation].filter(Boolean).join(", ");
  byId("me").replaceChildren(
    avatar(person.name),
    el(
      "div",
      {},
      el("h2", {}, person.name),
      el("p", {}, about),
      el("p", { class: "view" }, `${PLATFORMS[person.platform]}-like view`),
    ),
  );
  state.commands = known.commands;
  chats.mark(null);
  chats.show(person.platform, known.conversations, known.has_home);
  const first = known.conversations.find((each) => each.kind === "dm") ?? known.conversations[0];
  if (first) await open(first.id);
}

/** Open a conversation, or the home. */
async function open(id) {
  showPane("chat");
  if (id === HOME) return openHome();
  const conversation = chats.conversations.get(id);
  state.place = id;
  const page = await ask("read", { conversation: id, before: null, limit: 50 });
  if (state.place !== id) return undefined;
  settle(id, conversation.title, aboutOf(conversation));
  chats.noteUnread(id, false);
  messages.show(state.person.platform, page);
  composer.show(state.person.platform, state.commands, conversation);
  return undefined;
}

function aboutOf({ kind, members, count }) {
  if (kind === "dm") return "Only you and the bot";
  const others = count - members.length;
  return others > 0 ? `${members.join(", ")} and ${others} more` : members.join(", ");
}

/** Slack has a place for the app's home; on Teams the card arrives in the chat. */
async function openHome() {
  const { person } = state;
  const { message } = await ask("home");
  if (person.platform === "teams" || state.person !== person) return;
  state.place = HOME;
  settle(HOME, "Home", "What the app shows to you alone");
  showHome(message);
}

function showHome(message) {
  const shown = message ? [{ ...message, id: HOME }] : [];
  messages.show(state.person.platform, { messages: shown, more: false });
}

function settle(id, title, about) {
  announce("");
  byId("place").replaceChildren(title);
  byId("place-about").replaceChildren(about);
  byId("chat").dataset.home = String(id === HOME);
  byId("composer").hidden = id === HOME;
  chats.mark(id);
  // On a narrow screen the list in which somebody chose this has gone.
  const here = document.activeElement;
  if (here === document.body || !here.checkVisibility()) byId("place").focus();
}

async function type(words) {
  take(await ask("type", { conversation: state.place, words }));
}

async function tap(id, index) {
  if (!messages.busy(id, true)) return;
  try {
    const answer = await ask("tap", { message: id === HOME ? "home" : id, button: index });
    messages.busy(id, false);
    take(answer);
  } finally {
    messages.busy(id, false);
  }
}

/** What the bot answered to something that this person did. */
function take({ message, form: opened, said }) {
  if (said) announce(said);
  if (message) arrive(message);
  if (opened) form.show(opened);
  else if (form.open) form.show(null);
}

/** A message for the person who is on the screen. */
function arrive(message) {
  if (message.id === HOME || message.conversation === "") {
    if (state.place === HOME) showHome(message);
    return;
  }
  if (message.conversation === state.place) {
    if (messages.put(message)) {
      if (message.from.bot) tellLater(message);
      noteRead();
    }
  } else if (!chats.noteUnread(message.conversation, true)) refreshChats();
}

let willNoteRead = false;

/** What comes within one frame is read at once. */
function noteRead() {
  if (willNoteRead) return;
  willNoteRead = true;
  requestAnimationFrame(() => {
    willNoteRead = false;
    if (state.place === null || state.place === HOME) return;
    socket.ask("read", { conversation: state.place, before: null, limit: 1 }).catch(() => undefined);
  });
}

/** Somebody may have been put into a conversation that did not exist before. */
async function refreshChats() {
  const { person } = state;
  const known = await ask("be", { person: person.id });
  if (state.person === person) chats.show(person.platform, known.conversations, known.has_home);
}

const untold = [];

/** New messages are told to a screen reader, but together, and not while the clock runs. */
function tellLater(message) {
  if (clock.isRunning) return;
  untold.push(message);
  if (untold.length > 1) return;
  setTimeout(() => {
    const [first] = untold;
    const summary = first.text.split("\n", 1)[0].slice(0, 120);
    announce(untold.length === 1 ? `New from ${first.from.name}: ${summary}` : `${untold.length} new messages`);
    untold.length = 0;
  }, TOGETHER);
}

function pushed(event) {
  switch (event.event) {
    case "message":
      if (event.to.includes(state.person?.id)) arrive(event.message);
      break;
    case "changed":
      if (event.message.conversation === state.place) messages.change(event.message);
      else if (event.message.id === HOME && state.place === HOME) showHome(event.message);
      break;
    case "unread":
      people.noteUnread(event.counts);
      break;
    case "arrived":
      arrivals.add(event);
      break;
    case "running":
      clock.run(event);
      break;
    case "clock":
      clock.told(event);
      outbox.refresh();
      figures.refresh();
      break;
    case "trouble":
      trouble(event.error);
      break;
    case "reset":
      history.replaceState(null, "", location.pathname + location.search);
      untroubled();
      hello();
      break;
    default:
      trouble(`The playground said something that this page does not know: ${event.event}`);
  }
}

function lost() {
  const words = "The playground does not answer. If it was started again, open the address that its terminal shows now.";
  trouble(words, { label: "Connect again", act: begin });
}

for (const [id, what] of [["install", "install"], ["remove", "remove"]]) {
  byId(id).addEventListener("click", async () => state.person && take(await ask(what)));
}
byId("whys").addEventListener("change", (event) => byId("middle").classList.toggle("with-whys", event.target.checked));
followTheme();
begin();
