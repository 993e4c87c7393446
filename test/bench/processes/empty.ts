/** A Node process that does nothing: what a cold start is compared with. */
process.stdout.write(`${JSON.stringify({ cpuMs: process.cpuUsage().user / 1e3 + process.cpuUsage().system / 1e3 })}\n`);
process.exit(0);
