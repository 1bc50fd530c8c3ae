// Reads the addresses of a module's sections: /sys/module/NAME/sections, which only root can read.

import { HarnessError } from '../base/errors.js';
import { shellWord } from '../base/text.js';
import type { Commands } from './shell.js';

export interface ModuleSections {
  readonly module: string;
  readonly text: string;
  /** `.data`, `.bss` and the others, with their addresses as `0x…`. */
  readonly others: readonly { readonly name: string; readonly address: string }[];
}

const line = /^(\S+) (0x[0-9a-f]+)$/;

/** Sections with variables or functions. Sections for initialization are gone after loading. */
const isOfUse = (name: string): boolean => /^\.(data|bss|rodata|text|exit)/.test(name);

/** Reads the sections of a loaded module. Rejects with GUEST_COMMAND if it is not loaded, and GUEST_READ. */
export const readSections = async (shell: Commands, module: string): Promise<ModuleSections> => {
  const name = module.replaceAll('-', '_');
  const listing = await shell.text(
    `cd ${shellWord(`/sys/module/${name}/sections`)} && for s in .*; do [ -f "$s" ] && echo "$s $(cat "$s")"; done; true`,
    { what: `sections of ${module}` },
  );
  const sections = listing.split('\n').flatMap((text) => {
    const [, name, address] = line.exec(text) ?? [];
    return name === undefined || address === undefined ? [] : [{ name, address }];
  });
  const text = sections.find(({ name }) => name === '.text')?.address;
  if (text === undefined || /^0x0+$/.test(text))
    throw new HarnessError('GUEST_READ', {
      what: `sections of ${module}`,
      expected: 'the address of .text',
      got: JSON.stringify(listing.slice(0, 80)),
    });
  return { module, text, others: sections.filter(({ name }) => name !== '.text' && isOfUse(name)) };
};
