// The way of signing in that the options of access choose.
import { userInfo } from 'node:os';
import { EXIT, TributaryError } from '../../errors.ts';
import { type Authentication, Basic, Bearer, DelegationToken, UserName } from './authentication.ts';
import { Kerberos, loadKerberos } from './kerberos.ts';
import { BEARER, DELEGATION_TOKEN, PASSWORD, SecretFile } from './secret-file.ts';

/** Settings of access; secrets only by the names of the files that hold them. */
export interface AccessOptions {
  /** User for clusters without Kerberos, or of a gateway; HADOOP_USER_NAME or the system user unless told. */
  readonly hdfsUser?: string | undefined;
  /** File that holds a delegation token's URL string; read again when it changes. */
  readonly hdfsTokenFile?: string | undefined;
  /** File that holds the user's password at a gateway. */
  readonly hdfsPasswordFile?: string | undefined;
  /** File that holds a bearer token for a gateway. */
  readonly hdfsBearerFile?: string | undefined;
  /** Sign in with the Kerberos ticket of whoever runs this. */
  readonly hdfsKerberos?: boolean | undefined;
}

function conflict(message: string, hint: string): TributaryError {
  return new TributaryError('OPTIONS_CONFLICT', message, { hint, exit: EXIT.usage });
}

/** Throws OPTIONS_CONFLICT for ways of signing in that exclude each other. */
export function refuseAccessConflicts(options: AccessOptions): void {
  const ways = [
    options.hdfsTokenFile === undefined ? '' : '--hdfs-token-file',
    options.hdfsPasswordFile === undefined ? '' : '--hdfs-password-file',
    options.hdfsBearerFile === undefined ? '' : '--hdfs-bearer-file',
    options.hdfsKerberos === true ? '--hdfs-kerberos' : '',
  ].filter((way) => way !== '');
  if (ways.length > 1) throw conflict(`${ways.join(' and ')} are different ways of signing in`, 'Give one of them.');
  const [way] = ways;
  if (way === '--hdfs-password-file' && options.hdfsUser === undefined)
    throw conflict('--hdfs-password-file tells whose password it is by --hdfs-user', 'Give --hdfs-user NAME as well.');
  if (way !== undefined && way !== '--hdfs-password-file' && options.hdfsUser !== undefined)
    throw conflict(`${way} says by itself who you are, and --hdfs-user would be ignored`, 'Leave --hdfs-user out.');
}

/** The files with secrets that the options name. */
export function secretFiles(options: AccessOptions): readonly SecretFile[] {
  return [
    ...(options.hdfsTokenFile === undefined ? [] : [new SecretFile(options.hdfsTokenFile, DELEGATION_TOKEN)]),
    ...(options.hdfsPasswordFile === undefined ? [] : [new SecretFile(options.hdfsPasswordFile, PASSWORD)]),
    ...(options.hdfsBearerFile === undefined ? [] : [new SecretFile(options.hdfsBearerFile, BEARER)]),
  ];
}

function defaultUser(): string {
  // What Hadoop's own clients take; without any name the cluster would treat us as a nobody.
  const told = process.env['HADOOP_USER_NAME'];
  if (told !== undefined) return told;
  try {
    return userInfo().username;
  } catch (cause) {
    // Containers run under numbers that no list of users has.
    throw new TributaryError('HDFS_USER_BAD', 'the system has no name for the user who runs this', {
      hint: 'Give the name that HDFS shall know you by with --hdfs-user NAME.',
      exit: EXIT.usage,
      cause,
    });
  }
}

/** Throws OPTIONS_CONFLICT, HDFS_USER_BAD, HDFS_KERBEROS_PACKAGE. */
export function authenticationOf(options: AccessOptions): Authentication {
  refuseAccessConflicts(options);
  if (options.hdfsKerberos === true) return new Kerberos(loadKerberos());
  const [file] = secretFiles(options);
  if (file === undefined) return new UserName(options.hdfsUser ?? defaultUser());
  if (file.kind === DELEGATION_TOKEN) return new DelegationToken(file);
  return file.kind === BEARER ? new Bearer(file) : new Basic(options.hdfsUser ?? '', file);
}
