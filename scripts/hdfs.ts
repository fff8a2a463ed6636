// A real HDFS on this machine to try things with, as the tests use it; runs until Ctrl-C and leaves nothing behind.
import { startHdfs } from '../test/hdfs/cluster.ts';

process.stderr.write('Starting a name node and three data nodes …\n');
const cluster = await startHdfs({ dataNodes: 3 });
const { url, hostMap, superuser } = cluster;
const web = url.replace('webhdfs:', 'http:');
process.stdout.write(`
HDFS serves at ${url}; Ctrl-C ends it and removes its data.
Its data nodes have names that resolve nowhere, as those of a cluster elsewhere do.

  Put a file      curl -L -T book.txt --connect-to "::127.0.0.1:" "${web}/webhdfs/v1/corpus/book.txt?op=CREATE&user.name=${superuser}"
  Examine it      npm run -s tributary -- doctor ${url}/corpus --hdfs-host-map ${hostMap}
  Train           npm start -- ${url}/corpus --hdfs-host-map ${hostMap} --exit

`);

let stopping = false;
async function stop(): Promise<void> {
  // A terminal sends Ctrl-C to npm and to us, and npm passes it on.
  if (stopping) return;
  stopping = true;
  await cluster.stop();
  process.exit(130);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
