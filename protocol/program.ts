// What both ends of a program's socket share: a run that trains by the operator's own gradient speaks these messages.

/** Raised when a program's frame changes its meaning; a volunteer with another one is refused. */
export const PROGRAM_VERSION = 1;

/** Where a program's volunteers connect. */
export const PROGRAM_PATH = '/program';

export const PROGRAM_LIMITS = {
  /** Named tensors of a model. */
  tensors: 64,
  /** Bytes of a tensor's name. */
  tensorName: 60,
  /** Rows asked for, sent or changed in one part of a frame. */
  rows: 1 << 20,
  /** Bytes of a task's records: whole lines. */
  records: 1 << 20,
  /** Bytes of the operator's settings for the gradient, as JSON. */
  config: 60_000,
  /** Bytes of the bundled gradient module. */
  module: 4 << 20,
  /** Bytes of a path, a file's name or an address. */
  path: 300,
  /** Bytes of a reason or an error's message. */
  message: 1000,
  /** Lines of a stack that a failure carries, and bytes of one. */
  stackLines: 20,
  stackLine: 200,
  /** Bytes of a frame from a volunteer that is no update: a request for rows is the largest. */
  smallFrame: 1 << 20,
  /** Bytes of an update. */
  update: 64 << 20,
} as const;

/** One tensor of the model, as the welcome tells it. */
export interface TensorShape {
  readonly name: string;
  /** A dense tensor travels whole with a task; of a row-sparse one the gradient asks for rows. */
  readonly kind: 'dense' | 'sparse';
  /** A dense tensor's lengths, outermost first; a row-sparse one's rows and columns. */
  readonly shape: readonly number[];
}
