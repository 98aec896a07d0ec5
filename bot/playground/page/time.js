// Moments as they are read: by the programme's clock and in its people's time zone, not the browser's.

let zone = "Europe/London";
const formats = new Map();

/** The time zone in which everything is shown from now on. */
export function setZone(name) {
  zone = name;
  formats.clear();
}

function format(moment, name, options) {
  // Making a format costs a hundred times as much as using it.
  if (!formats.has(name)) formats.set(name, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return formats.get(name).format(new Date(moment));
}

/** "14:05" */
export function time(moment) {
  return format(moment, "time", { hour: "2-digit", minute: "2-digit" });
}

/** "Tuesday 1 September 2026" */
export function day(moment) {
  return format(moment, "day", { weekday: "long", day: "numeric", month: "long", year: "numeric" }).replace(",", "");
}

/** "Tue 1 Sept, 14:05" */
export function stamp(moment) {
  const shown = format(moment, "stamp", { weekday: "short", day: "numeric", month: "short" }).replace(",", "");
  return `${shown}, ${time(moment)}`;
}
