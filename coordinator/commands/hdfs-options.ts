// The options of access to HDFS, one list for every verb that reads it: names, help, and their CorpusOptions.
import { Option } from 'commander';
import { parseHostMap } from '../corpus/host-map.ts';
import type { CorpusOptions } from '../corpus/source.ts';

export interface HdfsOptions {
  readonly hdfsUser?: string;
  readonly hdfsTokenFile?: string;
  readonly hdfsHostMap?: string;
}

/** A list that may be given in pieces, as doctor names what is missing one by one. */
function joined(text: string, before: string | undefined): string {
  return before === undefined ? text : `${before},${text}`;
}

export function hdfsOptions(): Option[] {
  const option = (flags: string, help: string): Option => new Option(flags, help);
  return [
    option('--hdfs-user <name>', 'user for clusters without Kerberos'),
    option('--hdfs-token-file <file>', 'file with a delegation token, read again when it changes'),
    option(
      '--hdfs-host-map <map>',
      'data node names as this machine reaches them: FROM=TO,…; may be repeated',
    ).argParser(joined),
  ];
}

/** @throws TributaryError HOST_MAP_BAD */
export function corpusOptions(options: HdfsOptions): CorpusOptions {
  return {
    hdfsUser: options.hdfsUser,
    hdfsTokenFile: options.hdfsTokenFile,
    hdfsHostMap: options.hdfsHostMap === undefined ? undefined : parseHostMap(options.hdfsHostMap),
  };
}
