// docs/errors.md and the code hold each other: every code that can be thrown is explained, and none that is gone.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = ['coordinator', 'client', 'volunteer', 'protocol', 'word2vec', 'shaders', 'scripts'];

function sources(): string[] {
  return SOURCES.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(tsx?|mjs)$/.test(name))
      .map((name) => readFileSync(join(ROOT, folder, name), 'utf8')),
  );
}

/** How code comes into the world. */
const PATTERNS = [
  /\bnew \w*Error\(\s*'([A-Z][A-Z_0-9]+)'/g,
  /\bnew LeaseRefused\(\s*'([A-Z][A-Z_0-9]+)'/g,
  /\bsendError\(\s*response,[^']*?(?:'UNKNOWN_WORD'[^']*?)?'([A-Z][A-Z_0-9]+)'/g,
  // Not ETIMEDOUT and the like, which are the system's.
  /\bcode: '(?!E[A-Z]+')([A-Z][A-Z_0-9]+)'/g,
  /tributary: ([A-Z][A-Z_0-9]+):/g,
];

/** Codes put together from parts: where the connection failed, and how. */
function assembled(text: string): string[] {
  const places = [.../'(HDFS_(?:NAME|DATA)_NODE)'/g[Symbol.matchAll](text)].map((match) => match[1]!);
  return [...text.matchAll(/new \w*Error\(`\$\{kind\}(_[A-Z_]+)`/g)].flatMap((match) =>
    places.map((place) => place + match[1]!),
  );
}

function codesOfSources(): Set<string> {
  const codes = new Set<string>();
  for (const text of sources()) {
    for (const pattern of PATTERNS) for (const match of text.matchAll(pattern)) codes.add(match[1]!);
    for (const code of assembled(text)) codes.add(code);
  }
  return codes;
}

function codesOfTable(document = 'errors.md'): string[] {
  const text = readFileSync(join(ROOT, 'docs', document), 'utf8');
  return [...text.matchAll(/^\| `([A-Z][A-Z_0-9]+)` \| (.+) \| (.+) \|$/gm)].map((match) => match[1]!);
}

it('finds codes of every kind', () => {
  const codes = codesOfSources();
  for (const code of [
    'OUT_EXISTS',
    'HDFS_DATA_NODE_UNREACHABLE',
    'BAD_TAG',
    'UNKNOWN_WORD',
    'DEVICE_LOST',
    'WRONG_STATE',
    'PLAN_MISMATCH',
    'NODE_TOO_OLD',
  ]) {
    expect(codes, code).toContain(code);
  }
});

it('explains every code that the source has', () => {
  const table = new Set(codesOfTable());
  expect([...codesOfSources()].filter((code) => !table.has(code)).toSorted()).toEqual([]);
});

it('explains no code that the source has not, and none twice', () => {
  const codes = codesOfSources();
  const table = codesOfTable();
  expect(table.filter((code) => !codes.has(code)).toSorted()).toEqual([]);
  expect(table.length).toBe(new Set(table).size);
});

it('gives operators of HDFS a remedy for every code of corpus and HDFS, in docs/hdfs.md', () => {
  const concerns = /^(HDFS_|CORPUS_|HOST_MAP_|SOURCE_)/;
  const codes = [...codesOfSources()].filter((code) => concerns.test(code));
  expect(codes.length).toBeGreaterThan(20);
  expect(codesOfTable('hdfs.md').toSorted()).toEqual(codes.toSorted());
});
