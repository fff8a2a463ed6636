// `npm start -- ARGS` is `tributary train ARGS`, with one local volunteer unless told otherwise.
import { tributary } from './tributary.mjs';

const args = process.argv.slice(2);
const hasLocal = args.some((arg) => arg === '--local' || arg.startsWith('--local='));
tributary(['train', ...args, ...(hasLocal ? [] : ['--local', '1'])]);
