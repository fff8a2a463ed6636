// The name nodes of one cluster: which to ask first, which to leave alone, and what to say when none serves.
import { nameNodePeer } from './address.ts';
import { Breaker, type BreakerPolicy, NAME_NODE_BREAKER } from './breaker.ts';
import { HdfsError, type Peer } from './failure.ts';

interface NameNode {
  readonly peer: Peer;
  /** Opens when the node cannot be reached or is silent; a standby's refusal is an answer. */
  readonly breaker: Breaker;
}

/** Failures of a connection, not of the one who answers on it. */
const TRANSPORT: ReadonlySet<string> = new Set([
  'HDFS_NAME_NODE_UNRESOLVED',
  'HDFS_NAME_NODE_UNREACHABLE',
  'HDFS_INTERRUPTED',
  'HDFS_TIMEOUT',
  'HDFS_TLS',
]);

/** No name node has spoken: its certificate will not do, or something else answers in its place. */
export function isStranger({ code }: HdfsError): boolean {
  return code.startsWith('HDFS_TLS') || code === 'HDFS_PROTOCOL';
}

export class NameNodes {
  readonly #nodes: readonly NameNode[];
  #active = 0; // index of the one to ask first
  #everAnswered = false; // some name node has answered in WebHDFS's language
  #everServed = false; // some name node has done what it was asked for

  /** @param origins `http://host:port` or `https://host:port`, one or more */
  constructor(origins: readonly string[], policy: BreakerPolicy = NAME_NODE_BREAKER) {
    this.#nodes = origins.map((origin) => ({ peer: nameNodePeer(origin), breaker: new Breaker(policy) }));
  }

  /** In the order in which they were named. */
  get peers(): readonly Peer[] {
    return this.#nodes.map(({ peer }) => peer);
  }

  /** Every name node once: from the last one that served, those with an open breaker last. */
  inTurn(now: number): readonly Peer[] {
    const turned = [...this.#nodes.slice(this.#active), ...this.#nodes.slice(0, this.#active)];
    const isOpen = ({ breaker }: NameNode): boolean => breaker.isOpen(now);
    return [...turned.filter((node) => !isOpen(node)), ...turned.filter(isOpen)].map(({ peer }) => peer);
  }

  /** It did what it was asked for. */
  served(peer: Peer): void {
    this.#active = this.#nodes.findIndex((node) => node.peer === peer);
    this.#everServed = true;
    this.refused(peer);
  }

  /** It answered, if only to refuse. */
  refused(peer: Peer): void {
    this.#everAnswered = true;
    this.#node(peer)?.breaker.answered();
  }

  failed(peer: Peer, failure: HdfsError, now: number): void {
    if (TRANSPORT.has(failure.code)) this.#node(peer)?.breaker.failed(now);
  }

  /** One failure for a round in which none served; `failures` in the order of asking, at least one. */
  failure(failures: readonly HdfsError[]): HdfsError {
    const judged = failures.map((each) => this.#judged(each));
    // A node in safe mode will serve; a standby tells at least that the cluster lives. A stranger is a wrong setting,
    // unless there was one who served: that one is waited for.
    const [main] = [
      ...judged.filter(
        (each) => each.code !== 'HDFS_STANDBY' && !TRANSPORT.has(each.code) && !(this.#everServed && isStranger(each)),
      ),
      ...judged.filter(({ code }) => code === 'HDFS_STANDBY'),
      ...judged.filter(({ remedy }) => remedy !== 'none'),
      ...judged,
    ];
    if (main === undefined) return new HdfsError('HDFS_NAME_NODE_UNREACHABLE', 'no name node is configured');
    if (judged.length === 1) return main;
    const hint =
      main.code === 'HDFS_STANDBY'
        ? 'No name node is active: see `hdfs haadmin -getAllServiceState`, and bring one back.'
        : main.hint;
    return new HdfsError(main.code, judged.map(({ message }) => message).join('; '), {
      ...(hint === undefined ? {} : { hint }),
      remedy: main.remedy,
      settled: judged.every(({ settled }) => settled),
      awaited: judged.some(({ awaited }) => awaited),
      cause: main.cause,
    });
  }

  /**
   * A name node that has never answered is more likely a wrong address than a restart, and the only one, a
   * standby from the start, a wrong choice. One that did will come back.
   */
  #judged(failure: HdfsError): HdfsError {
    // The resolver fails for moments as well.
    const unreachable = /^HDFS_NAME_NODE_(UNREACHABLE|UNRESOLVED)$/.test(failure.code);
    const standby = failure.code === 'HDFS_STANDBY';
    if (!unreachable && !standby) return failure;
    const hopeful = unreachable ? this.#everAnswered : this.#everServed || this.#nodes.length > 1;
    return new HdfsError(failure.code, failure.message, {
      ...(failure.hint === undefined ? {} : { hint: failure.hint }),
      remedy: failure.remedy,
      settled: !hopeful,
      awaited: hopeful,
      cause: failure.cause,
    });
  }

  #node(peer: Peer): NameNode | undefined {
    return this.#nodes.find((node) => node.peer === peer);
  }
}
