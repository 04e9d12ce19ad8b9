// `npx runbook` inside the clone: npm links a package's own bin only where the package is installed as a dependency.
import {chmodSync, mkdirSync, rmSync, symlinkSync} from 'node:fs';

chmodSync('dist/cli/main.js', 0o755);
mkdirSync('node_modules/.bin', {recursive: true});
for (const name of ['runbook', 'runbook-engine']) {
  rmSync(`node_modules/.bin/${name}`, {force: true});
  symlinkSync('../../dist/cli/main.js', `node_modules/.bin/${name}`);
}
