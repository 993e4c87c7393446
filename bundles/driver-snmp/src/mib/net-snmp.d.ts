/** What this bundle uses of net-snmp, which brings no types: its reader of MIB modules. */
declare module 'net-snmp' {
  /** An entry of a module: clauses by their names in the module. */
  export type MibEntry = Record<string, unknown>;

  export interface ModuleStore {
    /** Throws where a file cannot be read or parsed. */
    loadFromFile(path: string): void;
    /** Modules by name, each with its entries by name; without those that come with the library unless asked for. */
    getModules(includeBase: boolean): Record<string, Record<string, MibEntry>>;
  }

  export function createModuleStore(): ModuleStore;
}
