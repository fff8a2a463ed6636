// Format, lint, types and dead code, as tests; and proof that the import rules can fail.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function gate(tool: string, args: readonly string[], cwd = ROOT): { code: number | null; output: string } {
  const done = spawnSync(join(ROOT, 'node_modules', '.bin', tool), args, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 });
  return { code: done.status, output: `${done.stdout}${done.stderr}${done.error?.message ?? ''}` };
}

describe('gates', () => {
  it('every file is formatted (npx oxfmt mends it)', () => {
    const { code, output } = gate('oxfmt', ['--check']);
    expect(code, output).toBe(0);
  });

  it('lint finds nothing', () => {
    const { code, output } = gate('oxlint', []);
    expect(code, output).toBe(0);
    expect(output).toMatch(/on [1-9]\d+ files/);
  });

  it('types are sound in every project', () => {
    const { code, output } = gate('tsc', ['-b']);
    expect(code, output).toBe(0);
  });

  it('no file, export or dependency is dead', () => {
    const { code, output } = gate('knip', ['--no-progress']);
    expect(code, output).toBe(0);
  });
});

/** A file that breaks one rule of the house: where it stands, what it imports. */
const VIOLATIONS: readonly (readonly [file: string, imports: string])[] = [
  ['protocol/wrong.ts', 'node:fs'],
  ['protocol/wrong.ts', '../word2vec/plan.ts'],
  ['word2vec/wrong.ts', '../protocol/bytes.ts'],
  ['word2vec/wrong.ts', 'ws'],
  ['word2vec/evaluation/wrong.ts', '../../protocol/bytes.ts'],
  ['shaders/wrong.ts', '../word2vec/plan.ts'],
  ['rows/wrong.ts', 'node:fs'],
  ['rows/wrong.ts', '../volunteer/session.ts'],
  ['volunteer/wrong.ts', '../coordinator/errors.ts'],
  ['volunteer/wrong.ts', 'node:fs'],
  ['client/worker/wrong.ts', '../../coordinator/errors.ts'],
  ['client/worker/wrong.ts', 'preact'],
  ['client/volunteer/wrong.ts', '../../word2vec/plan.ts'],
  ['client/dashboard/wrong.ts', '../../coordinator/errors.ts'],
  ['coordinator/wrong.ts', '../client/worker/api.ts'],
  ['coordinator/wrong.ts', '../test/e2e/grammar.ts'],
  ['coordinator/schedule/wrong.ts', 'node:fs'],
  ['coordinator/leases/wrong.ts', '../server/status.ts'],
  ['coordinator/leases/wrong.ts', 'ws'],
  ['coordinator/model/wrong.ts', '../run/run.ts'],
];

describe('the import rules can fail', () => {
  const house = mkdtempSync(join(tmpdir(), 'tributary-rules-'));
  beforeAll(() => copyFileSync(join(ROOT, '.oxlintrc.json'), join(house, '.oxlintrc.json')));
  afterAll(() => rmSync(house, { recursive: true, force: true }));

  const lint = (file: string, source: string): { code: number | null; output: string } => {
    mkdirSync(join(house, dirname(file)), { recursive: true });
    writeFileSync(join(house, file), source);
    const result = gate('oxlint', [file], house);
    rmSync(join(house, file));
    return result;
  };

  it.each(VIOLATIONS)('%s may not import %s', (file, imports) => {
    const { code, output } = lint(file, `import * as wrong from '${imports}';\nconsole.log(wrong);\n`);
    expect(output).toContain('no-restricted-imports');
    expect(code).not.toBe(0);
  });

  it('a file that keeps the rules passes', () => {
    const { code, output } = lint('protocol/right.ts', "import * as right from './bytes.ts';\nconsole.log(right);\n");
    expect(code, output).toBe(0);
  });

  it('a cycle of imports is found', () => {
    mkdirSync(join(house, 'protocol'), { recursive: true });
    writeFileSync(
      join(house, 'protocol/one.ts'),
      "import { two } from './two.ts';\nexport const one = (): number => two();\n",
    );
    const { code, output } = lint(
      'protocol/two.ts',
      "import { one } from './one.ts';\nexport const two = (): number => one();\n",
    );
    expect(output).toContain('no-cycle');
    expect(code).not.toBe(0);
  });
});
