// The options of access to HDFS, one list for every verb that reads it: names, help, and their CorpusOptions.
// None takes a secret itself: what is typed stands in the process list and in the shell's history.
import { InvalidArgumentError, Option } from 'commander';
import { parseHostMap } from '../corpus/host-map.ts';
import type { CorpusOptions } from '../corpus/source.ts';
import { authenticationOf, secretFiles } from '../corpus/webhdfs/access.ts';
import { RedirectHosts } from '../corpus/webhdfs/redirect.ts';
import { readTlsFiles } from '../corpus/webhdfs/tls.ts';
import { wholeNumber } from './option-values.ts';

export interface HdfsOptions {
  readonly hdfsUser?: string;
  readonly hdfsTokenFile?: string;
  readonly hdfsPasswordFile?: string;
  readonly hdfsBearerFile?: string;
  readonly hdfsKerberos?: boolean;
  readonly hdfsBasePath?: string;
  readonly hdfsCa?: string;
  readonly hdfsCert?: string;
  readonly hdfsKey?: string;
  readonly hdfsRedirectHosts?: string;
  readonly hdfsHostMap?: string;
  readonly hdfsIdleTimeout?: number;
  readonly hdfsAttempts?: number;
}

/** A list that may be given in pieces, as doctor names what is missing one by one. */
function joined(text: string, before: string | undefined): string {
  return before === undefined ? text : `${before},${text}`;
}

/** An absolute path of an address, without a slash at the end. */
function basePath(text: string): string {
  if (!/^(\/[A-Za-z0-9._~%-]+)+\/?$/.test(text))
    throw new InvalidArgumentError('A path like /gateway/default/webhdfs/v1 belongs here.');
  return text.replace(/\/$/, '');
}

export function hdfsOptions(): Option[] {
  const option = (flags: string, help: string): Option => new Option(flags, help);
  return [
    option('--hdfs-user <name>', 'user for clusters without Kerberos, or of a gateway'),
    option('--hdfs-token-file <file>', 'file with a delegation token, read again when it changes or is refused'),
    option('--hdfs-password-file <file>', "file with that user's password for a gateway (Basic)"),
    option('--hdfs-bearer-file <file>', 'file with a bearer token (JWT) for a gateway, read again like the token'),
    option('--hdfs-kerberos', 'sign in with your Kerberos ticket; needs the package kerberos'),
    option(
      '--hdfs-base-path <path>',
      'where a gateway has WebHDFS, as /gateway/default/webhdfs/v1 (default: /webhdfs/v1)',
    ).argParser(basePath),
    option('--hdfs-ca <file>', 'authority that signed the certificates of swebhdfs:// servers, PEM'),
    option('--hdfs-cert <file>', 'client certificate for servers that want one, PEM'),
    option('--hdfs-key <file>', 'key of the client certificate, PEM'),
    option(
      '--hdfs-redirect-hosts <hosts>',
      'only hosts that redirects may lead to: dn1,*.cluster,…; may be repeated (default: any but loopback and link-local)',
    ).argParser(joined),
    option(
      '--hdfs-host-map <map>',
      'data node names as this machine reaches them: FROM=TO,…; may be repeated',
    ).argParser(joined),
    option(
      '--hdfs-idle-timeout <s>',
      'leave a server that is silent for so many seconds (default: 75, before it answers 30)',
    ).argParser(wholeNumber(1, 3600)),
    option(
      '--hdfs-attempts <n>',
      'attempts without progress before the run ends (default: 12, 60 in a fail-over)',
    ).argParser(wholeNumber(1, 10_000)),
  ];
}

/** What the options say, without opening a file. Throws HOST_MAP_BAD. */
function corpusOptions(options: HdfsOptions): CorpusOptions {
  const { hdfsHostMap, hdfsIdleTimeout: seconds } = options;
  return {
    hdfsUser: options.hdfsUser,
    hdfsTokenFile: options.hdfsTokenFile,
    hdfsPasswordFile: options.hdfsPasswordFile,
    hdfsBearerFile: options.hdfsBearerFile,
    hdfsKerberos: options.hdfsKerberos,
    hdfsBasePath: options.hdfsBasePath,
    hdfsCa: options.hdfsCa,
    hdfsCert: options.hdfsCert,
    hdfsKey: options.hdfsKey,
    hdfsRedirectHosts: options.hdfsRedirectHosts,
    hdfsHostMap: hdfsHostMap === undefined ? undefined : parseHostMap(hdfsHostMap),
    hdfsIdleMs: seconds === undefined ? undefined : seconds * 1000,
    hdfsHeadersMs: seconds === undefined ? undefined : seconds * 1000,
    hdfsAttempts: options.hdfsAttempts,
  };
}

export interface Access {
  readonly options: CorpusOptions;
  /** What the operator should know, such as a secret that others may read. */
  readonly warnings: readonly string[];
}

/**
 * The options of access, tried as far as that is possible without the cluster: files are there, whole and private,
 * and nothing contradicts something else.
 * @throws TributaryError HOST_MAP_BAD, HDFS_REDIRECT_HOSTS, OPTIONS_CONFLICT, HDFS_USER_BAD, HDFS_TOKEN_FILE,
 *   HDFS_TLS_FILES, HDFS_KERBEROS_PACKAGE
 */
export async function readAccess(given: HdfsOptions): Promise<Access> {
  const options = corpusOptions(given);
  if (options.hdfsRedirectHosts !== undefined) void new RedirectHosts(options.hdfsRedirectHosts);
  const files = secretFiles(options);
  // Without any of them, the user of this machine is meant, who need not please a cluster that is not asked.
  if (files.length > 0 || options.hdfsUser !== undefined || options.hdfsKerberos === true) authenticationOf(options);
  readTlsFiles(options);
  const warnings = await Promise.all(files.map((file) => file.warning()));
  return { options, warnings: warnings.filter((warning) => warning !== '') };
}
