declare module 'comlink/dist/esm/node-adapter.mjs' {
  export default function adapt(port: unknown): import('comlink').Endpoint;
}
