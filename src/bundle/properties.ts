import type { FrameworkOptions } from './options.js';

/** What the container was given, else a fact of the platform; never a variable of the environment (OSGi Core 4.2.2, 10). */
export function propertyOf(
  name: string,
  { properties = {}, version }: Pick<FrameworkOptions, 'properties' | 'version'>,
): string | undefined {
  if (Object.hasOwn(properties, name)) return properties[name];
  const platform: Readonly<Record<string, string>> = {
    'rackwatt.version': version,
    'node.version': process.versions.node,
    'os.name': process.platform,
    'os.arch': process.arch,
  };
  return Object.hasOwn(platform, name) ? platform[name] : undefined;
}
