#!/usr/bin/env node
'use strict';
// Plain CommonJS that any Node since 12 can run: it sees to it that the project's Node 24 runs the rest, and that a node that
// does not come up with what was installed last gets back what it ran before.
const major = Number(process.versions.node.split('.')[0]);
const argv = process.argv.slice(2);
if (major < 24) {
  const { spawnSync } = require('node:child_process');
  let binary;
  try {
    binary = require.resolve(`node-${process.platform}-${process.arch}/bin/node`);
  } catch {
    process.stderr.write(
      `rackwatt needs Node 24 or later, this is ${process.version}; install it, or run "npm install" on Linux x64 or arm64, which brings it along\n`,
    );
    process.exit(1);
  }
  const run = spawnSync(binary, [__filename, ...argv], { stdio: 'inherit' });
  process.exit(run.status === null ? 1 : run.status);
} else if (argv.includes('start') && require('../dist/deployment/transaction/launch.cjs').isLaunch(argv)) {
  const { launch } = require('../dist/deployment/transaction/launch.cjs');
  const { answers, socketPath } = require('../dist/node/socket.cjs');
  void launch({
    argv,
    file: __filename,
    isRunning: (storage) => answers(socketPath(storage)),
    say: (sentence) => process.stderr.write(`rackwatt: ${sentence}\n`),
  }).then(run);
} else run();

function run() {
  void import('../dist/cli/main.js').then((cli) => cli.main(argv));
}
