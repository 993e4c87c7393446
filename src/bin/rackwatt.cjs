#!/usr/bin/env node
'use strict';
// Plain CommonJS that any Node since 12 can run: it only sees to it that the project's Node 24 runs the rest.
const major = Number(process.versions.node.split('.')[0]);
if (major >= 24) {
  void import('../dist/cli/main.js').then((cli) => cli.main(process.argv.slice(2)));
} else {
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
  const run = spawnSync(binary, [__filename, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exit(run.status === null ? 1 : run.status);
}
