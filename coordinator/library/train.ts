// The library's way into a run: settings by name, checked and completed as the command line's options are.
import { InvalidArgumentError, type Option } from 'commander';
import { EXIT, TributaryError } from '../errors.ts';
import type { RunWatcher } from '../run/bulletin.ts';
import { type TrainOptions, trainOptions } from '../settings/train-options.ts';
import { TrainingRun } from './training-run.ts';

/** The options of `tributary train` under their long names in camelCase (`--min-count` is `minCount`). All may be left out. */
export type TrainSettings = Partial<Omit<TrainOptions, 'json'>>;

/** Defaults that differ from the command line's: a program asks for its port, and awaits the end. */
const DEFAULTS = { port: 0, exit: true } as const;

/**
 * Trains word vectors from a corpus with everyone who opens the URL, and with `local` volunteers in this process.
 * Resolves when the pages are served; training has begun then. Close the run when it is no longer needed.
 *
 * @param corpus webhdfs:// addresses, local files, directories or globs, or `sample:`; [] with `resume`
 * @throws TributaryError SETTING_UNKNOWN, SETTING_INVALID, OPTIONS_CONFLICT; and of folder, files, address
 */
export async function train(
  corpus: string | readonly string[],
  settings: TrainSettings = {},
  watcher: RunWatcher = {},
): Promise<TrainingRun> {
  const places = typeof corpus === 'string' ? [corpus] : corpus;
  const options = completed(settings);
  const given = (name: keyof TrainOptions): boolean =>
    name in settings && settings[name as keyof TrainSettings] !== undefined;
  const run = await TrainingRun.open(places, options, given, watcher);
  run.begin();
  return run;
}

/** All options: the given ones checked by the rules of the command line, the others at their defaults. */
export function completed(settings: TrainSettings): TrainOptions {
  const table = new Map(trainOptions().map((option) => [option.attributeName(), option]));
  table.delete('json');
  const values: Record<string, unknown> = {};
  for (const [name, option] of table) values[name] = option.defaultValue;
  Object.assign(values, DEFAULTS);
  for (const [name, value] of Object.entries(settings)) {
    const option = table.get(name);
    if (option === undefined) {
      throw new TributaryError('SETTING_UNKNOWN', `there is no setting ${name}`, {
        hint: `There are ${[...table.keys()].toSorted().join(', ')}.`,
        exit: EXIT.usage,
      });
    }
    if (value !== undefined) values[name] = checked(name, option, value);
  }
  return { ...values, json: false } as TrainOptions;
}

function checked(name: string, option: Option, value: unknown): unknown {
  const wrong = (why: string): TributaryError =>
    new TributaryError('SETTING_INVALID', `${name} cannot be ${JSON.stringify(value)}: ${why}`, {
      hint: `${name}: ${option.description}.`,
      exit: EXIT.usage,
    });
  if (option.isBoolean()) {
    if (typeof value !== 'boolean') throw wrong('true or false belongs here.');
    return value;
  }
  if (option.variadic) {
    if (!Array.isArray(value) || !value.every((one) => typeof one === 'string'))
      throw wrong('a list of strings belongs here.');
    return value;
  }
  if (typeof value !== 'string' && typeof value !== 'number') throw wrong('a string or a number belongs here.');
  if (option.parseArg === undefined) return String(value);
  try {
    return option.parseArg(String(value), undefined);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw wrong(error.message);
  }
}
