// Holds shaders/layout.ts to the WGSL, and both to the planner.
import { describe, expect, it } from 'vitest';
import flush from '../../shaders/flush.wgsl?raw';
import groupStep from '../../shaders/group-step.wgsl?raw';
import * as layout from '../../shaders/layout.ts';
import { SATURATION } from '../../word2vec/engine.ts';
import { ABSENT, GROUP, MAX_NEGATIVES } from '../../word2vec/plan.ts';

/** Byte offsets of a struct whose members are all 32-bit scalars, which WGSL packs without gaps. */
function structOffsets(source: string, name: string): Record<string, number> {
  const body = new RegExp(`struct ${name} \\{([^}]*)\\}`).exec(source)?.[1] ?? '';
  const members = body.split(',').map((member) => member.trim());
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

describe.each([
  ['group-step.wgsl', groupStep],
  ['flush.wgsl', flush],
])('%s', (_, source) => {
  it('lays out its parameters as layout.ts says', () => {
    expect(structOffsets(source, 'Lease')).toEqual(layout.LEASE);
    expect(structOffsets(source, 'Batch')).toEqual(layout.BATCH);
  });

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
    expect(constant(groupStep, 'GROUP')).toBe(GROUP);
    expect(constant(groupStep, 'ABSENT')).toBe(ABSENT);
    expect(constant(groupStep, 'SATURATION')).toBe(SATURATION);
    expect(layout.GROUP).toBe(GROUP);
    expect(layout.MAX_NEGATIVES).toBe(MAX_NEGATIVES);
    expect(layout.NEGATIVE_STEPS.at(-1)).toBe(MAX_NEGATIVES);
    expect(layout.BATCH_STRIDE).toBeGreaterThanOrEqual(layout.BATCH.bytes);
  });
});
