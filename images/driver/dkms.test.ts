import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import t from 'tap';
import { asset } from '../asset.js';
import { driverDirectory } from '../distro/recipe.js';

/** As dkms reads it: it is a shell script, and these two are set by then. */
const readDkms = async (variables: Record<string, string>): Promise<Record<string, string[]>> => {
  const names = ['PACKAGE_NAME', 'MAKE', 'BUILT_MODULE_NAME', 'DEST_MODULE_LOCATION', 'AUTOINSTALL'];
  const script = `. "$0"; ${names.map((name) => `printf '%s\\n' "\${${name}[@]/#/${name} }"`).join('; ')}`;
  const { stdout } = await execa('bash', ['-euc', script, asset('driver', 'dkms.conf')], { env: variables });
  const values: Record<string, string[]> = {};
  for (const line of stdout.split('\n')) {
    const [name = '', ...rest] = line.split(' ');
    values[name] = [...(values[name] ?? []), rest.join(' ')];
  }
  return values;
};

t.test(
  'dkms.conf builds the modules of Kbuild, in the order to load them, and puts them where the guest has them',
  async (t) => {
    const read = (name: string) => readFileSync(asset('driver', name), 'utf8');
    const { modules } = JSON.parse(read('vmmci-driver.json')) as { modules: string[] };
    const dkms = await readDkms({ kernel_source_dir: '/headers', dkms_tree: '/dkms' });
    t.strictSame(dkms, {
      PACKAGE_NAME: ['vmmci'],
      MAKE: ['make -C /headers M=/dkms/vmmci/1/build modules'],
      BUILT_MODULE_NAME: modules,
      DEST_MODULE_LOCATION: modules.map(() => `/${driverDirectory}`),
      AUTOINSTALL: ['yes'],
    });
    const objects = [...read('Kbuild').matchAll(/^obj-m \+= (\w+)\.o$/gm)].map(([, name]) => name);
    t.strictSame(objects, modules);
  },
);
