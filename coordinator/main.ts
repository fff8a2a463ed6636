#!/usr/bin/env node
// The command line: one program, its verbs, and how errors leave it.
import { Command, CommanderError } from 'commander';
import * as doctor from './commands/doctor.ts';
import * as evaluate from './commands/eval.ts';
import * as join from './commands/join.ts';
import * as query from './commands/query.ts';
import * as train from './commands/train.ts';
import { redact } from './corpus/webhdfs/redaction.ts';
import { EXIT, TributaryError } from './errors.ts';
import { VERSION } from './version.ts';

const program = new Command('tributary')
  .description('Trains word2vec embeddings on the spare GPUs of people who open a URL.')
  .version(VERSION)
  .addHelpText(
    'after',
    '\nFrom a clone: npm run -s tributary -- VERB …, and npm start -- … for train with one local volunteer.',
  )
  .showHelpAfterError('(--help shows what there is)')
  .exitOverride();

for (const verb of [train, join, query, evaluate, doctor]) verb.register(program);
for (const command of program.commands) command.exitOverride().showHelpAfterError('(--help shows what there is)');

// What no one caught is a bug: it is reported like any error, and nothing of a broken process goes on.
process.on('uncaughtException', (error) => {
  process.exit(report(error));
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
  // Worker threads and sockets of a failed command must not keep the process alive.
  await new Promise((resolve) => process.stdout.write('', resolve));
  process.exit();
}

/** Prints what went wrong and answers the exit code. */
function report(error: unknown): number {
  // Commander has printed its message already; help and version are no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
  const known = error instanceof TributaryError;
  const code = known ? error.code : 'INTERNAL';
  const told = error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error);
  const message = redact(told);
  if (process.argv.includes('--json')) {
    process.stdout.write(
      `${JSON.stringify({ event: 'error', code, message, hint: known ? error.hint : undefined })}\n`,
    );
  }
  process.stderr.write(
    `tributary: ${code}: ${message}\n${known && error.hint !== undefined ? `  ${error.hint}\n` : ''}`,
  );
  return known ? error.exit : EXIT.failed;
}
