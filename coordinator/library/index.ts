// What `import … from 'tributary'` offers.
export type { Neighbour, RunStatus } from '../../protocol/status.ts';
export type { WordVectors } from '../../word2vec/vector-file.ts';
export { TributaryError } from '../errors.ts';
export { readVectors } from '../settings/input-files.ts';
export type { TrainingFigures, TrainingResult } from './conclusion.ts';
export { type Evaluation, type EvaluationFiles, evaluateModel } from './evaluation.ts';
export { train, type TrainSettings } from './train.ts';
export { type Interruption, TrainingRun } from './training-run.ts';
