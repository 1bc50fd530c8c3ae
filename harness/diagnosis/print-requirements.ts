// Prints docs/requirements.md: `npm run docs:requirements`.

import { requirementsPage } from './requirements-page.js';

process.stdout.write(requirementsPage());
