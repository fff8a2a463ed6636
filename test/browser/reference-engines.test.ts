// The engines without a GPU, in a browser: the oracle against itself (the suite's own test) and the CPU engine.
import { BatchedReference } from '../../word2vec/batched-reference.ts';
import { CpuEngine } from '../../word2vec/cpu-engine.ts';
import { engineSuite } from './engine-suite.ts';

engineSuite('BatchedReference', () => Promise.resolve(new BatchedReference()), { row: 0, loss: 0 });
engineSuite('CpuEngine', () => CpuEngine.create(), { row: 1e-3, loss: 1e-4 });
