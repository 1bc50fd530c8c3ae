// Whether to look for a message that may be there already, or to let the event loop tell: a peer that waits
// for each answer never has one there, a peer that sends ahead always has.

/** Messages taken for one event at most: other connections have their turn, too. */
const maxMessages = 16;

/** So many events without a look, and one is tried. */
const lookEvery = 16;

export class Looks {
  #left = 0;
  #found = false;
  #events = 0;

  /** The event loop has told of something to read. */
  renew(): void {
    this.#events = (this.#events + 1) % lookEvery;
    this.#left = this.#found || this.#events === 0 ? maxMessages : 0;
    this.#found = false;
  }

  /** True when it is worth looking. */
  take(): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }

  /** A look found a message. */
  found(): void {
    this.#found = true;
  }
}
