// The channel on which the backend notifies its front-end of changes of the config area.

import type { Channel } from '../socket/channel.js';
import { closeFd } from '../socket/descriptor.js';
import { encodeFrame } from './frame.js';
import { CONFIG_CHANGE_MSG } from './requests.js';

export class BackendChannel {
  readonly #channel: Channel;
  #state: 'idle' | 'sending' | 'again' = 'idle';

  constructor(channel: Channel) {
    this.#channel = channel;
    // None of our requests asks for a reply, so the front-end must send nothing; any data closes the channel.
    void channel
      .read(1)
      .then((chunk) => chunk?.fds.forEach(closeFd))
      .catch(() => {}) // the channel is closed in any case
      .then(() => channel.close());
  }

  /** Notifies the front-end. Changes during a notification are combined into one more: they carry no data. */
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
