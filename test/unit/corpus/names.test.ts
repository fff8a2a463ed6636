// What people type: host maps, addresses, globs.
import { describe, expect, it } from 'vitest';
import { mapAddress, parseHostMap } from '../../../coordinator/corpus/host-map.ts';
import { globDescends, globMatcher, globRoot } from '../../../coordinator/corpus/glob.ts';
import { parseHdfsSpec } from '../../../coordinator/corpus/hdfs.ts';
import { openCorpus } from '../../../coordinator/corpus/open.ts';
import { encodePath } from '../../../coordinator/corpus/webhdfs/address.ts';

describe('the host map', () => {
  it('prefers host:port over host, ignores case, and keeps the port unless told', () => {
    const map = parseHostMap('DN1=10.0.0.1, dn2:9864=localhost:1234,dn2=other');
    expect(mapAddress(map, { host: 'dn1', port: 9864 })).toEqual({ host: '10.0.0.1', port: 9864 });
    expect(mapAddress(map, { host: 'Dn2', port: 9864 })).toEqual({ host: 'localhost', port: 1234 });
    expect(mapAddress(map, { host: 'dn2', port: 1 })).toEqual({ host: 'other', port: 1 });
    expect(mapAddress(map, { host: 'constructor', port: 1 })).toEqual({ host: 'constructor', port: 1 });
    expect(mapAddress(parseHostMap('a=[::1]:5'), { host: 'a', port: 1 })).toEqual({ host: '[::1]', port: 5 });
    expect(parseHostMap('')).toEqual({});
  });

  it('refuses what is none, as bad usage', () => {
    for (const text of ['a', 'a=', '=b', 'a=b=c', 'a=b,', 'a=b:0', 'a=b:99999', 'a=http://b', 'a=b,a=c']) {
      expect(() => parseHostMap(text), text).toThrowError(expect.objectContaining({ code: 'HOST_MAP_BAD', exit: 2 }));
    }
  });
});

describe('addresses', () => {
  it('take HDFS specs apart', () => {
    expect(parseHdfsSpec('webhdfs://NN1,nn2:50070/a b/%20')).toEqual({
      cluster: 'webhdfs://nn1:9870,nn2:50070',
      nameNodes: ['http://nn1:9870', 'http://nn2:50070'],
      path: '/a b/%20',
    });
    expect(parseHdfsSpec('swebhdfs://nn')).toMatchObject({ nameNodes: ['https://nn:9871'], path: '/' });
    expect(parseHdfsSpec('/local/path')).toBeUndefined();
  });

  it('refuse bad ones, as bad usage', async () => {
    for (const spec of [
      'webhdfs:///x',
      'webhdfs://u@h/x',
      'webhdfs://h:0/x',
      'webhdfs://h:x/x',
      'hdfs://nn:8020/x',
      's3://b/x',
      '',
    ]) {
      await expect(openCorpus([spec], {}), spec).rejects.toMatchObject({ code: 'CORPUS_BAD_SPEC', exit: 2 });
    }
    await expect(openCorpus([], {})).rejects.toMatchObject({ code: 'CORPUS_BAD_SPEC' });
    await expect(openCorpus(['webhdfs://h/x'], { hdfsUser: 'no such name' })).rejects.toMatchObject({
      code: 'HDFS_USER_BAD',
      exit: 2,
    });
  });

  it('encode every segment', () => {
    expect(encodePath('/a b/\u00fc?#%/\u00e9')).toBe('/a%20b/%C3%BC%3F%23%25/%C3%A9');
  });

  it('with secrets in them are refused without repeating them', async () => {
    for (const spec of ['hdfs://ann:hunter22@nn/x', 'hdfs://nn/x?delegation=hunter22', 'http://ann:hunter22@nn/x']) {
      await expect(openCorpus([spec], {}), spec).rejects.toMatchObject({
        code: 'CORPUS_BAD_SPEC',
        message: expect.not.stringContaining('hunter22'),
      });
    }
    for (const spec of ['webhdfs://ann:hunter22@nn/x', 'webhdfs://nn/x?op=OPEN&delegation=hunter22']) {
      expect(() => parseHdfsSpec(spec), spec).toThrowError(
        expect.objectContaining({ code: 'CORPUS_BAD_SPEC', message: expect.not.stringContaining('hunter22') }),
      );
    }
  });
});

describe('globs', () => {
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['/a/*.txt', ['/a/x.txt', '/a/.txt'], ['/a/b/x.txt', '/a/x.txt.gz']],
    ['/a/**/*.txt', ['/a/x.txt', '/a/b/c/x.txt'], ['/b/x.txt']],
    ['/a/part-?????', ['/a/part-00001'], ['/a/part-000001', '/a/part-0/001']],
    ['/a/{x,y*}.gz', ['/a/x.gz', '/a/yes.gz'], ['/a/z.gz', '/a/{x,y*}.gz']],
    ['/a/[0-9][!b]', ['/a/0a', '/a/9]'], ['/a/0b', '/a/xa', '/a/0/']],
    ['/a+(b)/*', ['/a+(b)/c'], ['/aab/c']],
    ['/a/[x', ['/a/[x'], ['/a/x']],
  ];
  it.each(cases)('%s', (pattern, yes, no) => {
    const matches = globMatcher(pattern);
    expect(yes.filter((path) => !matches(path))).toEqual([]);
    expect(no.filter(matches)).toEqual([]);
  });

  it('know where to start and which folders to enter', () => {
    expect([globRoot('/a/b*/c'), globRoot('/*'), globRoot('x*'), globRoot('d/x*')]).toEqual(['/a', '/', '.', 'd']);
    const descends = globDescends('/a/b*/*.txt');
    expect(['/a', '/a/b1', '/a/c', '/a/b1/d'].filter(descends)).toEqual(['/a', '/a/b1']);
  });
});
