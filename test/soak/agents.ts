/** Generated PDUs of one process: `node agents.js COUNT OUTLETS`. Tells the parent their addresses. */
import { families, generatedAgent } from '@rackwatt/simulator/dist/generated/agent.js';

const [count, outlets] = process.argv.slice(2).map(Number) as [number, number];
const all = families();
const addresses: string[] = [];
for (let i = 0; i < count; i++) {
  const { agent } = generatedAgent({
    family: all[i % all.length]!,
    host: '127.0.0.1',
    port: 0,
    outlets,
    phases: 1,
    seed: `soak-${i}`,
    load: 'typical',
  });
  await agent.start();
  addresses.push(agent.address);
}
process.send!(addresses);
process.on('disconnect', () => process.exit());
