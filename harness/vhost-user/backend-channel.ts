// The backend's own channel to its front-end, on which it says that the config area has changed.

import type { Channel } from '../socket/channel.js';
import { closeFd } from '../socket/descriptor.js';
import { encodeFrame } from './frame.js';
import { CONFIG_CHANGE_MSG } from './requests.js';

export class BackendChannel {
  readonly #channel: Channel;
  #state: 'idle' | 'sending' | 'again' = 'idle';

  constructor(channel: Channel) {
    this.#channel = channel;
    // No request of ours asks for a reply, so the front-end has nothing to say here: whatever comes ends the
    // channel.
    void channel
      .read(1)
      .then((chunk) => chunk?.fds.forEach(closeFd))
      .catch(() => {}) // the channel is closed either way, and there is nobody to tell
      .then(() => channel.close());
  }

  /** Tells the front-end. Changes that come while one waits to be taken are told once: they carry no data. */
  configChanged(): void {
    if (this.#state !== 'idle') {
      this.#state = 'again';
      return;
    }
    this.#state = 'sending';
    void this.#channel.write(encodeFrame(CONFIG_CHANGE_MSG, Buffer.alloc(0))).then(
      () => {
        const again = this.#state === 'again';
        this.#state = 'idle';
        if (again) this.configChanged();
      },
      () => this.close(),
    );
  }

  close(): void {
    this.#channel.close();
  }
}
