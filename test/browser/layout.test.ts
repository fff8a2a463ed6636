// Holds shaders/layout.ts to the WGSL, and both to the planner.
import { describe, expect, it } from 'vitest';
import flush from '../../shaders/flush.wgsl?raw';
import group from '../../shaders/group.wgsl?raw';
import * as layout from '../../shaders/layout.ts';
import prelude from '../../shaders/prelude.wgsl?raw';
import { SATURATION } from '../../word2vec/engine.ts';
import { ABSENT, GROUP, MAX_NEGATIVES } from '../../word2vec/plan.ts';

/** Byte offsets of a struct whose members are all 32-bit scalars, which WGSL packs without gaps. */
function structOffsets(source: string, name: string): Record<string, number> {
  const body = new RegExp(`struct ${name} \\{([^}]*)\\}`).exec(source)?.[1] ?? '';
  const members = body
    .replaceAll(/\/\/.*/g, '')
    .split(',')
    .map((member) => member.trim());
  const offsets: Record<string, number> = {};
  for (const member of members.filter((text) => text !== '')) {
    const [, field, type] = /^(\w+): (\w+)$/.exec(member) ?? [];
    expect(['u32', 'f32'], `${name}: ${member}`).toContain(type);
    offsets[field!] = 4 * Object.keys(offsets).length;
  }
  return { ...offsets, bytes: 4 * Object.keys(offsets).length };
}

function constant(source: string, name: string): number {
  return Number(new RegExp(`const ${name} = ([0-9a-fx.]+?)u?;`).exec(source)?.[1]);
}

describe('prelude.wgsl', () => {
  it('lays out its parameters as layout.ts says', () => {
    expect(structOffsets(prelude, 'Lease')).toEqual(layout.LEASE);
    expect(structOffsets(prelude, 'Slice')).toEqual(layout.SLICE);
  });
});

describe.each([
  ['group.wgsl', prelude + group],
  ['flush.wgsl', prelude + flush],
])('%s', (_, source) => {
  it('binds by the numbers of layout.ts', () => {
    const bindings = [...source.matchAll(/@group\(0\) @binding\((\d+)\) var<[^>]+> (\w+):/g)];
    expect(bindings.length).toBeGreaterThanOrEqual(8);
    expect(bindings.length).toBe([...source.matchAll(/@binding/g)].length);
    const numbers: Record<string, number> = layout.BINDING;
    expect(bindings.map(([, , name]) => numbers[name!])).toEqual(bindings.map(([, number]) => Number(number)));
  });
});

describe('limits', () => {
  it('are the same in WGSL, layout.ts and the planner', () => {
    expect(constant(prelude, 'GROUP')).toBe(GROUP);
    expect(constant(prelude, 'ABSENT')).toBe(ABSENT);
    expect(constant(prelude, 'SATURATION')).toBe(SATURATION);
    expect(layout.GROUP).toBe(GROUP);
    expect(layout.MAX_NEGATIVES).toBe(MAX_NEGATIVES);
    expect(layout.NEGATIVE_STEPS.at(-1)).toBe(MAX_NEGATIVES);
    expect(layout.SLICE_STRIDE).toBeGreaterThanOrEqual(layout.SLICE.bytes);
  });
});
