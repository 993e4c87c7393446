import { execFileSync } from 'node:child_process';

/**
 * A real peer from the system (`mosquitto`, `snmpget`, `chromium`). Elsewhere its tests are skipped by name; with
 * `REQUIRE_PEERS=1` a missing one fails.
 * @returns why to skip, or false to run.
 */
export function needsPeer(command: string): string | false {
  try {
    execFileSync('which', [command], {
      stdio: 'ignore',
      env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin` },
    });
    return false;
  } catch (missing) {
    void missing;
    if (process.env['REQUIRE_PEERS'] === '1') return false;
    return `${command} is not installed`;
  }
}
