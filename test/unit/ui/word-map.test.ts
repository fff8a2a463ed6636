// Fetching the map of words: bytes that are none, refusals, and an abort.
import { describe, expect, it } from 'vitest';
import { fetchWordMap } from '../../../client/ui/word-map.ts';
import { encodeWordMap, type WordMap } from '../../../protocol/vectors.ts';

const map: WordMap = {
  modelVersion: 7,
  dim: 2,
  words: ['the', 'ärger'],
  scales: Float32Array.of(0.5, 0.25),
  values: Int8Array.of(1, -2, 127, 0),
};

const answering = (bytes: Uint8Array<ArrayBuffer>, status = 200) => {
  const urls: string[] = [];
  const send = (url: string) => {
    urls.push(url);
    return Promise.resolve(new Response(bytes, { status }));
  };
  return { urls, send };
};
const never = new AbortController().signal;

describe('fetchWordMap', () => {
  it('asks for so many words and reads them', async () => {
    const { urls, send } = answering(encodeWordMap(map));
    expect(await fetchWordMap(500, never, send)).toEqual({ ok: true, body: map });
    expect(urls).toEqual(['api/vectors?top=500']);
  });

  it('refuses bytes that are cut, too long, or something else, with a code', async () => {
    const whole = encodeWordMap(map);
    const bad = [
      whole.subarray(0, whole.length - 1),
      new Uint8Array([...whole, 0]),
      new TextEncoder().encode('<html>'),
    ];
    for (const bytes of bad) {
      const result = await fetchWordMap(500, never, answering(bytes).send);
      expect(result).toMatchObject({
        ok: false,
        failure: { message: expect.stringMatching(/^The map cannot be read: /) },
      });
    }
  });

  it('passes on the coded refusal, and the status where there is none', async () => {
    const refusal = new TextEncoder().encode('{"error":{"code":"NO_MODEL_YET","message":"Words are counted."}}');
    expect(await fetchWordMap(5, never, answering(refusal, 503).send)).toEqual({
      ok: false,
      failure: { code: 'NO_MODEL_YET', message: 'Words are counted.' },
    });
    const page = new TextEncoder().encode('<h1>Bad gateway</h1>');
    expect(await fetchWordMap(5, never, answering(page, 502).send)).toMatchObject({ failure: { code: 'HTTP_502' } });
    const gone = await fetchWordMap(5, never, () => Promise.reject(new TypeError('refused')));
    expect(gone).toMatchObject({ failure: { code: 'UNREACHABLE' } });
  });

  it('throws when it was given up', async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(fetchWordMap(5, stop.signal, () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
  });
});
