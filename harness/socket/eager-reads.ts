// Decides whether to try a read at once or to wait for the event loop: a peer that waits for each answer has
// never sent the next message yet, and a peer that sends ahead always has.

/** The maximum number of messages per event, so that other connections get their turn. */
const maxMessages = 16;

/** After so many events without an eager read, one is tried. */
const tryEvery = 16;

export class EagerReads {
  #remaining = 0;
  #succeeded = false;
  #events = 0;

  /** Call it when the event loop reports that data is available. */
  readable(): void {
    this.#events = (this.#events + 1) % tryEvery;
    this.#remaining = this.#succeeded || this.#events === 0 ? maxMessages : 0;
    this.#succeeded = false;
  }

  /** True if an eager read is worth trying. */
  shouldTry(): boolean {
    if (this.#remaining === 0) return false;
    this.#remaining -= 1;
    return true;
  }

  /** Call it when an eager read found a message. */
  succeeded(): void {
    this.#succeeded = true;
  }
}
