import { readFile } from 'node:fs/promises';
import t from 'tap';
import { configuration, selectedSources } from './chrony.js';

t.test('docs/time.md recommends the lines that the scenarios use', async (t) => {
  const page = await readFile('docs/time.md', 'utf8');
  const lines = configuration('/dev/ptp_vmmci').split('\n').slice(0, 2);
  t.match(page, `\`\`\`\n${lines.join('\n')}\n\`\`\`\n`);
});

t.test('finds the selected sources in the report of chronyc', async (t) => {
  const shell = (report: string) => ({ text: async () => report });
  t.strictSame(
    await selectedSources(shell('#,*,PHC0,2,0,377,1,-0.1,0.1,0.2\n^,+,192.0.2.1,2,6,377,1,0,0,0')),
    ['PHC0'],
  );
  t.strictSame(await selectedSources(shell('#,?,PHC0,2,0,377,1,-0.1,0.1,734.2')), []);
  t.strictSame(await selectedSources(shell('')), []);
});
