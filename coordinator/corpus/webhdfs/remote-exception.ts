// Reads the error bodies of WebHDFS: they are classified by the exception's name, because a status of 403
// means permission, standby, start-up, a range past the end and an expired token alike.
import { HdfsError, nameOf, type Peer, type Subject } from './failure.ts';

interface RemoteException {
  readonly exception: string;
  readonly message: string;
}

/** The RemoteException in a body, or undefined when the body is something else. */
export function parseRemoteException(body: string): RemoteException | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    // Not JSON: a proxy's or a container's page. The caller reports the status instead.
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || !('RemoteException' in parsed)) return undefined;
  const remote = parsed.RemoteException;
  if (typeof remote !== 'object' || remote === null) return undefined;
  const exception = 'exception' in remote && typeof remote.exception === 'string' ? remote.exception : '';
  const message = 'message' in remote && typeof remote.message === 'string' ? remote.message : '';
  // Data nodes append a Java stack trace after the first line.
  return { exception, message: message.split('\n', 1)[0] ?? '' };
}

function denied(message: string, subject: Subject, cause: string): HdfsError {
  return new HdfsError('HDFS_DENIED', `HDFS does not let ${subject.who} ${subject.deed} ${subject.path}: ${message}`, {
    hint: 'Go as someone who may with --hdfs-user NAME (or --hdfs-token-file FILE on a secured cluster), or have the permissions changed.',
    cause,
  });
}

function tokenRefused(message: string, subject: Subject): HdfsError {
  return new HdfsError('HDFS_TOKEN', `HDFS refuses the delegation token for ${subject.path}: ${message}`, {
    hint: 'Write a fresh token to the file of --hdfs-token-file; it is read again when it changes.',
    remedy: 'token',
  });
}

/** The coded error for an answer that is not the wanted one. `body` is its text. */
export function answerFailure(status: number, body: string, peer: Peer, subject: Subject): HdfsError {
  const remote = parseRemoteException(body);
  if (remote === undefined) return foreignAnswer(status, body, peer, subject);
  const { exception, message } = remote;
  const told = `${exception}: ${message}`;
  // A data node passes on what a name node told it: that is no failure of the data node.
  const elsewhere = peer.role === 'name node' ? 'next' : 'again';
  switch (exception) {
    case 'FileNotFoundException':
      return new HdfsError('CORPUS_NOT_FOUND', `there is no ${subject.path}`, {
        hint: 'Check the path; it starts at the root of HDFS.',
        cause: told,
      });
    case 'AccessControlException':
    case 'AuthorizationException':
      return denied(message, subject, told);
    case 'StandbyException':
      return new HdfsError('HDFS_STANDBY', `${nameOf(peer)} is a standby: ${message}`, {
        hint: 'Name both name nodes with a comma, webhdfs://nn1:9870,nn2:9870/path, or the active one.',
        remedy: elsewhere,
        awaited: true,
      });
    case 'RetriableException':
    case 'SafeModeException':
      return new HdfsError('HDFS_SAFE_MODE', `${nameOf(peer)} is starting or in safe mode: ${message}`, {
        hint: 'Wait until it has started; `hdfs dfsadmin -safemode get` tells.',
        remedy: elsewhere,
        awaited: true,
      });
    case 'InvalidToken':
      return tokenRefused(message, subject);
    case 'SecurityException':
      return message.includes('InvalidToken') ? tokenRefused(message, subject) : denied(message, subject, told);
    case 'IOException':
      // "No active nodes contain …", or since Hadoop 3.4 "No active and not excluded nodes contain …".
      if (/^No active\b.* nodes? contain/.test(message)) {
        return new HdfsError('HDFS_NO_REPLICA', `no live data node holds a part of ${subject.path}: ${message}`, {
          hint: 'See `hdfs fsck PATH -blocks -locations`; the data nodes may be down.',
          remedy: 'any-replica',
        });
      }
      break;
    default:
  }
  const ours =
    /^(IllegalArgument|InvalidPath|UnsupportedOperation|ParamException|\w*AlreadyExists|\w*Quota|PathIsNotEmpty|ParentNotDirectory)/.test(
      exception,
    );
  return new HdfsError('HDFS_REFUSED', `${nameOf(peer)} refused ${subject.path}: ${told}`, {
    hint: "See the node's log for the whole story.",
    remedy: ours ? 'none' : 'again',
    cause: told,
  });
}

/** What an HTML page says, in short. */
function titleOf(page: string): string {
  const text = /<title>([^<]*)<\/title>/i.exec(page)?.[1] ?? page.replaceAll(/<[^>]*>/g, ' ');
  const words = text.replaceAll(/\s+/g, ' ').trim().slice(0, 120);
  return words === '' ? 'no reason given' : words;
}

function foreignAnswer(status: number, body: string, peer: Peer, subject: Subject): HdfsError {
  if (status === 401) {
    return new HdfsError('HDFS_AUTHENTICATION', `${nameOf(peer)} wants authentication for ${subject.path}`, {
      hint: subject.refusal.hint,
      remedy: subject.refusal.renewable ? 'token' : 'none',
    });
  }
  // Gateways refuse with a page of their own; so do name nodes that make nothing of a Kerberos ticket.
  if (status === 403) return denied(titleOf(body), subject, 'a page, status 403');
  const start = body.replaceAll(/\s+/g, ' ').trim().slice(0, 120);
  return new HdfsError(
    'HDFS_PROTOCOL',
    `${nameOf(peer)} answered ${status} but not as WebHDFS does${start === '' ? '' : `: ${start}`}`,
    {
      hint: "Check that the address is a name node's web address (port 9870 by default) or a gateway's.",
      remedy: status >= 500 ? 'again' : 'none',
      settled: true,
    },
  );
}
