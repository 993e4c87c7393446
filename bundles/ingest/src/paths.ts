import path from 'node:path';

/** Stands beside the main module, so that the folder is the same when the bundle is packed into one file. */
export const JOURNAL_WORKER = path.join(__dirname, 'journal', 'worker.js');
