// Entry of every thread where the sources themselves run: Node's threads do not inherit tsx from their process.
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
await import(workerData);
