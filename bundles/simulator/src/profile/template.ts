/** What the names of a template stand for: an arc as a decimal number, several of `{name*}` with dots between. */
export type Arcs = Readonly<Record<string, string>>;

const NAME = /\{([a-z]+)(\*|[+-]\d+)?\}/g;

/** Names in a template of an OID or of a path, each once, in their order. */
export function namesOf(template: string): string[] {
  return [...new Set([...template.matchAll(NAME)].map((match) => match[1]!))];
}

/** The OID for these names; undefined when one is missing. */
export function fillTemplate(template: string, arcs: Arcs): string | undefined {
  let complete = true;
  const oid = template.replace(NAME, (_, name: string, change: string | undefined) => {
    const value = arcs[name];
    if (value === undefined) complete = false;
    return change === undefined || change === '*' ? String(value) : String(Number(value) + Number(change));
  });
  return complete ? oid : undefined;
}

const matchers = new Map<string, (oid: string) => Record<string, string> | undefined>();

/** What the names stand for in an OID; undefined when it is no instance of the template. */
export function matchTemplate(template: string, oid: string): Record<string, string> | undefined {
  let matcher = matchers.get(template);
  if (!matcher) matchers.set(template, (matcher = matcherOf(template)));
  return matcher(oid);
}

function matcherOf(template: string): (oid: string) => Record<string, string> | undefined {
  const names = [...template.matchAll(NAME)].map((match) => ({ name: match[1]!, change: match[2] }));
  const source = template
    .replaceAll('.', '\\.')
    .replace(NAME, (_, __, change: string | undefined) => (change === '*' ? '(\\d+(?:\\.\\d+)*)' : '(\\d+)'));
  const pattern = new RegExp(`^${source}$`);
  return (oid) => {
    const match = pattern.exec(oid);
    if (!match) return undefined;
    const arcs: Record<string, string> = {};
    for (const [i, { name, change }] of names.entries()) {
      const text = match[i + 1]!;
      const value = change === undefined || change === '*' ? text : String(Number(text) - Number(change));
      if (arcs[name] !== undefined && arcs[name] !== value) return undefined;
      arcs[name] = value;
    }
    return arcs;
  };
}

/** The arcs in front of the first name: every instance lies under them. */
export function fixedPart(template: string): string {
  const at = template.indexOf('{');
  return at === -1 ? template : template.slice(0, at - 1);
}
