// Delegation tokens of a test cluster: kept fresh in a file, as an operator's cron job does, or left to expire.
import { setTimeout as sleep } from 'node:timers/promises';
import type { SecuredCluster } from '../hdfs/secured-cluster.ts';
import { until } from './coordinator-process.ts';
import type { Secrets } from './secrets.ts';

export interface Keeper {
  /** The token that it wrote last. */
  last: string;
  stop(): Promise<void>;
}

/** Writes a fresh token to a file, and another one every while until it is stopped. */
export async function keepToken(cluster: SecuredCluster, secrets: Secrets, name: string): Promise<Keeper> {
  const stopping = new AbortController();
  const renew = async (): Promise<void> => {
    kept.last = await cluster.token();
    secrets.file(name, kept.last);
  };
  const keep = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await sleep(cluster.tokenMs / 4, undefined, { signal: stopping.signal });
      await renew();
    }
  };
  let keeping = Promise.resolve();
  const kept: Keeper = {
    last: '',
    stop: async () => {
      stopping.abort();
      await keeping;
    },
  };
  await renew();
  keeping = keep().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });
  return kept;
}

/** Waits until the cluster takes a token no more. */
export async function expiry(cluster: SecuredCluster, token: string): Promise<void> {
  const address = `${cluster.url.replace('swebhdfs', 'https')}/webhdfs/v1/?op=GETFILESTATUS&delegation=${token}`;
  await until('the token to expire', 30_000, async () => {
    const status = await cluster.curl('-o', '/dev/null', '-w', '%{http_code}', '--no-negotiate', address);
    return status === '403' ? true : undefined;
  });
}
