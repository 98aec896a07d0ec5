// The WebSocket to the playground's server: questions with answers, and what the server says by itself.

/** The server has said no, or does not answer. */
export class NotDone extends Error {}

/** `onPush(event)`: something that the server says by itself. `onClosed()`: the connection has gone, or never came. */
export class Socket {
  constructor(token, { onPush, onClosed }) {
    this.token = token;
    this.waiting = new Map();
    this.lastId = 0;
    this.onPush = onPush;
    this.onClosed = onClosed;
  }

  /** Connect, and again after the connection has gone. Rejects where the server does not answer. */
  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const wire = new WebSocket(`${scheme}://${location.host}/socket?token=${encodeURIComponent(this.token)}`);
    this.wire = wire;
    return new Promise((resolve, reject) => {
      wire.addEventListener("open", () => resolve());
      wire.addEventListener("message", (event) => this.heard(JSON.parse(event.data)));
      wire.addEventListener("close", () => {
        const gone = new NotDone("The playground does not answer.");
        reject(gone);
        for (const asked of this.waiting.values()) asked.reject(gone);
        this.waiting.clear();
        this.onClosed();
      });
    });
  }

  /** Whether the server is there. */
  get isOpen() {
    return this.wire?.readyState === WebSocket.OPEN;
  }

  /** Ask for something; its answer. Rejects with the server's plain words where it says no. */
  ask(what, details = {}) {
    if (!this.isOpen) return Promise.reject(new NotDone("The playground does not answer."));
    this.lastId += 1;
    const id = this.lastId;
    this.wire.send(JSON.stringify({ id, do: what, ...details }));
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  /** Where the bytes of a picture or a file are. */
  picture(url) {
    return `/picture?token=${encodeURIComponent(this.token)}&url=${encodeURIComponent(url)}`;
  }

  heard(said) {
    if (said.event) {
      this.onPush(said);
      return;
    }
    const asked = this.waiting.get(said.re);
    this.waiting.delete(said.re);
    if (said.ok) asked?.resolve(said);
    else asked?.reject(new NotDone(said.error));
  }
}
